"""A pole is kept upright on a cart by four numbers, which are learned in some tens of episodes.

    python examples/cartpole.py         # writes cartpole.png

Needs the extra `control`.
"""

import math

from rnnbbo import minimize
from rnnbbo.functions.control import PolicySearch
from rnnbbo.functions.control_tasks import Task, first_inputs, starts_within
from rnnbbo.functions.film_strip import draw_cart, film_strip

# The cart is pushed to the right where w . observation > 0: a linear policy of 4 weights. The
# scales of the observations are rough sizes of what is seen; starts are four times as wide as
# gymnasium's.
task = Task("CartPole-v1", steps=500, inputs=first_inputs(1.0, 1.0, 0.1, 1.0), start=starts_within)
search = PolicySearch(task, 0, False, episodes=5, seed=0, changes=(("start", 0.2),), bar=475.0)

played = []  # episodes of each evaluation


def log_return(weights):
    """Play an episode, and up to four more while all goes well."""
    returns = search.returns(weights)
    played.append(len(returns))
    return math.log(returns.mean())  # from 9 steps to 500: a factor counts, not a difference


result = minimize(
    log_return, search.bounds, n_calls=100, maximize=True, target=math.log(475), rng=0
)
fresh = search.returns(result.x, range(1000, 1010))
print(f"{len(played)} evaluations, {sum(played)} episodes")
print(f"weights: {', '.join(f'{w:.2f}' for w in result.x)}")
print(f"mean return of 10 fresh episodes, of 500: {fresh.mean():.0f}")
print(f"steps missed: {500 - fresh.mean():.1f}")

# The fresh episode that begins with the pole tilted most.
tilts = {s: search.watch(result.x, s, lambda env: (env.state[0], env.state[2])) for s in range(8)}
seen = max(tilts.values(), key=lambda states: abs(states[0][1]))
film_strip(
    "cartpole.png",
    seen,
    lambda axes, state, alpha: draw_cart(state, axes, alpha, length=1.0),
    window=(-1.1, 1.1, -0.3, 1.3),
    frames=range(0, 72, 8),
    seconds=0.02,
    title=f"CartPole, learned in {sum(played)} episodes",
)
