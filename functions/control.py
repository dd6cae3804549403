"""Policy search: the weights of a small policy for a control task are the point (extra `control`).

The tasks are gymnasium's: classic control, and MuJoCo's. A value is minus the return, averaged over
few episodes. The starts are fixed by seeds, so that a point has one value; but the function is
stepped, with plateaus where the policy does the same throughout or fails at once, and rugged where
a contact comes a little sooner. `PolicySearch.draw` begins its episodes at random: an observation
of the same policy, with the noise of its starts.

Actions are clipped before a step, since some tasks charge for what is beyond the bounds, and have
the action space's type, since returns depend on it.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.control_tasks import TASKS, Task
from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.problem import FloatArray, Problem

__all__ = ["HELD_OUT", "TASKS", "PolicySearch", "Task", "policy_problem"]

WEIGHT_SCALE = 2.0
"""What a point's coordinates, in [-1, 1], are multiplied by: outputs saturate at 1."""

HELD_OUT = 10
"""Episodes that give the value of a policy whose observations begin at random."""


@dataclass(frozen=True)
class PolicySearch:
    """Minus the mean return of a policy, over [-1, 1] to the number of its weights.

    Attributes:
        task: a key of `TASKS`, or a task of one's own.
        hidden: tanh units of the hidden layer; 0 for a linear policy.
        bias: whether every unit and output has a bias.
        episodes: how many the value is the mean of, at most.
        seed: of the first episode's start; the others have those after it.
        changes: physical constants: `gravity` (downwards) and `damping` (times the model's) of
            MuJoCo's tasks, attributes of the others, and `start`, the width of the starts.
        start_at_random: whether an observation begins at random; then the value is the mean of
            `HELD_OUT` episodes.
        bar: the mean return so far that another episode needs: a policy below it is given up, and
            its value is the mean of what was played. None where all are played.
    """

    task: str | Task
    hidden: int
    bias: bool
    episodes: int
    seed: int
    changes: tuple[tuple[str, float], ...] = ()
    start_at_random: bool = False
    bar: float | None = None

    @property
    def dim(self) -> int:
        """The number of weights."""
        task = _task(self.task)
        widths = [len(task.inputs), *[self.hidden] * (self.hidden > 0), task.outputs]
        return sum((n + self.bias) * m for n, m in pairwise(widths))

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """The space to search, as `rnnbbo.minimize` takes it."""
        return [(-1.0, 1.0)] * self.dim

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        held_out = range(self.seed, self.seed + HELD_OUT)
        return np.apply_along_axis(
            lambda w: self._cost(w, held_out, None) if self.start_at_random else self._first(w),
            -1,
            x,
        )

    def draw(self, x: FloatArray, rng: np.random.Generator) -> float:
        """Return the value at `x` `(dim,)` over `episodes` that begin at random."""
        return self._cost(x, rng.integers(2**31, size=self.episodes).tolist(), self.bar)

    def returns(
        self, x: Sequence[float] | FloatArray, seeds: Iterable[int] | None = None
    ) -> FloatArray:
        """Return the return of every episode that is played, (n,).

        Args:
            x: the weights, (dim,).
            seeds: of the episodes' starts, all of which are played; None for those of an
                evaluation, which ends where the policy is given up.
        """
        if seeds is None:
            return self._played(x, range(self.seed, self.seed + self.episodes), self.bar)
        return self._played(x, seeds, None)

    def watch(
        self, x: Sequence[float] | FloatArray, seed: int, look: Callable[[Any], Any]
    ) -> list[Any]:
        """Return what is seen of an episode: at its start, and after every step.

        Args:
            x: the weights, (dim,).
            seed: of the start.
            look: maps the environment (unwrapped) to what is kept of it.
        """
        seen: list[Any] = []
        env, options = _environment(self.task, self.changes)
        act = self._seeing(x)

        def keep() -> None:
            seen.append(look(env))

        _return(env, act, _task(self.task).steps, seed, options, keep)
        return seen

    def _first(self, x: FloatArray) -> float:
        return self._cost(x, range(self.seed, self.seed + self.episodes), self.bar)

    def _cost(self, x: FloatArray, seeds: Iterable[int], bar: float | None) -> float:
        return -float(np.mean(self._played(x, seeds, bar)))

    def _played(
        self, x: Sequence[float] | FloatArray, seeds: Iterable[int], bar: float | None
    ) -> FloatArray:
        env, options = _environment(self.task, self.changes)
        act, steps = self._seeing(x), _task(self.task).steps
        returns: list[float] = []
        for seed in seeds:
            if bar is not None and returns and np.mean(returns) < bar:
                break
            returns.append(_return(env, act, steps, seed, options))
        return np.array(returns)

    def _seeing(self, x: Sequence[float] | FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return the policy, of what it sees of an observation."""
        policy, features = self._policy(WEIGHT_SCALE * np.asarray(x)), _task(self.task).features
        return policy if features is None else lambda o: policy(features(o))

    def _policy(self, weights: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return the policy: from observations to outputs."""
        task = _task(self.task)
        seen, centre, scale = (np.array(part) for part in zip(*task.inputs, strict=True))
        n, h, m, bias = len(seen), self.hidden, task.outputs, int(self.bias)
        layer = (h or m) * (n + bias)
        matrix = weights[:layer].reshape(h or m, n + bias)
        # Normalising is a part of the first layer: a (o - centre) / scale + b.
        a = matrix[:, :n] / scale
        b = matrix[:, n:].sum(-1) - a @ centre
        if h == 0:
            return lambda o: a @ o[seen] + b
        head = weights[layer:].reshape(m, h + bias)
        c, d = head[:, :h], head[:, h:].sum(-1)
        return lambda o: c @ np.tanh(a @ o[seen] + b) + d


def policy_problem(function: PolicySearch, name: str) -> Problem:
    """Return a policy search as a problem on [-1, 1] to the number of weights, of unknown minimum.

    Args:
        function: what is minimised.
        name: the problem's name.

    Raises:
        ConfigError: there is no such task.
    """
    draw = function.draw if function.start_at_random else None
    return Problem(name, tuple(function.bounds), function, -math.inf, (), draw=draw)


@contextmanager
def _model_warnings(environment: str) -> Iterator[None]:
    """Have what MuJoCo warns of while it makes a model come as Python's warnings.

    By itself it prints that, and appends it to MUJOCO_LOG.TXT in the working directory.
    """
    entry = str(library_object("gymnasium:spec", extra="control")(environment).entry_point)
    if "mujoco" not in entry:
        yield
        return
    get = library_object("mujoco:get_mju_user_warning", extra="control")
    put = library_object("mujoco:set_mju_user_warning", extra="control")

    def warn(message: str) -> None:
        kind = DeprecationWarning if "deprecated" in message else RuntimeWarning
        warnings.warn(f"{environment}: {message}", kind, stacklevel=1)

    before = get()
    put(warn)
    try:
        yield
    finally:
        put(before)


def _return(
    env: Any,
    act: Callable[[FloatArray], FloatArray],
    steps: int,
    seed: int,
    options: dict[str, float] | None,
    stepped: Callable[[], None] = lambda: None,
) -> float:
    """Return the sum of an episode's rewards; `stepped` is called at its start and every step."""
    choices = getattr(env.action_space, "n", 0)
    bound = None if choices else env.action_space.high
    total = 0.0
    observation, _ = env.reset(seed=seed, options=options)
    stepped()
    for _ in range(steps):
        output = act(observation)
        action: Any
        if bound is None:
            part = math.floor((output[0] + 1.0) / 2.0 * choices)
            action = min(max(part, 0), choices - 1)
        else:
            action = (np.minimum(np.maximum(output, -1.0), 1.0) * bound).astype(bound.dtype)
        observation, reward, ended, _, _ = env.step(action)
        stepped()
        total += float(reward)
        if ended:
            break
    return total


def _task(task: str | Task) -> Task:
    if isinstance(task, Task):
        return task
    if task not in TASKS:
        raise ConfigError(f"task = {task!r}; expected one of {', '.join(TASKS)}, or a Task")
    return TASKS[task]


@cache
def _environment(
    name: str | Task, changes: tuple[tuple[str, float], ...]
) -> tuple[Any, dict[str, float] | None]:
    """Return a task's environment with its constants changed, and what `reset` is given."""
    task, values = _task(name), dict(changes)
    start = values.pop("start", None)
    noise = {} if start is None or task.start else {"reset_noise_scale": start}
    # Without the wrappers: the steps are counted here, and actions are right.
    make = library_object("gymnasium:make", extra="control")
    with _model_warnings(task.environment):
        env = make(task.environment, **noise).unwrapped
    for key, value in values.items():
        if hasattr(env, "model") and key == "gravity":
            env.model.opt.gravity[2] = -value
        elif hasattr(env, "model") and key == "damping":
            env.model.dof_damping[:] *= value
        elif hasattr(env, key) and not hasattr(env, "model"):
            setattr(env, key, value)
        else:
            raise ConfigError(
                f"{task.environment}: changes = {key!r}; expected a constant of its environment"
            )
    if task.environment == "CartPole-v1":  # worked out of the others when it is made
        env.total_mass = env.masspole + env.masscart
        env.polemass_length = env.masspole * env.length
    return env, task.start(start) if task.start and start is not None else None
