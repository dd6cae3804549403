"""Ask and tell: the optimizer that the user holds."""

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from rnnbbo import shipped
from rnnbbo.arguments import (
    as_count,
    as_entropy,
    as_pairs,
    as_seconds,
)
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.direction import turned
from rnnbbo.errors import ConfigError, PolicyError
from rnnbbo.escaping import repr_of
from rnnbbo.feed import Told
from rnnbbo.goal import Asking, Goal
from rnnbbo.isolation import isolated
from rnnbbo.ledger import Ledger
from rnnbbo.lineup import Lineup, Start
from rnnbbo.objectives import Objectives, Values, agreed_count, as_values
from rnnbbo.policies.ops import keep_heap
from rnnbbo.policies.outliers import tame
from rnnbbo.policies.protocol import Takes
from rnnbbo.recommendation import Recommendation
from rnnbbo.result import OptimizeResult, make_result
from rnnbbo.space import Space, as_space
from rnnbbo.stopping import Left
from rnnbbo.transfer_data import EarlierValues, as_earlier
from rnnbbo.violations import agreed, as_constraints, listed_constraints

_HEAP = 8 * 2**20  # bytes


class _Event(NamedTuple):
    """An ask, or a tell.

    Attributes:
        u: (D,) its point in the cube.
        point: the same in user units; None for an ask.
        values: of its objectives, as policies have them; NaN for an ask, or a failed trial.
        constraints: by name.
    """

    u: np.ndarray
    point: list[Any] | None = None
    values: Values = (math.nan,)
    constraints: Mapping[str, float] = MappingProxyType({})


class Optimizer:
    """Proposes points and takes their values, in any order.

    The policy takes one recurrent step a value told (Chen et al. 2016, eq. 3) and nothing is
    fitted. Asking again before telling feeds the paper's dummy for a pending evaluation
    (section 2.3), and pending points are kept away from. The same seed and the same calls give the
    same points; on another kind of processor, the same but for rounding, which later points build
    on.

    Args:
        dimensions: the search space, as in `rnnbbo.space.Space`: for instance
            `[(-5.0, 10.0), (1, 64), (1e-5, 1e-1, "log-uniform"), ("relu", "tanh")]`, a mapping
            from name to such a dimension, or `skopt.space` objects.
        where: known constraints that every point has to meet, as for `Space`.
        policy: name of a shipped policy, path of a `.safetensors` file, `module:attribute`, a
            loaded `Checkpoint`, or a policy of your own (`rnnbbo.policies.protocol.Policy`);
            "auto", and None, choose by what was measured (`rnnbbo.auto`), and may change the policy
            during the run.
        n_calls: number of evaluations planned, if known: with call_seconds "auto" chooses by it.
            The policies themselves are steady and need no horizon.
        call_seconds: time that an evaluation takes, if known: "auto" spends no more on asking
            than the evaluations are worth.
        rng: a seed, a numpy generator, or None for a random seed.
        maximize: whether larger values are better, instead of smaller ones.
        directions: "minimize" or "maximize" for each of several objectives; None where all are
            alike, and the first value told says how many there are.
        reference: the reference point of several objectives, a number for each, in the unit and the
            sign of the values: what is worse than it in one of them counts for nothing. None to
            derive it from the front (`rnnbbo.pareto.derived_reference`).
        prior: earlier studies of like problems: an open study, a result, a pair (points, values),
            or a list of these. Names that they share count, bounds may be others. They say where to
            begin and where to look, the less the more values are told, and the less they rank these
            as they are. Policies "auto" and "kernel" learn from them.
        repeat: "auto" to ask for a point once more, where its values are noisy and another one of
            them is worth more than that of a new point; 1 never to do so, unless nothing is left
            that is new. Policies "auto" and "kernel" know that, of one objective.
        goal: "best" to find the best point, or "cumulative" where every value counts, as of a
            machine that is tuned while it works: the sum of all values is to be small, or large.
            Points are then asked for again whenever nothing better is to be expected elsewhere, and
            the less is explored, the fewer of n_calls are left. Policies "auto" and "kernel" know
            that, of one objective without constraints.

    Attributes:
        space: the `Space`.
        maximize: whether larger values are better, of one objective or of all.
        objectives: what was said of them, `rnnbbo.objectives.Objectives`.

    Raises:
        SpaceError: the space is malformed.
        PolicyError: there is no such policy, or it cannot do what prior, repeat or goal asks for.
        CheckpointError: the weights file is missing or damaged.
        ConfigError: n_calls, call_seconds, rng, maximize, directions, reference, repeat or goal is
            not of the form expected.
    """

    def __init__(
        self,
        dimensions: Any,
        *,
        where: Any = None,
        policy: shipped.Source | None = None,
        n_calls: int | None = None,
        call_seconds: float | None = None,
        rng: int | np.random.Generator | None = None,
        maximize: bool = False,
        directions: Any = None,
        reference: Any = None,
        prior: Any = None,
        repeat: int | str = 1,
        goal: str = Goal.BEST.value,
    ) -> None:
        keep_heap(_HEAP)
        self.space = as_space(dimensions, where)
        self.n_calls = None if n_calls is None else as_count("n_calls", n_calls)
        seconds = None if call_seconds is None else as_seconds("call_seconds", call_seconds)
        self.objectives = Objectives.of(maximize, directions, reference)
        self.maximize = self.objectives.maximize
        self._rng = rng
        self._entropy = as_entropy(rng)
        self._asking = Asking.of(repeat, goal)
        shipped.require_asking(policy, self._asking, self.objectives.count)
        counts_all = self._asking.goal is Goal.CUMULATIVE
        self._stages = shipped.stages_of(policy, self.n_calls, seconds, counts_all)
        given = self.objectives.reference
        self._begins = Start(
            self.space,
            self._entropy,
            None if given is None else self.objectives.inward(given),
            self._learned(as_earlier(self.space, prior, self.maximize)),
            self._asking,
            self.n_calls,
        )
        self._history: list[_Event] = []
        self._start()

    def _learned(self, studies: Sequence[EarlierValues]) -> dict[str, Checkpoint]:
        """Let the policies learn from earlier studies; of those that "auto" chooses, who can.

        Raises:
            PolicyError: none can.
        """
        learned = {}
        for source in self._stages[0].policies if studies else ():
            loaded = shipped.load(source)
            # Randomness of its own: the rest of the run draws what it would without.
            rng = np.random.default_rng((self._entropy, 3))
            informed = loaded.policy.learned_from(rng, [(one.x, one.y) for one in studies])
            learned[loaded.name] = replace(loaded, policy=informed)
        return learned

    def _start(self) -> None:
        """Go back to where nothing was asked or told."""
        dim = self.space.cube_dim
        self._ledger = Ledger(dim)
        self._lineup = Lineup.of(self._begins, self._stages)
        self._lineup.known_to(self._ledger)
        self._asked = 0
        self._latest = np.full(dim, 0.5)
        self._whole = True

    @property
    def Xi(self) -> list[list[Any]]:
        """Points told so far, in order."""
        self._mend()
        return self._ledger.points

    @property
    def yi(self) -> list[Any]:
        """Their values; NaN for a failed trial. Of several objectives a list each."""
        self._mend()
        if not self._ledger.several:
            return [turned(value, self.maximize) for value in self._ledger.values]
        return [list(self.objectives.outward(tuple(row))) for row in self._ledger.objectives]

    @property
    def directions(self) -> tuple[bool, ...] | None:
        """Of each of several objectives, whether larger is better; None of one, or not yet."""
        self._mend()
        count = self._ledger.count or self.objectives.count or 1
        return self.objectives.directions(count) if count > 1 else None

    @isolated()
    def ask(self, n_points: int | None = None, *, context: Any = None) -> Any:
        """Propose the next point, or several.

        Args:
            n_points: how many; None for a single point.
            context: values of some parameters by name, which are as they are: the weather, a
                patient, the load of a machine. The others are proposed for them, from what was told
                in this context and in all others. With goal = "cumulative" only.

        Returns:
            A point, or a list of n_points distinct ones. It is a list of n_dims values in user
            units, or a mapping from name to value where the space was given as one.

        Raises:
            ConfigError: n_points is not a positive integer, or there is a context, and the best
                point alone counts.
            PointError: the context is no such mapping, or a value does not fit.
        """
        within = None if context is None else self._within(context)
        if n_points is None:
            return self.space.for_user(self._ask(within))
        count = as_count("n_points", n_points)
        return [self.space.for_user(self._ask(within)) for _ in range(count)]

    def _within(self, context: Any) -> Space:
        if self._asking.goal is not Goal.CUMULATIVE:
            raise ConfigError(
                f"context = {repr_of(context)}, and goal = {self._asking.goal.value!r}; expected "
                f"goal = {Goal.CUMULATIVE.value!r}: there is no best point of all contexts"
            )
        return self.space.held_at(context)

    @isolated()
    def add_pending(self, x: Any) -> None:
        """Take note of a point that is being evaluated elsewhere, as if this had asked for it.

        The state is then that of an ask that returned x.

        Args:
            x: a point in user units.

        Raises:
            PointError: the point has the wrong length or type, or is out of bounds.
        """
        self.replay([(x,)])

    @isolated()
    def tell(self, x: Any, y: Any, *, constraints: Any = None) -> None:
        """Take the value of a point, or of several; asked for or not, in any order.

        Many values that are known already take about a millisecond each, told at once or one by
        one by `replay`.

        Args:
            x: a point in user units, a list or a mapping, or a list of points.
            y: its value, lower being better unless it maximizes, or a list of values; an array or
                list of one element is that value. Of several objectives a point's value is a list
                of numbers, as many for every point. NaN, infinity, None or what is masked is a
                failed trial: it is recorded and never becomes the best; what the policy is told of
                it is `rnnbbo.policies.protocol.Takes`.
            constraints: of a point, what has to be at most 0, by name: `{"mem": used - 8}`; of
                several points, a list of such mappings. Every value has the same names. One that
                is not a finite number is not met.

        Raises:
            PointError: a point has the wrong length or type, or is out of bounds.
            ObservationError: a value is not a number, or there are not as many as of the points
                before, or constraints are not such a mapping, or not those of the values before.
            PolicyError: the policy takes no constraints. Nothing has been taken then.
        """
        given = as_pairs(x, y)
        pairs = [(self.space.check(one), as_values(value)) for one, value in given]
        limits = listed_constraints(constraints, len(given))
        self._mend()
        self._require_agreement([values for _, values in pairs], limits)
        for (point, values), own in zip(pairs, limits, strict=True):
            inward = self.objectives.inward(values)
            self._note(_Event(self.space.place(point), point, inward, own))
        # The ask that follows finds its work done. All is taken by now: what interrupts this only
        # puts the work off.
        self._lineup = self._lineup.prepared(self._asked, self._ledger)

    @isolated()
    def replay(self, history: Iterable[tuple[Any, ...]]) -> None:
        """Feed a history of asks and tells, in its order: a new optimizer becomes an equal one.

        As so many calls of `add_pending` and `tell`, but nothing is worked out for asks that were
        made long ago.

        Args:
            history: (x,) for a point that was asked for, (x, y) for one that was told, or (x, y,
                constraints).

        Raises:
            PointError: as `tell`; everything before has been taken then.
            ObservationError: likewise.
            PolicyError: likewise.
        """
        for one in history:
            event = self._event(*one)
            self._mend()
            if event.point is not None:
                self._require_agreement([event.values], [event.constraints])
            self._note(event)

    @isolated()
    def catch_up(self) -> None:
        """Work out what was only noted so far; whatever needs it would do so."""
        self._mend()
        self._lineup = self._lineup.caught_up()

    @isolated()
    def snapshot(self) -> dict[str, Any]:
        """Return what it has worked out so far, a value; see `restore`."""
        self.catch_up()
        worked_out = self._lineup.worked_out()
        return {"asked": self._asked, "told": len(self._ledger.values), "proposers": worked_out}

    @isolated()
    def restore(self, history: Iterable[tuple[Any, ...]], snapshot: dict[str, Any]) -> None:
        """Feed a history as `replay` does, with its end worked out before.

        Args:
            history: as for `replay`.
            snapshot: of an optimizer with the same arguments, after the same history in whole.

        Raises:
            ValueError: the snapshot is of another one; nothing has changed then.
        """
        self._mend()
        events = [self._event(*one) for one in history]
        told = [event for event in events if event.point is not None]
        n_told = len(self._ledger.values) + len(told)
        n_asked = self._asked + len(events) - len(told)
        if (n_asked, n_told) != (snapshot["asked"], snapshot["told"]):
            raise ValueError("a snapshot of another history")
        constrained = bool(self._ledger.names) or any(event.constraints for event in told)
        several = self._ledger.several or any(len(event.values) > 1 for event in told)
        lineup = self._lineup.restored(snapshot["proposers"], n_told, constrained, several)
        lineup.known_to(self._ledger)
        for event in events:
            self._history.append(event)
            self._whole = False
            self._record(event)
        self._lineup, self._whole = lineup, True

    def copy(self) -> "Optimizer":
        """Return an independent optimizer that goes on as this one would."""
        self._mend()
        twin = copy.copy(self)  # the lineup is a value that nothing changes
        twin._ledger, twin._history = self._ledger.copy(), list(self._history)
        return twin

    def recommend(self) -> list[Any] | None:
        """Return the point to take: of those told, that of probably the least noise-free value.

        With noise the least value told is often a lucky one. `kernel`, `dnc` and `lstm` weigh it
        against its neighbours, by the posterior mean. Without noise there is no difference: then
        it is the point of the least value told. So it is where the noise that is seen does not
        explain the difference between both points' values.

        Returns:
            A point in user units; None if no trial succeeded.
        """
        point: list[Any] | None = self.recommendation().x
        return point

    @isolated()
    def recommendation(self) -> Recommendation:
        """Return the point of `recommend`, its estimated value and the noise."""
        self._mend()
        for proposer in [] if self._ledger.several else self._lineup.proposers:
            found = proposer.policy.policy.recommend(proposer.state)
            if found is None:
                continue
            found = found if isinstance(found, Recommendation) else Recommendation(found)
            point = self._ledger.find(found.x)
            if point is not None:
                feed = self._ledger.feed(proposer.policy.policy.takes)
                value, noise = feed.in_user_unit(found.value), feed.in_user_unit(found.noise)
                value = None if value is None else turned(value, self.maximize)
                return Recommendation(point, value, noise, found.seen)
        return Recommendation(self._ledger.best())

    @property
    def knows_gain(self) -> bool:
        """Whether a policy that proposes now knows `gain_left`."""
        self._mend()
        return any(one.policy.policy.knows_gain for one in self._lineup.proposers)

    @isolated()
    def gain_left(self) -> float | None:
        """Return by how much one more evaluation is expected to improve on the best value.

        Returns:
            The expected improvement of the next point, at least 0, in the unit of the values told;
            of the noise-free value where they are noisy. None where the policy does not know it,
            as all but `kernel` do not, or not yet.
        """
        self._mend()
        for proposer in self._lineup.proposers:
            gain = proposer.gain_left(self._ledger)
            if gain is not None:
                return self._ledger.feed(proposer.policy.policy.takes).in_user_unit(gain)
        return None

    def left(self) -> Left:
        """Return what the policy says of going on, for `rnnbbo.stopping`."""
        values = np.array([math.nan, *self._ledger.values])
        if self._ledger.several:
            return Left(None, None, 0.0)
        spread = 0.0
        if np.isfinite(values).any():
            cube = [self.space.place(point) for point in self._ledger.points]
            tamed = tame(np.array(cube), values[1:]).y
            spread = float(tamed.max() - tamed.min())
        return Left(self.gain_left(), self.recommendation().noise, spread)

    def result(self) -> OptimizeResult:
        """Sum up what was told: best point and value, all points, all values."""
        several: dict[str, Any] = {}
        if self.directions is not None:
            reference = self.objectives.reference
            several = {
                "directions": self.directions,
                "reference": None if reference is None else list(reference),
            }
        return make_result(
            self.space,
            self.Xi,
            self.yi,
            **several,
            constraints=self._ledger.constraints,
            policy=self.policy_name,
            policy_why=self.policy_why,
            recommended=self.recommendation(),
            random_state=self._rng,
            maximize=self.maximize,
            gain_left=self.gain_left(),
            counts_all=self._asking.goal is Goal.CUMULATIVE,
        )

    def __repr__(self) -> str:
        told = len(self._ledger.values)
        return f"<Optimizer of {self.space.n_dims} parameters: {told} told, {self.policy_name}>"

    def _repr_html_(self) -> str:
        return f"{self.result().in_html('rnnbbo optimizer')}{self.space._repr_html_()}"

    @property
    def goal(self) -> Goal:
        """What the run is for."""
        return self._asking.goal

    @property
    def policy_name(self) -> str:
        """Name of the policy that proposes now; several names where they take turns."""
        self._mend()
        return self._lineup.name

    @property
    def policy_why(self) -> str:
        """Why "auto" chose it; empty where the caller did."""
        return self._lineup.why

    @property
    def state(self) -> Any:
        """What the policy carries from step to step, a value; of several, the first one's."""
        self._mend()
        return self._lineup.proposers[0].state

    def _require_agreement(
        self, trials: Sequence[Values], constraints: Sequence[Mapping[str, float]]
    ) -> None:
        """Make sure that values and constraints are as before, and that a policy takes them.

        Raises:
            ObservationError: they are others.
            PolicyError: none does, or the run has a prior, and several objectives.
        """
        names = self._ledger.names
        count = self._ledger.count or self.objectives.count
        for values, own in zip(trials, constraints, strict=True):
            count = agreed_count(count, values)
            names = agreed(names, own, not math.isfinite(values[0]))
        if count is not None and count > 1 and self._begins.learned:
            raise PolicyError(
                f"prior, and values of {count} objectives; expected one: of several no policy "
                "learns from earlier studies"
            )
        shipped.require_asking(None, self._asking, count)
        if names and self._asking.goal is Goal.CUMULATIVE:
            raise PolicyError(
                f"constraints {', '.join(names)}, and goal = {Goal.CUMULATIVE.value!r}; expected "
                "none: what a value that is not feasible counts for is for the objective to say"
            )
        if names and not self._lineup.constrained:
            for one in self._lineup.proposers:
                shipped.require_constrained(one.policy)

    def _ask(self, within: Space | None = None) -> list[Any]:
        self._mend()
        proposer, lineup = self._lineup.begin_ask(self._asked, self._latest)
        if within is not None:
            proposer = proposer.within(within)
        point, u = proposer.propose(self._ledger, self._asked + 1)
        self._note(_Event(u), lineup)
        return point

    def _event(self, x: Any, *told: Any) -> _Event:
        """Return an event as `replay` is given it."""
        point = self.space.check(x)
        u = self.space.place(point)
        if not told:
            return _Event(u)
        y, *constraints = told
        values = as_values(y)
        agreed_count(self._ledger.count or self.objectives.count, values)
        inward = self.objectives.inward(values)
        return _Event(u, point, inward, as_constraints(*constraints or (None,)))

    def _note(self, event: _Event, lineup: Lineup | None = None) -> None:
        """Take note of an event: it has happened, or, where an interrupt came first, it has not.

        Args:
            event: it.
            lineup: what an ask leaves it as, where that was worked out already.
        """
        if event.point is None and lineup is None:
            lineup = self._after_ask()
        self._history.append(event)
        self._whole = False
        self._take(event, lineup)
        self._whole = True

    def _after_ask(self) -> Lineup:
        return self._lineup.begin_ask(self._asked, self._latest)[1]

    def _mend(self) -> None:
        """Begin anew from the history, where an interrupt has come into the midst of an event."""
        if len(self._history) == self._asked + len(self._ledger.values) and self._whole:
            return
        self._start()
        self._whole = False
        for event in self._history:
            self._take(event, self._after_ask() if event.point is None else None)
        self._whole = True

    def _record(self, event: _Event) -> dict[Takes, Told]:
        """Enter an event in the ledger, and return what `Ledger.tell` does; nothing of an ask."""
        if event.point is not None:
            value, *further = event.values
            return self._ledger.tell(event.point, event.u, value, event.constraints, tuple(further))
        self._asked, self._latest = self._asked + 1, event.u
        self._ledger.ask(event.u)
        return {}

    def _take(self, event: _Event, lineup: Lineup | None) -> None:
        known = self._ledger.several
        told = self._record(event)
        lineup = self._lineup if lineup is None else lineup
        if self._ledger.several and not known:
            lineup = lineup.for_several()
        self._lineup = lineup.told(event.u, told, self._ledger) if told else lineup
