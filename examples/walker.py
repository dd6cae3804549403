"""A one-legged walker learns to hop by 15 numbers, in a hundred episodes.

    python examples/walker.py           # writes walker.png

Needs the extra `control`.
"""

import math

from rnnbbo import minimize
from rnnbbo.functions.control import PolicySearch
from rnnbbo.functions.control_tasks import Task
from rnnbbo.functions.film_strip import capsules, panorama

# Three joints, each moved by a linear function of four observations and a bias.
task = Task(
    "Hopper-v5",
    steps=400,
    # height, the torso's angle, forward velocity, the foot's angle: position, centre, scale
    inputs=((0, 1.2, 0.1), (1, 0.0, 0.1), (5, 0.0, 1.0), (4, 0.0, 0.3)),
    outputs=3,
)
search = PolicySearch(task, 0, True, episodes=1, seed=0)


def log_return(weights):
    """Play one episode; a step upright counts 1, and so does every metre a second."""
    return math.log(search.returns(weights).mean())


result = minimize(log_return, search.bounds, n_calls=100, maximize=True, rng=0)
fresh = search.returns(result.x, range(1000, 1005))
seen = search.watch(result.x, 1000, capsules)
way = seen[-1][-1].ends[0][0] - seen[0][-1].ends[0][0]
print(f"return after 100 episodes: {math.exp(result.fun):.0f}")
print(f"mean return of 5 fresh episodes: {fresh.mean():.0f}")
print(f"metres in {0.008 * (len(seen) - 1):.1f} s: {way:.2f}")
print(f"metres short of one: {1 - way:.2f}")
panorama(
    "walker.png",
    seen,
    frames=range(0, len(seen), 25),
    seconds=0.008,
    title="Hopper, learned in 100 episodes",
)
