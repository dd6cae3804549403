"""Dimensions and spaces of other libraries: scikit-optimize, ConfigSpace, scipy.stats.

None of them is imported here, except by `to_skopt`: what comes from one is known by the modules of
its classes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from rnnbbo.categories import plain_category
from rnnbbo.dimensions import (
    Categorical,
    Dimension,
    Fixed,
    Integer,
    Ordinal,
    Real,
    label_of,
    nth_value,
)
from rnnbbo.errors import MissingExtraError, SpaceError, SpaceWarning, warn
from rnnbbo.escaping import repr_of

_Conditions = list[dict[str, Any]]
_COMPARED = {
    "Equals": "==",
    "LessThan": "<",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "GreaterThanEquals": ">=",
}


def _class_of(thing: object, package: str, names: Sequence[str]) -> str | None:
    """Return the name of the class of a package that this is an instance of, or None."""
    for cls in type(thing).__mro__:
        if cls.__module__.partition(".")[0] == package and cls.__name__ in names:
            return cls.__name__
    return None


def foreign_dimension(spec: Any) -> Dimension | None:
    """Return the dimension that another library's is; None where it is of none."""
    kind = _class_of(spec, "skopt", ("Real", "Integer", "Categorical"))
    if kind == "Categorical":
        if spec.prior is not None:
            warnings.warn(
                f"{label_of(spec.name)}: the probabilities of the categories are not used",
                stacklevel=2,
            )
        return Categorical(spec.categories, spec.name)
    if kind is not None:
        return (Real if kind == "Real" else Integer)(spec.low, spec.high, spec.prior, spec.name)
    if _class_of(spec, "ConfigSpace", ("Hyperparameter",)):
        return _hyperparameter(spec, None)
    if type(spec).__module__.startswith("scipy.stats"):
        return _distribution(spec)
    return None


def read_foreign(given: Any) -> tuple[list[Dimension], bool, list[Any]] | None:
    """Return what another library's space holds: dimensions, whether it is a mapping, constraints.

    None where it is of no library that is known here.

    Raises:
        SpaceError: it holds what has no form here.
    """
    if _class_of(given, "skopt", ("Space",)):
        constraint = getattr(given, "constraint", None)
        dimensions = [dim for one in given.dimensions if (dim := foreign_dimension(one))]
        return dimensions, False, [] if constraint is None else [constraint]
    if not _class_of(given, "ConfigSpace", ("ConfigurationSpace",)):
        return None
    conditions = {one.child.name: _conditions(one) for one in given.conditions}
    parts = [_hyperparameter(one, conditions.get(one.name)) for one in given.values()]
    return parts, True, [f"not ({_clause(one)})" for one in given.forbidden_clauses]


def _hyperparameter(one: Any, when: _Conditions | None) -> Dimension:
    """Return the dimension that a hyperparameter of ConfigSpace is."""
    kind, name = type(one).__name__, one.name
    if kind == "CategoricalHyperparameter":
        if one.weights is not None:
            _unused(name, "weights")
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
        _unused(name, "distribution")
    dimension = Integer if kind.endswith("IntegerHyperparameter") else Real
    prior = "log-uniform" if one.log else "uniform"
    return dimension(one.lower, one.upper, prior, name, None, when)


def _unused(name: str, what: str) -> None:
    warn(f"{label_of(name)}: its {what} is not used, only what its values may be", SpaceWarning)


def _conditions(one: Any) -> _Conditions:
    """Return the alternatives that a condition of ConfigSpace is."""
    kind = type(one).__name__
    if kind == "OrConjunction":
        return [each for part in one.components for each in _conditions(part)]
    if kind == "AndConjunction":
        return [_all_of(parts, one) for parts in product(*map(_conditions, one.components))]
    return [{one.parent.name: _accepted(one, kind)}]


def _accepted(one: Any, kind: str) -> Any:
    """Return what a parent's values have to be, by a condition of ConfigSpace."""
    if kind in ("InCondition", "EqualsCondition"):
        return list(map(plain_category, one.values if kind == "InCondition" else [one.value]))
    known = list(map(plain_category, _listed(one.parent)))
    value = plain_category(one.value)
    operator = {"NotEqualsCondition": "!=", "LessThanCondition": "<"}.get(kind, ">")
    if not known:
        return f"{operator} {value!r}"
    place = known.index(value)
    below, above = known[:place], known[place + 1 :]  # by their place in the order
    return {"!=": below + above, "<": below, ">": above}[operator]


def _listed(parent: Any) -> Sequence[Any]:
    return getattr(parent, "choices", None) or getattr(parent, "sequence", None) or ()


def _all_of(parts: Sequence[dict[str, Any]], one: Any) -> dict[str, Any]:
    names = [name for part in parts for name in part]
    if len(set(names)) < len(names):
        raise SpaceError(
            f"condition = {one}; expected one condition a parent in a conjunction, as there is no "
            "form for two"
        )
    return {name: value for part in parts for name, value in part.items()}


def _clause(one: Any) -> str:
    """Return what a forbidden clause of ConfigSpace forbids, as an expression."""
    kind = type(one).__name__
    if kind in ("ForbiddenAndConjunction", "ForbiddenOrConjunction"):
        word = " and " if kind == "ForbiddenAndConjunction" else " or "
        return word.join(f"({_clause(part)})" for part in one.components)
    if kind == "ForbiddenInClause":
        values = ", ".join(repr(plain_category(value)) for value in one.values)
        return f"`{one.hyperparameter.name}` in ({values},)"
    compared = kind.removeprefix("Forbidden").removesuffix("Clause").removesuffix("Relation")
    if compared not in _COMPARED:
        raise SpaceError(f"forbidden clause = {one}; expected one of equality, order or `in`")
    if kind.endswith("Relation"):
        return f"`{one.left.name}` {_COMPARED[compared]} `{one.right.name}`"
    value = plain_category(one.value)
    return f"`{one.hyperparameter.name}` {_COMPARED[compared]} {value!r}"


def _distribution(spec: Any) -> Dimension:
    """Return the dimension that a distribution of scipy.stats is."""
    kind = getattr(getattr(spec, "dist", None), "name", type(spec).__name__).lower()
    if kind in ("uniform", "loguniform", "reciprocal", "randint"):
        low, high = (bound.item() for bound in np.asarray(spec.support()))
        if kind == "randint":
            return Integer(int(low), int(high))
        # Moved, the logarithm of a value is not evenly distributed any more.
        location = spec.dist._parse_args(*spec.args, **spec.kwds)[1] if hasattr(spec, "args") else 0
        if kind == "uniform" or location == 0:
            return Real(low, high, "uniform" if kind == "uniform" else "log-uniform")
    raise SpaceError(
        f"distribution = {kind!r}; expected uniform, loguniform without a location, or randint of "
        "scipy.stats; or (low, high), (low, high, prior), or a list of choices"
    )


def to_skopt(dimensions: Sequence[Dimension], where: Sequence[Any]) -> Any:
    """Return a space as a `skopt.space.Space`.

    Raises:
        SpaceError: a dimension, or a constraint, has no form there.
        MissingExtraError: scikit-optimize is not installed.
    """
    try:
        from skopt import space as skopt_space
    except ImportError as error:
        raise MissingExtraError(
            "to_skopt needs scikit-optimize: pip install scikit-optimize"
        ) from error
    if where:
        raise SpaceError(
            f"where = {repr_of(where[0])}; expected a space without known constraints, since "
            "plots of scikit-optimize draw points anywhere"
        )
    converted = []
    for dim in dimensions:
        if dim.when is not None:
            raise SpaceError(
                f"{label_of(dim.name)}: when = {dim.when!r}; expected a space without conditions, "
                "which scikit-optimize does not know"
            )
        if isinstance(dim, Categorical):
            converted.append(skopt_space.Categorical(dim.categories, name=dim.name))
        elif dim.is_constant:
            converted.append(skopt_space.Categorical([dim.bounds[0]], name=dim.name))
        elif isinstance(dim, Real | Integer) and dim.step is None:
            cls = getattr(skopt_space, type(dim).__name__)
            converted.append(cls(dim.low, dim.high, prior=dim.prior, name=dim.name))
        else:  # values in their order, on one coordinate
            values = [nth_value(dim, i) for i in range(dim.count or 0)]
            converted.append(skopt_space.Categorical(values, transform="label", name=dim.name))
    return skopt_space.Space(converted)
