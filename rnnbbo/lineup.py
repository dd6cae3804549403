"""Who proposes: the policies at work on a run, in turn, and how they come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo import shipped
from rnnbbo.auto import Stage
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.feed import Told
from rnnbbo.goal import USUAL, Asking, Goal
from rnnbbo.ledger import Ledger
from rnnbbo.policies.protocol import Takes
from rnnbbo.proposer import Proposer
from rnnbbo.replacing import replace
from rnnbbo.scalarised import ScalarisedProposer
from rnnbbo.space import Space


@dataclass(frozen=True)
class Start:
    """What every policy of a run begins with.

    Attributes:
        space: the user's.
        entropy: the run's seed.
        reference: (K,) the reference point of several objectives, lower being better; None to
            derive it.
        learned: policies that know of earlier studies, by name.
        asking: how points are asked for.
        planned: evaluations of the run, where somebody says.
    """

    space: Space
    entropy: int
    reference: tuple[float, ...] | None
    learned: Mapping[str, Checkpoint]
    asking: Asking = USUAL
    planned: int | None = None

    def begin(self, policy: shipped.Source, several: bool = False) -> Proposer:
        """Return a policy that has seen nothing yet."""
        loaded = shipped.load(policy)
        loaded = self.learned.get(loaded.name, loaded)
        if self.reference is not None:
            loaded = replace(loaded, policy=loaded.policy.within(self.reference))
        if self.asking.again:
            loaded = replace(loaded, policy=loaded.policy.repeating())
        counts_all = self.asking.goal is Goal.CUMULATIVE
        if counts_all:
            loaded = replace(loaded, policy=loaded.policy.counting_all(self.planned))
        begun = Proposer.begin(loaded, self.space, self.entropy, self.asking.again, counts_all)
        return _for_several(begun) if several else begun


@dataclass(frozen=True)
class Lineup:
    """The policies that propose now, in turn, and those that will; a value.

    Attributes:
        start: what they begin with.
        proposers: those at work.
        why: why these.
        later: stages to come.
    """

    start: Start
    proposers: tuple[Proposer, ...]
    why: str
    later: tuple[Stage, ...]

    @classmethod
    def of(cls, start: Start, stages: Sequence[Stage]) -> Lineup:
        """Return that of a run in which nothing was asked or told."""
        first, *later = stages
        return cls(start, tuple(map(start.begin, first.policies)), first.why, tuple(later))

    @property
    def name(self) -> str:
        """The name of the policy; several names where they take turns."""
        return "+".join(one.policy.name for one in self.proposers)

    @property
    def constrained(self) -> bool:
        """Whether one of them is told the values of constraints."""
        return any(one.policy.policy.constrained for one in self.proposers)

    def known_to(self, ledger: Ledger) -> None:
        """Let a ledger keep from now on what each of them is told."""
        for one in self.proposers:
            ledger.feed(one.policy.policy.takes)

    def caught_up(self) -> Lineup:
        """Return it with everything taken in."""
        return replace(self, proposers=tuple(one.caught_up() for one in self.proposers))

    def prepared(self, asked: int, ledger: Ledger) -> Lineup:
        """Return it with the work done for the ask that follows on so many."""
        turn = (asked + 1) % len(self.proposers)
        proposers = [
            one.prepare(ledger) if i == turn else one.caught_up()
            for i, one in enumerate(self.proposers)
        ]
        return replace(self, proposers=tuple(proposers))

    def begin_ask(self, asked: int, latest: np.ndarray) -> tuple[Proposer, Lineup]:
        """Return the proposer whose turn it is, ready to propose, and the lineup after the ask.

        Args:
            asked: how many asks there were.
            latest: (D,) what the last one proposed.
        """
        turn = (asked + 1) % len(self.proposers)
        proposer = self.proposers[turn]
        proposer = proposer.asked() if proposer.fed else proposer.dummy(latest)
        # Whatever is asked for next without a result in between is a pending evaluation more.
        proposers = [
            proposer if i == turn else other.asked() for i, other in enumerate(self.proposers)
        ]
        return proposer, replace(self, proposers=tuple(proposers))

    def for_several(self) -> Lineup:
        """Return it for several objectives, which nothing was known of before."""
        return replace(self, proposers=tuple(map(_for_several, self.proposers)))

    def told(self, u: np.ndarray, told: Mapping[Takes, Told], ledger: Ledger) -> Lineup:
        """Return it after one more value, which the ledger has, at a point u (D,).

        Where a stage begins then, it goes on with other policies; new ones are told everything that
        was told so far.
        """
        proposers = [
            self._told(one, u, told[one.policy.policy.takes], ledger) for one in self.proposers
        ]
        now = replace(self, proposers=tuple(proposers))
        if not self.later or len(ledger.values) < self.later[0].begins:
            return now
        known = {one.policy.name: one for one in proposers}
        stage, *later = self.later
        policies, why = self._fitting(stage, bool(ledger.names), ledger.several)
        proposers = [
            known[name]
            if name in known
            else self.start.begin(name, ledger.several).informed(ledger)
            for name in policies
        ]
        return replace(now, proposers=tuple(proposers), why=why, later=tuple(later))

    def _told(self, proposer: Proposer, u: np.ndarray, told: Told, ledger: Ledger) -> Proposer:
        if told.again and not isinstance(proposer, ScalarisedProposer):
            return self.start.begin(proposer.policy, ledger.several).informed(ledger)
        if told.half != 1.0:
            # What was told before is taken in as it was told: in the new unit it may be lost.
            proposer = proposer.caught_up().rescaled(told.half).rescaled(told.half)
        return proposer.told(u, told.value, told.constraints, told.further)

    def _fitting(self, stage: Stage, constrained: bool, several: bool) -> tuple[Sequence[Any], str]:
        """Return the policies of a stage that know of what the run has, and why these.

        Where none of them does, those that propose up to then go on, for the reason they had.
        """
        policies = [
            one
            for one in stage.policies
            if (not constrained or shipped.load(one).policy.constrained)
            and (not several or shipped.load(one).policy.multi_objective)
        ]
        if len(policies) == len(stage.policies):
            return stage.policies, stage.why
        if not policies:
            known = {one.policy.name for one in self.proposers}
            policies = [name for name in shipped.taking_constraints() if name in known]
        return policies or stage.policies, self.why

    def worked_out(self) -> list[tuple[Any, ...]]:
        """Return what it has worked out, plain values; see `restored`."""
        return [
            (one.policy.name, one.settled, one.steps, one.fed, one.since, one.stepped)
            for one in self.proposers
        ]

    def restored(
        self,
        worked_out: Sequence[tuple[Any, ...]],
        n_told: int,
        constrained: bool,
        several: bool,
    ) -> Lineup:
        """Return it as one with the same start has worked it out.

        Args:
            worked_out: of that one.
            n_told: how many values it had been told.
            constrained: whether there were constraints among them.
            several: whether there were several objectives.

        Raises:
            ValueError: it is of another one.
        """
        now, later = self, self.later
        stage = None
        while later and n_told >= later[0].begins:
            stage, *rest = later
            later = tuple(rest)
        if stage is not None:
            policies, why = self._fitting(stage, constrained, several)
            proposers = tuple(self.start.begin(one) for one in policies)
            now = replace(self, proposers=proposers, why=why, later=later)
        if several:
            now = now.for_several()
        if [one.policy.name for one in now.proposers] != [name for name, *_ in worked_out]:
            raise ValueError("a snapshot of another history")
        restored = [
            replace(
                one,
                settled=settled,
                steps=steps,
                fed=fed,
                bulks=(),
                since=since,
                stepped=stepped,
                prepared=None,
            )
            for one, (_, settled, steps, fed, since, stepped) in zip(
                now.proposers, worked_out, strict=True
            )
        ]
        return replace(now, proposers=tuple(restored))


def _for_several(proposer: Proposer) -> Proposer:
    """Return a proposer for several objectives."""
    knows = proposer.policy.policy.multi_objective or isinstance(proposer, ScalarisedProposer)
    return proposer if knows else ScalarisedProposer.of(proposer)
