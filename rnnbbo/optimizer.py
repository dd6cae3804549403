"""Ask and tell: the optimizer that the user holds."""

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from rnnbbo import auto, shipped
from rnnbbo.arguments import as_count, as_entropy, as_seconds, as_value
from rnnbbo.errors import PointError
from rnnbbo.isolation import isolated
from rnnbbo.ledger import Ledger
from rnnbbo.policies.ops import keep_heap
from rnnbbo.proposer import Proposer
from rnnbbo.result import OptimizeResult, Recommendation, make_result
from rnnbbo.space import Space

_HEAP = 8 * 2**20  # bytes


class Optimizer:
    """Proposes points and takes their values, in any order.

    The policy takes one recurrent step a value told (Chen et al. 2016, eq. 3) and nothing is
    fitted. Asking again before telling feeds the paper's dummy for a pending evaluation
    (section 2.3), and pending points are kept away from. The same seed and the same calls give the
    same points; on another kind of processor, the same but for rounding, which later points build
    on.

    Args:
        dimensions: the search space, as in `rnnbbo.space.Space`: for instance
            `[(-5.0, 10.0), (1, 64), (1e-5, 1e-1, "log-uniform"), ("relu", "tanh")]`, or
            `skopt.space` objects.
        policy: name of a shipped policy, path of a `.safetensors` file, `module:attribute`, a
            loaded `Checkpoint`, or a policy of your own (`rnnbbo.policies.protocol.Policy`);
            "auto", and None, choose by what was measured (`rnnbbo.auto`), and may change the policy
            during the run.
        n_calls: number of evaluations planned, if known: with call_seconds "auto" chooses by it.
            The policies themselves are steady and need no horizon.
        call_seconds: time that an evaluation takes, if known: "auto" spends no more on asking
            than the evaluations are worth.
        rng: a seed, a numpy generator, or None for a random seed.

    Attributes:
        space: the `Space`.
        policy_why: why "auto" chose it; empty where the caller did.

    Raises:
        SpaceError: the space is malformed.
        PolicyError: there is no such policy.
        CheckpointError: the weights file is missing or damaged.
        ConfigError: n_calls, call_seconds or rng is not of the form expected.
    """

    def __init__(
        self,
        dimensions: Any,
        *,
        policy: shipped.Source | None = None,
        n_calls: int | None = None,
        call_seconds: float | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        keep_heap(_HEAP)
        self.space = dimensions if isinstance(dimensions, Space) else Space(dimensions)
        self.n_calls = None if n_calls is None else as_count("n_calls", n_calls)
        seconds = None if call_seconds is None else as_seconds("call_seconds", call_seconds)
        self._rng = rng
        self._entropy = as_entropy(rng)
        dim = self.space.cube_dim
        stage, *later = shipped.stages_of(policy, self.n_calls, seconds)
        self._later, self.policy_why = tuple(later), stage.why
        self._proposers = [self._begin(one) for one in stage.policies]
        self._asked = 0
        self._latest = np.full(dim, 0.5)
        self._ledger = Ledger(dim)

    @property
    def Xi(self) -> list[list[Any]]:
        """Points told so far, in order."""
        return self._ledger.points

    @property
    def yi(self) -> list[float]:
        """Their values; NaN for a failed trial."""
        return self._ledger.values

    @isolated()
    def ask(self, n_points: int | None = None) -> Any:
        """Propose the next point, or several.

        Args:
            n_points: how many; None for a single point.

        Returns:
            A point (a list of n_dims values in user units), or a list of n_points distinct ones.

        Raises:
            ConfigError: n_points is not a positive integer.
        """
        if n_points is None:
            return self._ask()
        return [self._ask() for _ in range(as_count("n_points", n_points))]

    @isolated()
    def add_pending(self, x: Any) -> None:
        """Take note of a point that is being evaluated elsewhere, as if this had asked for it.

        The state is then that of an ask that returned x.

        Args:
            x: a point in user units.

        Raises:
            PointError: the point has the wrong length or type, or is out of bounds.
        """
        u = self.space.to_cube(x)
        _, proposers = self._begin_ask()
        self._end_ask(proposers, u)

    @isolated()
    def tell(self, x: Any, y: Any) -> None:
        """Take the value of a point, or of several; asked for or not, in any order.

        Many values that are known already take about a millisecond each, told at once or one by
        one by `replay`.

        Args:
            x: a point in user units, or a list of points.
            y: its value, lower being better, or a list of values. NaN, infinity or None is a
                failed trial: it is recorded, never becomes the best, and the policy is told the
                worst value so far in its place.

        Raises:
            PointError: a point has the wrong length or type, or is out of bounds.
            ObservationError: a value is not a number. Nothing has been taken then.
        """
        if isinstance(y, (list, tuple)) or (isinstance(y, np.ndarray) and y.ndim > 0):
            if not isinstance(x, (list, tuple, np.ndarray)) or len(x) != len(y):
                n = len(x) if hasattr(x, "__len__") else repr(x)
                raise PointError(f"{len(y)} values for {n} points; expected one value a point")
            pairs = [
                (self.space.check(one), as_value(value)) for one, value in zip(x, y, strict=True)
            ]
        else:
            pairs = [(self.space.check(x), as_value(y))]
        for point, value in pairs:
            self._tell(point, value)
        # The ask that follows finds its work done. All is taken by now: what interrupts this only
        # puts the work off.
        turn = (self._asked + 1) % len(self._proposers)
        self._proposers = [
            one.prepare(self._ledger) if i == turn else one.caught_up()
            for i, one in enumerate(self._proposers)
        ]

    @isolated()
    def replay(self, history: Iterable[tuple[Any, ...]]) -> None:
        """Feed a history of asks and tells, in its order: a new optimizer becomes an equal one.

        As so many calls of `add_pending` and `tell`, but nothing is worked out for asks that were
        made long ago.

        Args:
            history: (x,) for a point that was asked for, (x, y) for one that was told.

        Raises:
            PointError: as `tell`; everything before has been taken then.
            ObservationError: likewise.
        """
        for x, *told in history:
            if told:
                (y,) = told
                self._tell(self.space.check(x), as_value(y))
            else:
                self.add_pending(x)

    def copy(self) -> "Optimizer":
        """Return an independent optimizer that goes on as this one would."""
        twin = copy.copy(self)  # proposers are values that nothing changes
        twin._ledger = self._ledger.copy()
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
        for proposer in self._proposers:
            found = proposer.policy.policy.recommend(proposer.state)
            if found is None:
                continue
            found = found if isinstance(found, Recommendation) else Recommendation(found)
            point = self._ledger.find(found.x)
            if point is not None:
                numbers = (self._ledger.in_user_unit(one) for one in (found.value, found.noise))
                return Recommendation(point, *numbers)
        return Recommendation(self._ledger.best())

    def result(self) -> OptimizeResult:
        """Sum up what was told: best point and value, all points, all values."""
        return make_result(
            self.space,
            self.Xi,
            self.yi,
            policy=self.policy_name,
            policy_why=self.policy_why,
            recommended=self.recommendation(),
            random_state=self._rng,
        )

    @property
    def policy_name(self) -> str:
        """Name of the policy that proposes now; several names where they take turns."""
        return "+".join(proposer.policy.name for proposer in self._proposers)

    @property
    def state(self) -> Any:
        """What the policy carries from step to step, a value; of several, the first one's."""
        return self._proposers[0].state

    def _begin(self, policy: shipped.Source) -> Proposer:
        """Return a policy that has seen nothing yet."""
        return Proposer.begin(shipped.load(policy), self.space, self._entropy)

    def _hand_over(self, stage: auto.Stage) -> None:
        """Go on with other policies; new ones are told everything that was told so far."""
        known = {proposer.policy.name: proposer for proposer in self._proposers}
        self.policy_why = stage.why
        self._proposers = [
            known[name] if name in known else self._begin(name).informed(self._ledger)
            for name in stage.policies
        ]

    def _begin_ask(self) -> tuple[Proposer, list[Proposer]]:
        """Return the proposer whose turn it is, ready to propose, and all of them after the ask."""
        turn = (self._asked + 1) % len(self._proposers)
        proposer = self._proposers[turn]
        proposer = proposer.asked() if proposer.fed else proposer.dummy(self._latest)
        # Whatever is asked for next without a result in between is a pending evaluation more.
        return proposer, [
            proposer if i == turn else other.asked() for i, other in enumerate(self._proposers)
        ]

    def _end_ask(self, proposers: list[Proposer], u: np.ndarray) -> None:
        """Take note of an ask; whatever interrupts it before, nothing was asked."""
        self._asked, self._proposers, self._latest = self._asked + 1, proposers, u
        self._ledger.ask(u)

    def _ask(self) -> list[Any]:
        proposer, proposers = self._begin_ask()
        rng = np.random.default_rng((self._entropy, self._asked + 1))
        point, u = proposer.propose(self._ledger, rng)
        self._end_ask(proposers, u)
        return point

    def _tell(self, point: list[Any], value: float) -> None:
        u = self.space.place(point)
        told, half = self._ledger.tell(point, u, value)
        if half != 1.0:
            self._proposers = [one.rescaled(half).rescaled(half) for one in self._proposers]
        if told is None:
            return
        self._proposers = [one.told(u, told) for one in self._proposers]
        if self._later and len(self.yi) >= self._later[0].begins:
            stage, *later = self._later
            self._later = tuple(later)
            self._hand_over(stage)
