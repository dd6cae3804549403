"""The tree of conditional parameters that the trials of a study show.

An objective of Optuna suggests parameters as it runs, some of them only under values of others. A
parameter that is absent from some completed trials is taken to be inactive there, and what decides
is looked for: values of choices or whole numbers that separate the trials with it from the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

_MOST = 3  # ancestors whose values together decide


class Condition(NamedTuple):
    """What an ancestor's value has to be.

    Attributes:
        values: one of these, as Optuna has them within: of a choice its index.
        least: or, of numbers without `values`, at least this.
        largest: and at most this.
    """

    values: tuple[float, ...] = ()
    least: float | None = None
    largest: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a value, as Optuna has it within, is so."""
        if self.values:
            return value in self.values
        above = self.least is None or value >= self.least
        return above and (self.largest is None or value <= self.largest)


TrialConditions = Mapping[str, Condition]


@dataclass(frozen=True)
class TrialTree:
    """Parameters that can be proposed together.

    Attributes:
        distributions: of all of them, by name, in the order of names.
        conditions: of those that are absent from some trials, what their ancestors have to be.
    """

    distributions: dict[str, BaseDistribution] = field(default_factory=dict)
    conditions: dict[str, dict[str, Condition]] = field(default_factory=dict)

    def within(self, names: Sequence[str]) -> TrialTree:
        """Return the part of it that has these names, and all their ancestors."""
        kept = set(names)
        while lost := {n for n in kept if not self.conditions.get(n, {}).keys() <= kept}:
            kept -= lost
        return TrialTree(
            {name: d for name, d in self.distributions.items() if name in kept},
            {name: rules for name, rules in self.conditions.items() if name in kept},
        )


class _Seen(NamedTuple):
    """The completed trials that have a parameter: their numbers and its values within."""

    values: dict[int, float]
    distribution: BaseDistribution | None  # None where they differ


class TreeReader:
    """Reads the tree of completed trials, each of which it reads once."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        # The trials themselves are kept, too, so that no other object gets the identity of one.
        self._read: dict[int, FrozenTrial] = {}
        self._seen: dict[str, _Seen] = {}
        self._tree = TrialTree()

    def of(self, trials: Sequence[FrozenTrial]) -> TrialTree:
        """Return the tree of the completed trials among these."""
        complete = {id(trial): trial for trial in trials if trial.state == TrialState.COMPLETE}
        if not self._read.keys() <= complete.keys():  # of another study
            self._forget()
        if self._read.keys() == complete.keys():
            return self._tree
        for identity, trial in complete.items():
            if identity not in self._read:
                self._take(trial)
        self._read = complete
        self._tree = self._worked_out()
        return self._tree

    def has_seen(self, name: str) -> bool:
        """Return whether a trial that was read has a parameter."""
        return name in self._seen

    def _take(self, trial: FrozenTrial) -> None:
        for name, distribution in trial.distributions.items():
            seen = self._seen.setdefault(name, _Seen({}, distribution))
            seen.values[trial.number] = distribution.to_internal_repr(trial.params[name])
            if seen.distribution != distribution:
                self._seen[name] = seen._replace(distribution=None)

    def _worked_out(self) -> TrialTree:
        every = {trial.number for trial in self._read.values()}
        known = {n: one for n, one in self._seen.items() if one.distribution is not None}
        conditions = {}
        for name in sorted(known):
            if len(known[name].values) == len(every):
                conditions[name] = dict[str, Condition]()
                continue
            found = _explained(known[name], known, every - known[name].values.keys())
            if found is not None:
                conditions[name] = found
        tree = TrialTree(
            {n: one.distribution for n, one in sorted(known.items()) if one.distribution},
            {name: found for name, found in conditions.items() if found},
        )
        return tree.within(list(conditions))


def _explained(
    own: _Seen, known: Mapping[str, _Seen], without: set[int]
) -> dict[str, Condition] | None:
    """Return conditions that hold in the trials with a parameter and in none without; or None."""
    found: dict[str, Condition] = {}
    while without and len(found) < _MOST:
        options = []
        for name, one in known.items():
            # An ancestor is in every trial that has the parameter, and in more.
            if name in found or not own.values.keys() < one.values.keys():
                continue
            condition = _separating(one, own.values.keys(), without)
            if condition is None:
                continue
            left = {n for n in without if n in one.values and condition.holds(one.values[n])}
            choice = isinstance(one.distribution, CategoricalDistribution)
            options.append((len(left), -len(one.values), not choice, name, condition, left))
        if not options:
            return None
        least, *_, name, condition, left = min(options, key=lambda option: option[:4])
        if least == len(without):
            return None
        found[name], without = condition, left
    return None if without else found


def _separating(ancestor: _Seen, having: Any, without: set[int]) -> Condition | None:
    """Return what an ancestor's values are in all trials that have a parameter."""
    inside = sorted({ancestor.values[n] for n in having})
    outside = {ancestor.values[n] for n in without if n in ancestor.values}
    d = ancestor.distribution
    if isinstance(d, CategoricalDistribution):
        return Condition(tuple(inside))
    if not isinstance(d, IntDistribution) and not (isinstance(d, FloatDistribution) and d.step):
        return None
    above = all(value < inside[0] for value in outside)
    below = all(value > inside[-1] for value in outside)
    if above != below:  # a threshold
        return Condition(least=inside[0]) if above else Condition(largest=inside[-1])
    return Condition(tuple(inside))
