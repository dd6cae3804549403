"""A policy of one's own, in a run of its own and on the command line.

    rnnbbo minimize examples/branin.py:branin -p x=float:-5:10 -p y=float:0:15 \\
        --policy examples/own_policy.py:Shrinking
"""

import numpy as np

from rnnbbo import minimize
from rnnbbo.policies.evidence import Observation, no_evidence, update_evidence
from rnnbbo.policies.protocol import Policy


class Shrinking(Policy):
    """Samples round the incumbent, ever closer: local random search."""

    about = "local random search"

    def init(self, dim):
        return no_evidence(np, np.zeros((1, dim)), np.zeros(1))

    def step(self, params, state, observation: Observation):
        return update_evidence(np, state, observation)

    def choices(self, params, state, pending, space, rng):
        radius = 0.5 * 0.9**state.told
        return space.snap(state.best_x + radius * rng.standard_normal((8, space.cube_dim)))


if __name__ == "__main__":
    res = minimize(
        lambda x: (x[0] - 3) ** 2 + abs(x[1] - 2),
        [(-5.0, 10.0), (0.0, 15.0)],
        n_calls=40,
        policy=Shrinking(),
        rng=0,
    )
    print(f"{res.fun:.3f} at {res.x}, proposed by {res.policy}")
