"""What a caller passes: counts, seconds, seeds and values, checked, with errors that name them."""

import math
import numbers
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError, ObservationError, PointError
from rnnbbo.escaping import repr_of

REPEAT_AUTO = "auto"
"""Value of `repeat`: a point once more where the policy says that it is worth more than a new one.
"""
VERBOSITIES = range(3)
"""Values of `verbose`: nothing is shown; where the run stands, and new bests; every trial, too."""
_SEED_BITS = 4096  # Python writes no whole numbers of more than 4,300 digits
_DEEP = 32  # levels of brackets round a number


def is_missing(y: Any) -> bool:
    """Tell whether this marks a value that is not there: masked, NaT, or NA of pandas."""
    ma = sys.modules.get("numpy.ma")  # without it nothing is masked
    if ma is not None and isinstance(y, ma.MaskedArray):
        return y.size == 1 and bool(ma.getmaskarray(y).all())
    if isinstance(y, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(y))
    kind = type(y)
    return kind.__name__ in ("NAType", "NaTType") and kind.__module__.partition(".")[0] == "pandas"


def as_scalar(value: Any) -> Any:
    """Return the real number that this is, as Python has it where Python can, or None.

    An array or tensor without dimensions is a number, too; a boolean is none, nor is one of one
    element in brackets.
    """
    if isinstance(value, (float, int)) and not isinstance(value, (bool, np.generic)):
        return value
    try:
        if isinstance(value, (str, bytes, bool)) or is_missing(value):
            return None
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            if getattr(getattr(value, "dtype", None), "kind", "f") in "mM":  # times
                return None
            item = value.item()
            if type(item) is not type(value):
                return as_scalar(item)
        return value if isinstance(value, (numbers.Real, Decimal)) else None
    except Exception:
        return None


def as_float(number: Any) -> float | None:
    """Return a number of `as_scalar` as a float; None for None, and for what no float holds."""
    if number is None:
        return None
    if isinstance(number, Decimal) and number.is_nan():
        return math.nan
    try:
        return float(number)
    except Exception:  # OverflowError, and whatever a number raises that is not one of Python's
        return None


def as_number(y: Any) -> float | None:
    """Return the real number that y is or, as its only element, holds.

    Returns:
        The number; NaN where it is missing; None for anything else, and for what no float holds.
    """
    if type(y) is float:
        return y
    try:
        for _ in range(_DEEP):
            if is_missing(y):
                return math.nan
            number = as_scalar(y)
            if number is not None:
                return as_float(number)
            if (inner := _only(y)) is y:
                return None
            if inner is None:
                return math.nan
            y = inner
    except Exception:  # of an object that pretends to be a number or an array
        pass
    return None


def _only(y: Any) -> Any:
    """Return the only element of a sequence, array, tensor or frame; y itself if it has not one."""
    if isinstance(y, (str, bytes, bytearray)):
        return y
    if isinstance(y, Sequence):
        return y[0] if len(y) == 1 else y
    shape = tuple(getattr(y, "shape", ()))
    if not shape or any(size != 1 for size in shape):
        return y
    if hasattr(y, "item") and not isinstance(y, np.ndarray):  # whose item() makes times numbers
        return y.item()
    dense = y.toarray() if hasattr(y, "toarray") else np.asanyarray(y)
    return dense[(0,) * dense.ndim]


def as_value(y: Any) -> float:
    """Return the told value; NaN for a failed trial.

    Raises:
        ObservationError: y is no number that a float holds, and does not say that there is none.
    """
    number = math.nan if y is None else as_number(y)
    if number is None:
        raise ObservationError(
            f"y = {repr_of(y)}; expected a number, or nan or None for a failed evaluation"
        )
    return number if math.isfinite(number) else math.nan


def as_list(values: Any) -> list[Any] | None:
    """Return what a list, tuple or array holds; None for anything else."""
    try:
        listed = isinstance(values, (list, tuple)) or (
            isinstance(values, np.ndarray) and values.ndim > 0
        )
        return list(values) if listed else None
    except Exception:  # of a list that does not let itself be read
        return None


def as_flag(name: str, value: Any) -> bool:
    """Return whether a switch is on.

    Raises:
        ConfigError: it is no boolean.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise ConfigError(f"{name} = {repr_of(value)}; expected True or False")
    return bool(value)


def as_verbose(verbose: Any) -> int:
    """Return what is shown of a run, one of `VERBOSITIES`.

    Raises:
        ConfigError: it is neither a switch nor one of them.
    """
    if isinstance(verbose, (bool, int, np.bool_, np.integer)) and int(verbose) in VERBOSITIES:
        return int(verbose)
    raise ConfigError(
        f"verbose = {repr_of(verbose)}; expected False, True, or 2 for a line a trial"
    )


def as_repeat(repeat: Any) -> int | str:
    """Return how often each point is to be evaluated, or that the policy says which ones again.

    Raises:
        ConfigError: it is no integer of at least 1, and not "auto".
    """
    if isinstance(repeat, str) and repeat == REPEAT_AUTO:
        return repeat
    try:
        return as_count("repeat", repeat)
    except ConfigError:
        raise ConfigError(
            f"repeat = {repr_of(repeat)}; expected an integer of at least 1, or {REPEAT_AUTO!r}"
        ) from None


def asks_again(repeat: Any) -> bool:
    """Tell whether a policy is to say which points are evaluated once more.

    Raises:
        ConfigError: repeat is not 1 or "auto": whoever asks evaluates.
    """
    wanted = as_repeat(repeat)
    if wanted not in (1, REPEAT_AUTO):
        raise ConfigError(
            f"repeat = {wanted}; expected 1 or {REPEAT_AUTO!r}: who evaluates a point several "
            "times tells the mean of its values"
        )
    return wanted == REPEAT_AUTO


def as_count(name: str, value: Any, least: int = 1) -> int:
    """Return the integer that value is.

    Raises:
        ConfigError: it is none, or below `least`, or has more than 63 bits.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{name} = {repr_of(value)}; expected an integer of at least {least}")
    if int(value) >= 2**63:
        raise ConfigError(f"{name} = {repr_of(value)}; expected an integer below 2**63")
    return int(value)


def as_finite(name: str, value: Any) -> float:
    """Return the number that value is.

    Raises:
        ConfigError: it is none, or is not finite.
    """
    number = as_float(as_scalar(value))
    if number is None or not math.isfinite(number):
        raise ConfigError(f"{name} = {repr_of(value)}; expected a finite number")
    return number


def as_seconds(name: str, value: Any) -> float:
    """Return the time that value is, in seconds.

    Raises:
        ConfigError: it is no number above 0.
    """
    number = as_float(as_scalar(value))
    if number is None or not number > 0:
        raise ConfigError(f"{name} = {repr_of(value)}; expected a number of seconds > 0, or None")
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
        if int(rng).bit_length() > _SEED_BITS:
            raise ConfigError(f"rng = {repr_of(rng)}; expected at most {_SEED_BITS} bits")
        return int(rng)
    raise ConfigError(f"rng = {repr_of(rng)}; expected an integer >= 0, a numpy Generator, or None")


def as_pairs(x: Any, y: Any) -> list[tuple[Any, Any]]:
    """Return points with their values, of one point and its value, or of a list of each.

    Args:
        x: a point, or a list of points.
        y: its value, which may stand in brackets, or a list of values.

    Raises:
        PointError: there are not as many points as values.
    """
    if not _is_several(x, y):
        return [(x, y)]
    points, values = as_list(x), as_list(y)
    if points is None or values is None or len(points) != len(values):
        n_values, n_points = (
            repr_of(given) if listed is None else len(listed)
            for given, listed in ((y, values), (x, points))
        )
        raise PointError(f"{n_values} values for {n_points} points; expected one value a point")
    return list(zip(points, values, strict=True))


def _are_points(x: Any) -> bool:
    """Tell whether x is a list of points, and no single one."""
    if isinstance(x, np.ndarray) and x.dtype != object:
        return x.ndim != 1
    if isinstance(x, Mapping):
        return False
    listed = as_list(x)
    kinds = (list, tuple, np.ndarray, Mapping)
    return listed is None or not listed or all(isinstance(one, kinds) for one in listed)


def _is_several(x: Any, y: Any) -> bool:
    """Tell whether y is a list of values, one a point of x, and no single value in brackets."""
    if not isinstance(y, (list, tuple)) and not (isinstance(y, np.ndarray) and y.ndim > 0):
        return False
    if as_number(y) is None:  # values of several points, or of several objectives at one
        listed = as_list(y)
        return not listed or _are_points(x)
    if isinstance(x, np.ndarray):
        return x.ndim != 1
    return [type(one) for one in as_list(x) or ()] in ([list], [tuple], [np.ndarray], [dict])
