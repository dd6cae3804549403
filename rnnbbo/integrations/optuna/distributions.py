"""Optuna's distributions as the dimensions of a space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from rnnbbo.errors import PointError, SpaceError
from rnnbbo.space import Categorical, Integer, Real, Space

# More integers than a rnnbbo.Integer takes become a Real that is rounded.
_MANY = 2**40


class ProposedTogether:
    """The parameters of a study that are proposed together, in the order of their names.

    A number with a step is the index of its value, a choice the index among the choices: these may
    be equal to each other (1 and True), which categories may not.

    Args:
        distributions: name to distribution; none may have a single value only.

    Attributes:
        distributions: as given, ordered by name.
        space: the `Space` of the points.

    Raises:
        SpaceError: there is none, or a float's range overflows.
    """

    def __init__(self, distributions: Mapping[str, BaseDistribution]) -> None:
        self.distributions = dict(sorted(distributions.items()))
        self.space = Space([_dimension(name, d) for name, d in self.distributions.items()])

    def point(self, params: Mapping[str, Any]) -> list[Any] | None:
        """Return the point that a trial's parameters are; None if it has no place in the space."""
        try:
            return self.space.check([_encode(d, params[n]) for n, d in self.distributions.items()])
        except (KeyError, ValueError, PointError):
            return None

    def params(self, point: list[Any]) -> dict[str, Any]:
        """Return the values, by parameter, at a point."""
        pairs = zip(self.distributions.items(), point, strict=True)
        return {name: _decode(d, element) for (name, d), element in pairs}


def _dimension(name: str, d: Any) -> Real | Integer | Categorical:
    if isinstance(d, CategoricalDistribution):
        return Categorical(range(len(d.choices)), name)
    if not isinstance(d, (FloatDistribution, IntDistribution)):
        raise SpaceError(
            f"{name} = {d!r}; expected a FloatDistribution, IntDistribution or "
            "CategoricalDistribution"
        )
    return _number(name, d)


def _number(name: str, d: Any) -> Real | Integer:
    if _stepped(d):
        return Integer(0, round((d.high - d.low) / d.step), "uniform", name)
    prior = "log-uniform" if d.log else "uniform"
    whole = isinstance(d, IntDistribution) and max(d.high, d.high - d.low) < _MANY
    return (Integer if whole else Real)(d.low, d.high, prior, name)


def _stepped(d: Any) -> bool:
    return (
        d.step is not None
        and not (isinstance(d, IntDistribution) and d.step == 1)
        and (d.high - d.low) / d.step < _MANY
    )


def _encode(d: Any, value: Any) -> Any:
    """Return the element of a point.

    Raises:
        ValueError: the value is none of the distribution's.
    """
    if isinstance(d, CategoricalDistribution):
        return int(d.to_internal_repr(value))
    if not _stepped(d):
        return value
    index = (value - d.low) / d.step
    if abs(index - round(index)) > 1e-8:  # the tolerance of Optuna's own check
        raise ValueError
    return round(index)


def _decode(d: Any, element: Any) -> Any:
    if isinstance(d, CategoricalDistribution):
        return d.choices[element]
    if _stepped(d):
        return min(d.low + element * d.step, d.high)
    if d.step is not None:  # a Real that stands for more numbers than an Integer takes
        return min(max(d.low + round((element - d.low) / d.step) * d.step, d.low), d.high)
    return element
