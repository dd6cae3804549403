"""A policy that knows of one objective, at work on several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from rnnbbo.feed import Feed
from rnnbbo.ledger import Ledger
from rnnbbo.policies.protocol import MOST_PENDING
from rnnbbo.proposer import Proposer
from rnnbbo.replacing import replace
from rnnbbo.scalarisation import draw_weights, scalarise


@dataclass(frozen=True)
class ScalarisedProposer(Proposer):
    """A proposer that is told one value in place of several, anew for every ask.

    What it was told before is of no use for the next ask, which weights objectives otherwise: its
    state is that of the last ask.
    """

    @classmethod
    def of(cls, proposer: Proposer) -> ScalarisedProposer:
        """Return one that goes on where another one is, before it was told anything."""
        ready = proposer.caught_up()
        values = {one.name: getattr(ready, one.name) for one in fields(Proposer)}
        return cls(**{**values, "since": (), "stepped": None, "prepared": None})

    def informed(self, ledger: Ledger) -> Proposer:
        """Return it after everything told."""
        return replace(self, steps=self.steps + 1 + len(ledger.values), fed=True, prepared=None)

    def told(self, u: np.ndarray, value: float, *beside: Any) -> Proposer:
        """Return it after one more value."""
        return replace(self, steps=self.steps + 1, fed=True, prepared=None)

    def dummy(self, latest: np.ndarray) -> Proposer:
        """Return it after an ask without a value since the one before."""
        return replace(self, steps=self.steps + 1, fed=False, prepared=None)

    def asked(self) -> Proposer:
        """Return it after an ask."""
        return replace(self, fed=False)

    def prepare(self, ledger: Ledger) -> Proposer:
        """Return it with what it would query next, for weights drawn at random."""
        rng = np.random.default_rng((self.entropy, 4, self.steps))
        objectives = ledger.objectives
        values = scalarise(ledger.cube, objectives, draw_weights(rng, objectives.shape[1]))
        feed = Feed(self.policy.policy.takes)
        for u, value in zip(ledger.cube, values.tolist(), strict=True):
            feed.tell(u, value)
        one = Proposer.begin(self.policy, self.space, self.entropy)
        one = one.dummy(np.full(self.space.cube_dim, 0.5))
        for told in feed.told():
            one = one.told(*told)
        waiting = ledger.waiting(self.policy.policy.takes)[-MOST_PENDING:]
        for u in waiting[len(waiting) - min(ledger.unanswered, len(waiting)) :]:
            one = one.dummy(u)
        one = replace(one, steps=self.steps).prepare(ledger)
        return replace(self, settled=one.state, prepared=one.prepared)

    def gain_left(self, ledger: Ledger) -> float | None:
        """Return None: of several objectives it is not known."""
        return None

    def _further(self, ledger: Ledger, ask: int) -> Iterator[np.ndarray]:
        yield from self.prepare(ledger)._more(ledger, ask)
