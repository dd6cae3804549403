"""Control tasks of gymnasium, and what a policy sees of them.

Observations are normalised by fixed constants, `Task.inputs`. `TASKS` has short tasks, for
comparisons; a task of one's own is a `Task` likewise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rnnbbo.functions.problem import FloatArray

TaskInputs = tuple[tuple[int, float, float], ...]


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
        features: maps an observation to numbers that stand in its place, such as an energy that is
            known; None for the observation itself.
    """

    environment: str
    steps: int
    inputs: TaskInputs
    outputs: int = 1
    start: Callable[[float], dict[str, float]] | None = None
    features: Callable[[FloatArray], FloatArray] | None = None


def first_inputs(*scales: float) -> TaskInputs:
    """Return the inputs of a policy that sees the first observations, of these scales about 0."""
    return tuple((i, 0.0, scale) for i, scale in enumerate(scales))


def starts_within(width: float) -> dict[str, float]:
    """Return the arguments of `reset` for starts within `width` of 0, in classic control."""
    return {"low": -width, "high": width}


_CAR: TaskInputs = ((0, -0.5, 0.5), (1, 0.0, 0.05))

TASKS: Mapping[str, Task] = {
    "cartpole": Task("CartPole-v1", 200, first_inputs(1.0, 1.0, 0.1, 1.0), start=starts_within),
    "acrobot": Task(
        "Acrobot-v1", 100, first_inputs(1.0, 1.0, 1.0, 1.0, 3.0, 6.0), start=starts_within
    ),
    "car": Task("MountainCar-v0", 200, _CAR),
    "car-continuous": Task("MountainCarContinuous-v0", 150, _CAR),
    "pendulum": Task(
        "Pendulum-v1", 100, first_inputs(1.0, 1.0, 4.0), start=lambda width: {"x_init": width}
    ),
    "inverted": Task("InvertedPendulum-v5", 100, first_inputs(0.5, 0.1, 1.0, 1.0)),
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
