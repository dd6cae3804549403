"""Optuna's distributions as the dimensions of a space."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from rnnbbo.errors import PointError, SpaceError
from rnnbbo.integrations.optuna.trial_tree import TrialConditions
from rnnbbo.space import Categorical, Integer, Real, Space
from rnnbbo.specs import conditioned

# Integers of an `Integer`. Of more, so many are used, evenly spread; where their scale is
# logarithmic, a `Real` is rounded.
_MANY = 2**40


class ProposedTogether:
    """The parameters of a study that are proposed together, in the order of their names.

    A number with a step is the index of its value, a choice the index among the choices: these may
    be equal to each other (1 and True), which categories may not.

    Args:
        distributions: name to distribution; none may have a single value only.
        conditions: of those that are not in every trial, what values of others have to be.

    Attributes:
        distributions: as given, ordered by name.
        conditions: as given.
        space: the `Space` of the points.

    Raises:
        SpaceError: there is none, or a float's range overflows.
    """

    def __init__(
        self,
        distributions: Mapping[str, BaseDistribution],
        conditions: Mapping[str, TrialConditions] | None = None,
    ) -> None:
        self.distributions = dict(sorted(distributions.items()))
        self.conditions = dict(conditions or {})
        dimensions = []
        for name, d in self.distributions.items():
            dimension = _dimension(name, d)
            if name in self.conditions:
                dimension = conditioned(dimension, self._when(name))
            dimensions.append(dimension)
        self.space = Space(dimensions)

    def _when(self, name: str) -> dict[str, Any]:
        """Return the conditions of a parameter in elements of points."""
        when: dict[str, Any] = {}
        for ancestor, condition in self.conditions[name].items():
            d = self.distributions[ancestor]
            if condition.values:
                when[ancestor] = [_encode(d, d.to_external_repr(v)) for v in condition.values]
            elif condition.least is not None:
                when[ancestor] = f">= {_encode(d, d.to_external_repr(condition.least))}"
            else:
                assert condition.largest is not None
                when[ancestor] = f"<= {_encode(d, d.to_external_repr(condition.largest))}"
        return when

    def point(self, params: Mapping[str, Any]) -> list[Any] | None:
        """Return the point that a trial's parameters are; None if it has no place in the space."""
        try:
            if self.conditions:
                known = [(n, d) for n, d in self.distributions.items() if n in params]
                return self.space.check({n: _encode(d, params[n]) for n, d in known})
            return self.space.check([_encode(d, params[n]) for n, d in self.distributions.items()])
        except (KeyError, ValueError, PointError):
            return None

    def params(self, point: list[Any]) -> dict[str, Any]:
        """Return the values, by parameter, at a point, without those of inactive ones."""
        active = self.space.as_mapping(point)
        return {name: _decode(self.distributions[name], one) for name, one in active.items()}

    def settle(self, point: list[Any], taken: Collection[list[Any]]) -> list[Any]:
        """Return the point that the values at `point` are, or one beside it that is not taken.

        It is the point itself unless integers are a `Real` that is rounded.
        """
        rounded = [
            i
            for i, (d, element) in enumerate(zip(self.distributions.values(), point, strict=True))
            if _rounds(d) and element is not None
        ]
        if not rounded:
            return point
        settled = [
            float(_decode(d, element)) if _rounds(d) and element is not None else element
            for d, element in zip(self.distributions.values(), point, strict=True)
        ]
        first = rounded[0]
        low, high = self.space.dimensions[first].bounds
        steps = (side * n for n in range(1, len(taken) + 2) for side in (1.0, -1.0))
        moved = ([*settled[:first], settled[first] + s, *settled[first + 1 :]] for s in steps)
        inside = (p for p in moved if low <= p[first] <= high and p not in taken)
        return settled if settled not in taken else next(inside, settled)

    def internal(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return values that JSON keeps: of a choice its index, of a number itself, to the bit."""
        return {
            name: int(d.to_internal_repr(params[name]))
            if isinstance(d, CategoricalDistribution)
            else params[name]
            for name, d in self.distributions.items()
            if name in params
        }

    def external(self, internal: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that `internal` made these of, as far as they are known here."""
        return {
            name: d.choices[internal[name]]
            if isinstance(d, CategoricalDistribution)
            else internal[name]
            for name, d in self.distributions.items()
            if name in internal
        }

    def merge(self, proposed: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that a trial was given, and where it has none yet what was proposed.

        Optuna keeps integers as floats: of those beyond 2**53 the proposal has the digits.
        """
        same = {
            name
            for name, value in given.items()
            if type(value) is int and abs(value) > 2**53 and float(proposed.get(name, 0)) == value
        }
        return {**proposed, **{name: v for name, v in given.items() if name not in same}}


def _dimension(name: str, d: Any) -> Real | Integer | Categorical:
    if isinstance(d, CategoricalDistribution):
        return Categorical(range(len(d.choices)), name)
    if isinstance(d, IntDistribution):
        return _whole(name, d)
    if not isinstance(d, FloatDistribution):
        raise SpaceError(
            f"{name} = {d!r}; expected a FloatDistribution, IntDistribution or "
            "CategoricalDistribution"
        )
    if d.step is not None and _stepped(d):
        return Integer(0, round((d.high - d.low) / d.step), "uniform", name)
    return Real(d.low, d.high, _prior(d), name)


def _whole(name: str, d: IntDistribution) -> Real | Integer:
    if d.log or (d.step == 1 and _last(d) < _MANY):
        return (Real if _rounds(d) else Integer)(d.low, d.high, _prior(d), name)
    return Integer(0, min(_last(d), _MANY - 1), "uniform", name)


def _prior(d: FloatDistribution | IntDistribution) -> str:
    return "log-uniform" if d.log else "uniform"


def _rounds(d: Any) -> bool:
    """Return whether integers are a `Real` that is rounded."""
    return isinstance(d, IntDistribution) and d.log and d.high >= _MANY


def _last(d: IntDistribution) -> int:
    """Return the index of an integer range's last value."""
    return (d.high - d.low) // d.step


def _stepped(d: Any) -> bool:
    return d.step is not None and (d.high - d.low) / d.step < _MANY


def _encode(d: Any, value: Any) -> Any:
    """Return the element of a point.

    Raises:
        ValueError: the value is none of the distribution's.
    """
    if isinstance(d, CategoricalDistribution):
        return int(d.to_internal_repr(value))
    if isinstance(d, IntDistribution):
        # Optuna keeps floats: a bound beyond 2**53 may be rounded to what lies outside.
        inside = min(max(value, d.low), d.high)
        value = inside if float(value) == float(inside) else value
        if d.log or (d.step == 1 and _last(d) < _MANY):
            return value
        index, rest = divmod(int(value) - d.low, d.step)
        if rest and abs(value) <= 2**53:
            raise ValueError
        last = _last(d)
        # The least index whose value is not below; see `_decode`.
        return index if last < _MANY else -(-index * (_MANY - 1) // last)
    if not _stepped(d):
        return value
    index = (value - d.low) / d.step
    if abs(index - round(index)) > 1e-8:  # the tolerance of Optuna's own check
        raise ValueError
    return round(index)


def _decode(d: Any, element: Any) -> Any:
    if isinstance(d, CategoricalDistribution):
        return d.choices[element]
    if isinstance(d, IntDistribution):
        return _integer(d, element)
    if _stepped(d):
        return min(d.low + element * d.step, d.high)
    if d.step is not None:  # a Real that stands for more numbers than an Integer takes
        return min(max(d.low + round((element - d.low) / d.step) * d.step, d.low), d.high)
    return element


def _integer(d: IntDistribution, element: Any) -> int:
    if d.log:
        return min(max(round(element), d.low), d.high)
    last = _last(d)
    if last >= _MANY:
        return d.low + d.step * (element * last // (_MANY - 1))
    return element if d.step == 1 else d.low + element * d.step
