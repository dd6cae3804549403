"""Slice sampling of one variable at a time (Neal 2003, "Slice sampling", Annals of Statistics)."""

from collections.abc import Callable

import numpy as np


def slice_sample(
    log_density: Callable[[float], float], x: float, rng: np.random.Generator, width: float = 1.0
) -> float:
    """Return the state after x of a Markov chain that leaves a density as it is.

    One update with stepping out (Neal's figure 3) and shrinkage (figure 5).

    Args:
        log_density: maps a state to the logarithm of its density, up to a constant; minus infinity
            outside of the support. It has to fall off on both sides.
        x: the state, where the density is positive.
        rng: draws the level, the interval and the proposals.
        width: about the length of a slice, in the units of x. Other widths take more evaluations
            but are as right.

    Raises:
        ValueError: the density at x is zero or not a number.
    """
    here = log_density(x)
    if not np.isfinite(here):
        raise ValueError(f"log density {here!r} at {x!r}; expected a finite number at the start")
    level = here - rng.standard_exponential()  # log u, with u uniform on (0, f(x))
    low = x - width * rng.random()
    high = low + width
    while log_density(low) > level:
        low -= width
    while log_density(high) > level:
        high += width
    while True:
        proposal = rng.uniform(low, high)
        # Shrinkage ends at the latest when rounding leaves x alone in the interval.
        if log_density(proposal) >= level:
            return proposal
        if proposal < x:
            low = proposal
        else:
            high = proposal
