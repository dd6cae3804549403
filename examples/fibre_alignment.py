"""A family of functions: coupling a laser into a single-mode fibre, to which a policy is adapted.

The power that a Gaussian beam couples into a fibre falls with the square of the sideways offset
over the square of the beam's radius, which grows along the axis (Joyce & DeLoach 1984). In decibels
it is a funnel with walls that get steeper towards its focus, and all round it the detector sees
nothing: a plateau. No sample of a Gaussian process looks like that.

    rnnbbo train --from dnc --functions examples/fibre_alignment.py:fibre --dims 3
    rnnbbo minimize --policy runs/dnc-fibre/dnc-fibre.safetensors -n 30 --seed 0 \\
        --param x=float:0:1 --param y=float:0:1 --param z=float:0:1 \\
        examples/fibre_alignment.py:bench
"""

from collections.abc import Callable

import numpy as np


def fibre(rng: np.random.Generator, dim: int) -> Callable[[np.ndarray], np.ndarray]:
    """Draw a bench: where the fibre is, how wide the beam, how far the detector sees.

    Args:
        rng: generator.
        dim: 3, for x, y and z.

    Returns:
        A function of points (n, 3) of the unit cube: the loss in dB.
    """
    if dim != 3:
        raise ValueError(f"dim is {dim}; a fibre is aligned in 3 (--dims 3)")
    centre = rng.uniform([0.2, 0.2, 0.1], [0.8, 0.8, 0.9])
    waist = rng.uniform(0.05, 0.12)  # radius at the focus, in travels of the stage
    rayleigh = rng.uniform(0.15, 0.5)  # distance over which the radius grows by sqrt(2)
    tilt = rng.normal(0.0, 0.1, 2)  # of the axis against the stage's
    floor = rng.uniform(25.0, 45.0)  # dB below which the detector reads noise

    def loss(u: np.ndarray) -> np.ndarray:
        z = (u[:, 2] - centre[2]) / rayleigh
        offset = u[:, :2] - centre[:2] - tilt * (u[:, 2:] - centre[2])
        mismatch = 1.0 + z**2 / 4.0
        sideways = np.square(offset).sum(axis=1) / (waist**2 * mismatch)
        decibels = 10.0 / np.log(10.0) * (sideways + np.log(mismatch))
        return -10.0 * np.log10(10.0 ** (-decibels / 10.0) + 10.0 ** (-floor / 10.0))

    return loss


def bench(x: float, y: float, z: float) -> float:
    """Return the loss of one bench of the family, which no training has seen."""
    return float(fibre(np.random.default_rng(12345), 3)(np.array([[x, y, z]]))[0])
