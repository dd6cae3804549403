"""A policy at work on one run: its state, and from there to the next query."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from rnnbbo.checkpoint import Checkpoint
from rnnbbo.errors import PolicyError
from rnnbbo.ledger import Ledger
from rnnbbo.policies.allowed import admit
from rnnbbo.policies.candidates import quasi_random_point
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.protocol import BULK, MOST_PENDING
from rnnbbo.policies.seeding import seeded
from rnnbbo.replacing import replace
from rnnbbo.space import Space

_WEIGHED = 16  # choices, the best first, that count for what is left to gain


@dataclass(frozen=True)
class Proposer:
    """A policy and its state, a value.

    A value told is only noted at first: what it takes is worked out where a state is needed. So
    many values at once cost less than as many tells and asks, and lead to the same state as when
    they are told one by one: it follows from what was asked and told, in that order, alone.

    Attributes:
        policy: its definition and weights.
        space: the user's.
        entropy: the run's seed: all that is drawn follows from it and from the number of a step or
            of an ask.
        shift: (1, D) start of its quasi-random sequence.
        settled: what the policy carries from step to step, up to the last ask, or to the last BULK
            values that were told since.
        steps: steps taken or noted so far, dummies included.
        fed: whether its last step brought a result that no ask has used yet.
        bulks: BULK observations each that were told since, and not taken in so far.
        since: fewer than that, told after them.
        stepped: how many of the first of these, of `bulks` or else of `since`, single steps have
            taken in, and the state after them; None for none.
        prepared: what it would query in this state; None where it was not worked out yet.
        repeats: whether it may propose a point that was told before.
        again: such a point (D,), worked out beside `prepared`; None where a new one is worth more.
        counts_all: whether every value counts: then a point that was asked before is a choice like
            any other.
    """

    policy: Checkpoint
    space: Space
    entropy: int
    shift: np.ndarray
    settled: Any
    steps: int = 0
    fed: bool = False
    bulks: tuple[tuple[Observation, ...], ...] = ()
    since: tuple[Observation, ...] = ()
    stepped: tuple[int, Any] | None = None
    prepared: np.ndarray | None = None
    repeats: bool = False
    again: np.ndarray | None = None
    counts_all: bool = False

    @classmethod
    def begin(
        cls,
        policy: Checkpoint,
        space: Space,
        entropy: int,
        repeats: bool = False,
        counts_all: bool = False,
    ) -> "Proposer":
        """Return one that has seen nothing yet."""
        shift = np.random.default_rng((entropy, 0)).random((1, space.cube_dim))
        state = policy.policy.init(space.cube_dim)
        return cls(policy, space, entropy, shift, state, repeats=repeats, counts_all=counts_all)

    @property
    def state(self) -> Any:
        """What the policy carries now; worked out anew each time unless it is `caught_up`."""
        ready = self.caught_up()
        return ready.settled if ready.stepped is None else ready.stepped[1]

    def informed(self, ledger: Ledger) -> "Proposer":
        """Return it after everything told, and the dummy that its training begins with."""
        proposer = self.dummy(np.full(self.space.cube_dim, 0.5))
        for told in ledger.feed(self.policy.policy.takes).told():
            proposer = proposer.told(*told)
        return proposer

    def told(
        self,
        u: np.ndarray,
        value: float,
        constraints: np.ndarray | None = None,
        further: np.ndarray | None = None,
    ) -> "Proposer":
        """Return it after one more value, at a point u (D,), its constraints, more objectives."""
        observation = self._observation(u, value, told=True)
        observation = observation._replace(constraints=constraints, further=further)
        since = (*self.since, observation)
        bulks = self.bulks
        if len(since) == BULK:
            bulks, since = (*bulks, since), ()
        return replace(
            self, steps=self.steps + 1, fed=True, bulks=bulks, since=since, prepared=None
        )

    def dummy(self, latest: np.ndarray) -> "Proposer":
        """Return it after the paper's dummy for an evaluation that is pending at `latest` (D,)."""
        ready = self.asked()
        observation = self._observation(latest, 0.0, told=False)
        state = self.policy.policy.step(self.policy.params, ready.settled, observation)
        return replace(ready, settled=state, steps=self.steps + 1, prepared=None)

    def asked(self) -> "Proposer":
        """Return it after an ask: what was told before, and what comes, is no longer one bulk."""
        ready = self.caught_up()
        return replace(ready, settled=ready.state, since=(), stepped=None, fed=False)

    def caught_up(self) -> "Proposer":
        """Return it with everything taken in that it was told."""
        taken = 0 if self.stepped is None else self.stepped[0]
        if not self.bulks and taken == len(self.since):
            return self
        settled, stepped = self.settled, self.stepped
        for bulk in self.bulks:
            state = self.policy.policy.absorb(self.policy.params, settled, bulk)
            settled = self._stepped(settled, stepped, bulk)[1] if state is None else state
            stepped = None
        if self.since:
            stepped = self._stepped(settled, stepped, self.since)
        return replace(self, settled=settled, bulks=(), stepped=stepped)

    def _stepped(
        self,
        state: Any,
        stepped: tuple[int, Any] | None,
        observations: tuple[Observation, ...],
    ) -> tuple[int, Any]:
        """Return how many observations there are, and the state after single steps to them all."""
        count, state = stepped or (0, state)
        for observation in observations[count:]:
            state = self.policy.policy.step(self.policy.params, state, observation)
        return len(observations), state

    def rescaled(self, factor: float) -> "Proposer":
        """Return it as if all values had been told times a factor, a power of two."""

        def times(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
            return tuple(one._replace(y=one.y * factor) for one in observations)

        def rescale(state: Any) -> Any:
            return self.policy.policy.rescale(state, np.array([factor]))

        stepped = self.stepped
        return replace(
            self,
            settled=rescale(self.settled),
            bulks=tuple(map(times, self.bulks)),
            since=times(self.since),
            stepped=None if stepped is None else (stepped[0], rescale(stepped[1])),
            prepared=None,
        )

    def _observation(self, u: np.ndarray, value: float, told: bool) -> Observation:
        return Observation(
            u[None],
            np.array([value]),
            quasi_random_point(self.shift, self.steps),
            told,
            seed=(self.entropy, 1, self.steps),
        )

    def prepare(self, ledger: Ledger) -> "Proposer":
        """Return it with all that an ask takes time for, and the tell before it knows of."""
        ready = self.caught_up()
        rng = seeded((self.entropy, 2, self.steps))
        pending = ledger.waiting(self.policy.policy.takes)[-MOST_PENDING:]
        policy, params = self.policy.policy, self.policy.params
        choices = np.asarray(policy.choices(params, ready.state, pending, self.space, rng))
        fits = choices.ndim == 2 and len(choices) > 0 and choices.shape[1] == self.space.cube_dim
        if not fits or not ((choices >= 0.0) & (choices <= 1.0)).all():  # not a number, too
            shown = " ".join(repr(choices).split())
            raise PolicyError(
                f"choices of policy {self.policy.name!r} = {shown:.200}; expected an array (C, "
                f"{self.space.cube_dim}) with C >= 1, of numbers from 0 to 1"
            )
        prepared, again = admit(self.space, choices), None
        if self.repeats:
            new = self._first_new(ledger, prepared)
            place = None if new is None else new[1]
            again = policy.again(params, ready.state, place, pending, self.space)
        return replace(ready, prepared=prepared, again=again)

    def within(self, space: Space) -> "Proposer":
        """Return it for an ask in a context: a space whose points are those in it."""
        return replace(self, space=space, prepared=None)

    def propose(self, ledger: Ledger, ask: int) -> tuple[list[Any], np.ndarray]:
        """Choose the next query: the first choice that was not asked or told before.

        Where it repeats, a point that was told comes first if the policy says that it is worth more
        than these. Else a point is repeated only when nothing new is found, in a small discrete
        space that is all but exhausted.

        Args:
            ledger: what was asked and told.
            ask: number of this ask.

        Returns:
            The point in user units, and where in the cube (D,) it will be told: rounding on the way
            takes several places to the same point.
        """
        ready = self if self.prepared is not None else self.prepare(ledger)
        prepared = ready.prepared
        assert prepared is not None
        if self.counts_all:
            return self._settle(next(filter(self._allows, prepared), prepared[0]))
        if ready.again is not None and (known := ledger.find(ready.again)) is not None:
            return known, ready.again
        new = self._first_new(ledger, chain(prepared, self._further(ledger, ask)))
        return self._settle(prepared[0]) if new is None else new

    def _first_new(
        self, ledger: Ledger, choices: Iterable[np.ndarray]
    ) -> tuple[list[Any], np.ndarray] | None:
        """Return the first of choices (D,) that was not asked or told before, as `propose` does."""
        for u in choices:
            if ledger.was_seen(u):
                continue
            point, place = self._settle(u)
            if not ledger.was_seen(place) and self._allows(u):
                return point, place
        return None

    def gain_left(self, ledger: Ledger) -> float | None:
        """Return by how much its next query is expected to improve on the best value, in its unit.

        None where the policy does not know that, or not yet.
        """
        policy, params = self.policy.policy, self.policy.params
        if not policy.knows_gain:
            return None
        ready = self if self.prepared is not None else self.prepare(ledger)
        choices = ready.prepared
        assert choices is not None
        places = [self._settle(u)[1] for u in choices[:_WEIGHED]]
        unseen = [u for u in places if not ledger.was_seen(u)] or places[:1]
        pending = ledger.waiting(policy.takes)[-MOST_PENDING:]
        return policy.gain(params, ready.state, np.array(unseen), pending, self.space)

    def _further(self, ledger: Ledger, ask: int) -> Iterator[np.ndarray]:
        """Yield what is left where all choices were asked before, worked out only then."""
        yield from self._more(ledger, ask)

    def _more(self, ledger: Ledger, ask: int) -> Iterator[np.ndarray]:
        rng = np.random.default_rng((self.entropy, ask))
        policy, params = self.policy.policy, self.policy.params
        pending = ledger.waiting(self.policy.policy.takes)[-MOST_PENDING:]
        yield from policy.further(params, self.state, pending, self.space, rng)

    def _allows(self, u: np.ndarray) -> bool:
        """Tell whether known constraints allow a place (D,)."""
        return not self.space.constrained or bool(self.space.allows(self.space.snap(u[None]))[0])

    def _settle(self, u: np.ndarray) -> tuple[list[Any], np.ndarray]:
        """Return the point that a place (D,) of the cube stands for, and where that point lies."""
        point = self.space.from_cube(u)
        return point, self.space.place(point)
