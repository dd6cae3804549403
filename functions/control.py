"""Policy search: the weights of a small policy for a control task are the point (extra `bench`).

The tasks are gymnasium's: classic control, and MuJoCo's that are cheap. A value is minus the
return, averaged over few episodes. The starts are fixed by seeds, so that a point has one value;
but the function is stepped, with plateaus where the policy does the same throughout or fails at
once, and rugged where a contact comes a little sooner. `PolicySearch.draw` begins its episodes at
random: an observation of the same policy, with the noise of its starts.

Observations are normalised by fixed constants, `Task.inputs`. Actions are clipped before a step,
since some tasks charge for what is beyond the bounds, and have the action space's type, since
returns depend on it.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.problem import FloatArray, Problem

WEIGHT_SCALE = 2.0
"""What a point's coordinates, in [-1, 1], are multiplied by: outputs saturate at 1."""

HELD_OUT = 10
"""Episodes that give the value of a policy whose observations begin at random."""

_Inputs = tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Task:
    """A control task and what a policy sees of it.

    Attributes:
        environment: its name in gymnasium.
        steps: the most steps of an episode.
        inputs: which observations a policy sees: position, centre, and scale.
        outputs: how many numbers a policy returns; for discrete actions one, whose range [-1, 1]
            is cut into equal parts.
        start: the arguments of `reset` that the change `start` = value stands for; None where it is
            the argument `reset_noise_scale` of the environment.
    """

    environment: str
    steps: int
    inputs: _Inputs
    outputs: int = 1
    start: Callable[[float], dict[str, float]] | None = None


def _plain(*scales: float) -> _Inputs:
    return tuple((i, 0.0, scale) for i, scale in enumerate(scales))


def _between(width: float) -> dict[str, float]:
    return {"low": -width, "high": width}


_CAR: _Inputs = ((0, -0.5, 0.5), (1, 0.0, 0.05))

TASKS: Mapping[str, Task] = {
    "cartpole": Task("CartPole-v1", 200, _plain(1.0, 1.0, 0.1, 1.0), start=_between),
    "acrobot": Task("Acrobot-v1", 100, _plain(1.0, 1.0, 1.0, 1.0, 3.0, 6.0), start=_between),
    "car": Task("MountainCar-v0", 200, _CAR),
    "car-continuous": Task("MountainCarContinuous-v0", 150, _CAR),
    "pendulum": Task(
        "Pendulum-v1", 100, _plain(1.0, 1.0, 4.0), start=lambda width: {"x_init": width}
    ),
    "inverted": Task("InvertedPendulum-v5", 100, _plain(0.5, 0.1, 1.0, 1.0)),
    "inverted-double": Task(
        "InvertedDoublePendulum-v5",
        60,
        # position, sines of both angles, and the velocities of all three
        ((0, 0.0, 0.5), (1, 0.0, 0.1), (2, 0.0, 0.1), (5, 0.0, 1.0), (6, 0.0, 2.0), (7, 0.0, 4.0)),
    ),
    "reacher": Task(
        "Reacher-v5",
        40,
        # cosine and sine of the elbow, the arm's velocities, and the way to the target
        ((1, 0.0, 1.0), (3, 0.0, 1.0), (6, 0.0, 5.0), (7, 0.0, 5.0), (8, 0.0, 0.1), (9, 0.0, 0.1)),
        outputs=2,
    ),
    "swimmer": Task(
        "Swimmer-v5",
        40,
        # both joints and their velocities
        ((1, 0.0, 1.0), (2, 0.0, 1.0), (6, 0.0, 3.0), (7, 0.0, 3.0)),
        outputs=2,
    ),
    "hopper": Task(
        "Hopper-v5",
        100,
        # height, the torso's angle, forward velocity, the foot's angle
        ((0, 1.2, 0.1), (1, 0.0, 0.1), (5, 0.0, 1.0), (4, 0.0, 0.3)),
        outputs=3,
    ),
    "walker": Task(
        "Walker2d-v5",
        60,
        # the torso's angle and its velocity
        ((1, 0.0, 0.2), (10, 0.0, 1.0)),
        outputs=6,
    ),
}


@dataclass(frozen=True)
class PolicySearch:
    """Minus the mean return of a policy, over [-1, 1] to the number of its weights.

    Attributes:
        task: a key of `TASKS`.
        hidden: tanh units of the hidden layer; 0 for a linear policy.
        bias: whether every unit and output has a bias.
        episodes: how many the value is the mean of.
        seed: of the first episode's start; the others have those after it.
        changes: physical constants: `gravity` (downwards) and `damping` (times the model's) of
            MuJoCo's tasks, attributes of the others, and `start`, the width of the starts.
        start_at_random: whether an observation begins at random; then the value is the mean of
            `HELD_OUT` episodes.
    """

    task: str
    hidden: int
    bias: bool
    episodes: int
    seed: int
    changes: tuple[tuple[str, float], ...] = ()
    start_at_random: bool = False

    @property
    def dim(self) -> int:
        """The number of weights."""
        task = _task(self.task)
        widths = [len(task.inputs), *[self.hidden] * (self.hidden > 0), task.outputs]
        return sum((n + self.bias) * m for n, m in pairwise(widths))

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        episodes = HELD_OUT if self.start_at_random else self.episodes
        seeds = range(self.seed, self.seed + episodes)
        return np.apply_along_axis(lambda w: self._cost(w, seeds), -1, x)

    def draw(self, x: FloatArray, rng: np.random.Generator) -> float:
        """Return the value at `x` `(dim,)` over `episodes` that begin at random."""
        return self._cost(x, rng.integers(2**31, size=self.episodes).tolist())

    def _cost(self, x: FloatArray, seeds: Iterable[int]) -> float:
        env, options = _environment(self.task, self.changes)
        act, steps = self._policy(WEIGHT_SCALE * x), _task(self.task).steps
        return -float(np.mean([_return(env, act, steps, seed, options) for seed in seeds]))

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
    bounds = ((-1.0, 1.0),) * function.dim
    draw = function.draw if function.start_at_random else None
    return Problem(name, bounds, function, -math.inf, (), draw=draw)


def _return(
    env: Any,
    act: Callable[[FloatArray], FloatArray],
    steps: int,
    seed: int,
    options: dict[str, float] | None,
) -> float:
    """Return the sum of an episode's rewards."""
    choices = getattr(env.action_space, "n", 0)
    bound = None if choices else env.action_space.high
    total = 0.0
    observation, _ = env.reset(seed=seed, options=options)
    for _ in range(steps):
        output = act(observation)
        action: Any
        if bound is None:
            part = math.floor((output[0] + 1.0) / 2.0 * choices)
            action = min(max(part, 0), choices - 1)
        else:
            action = (np.minimum(np.maximum(output, -1.0), 1.0) * bound).astype(bound.dtype)
        observation, reward, ended, _, _ = env.step(action)
        total += float(reward)
        if ended:
            break
    return total


def _task(name: str) -> Task:
    if name not in TASKS:
        raise ConfigError(f"task = {name!r}; expected one of {', '.join(TASKS)}")
    return TASKS[name]


@cache
def _environment(
    name: str, changes: tuple[tuple[str, float], ...]
) -> tuple[Any, dict[str, float] | None]:
    """Return a task's environment with its constants changed, and what `reset` is given."""
    task, values = _task(name), dict(changes)
    start = values.pop("start", None)
    noise = {} if start is None or task.start else {"reset_noise_scale": start}
    # Without the wrappers: the steps are counted here, and actions are right.
    make = library_object("gymnasium:make")
    env = make(task.environment, **noise).unwrapped
    for key, value in values.items():
        if hasattr(env, "model") and key == "gravity":
            env.model.opt.gravity[2] = -value
        elif hasattr(env, "model") and key == "damping":
            env.model.dof_damping[:] *= value
        elif hasattr(env, key) and not hasattr(env, "model"):
            setattr(env, key, value)
        else:
            raise ConfigError(f"{name}: changes = {key!r}; expected a constant of its environment")
    if name == "cartpole":  # worked out of the others when it is made
        env.total_mass = env.masspole + env.masscart
        env.polemass_length = env.masspole * env.length
    return env, task.start(start) if task.start and start is not None else None
