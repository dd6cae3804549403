"""Values of constraints that are known by evaluating: feasible where at most 0."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnbbo.arguments import as_list, as_number
from rnnbbo.errors import ObservationError
from rnnbbo.escaping import as_line, repr_of

_FORM = "a mapping of names to numbers, feasible where at most 0"


def as_constraints(given: Any) -> dict[str, float]:
    """Return constraints by name; NaN where one is not a finite number, and so not met.

    Args:
        given: a mapping of names to numbers, or None for none.

    Raises:
        ObservationError: it is no such mapping.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ObservationError(f"constraints = {repr_of(given)}; expected {_FORM}")
    found = {}
    for name, value in given.items():
        number = math.nan if value is None else as_number(value)
        if not isinstance(name, str) or not name or number is None:
            shown = f"{repr_of(name)}: {repr_of(value)}"
            raise ObservationError(f"constraints = {{{shown}}}; expected {_FORM}")
        found[as_line(name)] = number if math.isfinite(number) else math.nan
    return found


def listed_constraints(given: Any, count: int) -> list[dict[str, float]]:
    """Return the constraints of so many values.

    Raises:
        ObservationError: they are not such mappings, or not as many.
    """
    listed = as_list(given)
    if given is None or listed is None:
        listed = [given] * count
        if given is not None and count != 1:
            raise ObservationError(
                f"constraints = {repr_of(given)}; expected a list of {count} mappings, one a value"
            )
    if len(listed) != count:
        raise ObservationError(f"{len(listed)} constraints for {count} values; expected one each")
    return [as_constraints(one) for one in listed]


def agreed(
    names: Sequence[str] | None, constraints: Mapping[str, float], failed: bool
) -> Sequence[str] | None:
    """Return the names of a run's constraints, with one more value.

    Args:
        names: of the values before; None before the first that did not fail.
        constraints: of this value.
        failed: whether the evaluation failed: then it need not know of them.

    Raises:
        ObservationError: they are others.
    """
    own = tuple(constraints)
    if failed and not own:
        return names
    if names is None:
        return own
    if set(own) != set(names):
        raise ObservationError(
            f"names of constraints = {_listed(own)}; expected those of the values before, "
            f"{_listed(names)}"
        )
    return names


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr_of, names)) or "none"


def is_feasible(constraints: Mapping[str, float]) -> bool:
    """Tell whether all constraints are at most 0."""
    return all(value <= 0.0 for value in constraints.values())


def violation(constraints: Mapping[str, float]) -> float:
    """Return by how much constraints are above 0, in sum; infinity where one is not known."""
    return sum(math.inf if math.isnan(c) else max(c, 0.0) for c in constraints.values())


def rank(value: float, constraints: Mapping[str, float]) -> tuple[bool, float]:
    """Return a key by which values are compared: feasible ones first, then the least violating."""
    if is_feasible(constraints):
        return False, value
    return True, violation(constraints)


def as_vector(names: Sequence[str], constraints: Mapping[str, float]) -> np.ndarray:
    """Return constraints in the order of their names, (K,); NaN where one is missing."""
    return np.array([constraints.get(name, math.nan) for name in names])
