"""What a caller passes: counts, seconds, seeds and values, checked, with errors that name them."""

import math
import numbers
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError, ObservationError


def as_number(y: Any) -> float | None:
    """Return the real number that y is, NumPy's and arrays of one element included, or None."""
    if isinstance(y, numbers.Real) and not isinstance(y, bool):
        return float(y)
    # Arrays and tensors of one element; text has no item().
    if getattr(y, "shape", None) in ((), (1,)) and hasattr(y, "item"):
        return as_number(y.item())
    return None


def as_value(y: Any) -> float:
    """Return the told value; NaN for a failed trial.

    Raises:
        ObservationError: y is neither a number nor None.
    """
    if y is None:
        return math.nan
    try:
        number = as_number(y)
    except OverflowError:
        number = None
    if number is None:
        raise ObservationError(
            f"y = {y!r}; expected a number, or nan or None for a failed evaluation"
        )
    return number if math.isfinite(number) else math.nan


def as_count(name: str, value: Any, least: int = 1) -> int:
    """Return the integer that value is.

    Raises:
        ConfigError: it is none, or below `least`.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{name} = {value!r}; expected an integer of at least {least}")
    return int(value)


def as_seconds(name: str, value: Any) -> float:
    """Return the time that value is, in seconds.

    Raises:
        ConfigError: it is no number above 0.
    """
    number = None if isinstance(value, bool) else as_number(value)
    if number is None or not number > 0:
        raise ConfigError(f"{name} = {value!r}; expected a number of seconds > 0, or None")
    return number


def as_entropy(rng: Any) -> int:
    """Return the seed of a run: every ask's randomness follows from it and the ask's index.

    Raises:
        ConfigError: rng is neither an integer >= 0 nor a generator nor None.
    """
    if rng is None:
        return int(np.random.SeedSequence().generate_state(2, np.uint64)[0])
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and int(rng) >= 0:
        return int(rng)
    raise ConfigError(f"rng = {rng!r}; expected an integer >= 0, a numpy Generator, or None")
