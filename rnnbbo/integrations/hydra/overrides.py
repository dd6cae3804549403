"""A search space, as Hydra's overrides say it, and the overrides of its points."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    Quote,
    QuotedString,
    RangeSweep,
)

from rnnbbo.dimensions import Categorical, Dimension, Integer, Ordinal, Real
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.space import Space

_MOST_VALUES = 10_000  # of a range of floats; Hydra's steps add up rounding, each is looked at
_LOG = "log"
_ORDERED = "ordered"


@dataclass(frozen=True)
class Swept:
    """What a sweep varies, and what all of its jobs have in common.

    Attributes:
        space: the search space, a mapping: names are those of the overrides, without "+".
        keys: what stands before "=" in an override, by name.
        fixed: overrides of every job, as they were given.
        texts: of parameters that are choices, how Hydra writes each value, in their order.
    """

    space: Space
    keys: dict[str, str]
    fixed: list[str]
    texts: dict[str, list[str]]

    def overrides(self, x: Sequence[Any]) -> list[str]:
        """Return the overrides of a job at a point."""
        varied = [
            f"{self.keys[name]}={self._text(name, dimension, value)}"
            for name, dimension, value in zip(
                self.space.names, self.space.dimensions, x, strict=True
            )
        ]
        return self.fixed + varied

    def probes(self) -> list[list[str]]:
        """Return overrides of which one or another has each value of each choice, in few jobs."""
        longest = max((len(texts) for texts in self.texts.values()), default=1)
        points = [
            [
                dimension.category(min(place, dimension.count - 1))
                if isinstance(dimension, Categorical | Ordinal)
                else dimension.low  # type: ignore[union-attr]
                for dimension in self.space.dimensions
            ]
            for place in range(longest)
        ]
        return [self.overrides(point) for point in points]

    def _text(self, name: str, dimension: Dimension, value: Any) -> str:
        if isinstance(dimension, Categorical | Ordinal):
            return self.texts[name][dimension.index(value)]
        return repr(value)


def read_overrides(
    params: dict[str, str], arguments: Sequence[str], where: Any, config_loader: Any
) -> Swept:
    """Read what is to be swept.

    Args:
        params: name to what stands behind "=", from `hydra.sweeper.params`.
        arguments: overrides of the command line; of one parameter the last one counts.
        where: known constraints over the parameters, as for `rnnbbo.Space`.
        config_loader: Hydra's, which knows the options of a group.

    Raises:
        SpaceError: nothing is swept, or a sweep has no form here; the message says which.
        OverrideParseException: one is no override, says Hydra.
    """
    parser = OverridesParser.create(config_loader=config_loader)
    lines = [*(f"{key}={value}" for key, value in params.items()), *arguments]
    found = {_name(one): one for one in parser.parse_overrides(lines)}
    swept = {name: one for name, one in found.items() if one.is_sweep_override()}
    if not swept:
        raise SpaceError(
            f"overrides = {repr_of(lines)}, none of them a sweep; expected one such as "
            "x=interval(0,1), x=range(1,9) or x=a,b"
        )
    dimensions: dict[str, Dimension] = {}
    texts: dict[str, list[str]] = {}
    for name, one in swept.items():
        dimensions[name], texts[name] = _dimension(one, parser)
    return Swept(
        Space(dimensions, where),
        {name: one.get_key_element() for name, one in swept.items()},
        [one.input_line or "" for name, one in found.items() if name not in swept],
        {name: written for name, written in texts.items() if written},
    )


def _name(override: Override) -> str:
    return override.get_key_element().lstrip("+")


def _dimension(override: Override, parser: OverridesParser) -> tuple[Dimension, list[str]]:
    """Return a dimension, and how each of its values is written where it is a choice."""
    sweep: Any = override.value()
    _check_tags(override, getattr(sweep, "tags", set()))
    try:
        if isinstance(sweep, IntervalSweep):
            return _interval(sweep), []
        if isinstance(sweep, RangeSweep):
            return _range(sweep)
        return _choice(override, sweep, parser)
    except SpaceError as error:
        raise SpaceError(f"override {repr_of(override.input_line)}: {error}") from None


def _check_tags(override: Override, tags: set[str]) -> None:
    allowed = {_ORDERED} if override.is_choice_sweep() else {_LOG}
    if unknown := sorted(tags - allowed):
        raise SpaceError(
            f"override {repr_of(override.input_line)}: tag = {unknown[0]!r}; expected "
            f"{_LOG!r} for an interval or a range of whole numbers, {_ORDERED!r} for a choice"
        )


def _interval(sweep: IntervalSweep) -> Dimension:
    whole = type(sweep.start) is int and type(sweep.end) is int
    kind: Callable[..., Dimension] = Integer if whole else Real
    return kind(sweep.start, sweep.end, _prior(sweep))


def _prior(sweep: IntervalSweep | RangeSweep) -> str:
    return "log-uniform" if _LOG in sweep.tags else "uniform"


def _range(sweep: RangeSweep) -> tuple[Dimension, list[str]]:
    """Return the values of a range, which leaves its stop out."""
    if not sweep.step:
        raise SpaceError(f"step = {sweep.step!r}; expected another number than 0")
    values = sweep.range()
    if not isinstance(values, range):
        numbers = list(itertools.islice(values, _MOST_VALUES + 1))
        if not 0 < len(numbers) <= _MOST_VALUES or _LOG in sweep.tags:
            raise SpaceError(
                f"range of {_counted(numbers)} floats{' with tag log' * bool(sweep.tags)}; "
                f"expected 1 to {_MOST_VALUES} without a tag, or an interval"
            )
        return Ordinal(numbers), list(map(repr, numbers))
    if not values:
        raise SpaceError(f"{values!r} without a value; expected one at least")
    low, high, step = min(values[0], values[-1]), max(values[0], values[-1]), abs(values.step)
    if step == 1 or len(values) == 1:
        return Integer(low, high, _prior(sweep)), []
    return Integer(low, high, _prior(sweep), step=step), []


def _counted(numbers: list[float]) -> str:
    return f"more than {_MOST_VALUES}" if len(numbers) > _MOST_VALUES else str(len(numbers))


def _choice(override: Override, sweep: Any, parser: OverridesParser) -> tuple[Dimension, list[str]]:
    """Return a choice in the order in which it was given, also where it asks for another one.

    With `shuffle` the order would differ from sweep to sweep, and so would the run of one seed.
    """
    given = sweep.list if isinstance(sweep, ChoiceSweep) else list(override.sweep_iterator())
    if not given:
        raise SpaceError("a choice of nothing; expected a value at least")
    kind = Ordinal if _ORDERED in getattr(sweep, "tags", ()) else Categorical
    values = [Override._convert_value(one) for one in given]
    return kind(values), [_written(one, parser) for one in given]


def _written(value: Any, parser: OverridesParser) -> str:
    """Return a value as it stands in an override that gives it back, of the same type.

    Hydra writes the text 1, as of `str(1,2)`, like the number.
    """
    text = Override._get_value_element_as_str(value)
    if isinstance(value, str) and parser.parse_override(f"x={text}").value() != value:
        return QuotedString(value, Quote.single).with_quotes()
    return text
