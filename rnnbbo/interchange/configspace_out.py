"""Spaces as a `ConfigurationSpace` of ConfigSpace."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

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
from rnnbbo.dimensions.when import Accepted, accepted_by
from rnnbbo.errors import MissingExtraError, SpaceError
from rnnbbo.escaping import one_line
from rnnbbo.interchange.configspace_clauses import Clauses

_MOST_STEPS = 10_000  # values of a number with steps that are listed
_MOVED = 1e-9, 1e-6  # of the width, or in the logarithm, that a bound may be moved by rounding


def to_configspace(
    dimensions: Sequence[Dimension],
    names: Sequence[str],
    where: Sequence[Any],
    allowed: Mapping[str, Any] | None,
    seed: int | None,
) -> Any:
    """Return a space as a `ConfigSpace.ConfigurationSpace`.

    Args:
        dimensions: the dimensions.
        names: their names.
        where: the known constraints.
        allowed: the active values of a point that meets these, which becomes the default
            configuration; None for ConfigSpace's own, which may be one that is forbidden.
        seed: that of ConfigSpace's own draws.

    Raises:
        SpaceError: a dimension, a condition or a constraint has no form there; the message names
            it.
        MissingExtraError: ConfigSpace is not installed.
    """
    try:
        import ConfigSpace
    except ImportError as error:
        raise MissingExtraError(
            "to_configspace needs ConfigSpace: pip install 'ConfigSpace>=1.2'"
        ) from error
    defaults = allowed or {}
    parameters = {
        name: _made(name, dim, partial(_hyperparameter, ConfigSpace, name, dim, defaults))
        for name, dim in zip(names, dimensions, strict=True)
    }
    by_name = dict(zip(names, dimensions, strict=True))
    space = ConfigSpace.ConfigurationSpace(seed=seed)
    space.add(*parameters.values())
    conditions = Conditions(ConfigSpace, parameters, by_name)
    for name, dim in by_name.items():
        if dim.when is not None:
            space.add(_made(name, dim, partial(conditions.of, name, dim)))
    clauses = Clauses(ConfigSpace, parameters, by_name)
    for one in where:
        space.add(*clauses.of(one))
    return space


def _made(name: str, dim: Dimension, make: Callable[[], Any]) -> Any:
    """Return what is made of a dimension; errors of ConfigSpace name it."""
    try:
        return make()
    except SpaceError:
        raise
    except Exception as error:
        raise SpaceError(
            f"{label_of(name)}: {dim!r}, for which ConfigSpace raises {one_line(error)}; expected "
            "what it takes"
        ) from error


def _hyperparameter(module: Any, name: str, dim: Dimension, defaults: Mapping[str, Any]) -> Any:
    if isinstance(dim, Fixed):
        return module.Constant(name, dim.value)
    default = {"default_value": defaults[name]} if name in defaults else {}
    if isinstance(dim, Categorical):
        return module.CategoricalHyperparameter(name, list(dim.categories), **default)
    if isinstance(dim, Ordinal):
        return module.OrdinalHyperparameter(name, list(dim.values), **default)
    if dim.is_constant:
        return module.Constant(name, dim.low)
    if dim.step is not None:
        return module.OrdinalHyperparameter(name, _steps(name, dim), **default)
    log = dim.prior == "log-uniform"
    kind = (
        "UniformIntegerHyperparameter" if isinstance(dim, Integer) else "UniformFloatHyperparameter"
    )
    made = getattr(module, kind)(name, dim.low, dim.high, log=log, **default)
    _check_bounds(name, dim, (made.lower, made.upper))
    return made


def _steps(name: str, dim: Real | Integer) -> list[Any]:
    count = dim.count or 0
    if count > _MOST_STEPS:
        raise SpaceError(
            f"{label_of(name)}: step = {dim.step!r}, which makes {count} values; expected at most "
            f"{_MOST_STEPS}, or no step, since ConfigSpace has none and they are listed"
        )
    return [nth_value(dim, i) for i in range(count)]


def _check_bounds(name: str, dim: Real | Integer, theirs: tuple[float, float]) -> None:
    """Make sure that ConfigSpace, which keeps 13 decimals of a bound, has not moved it.

    Raises:
        SpaceError: it has.
    """
    for which, ours, other in zip(("low", "high"), dim.bounds, theirs, strict=True):
        off = abs(ours - other) / (dim.high - dim.low)
        if dim.prior == "log-uniform":
            off = abs(math.log(ours / other)) * _MOVED[0] / _MOVED[1] if other > 0 else math.inf
        if off > _MOVED[0]:
            raise SpaceError(
                f"{label_of(name)}: {which} = {ours!r}, of which ConfigSpace makes {other!r}; "
                "expected a bound that 13 decimals hold, perhaps in other units"
            )


class Conditions:
    """Conditions as ConfigSpace has them.

    Args:
        module: ConfigSpace.
        parameters: its hyperparameters, by name.
        dimensions: the dimensions, by name.
    """

    def __init__(
        self, module: Any, parameters: Mapping[str, Any], dimensions: Mapping[str, Dimension]
    ) -> None:
        self._module, self._parameters, self._dimensions = module, parameters, dimensions

    def of(self, name: str, dim: Dimension) -> Any:
        """Return the condition of a dimension that has some.

        Raises:
            SpaceError: it never holds.
        """
        assert dim.when is not None
        alternatives = []
        for one in dim.when.alternatives:
            parts = [self._part(name, ancestor, raw) for ancestor, raw in one.items()]
            if all(part is not None for part in parts):
                alternatives.append(self._joined("AndConjunction", parts))
        if not alternatives:
            raise SpaceError(
                f"{label_of(name)}: when = {dim.when!r}, which never holds; expected a parameter "
                "that is active somewhere"
            )
        return self._joined("OrConjunction", alternatives)

    def _joined(self, kind: str, parts: Sequence[Any]) -> Any:
        return parts[0] if len(parts) == 1 else getattr(self._module, kind)(*parts)

    def _part(self, name: str, ancestor: str, raw: Any) -> Any:
        """Return the condition on one ancestor; None where no value of it is accepted."""
        parent = self._dimensions[ancestor]
        accepted = accepted_by(parent, raw, f"{label_of(name)}: when {ancestor}")
        values = self._values(parent, accepted)
        if values is not None:
            return self._among(name, ancestor, values) if values else None
        parts = [
            self._compared(name, ancestor, parent, operator, bound)
            for operator, bound in accepted.comparisons
        ]
        if any(part is None for part in parts):
            return None
        return self._joined("AndConjunction", parts)

    def _values(self, parent: Dimension, accepted: Accepted) -> list[Any] | None:
        """Return the ancestor's values that are accepted; None where it does not list them."""
        if not accepted.comparisons:
            return list(accepted.values)
        if isinstance(parent, Real | Integer) and parent.step is None and not parent.is_constant:
            return None
        known = [nth_value(parent, i) for i in range(parent.count or 0)]
        return [value for value in known if accepted.holds(value)]

    def _among(self, name: str, ancestor: str, values: Sequence[Any]) -> Any:
        child, parent = self._parameters[name], self._parameters[ancestor]
        if len(values) == 1:
            return self._module.EqualsCondition(child, parent, values[0])
        return self._module.InCondition(child, parent, list(values))

    def _compared(self, name: str, ancestor: str, parent: Any, operator: str, bound: float) -> Any:
        """Return the condition that a number compares so; None where it never does.

        ConfigSpace compares by < and > alone, with numbers that the parent may be.
        """
        child, theirs = self._parameters[name], self._parameters[ancestor]
        whole = isinstance(parent, Integer)
        if whole and operator != "!=":
            strict = {">=": math.ceil(bound) - 1, ">": math.floor(bound)}
            strict |= {"<=": math.floor(bound) + 1, "<": math.ceil(bound)}
            operator, bound = operator[0], strict[operator]
        low, high = parent.low, parent.high
        always = {
            ">": bound < low, ">=": bound <= low, "<": bound > high, "<=": bound >= high,
            "!=": not low <= bound <= high or (whole and bound != int(bound)),
        }[operator]  # fmt: skip
        never = {
            ">": bound >= high, ">=": bound > high, "<": bound <= low, "<=": bound < low,
            "!=": False,
        }[operator]  # fmt: skip
        if never:
            return None
        if always:  # where the parent is active at all
            operator, bound = ">=", low
        bound = int(bound) if whole else bound
        if operator == "!=":  # its own such condition holds where the parent is inactive
            sides = [
                getattr(self._module, kind)(child, theirs, bound)
                for kind, outside in (
                    ("LessThanCondition", bound <= low),
                    ("GreaterThanCondition", bound >= high),
                )
                if not outside
            ]
            return self._joined("OrConjunction", sides)
        strict_kind = "GreaterThanCondition" if operator[0] == ">" else "LessThanCondition"
        compared = getattr(self._module, strict_kind)(child, theirs, bound)
        if operator in "<>":
            return compared
        equal = self._module.EqualsCondition(child, theirs, bound)
        return self._module.OrConjunction(compared, equal)
