"""A pendulum too heavy for its motor is swung up by four numbers, learned in tens of episodes.

    python examples/pendulum.py         # writes pendulum.png

Needs the extra `control`.
"""

import math

import numpy as np

from rnnbbo import minimize
from rnnbbo.functions.control import PolicySearch
from rnnbbo.functions.control_tasks import Task, first_inputs
from rnnbbo.functions.film_strip import draw_pendulum, film_strip


def swing(observation):
    """Return what the policy sees: side and speed near upright, elsewhere where to push.

    Energy is in units of twice what the pendulum has upright at rest: pushing along the speed adds
    to it.
    """
    height, side, speed = observation
    if height > 0.8:
        return np.array([side, speed, 0.0, 0.0])
    lacks = 0.5 - (speed**2 / 2 + 15.0 * height) / 30.0
    return np.array([0.0, 0.0, speed, speed * lacks])


task = Task("Pendulum-v1", steps=200, inputs=first_inputs(0.5, 2.0, 4.0, 0.5), features=swing)
search = PolicySearch(task, 0, False, episodes=5, seed=0, bar=-400.0)
played = []  # episodes of each evaluation


def log_cost(weights):
    """Play an episode, and up to four more while all goes well."""
    returns = search.returns(weights)
    played.append(len(returns))
    return math.log(-returns.mean())  # from -1800 to -100: a factor counts, not a difference


result = minimize(log_cost, search.bounds, n_calls=60, rng=0)
fresh = search.returns(result.x, range(1000, 1010))
print(f"{len(played)} evaluations, {sum(played)} episodes")
print(f"weights: {', '.join(f'{w:.2f}' for w in result.x)}")
print(f"mean cost of 10 fresh episodes: {-fresh.mean():.0f}")

# An episode that begins nearly hanging.
starts = {s: search.watch(result.x, s, lambda env: env.state.copy()) for s in range(1000, 1012)}
seen = max(starts.values(), key=lambda states: -np.cos(states[0][0]))
film_strip(
    "pendulum.png",
    [state[0] for state in seen],
    lambda axes, angle, alpha: draw_pendulum(angle, axes, alpha),
    window=(-1.2, 1.2, -1.2, 1.2),
    frames=range(0, 100, 8),
    seconds=0.05,
    title=f"Pendulum, learned in {sum(played)} episodes",
)
