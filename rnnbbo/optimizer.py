"""Ask and tell: the optimizer that the user holds."""

import copy
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo import auto, checkpoint
from rnnbbo.arguments import as_count, as_entropy, as_seconds, as_value
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.errors import PointError
from rnnbbo.policies.candidates import quasi_random
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import keep_heap
from rnnbbo.propose import Asked, key, prepare, propose
from rnnbbo.result import OptimizeResult, make_result
from rnnbbo.space import Space

DEFAULT_POLICY = "auto"
# A policy squares differences of values: beyond this it would see infinity. The history keeps y.
LARGEST_VALUE = 1e100
HEAP = 8 * 2**20  # bytes


@cache
def _shipped(name: str) -> Checkpoint:
    return checkpoint.load(name)


def load_policy(policy: str | Path) -> Checkpoint:
    """The policy of a name, or of a weights file.

    Shipped weights are read once a process; a user's file may change under its name.
    """
    is_file = str(policy).endswith(checkpoint.SUFFIX)
    return checkpoint.load(policy) if is_file else _shipped(str(policy))


class Optimizer:
    """Proposes points and takes their values, in any order.

    The policy takes one recurrent step a value told (Chen et al. 2016, eq. 3) and nothing is
    fitted. Asking again before telling feeds the paper's dummy for a pending evaluation
    (section 2.3), and pending points are kept away from. The same seed and the same calls give the
    same points.

    Args:
        dimensions: the search space, as in `rnnbbo.space.Space`: for instance
            `[(-5.0, 10.0), (1, 64), (1e-5, 1e-1, "log-uniform"), ("relu", "tanh")]`, or
            `skopt.space` objects.
        policy: name of a shipped policy, path of a `.safetensors` file, or a loaded `Checkpoint`;
            "auto" chooses by what was measured (`rnnbbo.auto`), and may change it during the run.
        n_calls: number of evaluations planned, if known: with call_seconds "auto" chooses by it.
            The policies themselves are steady and need no horizon.
        call_seconds: time that an evaluation takes, if known: "auto" spends no more on asking
            than the evaluations are worth.
        rng: a seed, a numpy generator, or None for a random seed.

    Attributes:
        space: the `Space`.
        policy_why: why "auto" chose it; empty where the caller did.
        Xi: points told so far, in order.
        yi: their values; NaN for a failed trial.

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
        policy: str | Path | Checkpoint = DEFAULT_POLICY,
        n_calls: int | None = None,
        call_seconds: float | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        keep_heap(HEAP)
        self.space = dimensions if isinstance(dimensions, Space) else Space(dimensions)
        self.n_calls = None if n_calls is None else as_count("n_calls", n_calls)
        self._rng = rng
        self._entropy = as_entropy(rng)
        dim = self.space.cube_dim
        self._shift = np.random.default_rng((self._entropy, 0)).random((1, dim))
        self._later: tuple[auto.Stage, ...] = ()
        self.policy_why = ""
        if policy == auto.NAME:
            seconds = None if call_seconds is None else as_seconds("call_seconds", call_seconds)
            stage, *later = auto.plan(self.n_calls, seconds)
            self._later, self.policy_why = tuple(later), stage.why
            loaded = [load_policy(name) for name in stage.policies]
        else:
            loaded = [policy if isinstance(policy, Checkpoint) else load_policy(policy)]
        self._proposers = [self._begin(one) for one in loaded]
        self._asked = 0
        self._latest = np.full(dim, 0.5)
        self._pending: dict[bytes, np.ndarray] = {}
        self._failed_first: list[np.ndarray] = []  # failed before there was a worst value
        self._seen: set[bytes] = set()
        self._worst = -math.inf
        self.Xi: list[list[Any]] = []
        self.yi: list[float] = []

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

    def add_pending(self, x: Any) -> None:
        """Take note of a point that is being evaluated elsewhere, as if this had asked for it.

        The state is then that of an ask that returned x.

        Args:
            x: a point in user units.

        Raises:
            PointError: the point has the wrong length or type, or is out of bounds.
        """
        u = self.space.to_cube(x)
        self._begin_ask()
        self._note(u)

    def tell(self, x: Any, y: Any) -> None:
        """Take the value of a point, or of several; asked for or not, in any order.

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
                got = len(x) if hasattr(x, "__len__") else repr(x)
                raise PointError(f"{len(y)} values for {got} points; expected one value a point")
            pairs = [
                (self.space.check(one), as_value(value)) for one, value in zip(x, y, strict=True)
            ]
        else:
            pairs = [(self.space.check(x), as_value(y))]
        for point, value in pairs:
            self._tell(point, value)
        # The ask that follows finds its work done.
        turn = (self._asked + 1) % len(self._proposers)
        self._proposers = [
            replace(one, prepared=self._prepare(one)) if i == turn else one
            for i, one in enumerate(self._proposers)
        ]

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
        """An independent optimizer that goes on as this one would."""
        twin = copy.copy(self)  # policy, weights and state are values that nothing changes
        twin._pending = dict(self._pending)
        twin._failed_first = list(self._failed_first)
        twin._seen = set(self._seen)
        twin.Xi, twin.yi = list(self.Xi), list(self.yi)
        return twin

    def recommend(self) -> list[Any] | None:
        """The point to take: of those told, the one whose noise-free value is probably the least.

        With noise the least value told is often a lucky one. `kernel`, `dnc` and `lstm` weigh it
        against its neighbours, by the posterior mean. Without noise there is no difference: then
        it is the point of the least value told.

        Returns:
            A point in user units; None if no trial succeeded.
        """
        for proposer in self._proposers:
            point = self._recommended(proposer)
            if point is not None:
                return point
        values = [value if math.isfinite(value) else math.inf for value in self.yi]
        best = min(range(len(values)), key=values.__getitem__, default=None)
        return None if best is None or values[best] == math.inf else list(self.Xi[best])

    def _recommended(self, proposer: "_Proposer") -> list[Any] | None:
        """The point told that a policy recommends; None if it recommends none."""
        policy = proposer.policy.policy
        u = policy.recommend(proposer.state)
        if u is None:
            return None
        wanted = key(u.reshape(-1))
        for point, value in zip(self.Xi, self.yi, strict=True):
            told = self.space.to_cube(point).astype(policy.dtype)  # as the policy was told
            if math.isfinite(value) and key(told) == wanted:
                return list(point)
        return None

    def result(self) -> OptimizeResult:
        """Sum up what was told: best point and value, all points, all values."""
        return make_result(
            self.space,
            self.Xi,
            self.yi,
            policy=self.policy_name,
            policy_why=self.policy_why,
            recommended=self.recommend(),
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

    def _begin(self, policy: Checkpoint) -> "_Proposer":
        """A policy that has seen nothing yet."""
        nowhere = np.zeros((1, self.space.cube_dim), policy.policy.dtype)
        return _Proposer(policy, policy.policy.init(nowhere, np.zeros(1)), fed=False)

    def _hand_over(self, stage: auto.Stage) -> None:
        """Go on with other policies; new ones are told everything that was told so far."""
        known = {proposer.policy.name: proposer for proposer in self._proposers}
        self.policy_why = stage.why
        self._proposers = [
            known[name] if name in known else self._informed(load_policy(name))
            for name in stage.policies
        ]

    def _informed(self, policy: Checkpoint) -> "_Proposer":
        """A policy that has seen everything told, after the dummy that its training begins with."""
        nowhere = np.full(self.space.cube_dim, 0.5)
        proposer = self._step(self._begin(policy), nowhere, 0.0, told=False)
        worst = -math.inf
        for point, value in zip(self.Xi, self.yi, strict=True):
            seen = _limited(value) if math.isfinite(value) else worst
            worst = max(worst, seen)
            if math.isfinite(seen):
                proposer = self._step(proposer, self.space.to_cube(point), seen, told=True)
        return proposer

    def _step(self, proposer: "_Proposer", x: np.ndarray, y: float, told: bool) -> "_Proposer":
        loaded, steps = proposer.policy, proposer.state.evidence.steps
        policy = loaded.policy
        observation = Observation(
            x[None].astype(policy.dtype),
            np.array([y]),
            quasi_random(np, self._shift, steps, 1)[0].astype(policy.dtype),
            told,
            seed=(self._entropy, 1, steps),
        )
        state = policy.step(loaded.params, proposer.state, observation)
        return _Proposer(loaded, state, fed=told)

    def _prepare(self, proposer: "_Proposer") -> np.ndarray:
        """What a policy would query now, (C, D), the best first."""
        loaded, state = proposer.policy, proposer.state
        rng = np.random.default_rng((self._entropy, 2, state.evidence.steps))
        return prepare(loaded.policy, loaded.params, state, self._waiting(), self.space, rng)

    @property
    def _turn(self) -> int:
        """Whose turn the ask is that has begun."""
        return self._asked % len(self._proposers)

    def _begin_ask(self) -> None:
        self._asked += 1
        proposer = self._proposers[self._turn]
        if not proposer.fed:
            proposer = self._step(proposer, self._latest, 0.0, told=False)
        # Whatever is asked for next without a result in between is a pending evaluation more.
        self._proposers = [
            replace(proposer if i == self._turn else other, fed=False)
            for i, other in enumerate(self._proposers)
        ]

    def _note(self, u: np.ndarray) -> None:
        self._latest = u
        self._pending[key(u)] = u
        self._seen.add(key(u))

    def _ask(self) -> list[Any]:
        self._begin_ask()
        proposer = self._proposers[self._turn]
        prepared = proposer.prepared
        u = propose(
            proposer.policy.policy,
            proposer.policy.params,
            proposer.state,
            self._prepare(proposer) if prepared is None else prepared,
            Asked(self._waiting(), self._seen),
            self.space,
            self._settle,
            np.random.default_rng((self._entropy, self._asked)),
        )
        self._note(self._settle(u))
        return self.space.from_cube(u)

    def _waiting(self) -> np.ndarray:
        """Points (P, D) of the cube without a value: pending, or failed before the first one."""
        waiting = [*self._failed_first, *self._pending.values()]
        return np.array(waiting).reshape(len(waiting), self.space.cube_dim)

    def _settle(self, u: np.ndarray) -> np.ndarray:
        """Where in the cube the point that u stands for will be told: rounding moves it a bit."""
        return self.space.to_cube(self.space.from_cube(u))

    def _tell(self, point: list[Any], value: float) -> None:
        u = self.space.to_cube(point)
        self._pending.pop(key(u), None)
        self._seen.add(key(u))
        self.Xi.append(point)
        self.yi.append(value)
        if math.isfinite(value):
            value = _limited(value)
            self._worst = max(self._worst, value)
        elif math.isfinite(self._worst):
            value = self._worst
        else:
            self._failed_first.append(u)
            return
        self._proposers = [self._step(one, u, value, told=True) for one in self._proposers]
        if self._later and len(self.yi) >= self._later[0].begins:
            stage, *later = self._later
            self._later = tuple(later)
            self._hand_over(stage)


@dataclass(frozen=True)
class _Proposer:
    """A policy and its state.

    Attributes:
        policy: its definition and weights.
        state: what it carries from step to step.
        fed: whether its last step brought a result that no ask has used yet.
        prepared: what it would query in this state; None where it was not worked out yet.
    """

    policy: Checkpoint
    state: Any
    fed: bool
    prepared: np.ndarray | None = None


def _limited(value: float) -> float:
    return max(-LARGEST_VALUE, min(LARGEST_VALUE, value))
