"""A MuJoCo body of two legs, HalfCheetah, learns to gallop by 12 numbers, in a hundred episodes.

    python examples/walker.py           # writes walker.png

Needs the extra `control`.
"""

from rnnbbo import minimize
from rnnbbo.functions.control import PolicySearch
from rnnbbo.functions.control_tasks import Task
from rnnbbo.functions.film_strip import capsules, panorama

SECONDS = 0.05  # of a step

# Six joints, each moved by a linear function of two observations: the body's angle and the speed
# of its turning, by rough sizes of what is seen.
task = Task("HalfCheetah-v5", steps=200, inputs=((1, 0.0, 0.3), (10, 0.0, 3.0)), outputs=6)
search = PolicySearch(task, 0, False, episodes=1, seed=0)

# Metres a second, less the cost of the motors, summed over the steps.
result = minimize(search, search.bounds, n_calls=100, rng=0)
starts = range(1000, 1005)
places = [search.watch(result.x, s, lambda env: float(env.data.qpos[0])) for s in starts]
speeds = [(place[-1] - place[0]) / (SECONDS * (len(place) - 1)) for place in places]
print(f"return after 100 episodes: {-result.fun:.0f}")
print(f"metres a second in 5 fresh episodes: {', '.join(f'{v:.2f}' for v in speeds)}")
print(f"seconds a metre: {len(speeds) / sum(speeds):.2f}")
seen = search.watch(result.x, starts[speeds.index(sorted(speeds)[2])], capsules)  # the median
panorama(
    "walker.png",
    seen,
    frames=range(100, 149, 6),
    seconds=SECONDS,
    title="HalfCheetah, learned in 100 episodes",
)
