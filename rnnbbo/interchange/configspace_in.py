"""Spaces of ConfigSpace as dimensions and known constraints."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from rnnbbo.categories import plain_category
from rnnbbo.dimensions import (
    Categorical,
    Dimension,
    Fixed,
    Integer,
    Ordinal,
    Real,
    label_of,
)
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.interchange.foreign_class import warn_unused

_Alternatives = list[dict[str, Any]]
_COMPARED = {
    "Equals": "==",
    "LessThan": "<",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "GreaterThanEquals": ">=",
}
_HOLDS = {">": operator.gt, "<": operator.lt, "!=": operator.ne}
_MOST_TERMS = 1000  # alternatives that nested conjunctions may come to


def read_configuration_space(given: Any) -> tuple[list[Dimension], list[Any]]:
    """Return the dimensions of a `ConfigurationSpace`, and its forbidden clauses as constraints.

    Raises:
        SpaceError: a hyperparameter, condition or clause has no form here; the message names it.
    """
    conditions = {one.child.name: _when(one) for one in given.conditions}
    for one in given.conditions:
        _check_unequal(one, conditions)
    dimensions = [hyperparameter(one, conditions.get(one.name)) for one in given.values()]
    where = [text for one in given.forbidden_clauses for text in _allowed(one, conditions)]
    return dimensions, where


def hyperparameter(one: Any, when: _Alternatives | None) -> Dimension:
    """Return the dimension that a hyperparameter of ConfigSpace is.

    Args:
        one: the hyperparameter.
        when: its conditions, in the form of `When`; None for none.

    Raises:
        SpaceError: it has neither bounds nor values.
    """
    kind, name = type(one).__name__, one.name
    if kind == "CategoricalHyperparameter":
        if one.weights is not None:
            warn_unused(name, "weights")
        return Categorical(one.choices, name, when)
    if kind == "OrdinalHyperparameter":
        return Ordinal(one.sequence, name, when)
    if kind == "Constant":
        return Fixed(one.value, name, when)
    if not all(hasattr(one, key) for key in ("lower", "upper", "log")):
        raise SpaceError(
            f"{label_of(name)}: {kind}; expected a hyperparameter with bounds, choices or a value"
        )
    if not kind.startswith("Uniform"):
        warn_unused(name, "distribution")
    dimension = Integer if kind.endswith("IntegerHyperparameter") else Real
    prior = "log-uniform" if one.log else "uniform"
    return dimension(one.lower, one.upper, prior, name, None, when)


def _when(condition: Any) -> _Alternatives:
    """Return the alternatives that a condition of ConfigSpace is.

    Raises:
        SpaceError: there is none: it never holds.
    """
    alternatives = _alternatives(condition)
    if not alternatives:
        raise SpaceError(
            f"{label_of(condition.child.name)}: condition = {repr_of(str(condition))}, which never "
            "holds; expected a parameter that is active somewhere"
        )
    return alternatives


def _check_unequal(condition: Any, conditional: Mapping[str, Any]) -> None:
    """Make sure that no `!=` looks at a parent that may be inactive: ConfigSpace has it hold there.

    Raises:
        SpaceError: one does.
    """
    if hasattr(condition, "components"):
        for part in condition.components:
            _check_unequal(part, conditional)
    elif type(condition).__name__ == "NotEqualsCondition" and condition.parent.name in conditional:
        raise SpaceError(
            f"{label_of(condition.child.name)}: condition = {repr_of(str(condition))}, which "
            f"ConfigSpace takes for met where {condition.parent.name} is inactive; expected "
            "another kind of condition, such as an InCondition, on a parent that may be inactive"
        )


def _alternatives(one: Any) -> _Alternatives:
    kind = type(one).__name__
    if kind == "OrConjunction":
        return [each for part in one.components for each in _alternatives(part)]
    if kind == "AndConjunction":
        parts = [_alternatives(part) for part in one.components]
        _check_terms(parts, one)
        combined = (_all_of(each) for each in product(*parts))
        return [each for each in combined if each is not None]
    accepted = _accepted(one, kind)
    return [] if accepted == [] else [{one.parent.name: accepted}]


def _check_terms(parts: Sequence[Sequence[Any]], one: Any) -> None:
    count = 1
    for part in parts:
        count *= len(part)
    if count > _MOST_TERMS:
        raise SpaceError(
            f"conjunction = {repr_of(str(one))}; expected one of at most {_MOST_TERMS} alternatives"
        )


def _accepted(one: Any, kind: str) -> Any:
    """Return what a parent's values have to be: a list, or a comparison of numbers."""
    if kind in ("InCondition", "EqualsCondition"):
        return list(map(plain_category, one.values if kind == "InCondition" else [one.value]))
    value = plain_category(one.value)
    sign = {"NotEqualsCondition": "!=", "LessThanCondition": "<"}.get(kind, ">")
    listed = _listed(one.parent)
    if listed is not None:
        return _beside(listed, sign, value)
    never = value >= one.parent.upper if sign == ">" else value <= one.parent.lower
    return [] if never and sign != "!=" else f"{sign} {value!r}"


def _listed(one: Any) -> list[Any] | None:
    """Return the values of a hyperparameter that lists them, in its order; None for numbers."""
    for key in ("choices", "sequence"):
        if hasattr(one, key):
            return list(map(plain_category, getattr(one, key)))
    return [plain_category(one.value)] if type(one).__name__ == "Constant" else None


def _beside(listed: list[Any], sign: str, value: Any) -> list[Any]:
    """Return the listed values that compare so with one of them by their place in the order."""
    place = listed.index(value)
    return {
        "==": listed[place : place + 1],
        "!=": listed[:place] + listed[place + 1 :],
        "<": listed[:place],
        "<=": listed[: place + 1],
        ">": listed[place + 1 :],
        ">=": listed[place:],
    }[sign]


def _all_of(parts: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return conditions that all have to hold as one; None where they never do together."""
    joined: dict[str, Any] = {}
    for part in parts:
        for name, accepted in part.items():
            both = _both(joined[name], accepted) if name in joined else accepted
            if both == []:
                return None
            joined[name] = both
    return joined


def _both(one: Any, other: Any) -> Any:
    """Return what satisfies both of two acceptances of a parent."""
    if isinstance(one, str) and isinstance(other, str):
        return one if one == other else f"{one} and {other}"
    if isinstance(one, str):
        one, other = other, one
    if isinstance(other, str):
        return [value for value in one if _satisfies(value, other)]
    return [value for value in one if value in other]


def _satisfies(value: float, comparisons: str) -> bool:
    pairs = (part.split(" ") for part in comparisons.split(" and "))
    return all(_HOLDS[sign](value, float(bound)) for sign, bound in pairs)


def _allowed(clause: Any, conditions: Mapping[str, Any]) -> list[str]:
    """Return expressions that hold together where a forbidden clause does not.

    ConfigSpace takes a comparison that names an inactive parameter for false, wherever it stands;
    an expression that names one holds as a whole. Where a parameter may be inactive, each
    alternative of the clause is an expression of its own.
    """
    if not any(name in conditions for name in _names(clause)):
        return [f"not ({_clause(clause)})"]
    return [f"not ({' and '.join(part)})" for part in _terms(clause)]


def _names(clause: Any) -> list[str]:
    if hasattr(clause, "components"):
        return [name for part in clause.components for name in _names(part)]
    if hasattr(clause, "left"):
        return [clause.left.name, clause.right.name]
    return [clause.hyperparameter.name]


def _terms(clause: Any) -> list[list[str]]:
    """Return alternatives, in each of which all comparisons have to hold, that a clause is."""
    kind = type(clause).__name__
    if kind == "ForbiddenOrConjunction":
        return [term for part in clause.components for term in _terms(part)]
    if kind == "ForbiddenAndConjunction":
        parts = [_terms(part) for part in clause.components]
        _check_terms(parts, clause)
        return [[text for part in each for text in part] for each in product(*parts)]
    text = _clause(clause)
    return [[text if kind.endswith("Relation") or " in " not in text else f"({text})"]]


def _clause(one: Any) -> str:
    """Return what a forbidden clause of ConfigSpace forbids, as an expression."""
    kind = type(one).__name__
    if kind in ("ForbiddenAndConjunction", "ForbiddenOrConjunction"):
        word = " and " if kind == "ForbiddenAndConjunction" else " or "
        return word.join(f"({_clause(part)})" for part in one.components)
    compared = kind.removeprefix("Forbidden").removesuffix("Clause").removesuffix("Relation")
    if compared not in (*_COMPARED, "In"):
        raise SpaceError(f"forbidden clause = {one}; expected one of equality, order or `in`")
    if kind.endswith("Relation"):  # by value, also where values are ordered
        return f"{_quoted(one.left.name)} {_COMPARED[compared]} {_quoted(one.right.name)}"
    name = one.hyperparameter.name
    listed = _listed(one.hyperparameter)
    if compared == "In":
        return _among(name, one.values)
    if compared != "Equals" and listed is not None:  # by place in the order, not by value
        return _among(name, _beside(listed, _COMPARED[compared], plain_category(one.value)))
    return f"{_quoted(name)} {_COMPARED[compared]} {_literal(name, one.value)}"


def _among(name: str, values: Sequence[Any]) -> str:
    listed = "".join(f"{_literal(name, value)}, " for value in values)
    return f"{_quoted(name)} in ({listed.rstrip(' ')})"


def _quoted(name: str) -> str:
    if "`" in name:
        raise SpaceError(
            f"{label_of(name)}: a forbidden clause names it; expected a name without a backquote"
        )
    return f"`{name}`"


def _literal(name: str, value: Any) -> str:
    """Return a value as expressions have it."""
    plain = plain_category(value)
    parts = plain if isinstance(plain, tuple) else (plain,)
    if not all(one is None or isinstance(one, str | bool | int | float) for one in parts):
        raise SpaceError(
            f"{label_of(name)}: a forbidden clause has {repr_of(plain)}; expected a number, a "
            "text, a boolean or None there, which expressions know"
        )
    return repr(plain)
