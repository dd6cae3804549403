"""Categories as values: which are the same, which can change, and what NumPy's are in Python."""

from __future__ import annotations

import copy
import math
import numbers
from typing import Any

import numpy as np

_UNCHANGING = (float, int, str, bool, type(None))


def plain_category(value: Any) -> Any:
    """Return a category without NumPy's scalars, also inside of lists, tuples and dicts; a copy."""
    try:
        return _plain(value)
    except RecursionError:  # it holds itself
        return value


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)) and value.shape == ():
        kind = value.dtype.kind
        if kind == "f":
            return float(value)
        times = kind in "mM"  # of which item() makes numbers
        return np.asarray(value)[()] if times else value.item()
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {_plain(key): _plain(item) for key, item in value.items()}
    return copied(value)


def copied(value: Any) -> Any:
    """Return a copy of what can change, and anything else itself.

    What has a hash is taken not to change, and so is what a copy would not be equal to.
    """
    if type(value) in _UNCHANGING:
        return value
    try:
        hash(value)
    except Exception:
        try:
            other = copy.deepcopy(value)
        except Exception:
            return value
        return other if same(value, other) else value
    return value


def is_nan(value: Any) -> bool:
    """Tell whether this is not a number, whichever object says so."""
    try:
        return isinstance(value, numbers.Real) and math.isnan(value)
    except Exception:
        return False


def same(one: Any, other: Any) -> bool:
    """Tell whether two categories are the same: identical, equal in every part, or both NaN."""
    try:
        return _same(one, other)
    except Exception:  # of an == that raises, or of what holds itself
        return False


def _same(one: Any, other: Any) -> bool:
    if one is other or (is_nan(one) and is_nan(other)):
        return True
    if type(one) is type(other):
        if isinstance(one, (list, tuple)):
            return len(one) == len(other) and all(map(_same, one, other))
        if isinstance(one, dict):
            return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
        if hasattr(one, "shape"):  # arrays and frames are compared as a whole
            return bool(np.array_equal(one, other, equal_nan=_has_nans(one)))
    equal = one == other
    return bool(equal) if isinstance(equal, (bool, np.bool_)) else False


def _has_nans(array: Any) -> bool:
    return getattr(getattr(array, "dtype", None), "kind", "") in "fc"
