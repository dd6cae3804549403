"""Augmented random search (Mania, Guy and Recht 2018, arXiv 1803.07055), algorithm 2."""

import numpy as np

from rnnbbo.benchmarks.methods.base import FloatArray, WorstFinite

LARGEST_WEIGHT = 2.0
"""A coordinate of the cube is a weight in [-2, 2], as in `rnnbbo.functions.control`."""


class ARS:
    """Augmented random search V1, with the constants of its authors' example.

    `python code/ars.py --env_name HalfCheetah-v1 --n_directions 8 --step_size 0.02 --delta_std
    0.03`, in which all directions are used. V2 differs in that observations are normalised by what
    was seen of them; ours are, by constants, before any method sees a value.

    Points beyond the cube are moved to its bounds. A failed evaluation is told as the worst finite
    value so far.
    """

    directions = 8  # N
    best = 8  # b
    step_size = 0.02  # alpha, in weights
    noise = 0.03  # nu, in weights
    from_zero = True

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._finite = WorstFinite()
        # M_0 = 0, the middle of the cube; or at random, since a network of zeros is a saddle.
        self._mean = np.zeros(dim) if self.from_zero else self._rng.normal(0.0, 0.5, dim)
        self._deltas = self._drawn()
        self._rewards: list[float] = []

    def ask(self) -> FloatArray:
        """See `Method.ask`: M + nu delta_k, then M - nu delta_k, of every direction in turn."""
        k, minus = divmod(len(self._rewards), 2)
        sign = -1.0 if minus else 1.0
        return self._in_cube(self._mean + sign * self.noise * self._deltas[k])

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._rewards.append(-self._finite(y))
        if len(self._rewards) < 2 * self.directions:
            return
        pairs = np.reshape(self._rewards, (-1, 2))
        used = np.argsort(-pairs.max(axis=1), kind="stable")[: self.best]
        spread = float(pairs[used].std())  # sigma_R, of the 2 b rewards that are used
        slope = (pairs[used, 0] - pairs[used, 1]) @ self._deltas[used]
        if spread > 0.0:  # M_{j+1} = M_j + alpha / (b sigma_R) sum_k (r_k+ - r_k-) delta_k
            self._mean = self._mean + self.step_size / (self.best * spread) * slope
        self._deltas, self._rewards = self._drawn(), []

    def recommend(self) -> FloatArray:
        """See `Recommender.recommend`: M, which is never evaluated itself."""
        return self._in_cube(self._mean)

    def _drawn(self) -> FloatArray:
        return self._rng.standard_normal((self.directions, len(self._mean)))

    def _in_cube(self, weights: FloatArray) -> FloatArray:
        return np.clip((weights / LARGEST_WEIGHT + 1.0) / 2.0, 0.0, 1.0)


class SmallARS(ARS):
    """Augmented random search with the constants that RL Baselines3 Zoo publishes.

    Those for its small tasks, Pendulum-v1 and Acrobot-v1, whose policies are networks: 4 directions
    of which the best one is used, step size .018, noise .1, from weights at random.
    """

    directions = 4
    best = 1
    step_size = 0.018
    noise = 0.1
    from_zero = False
