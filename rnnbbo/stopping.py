"""Rules by which a run ends before all of its evaluations are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from rnnbbo.direction import Maximize, OneOrSeveral
from rnnbbo.errors import ConfigError
from rnnbbo.escaping import repr_of
from rnnbbo.incumbents import BestSoFar
from rnnbbo.objectives import count_of
from rnnbbo.status import Status

EXHAUSTED = "exhausted"
SHARE = 1e-5
"""Of the range of the values, below which what is left to gain is little."""
NOISE_SHARE = 0.01
"""Of the noise's deviation, likewise."""
IN_TURN = 5
"""Asks one after another at which so little is left."""


class ToldValue(NamedTuple):
    """What came of a point that was told.

    Attributes:
        value: a list with several objectives; None for a failure.
        evaluated: whether it was evaluated; else it was known without.
        constraints: by name.
    """

    value: OneOrSeveral | None
    evaluated: bool
    constraints: Mapping[str, float] = MappingProxyType({})


class Left(NamedTuple):
    """What a policy says of going on.

    Attributes:
        gain: by how much one more evaluation is expected to improve on the best value; None where
            that is not known.
        noise: deviation of the noise of a value; None where there seems to be none.
        spread: range of the values, outliers aside.
    """

    gain: float | None
    noise: float | None
    spread: float

    @property
    def little(self) -> bool:
        """Whether what is left to gain is little."""
        least = max(SHARE * self.spread, NOISE_SHARE * (self.noise or 0.0))
        return self.gain is not None and self.gain < least


@dataclass(frozen=True)
class StopRules:
    """When a run ends before its evaluations are made; by default never.

    Attributes:
        target: at the first value that is at least as good, of a feasible point; with several
            objectives a list, and in each of them.
        patience: after so many evaluations without a better value, or, with several objectives,
            without one that the front has then; while no point is feasible, without one that
            violates the constraints less.
        exhausted: where little more is expected to be gained: less than SHARE of the range of the
            values, outliers aside, or than NOISE_SHARE of their noise, at IN_TURN asks in turn.
    """

    target: OneOrSeveral | None = None
    patience: int | None = None
    exhausted: bool = False

    def __bool__(self) -> bool:
        """Return whether there is a rule."""
        return self != NO_RULES

    def require_fitting(self, count: int) -> None:
        """Make sure that they are for so many objectives.

        Raises:
            ConfigError: they are not.
        """
        if self.target is not None and count_of(self.target) != count:
            expected = "one number" if count == 1 else f"a list of {count}, one an objective"
            raise ConfigError(f"target = {repr_of(self.target)}; expected {expected}")
        if self.exhausted and count > 1:
            raise ConfigError(
                f"until = {EXHAUSTED!r} with {count} objectives; expected a target or patience, "
                "which are known of a front"
            )


NO_RULES = StopRules()
"""All evaluations are made."""


def as_until(until: Any) -> bool:
    """Return whether a run ends when it is exhausted.

    Raises:
        ConfigError: until is something else than None and "exhausted".
    """
    if until is not None and not (isinstance(until, str) and until == EXHAUSTED):
        raise ConfigError(f"until = {repr_of(until)}; expected {EXHAUSTED!r} or None")
    return until is not None


class Stopping:
    """The rules, and what they need of the values told so far.

    Args:
        rules: the rules.
        maximize: which values are better.
    """

    def __init__(self, rules: StopRules, maximize: Maximize) -> None:
        self._rules = rules
        self._best = BestSoFar(maximize)
        self._since = 0  # evaluations since the best value
        self._small = 0  # asks in turn at which little is left
        self.count = 0
        """Number of values taken."""

    def add(self, told: Iterable[ToldValue]) -> None:
        """Take what was told since.

        Raises:
            ConfigError: the rules are for another number of objectives.
        """
        for value, evaluated, constraints in told:
            self.count += 1
            self._since += evaluated
            if value is None:
                continue
            self._rules.require_fitting(count_of(value))
            if self._best.add(value, constraints):
                self._since = 0

    def status(self) -> Status | None:
        """Return why the run ends by its values; None where it goes on."""
        rules = self._rules
        if rules.target is not None and self._best.reaches(rules.target):
            return Status.TARGET
        if rules.patience is not None and self._since >= rules.patience:
            return Status.PATIENCE
        return None

    def judge(self, left: Left) -> Status | None:
        """Return EXHAUSTED where so little is left once more; to be called once an ask.

        Args:
            left: what the policy says.
        """
        self._small = self._small + 1 if left.little else 0
        return Status.EXHAUSTED if self._small >= IN_TURN else None
