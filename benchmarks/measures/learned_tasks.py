"""The tasks of the measure `control`: what is learned, from what, and when it counts as solved."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from rnnbbo.functions.control import PolicySearch
from rnnbbo.functions.control_tasks import Task, first_inputs, starts_within
from rnnbbo.functions.problem import FloatArray


@dataclass(frozen=True)
class Learned:
    """A controller that is learned.

    Attributes:
        about: the task, the policy and the threshold, in words.
        search: the policy and what an evaluation plays; its seed is replaced.
        loss: what is minimised, of the returns of an evaluation.
        threshold: the mean return of fresh episodes at which it counts as solved.
        tested: the mean return of an evaluation from which the best policy is tested on these.
        most: the largest return that there is; infinity where that is not known.
        episodes: when a run is given up.
    """

    about: str
    search: PolicySearch
    loss: Callable[[FloatArray], float]
    threshold: float
    tested: float
    most: float
    episodes: int


def minus_log(returns: FloatArray) -> float:
    """Return minus the logarithm of the mean return; below 1, as after a fall back, it counts 1."""
    return -math.log(max(returns.mean(), 1.0))


def minus_mean(returns: FloatArray) -> float:
    """Return minus the mean return."""
    return -float(returns.mean())


def log_cost(returns: FloatArray) -> float:
    """Return the logarithm of minus the mean return, where every return is negative."""
    return math.log(-returns.mean())


_CARTPOLE = Task("CartPole-v1", 500, first_inputs(1.0, 1.0, 0.1, 1.0), start=starts_within)


def swing(observation: FloatArray) -> FloatArray:
    """Return what a pendulum's policy sees: (4,), of its height, side and speed.

    Near upright its side and its speed. Elsewhere its speed, and its speed times the energy that it
    lacks, which says where to push (Astrom and Furuta 2000). The others are 0. Energy is in units
    of twice what it has upright at rest, 15 rad^2/s^2: 3 g / 2 l.
    """
    height, side, speed = observation
    if height > 0.8:
        return np.array([side, speed, 0.0, 0.0])
    lacks = 0.5 - (speed**2 / 2 + 15.0 * height) / 30.0
    return np.array([0.0, 0.0, speed, speed * lacks])


_PENDULUM = Task("Pendulum-v1", 200, first_inputs(0.5, 2.0, 4.0, 0.5), features=swing)
_CHEETAH = Task("HalfCheetah-v5", 200, ((1, 0.0, 0.3), (10, 0.0, 3.0)), outputs=6)

LEARNED: Mapping[str, Learned] = {
    "cartpole": Learned(
        "CartPole-v1 with starts within 0.2 of upright and rest, in place of 0.05; a linear policy "
        "of 4 weights; up to 5 episodes an evaluation, another one only after a mean of 475; "
        "solved at 475 of 500, gymnasium's threshold; 150 episodes",
        PolicySearch(_CARTPOLE, 0, False, 5, 0, (("start", 0.2),), bar=475.0),
        minus_log,
        threshold=475.0,
        tested=380.0,
        most=500.0,
        episodes=150,
    ),
    "pendulum": Learned(
        "Pendulum-v1 with gymnasium's starts, anywhere; a linear policy of 4 weights, two near "
        "upright and two elsewhere, one of them for the energy that it lacks; up to 5 episodes an "
        "evaluation, another one only after a mean of -400; solved at -200; 150 episodes",
        PolicySearch(_PENDULUM, 0, False, 5, 0, bar=-400.0),
        log_cost,
        threshold=-200.0,
        tested=-400.0,
        most=0.0,
        episodes=150,
    ),
    "cheetah": Learned(
        "HalfCheetah-v5, 200 steps, 10 s; a linear policy of the body's angle and the speed of its "
        "turning for six joints, 12 weights; up to 3 episodes an evaluation, another one only "
        "after a mean of 150; solved at 150, some .8 m/s forward; 300 episodes",
        PolicySearch(_CHEETAH, 0, False, 3, 0, bar=150.0),
        minus_mean,
        threshold=150.0,
        tested=150.0,
        most=math.inf,
        episodes=300,
    ),
}
