"""Where to look for the largest acquisition: candidates, and which of them to climb from."""

import numpy as np

from rnnbbo.policies import candidates as points

_WIDE, _NEAR = 96, 72  # candidates over the cube, and round the incumbent
_RADII = (0.15, 0.02, 0.002)  # of those round the incumbent, in length-scales
_PROMISING = 32  # candidates of either kind that get an exact score
_STARTS, STEPS = 3, 12  # candidates that are refined, and evaluations of each
GAIN = 0.05  # where no step promises more, in logarithms of the improvement, climbing ends


def make_candidates(
    rng: np.random.Generator, incumbent: np.ndarray, lengthscales: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw candidates over the cube (_WIDE, D), and round the incumbent (_NEAR, D).

    Args:
        rng: randomness of this ask.
        incumbent: (D,).
        lengthscales: (H, D) of the hypotheses, in turn the unit of the spray's radii.
    """
    dim = len(incumbent)
    wide = points.quasi_random(np, rng.random((1, dim)), 0, _WIDE)[0]
    turn = np.arange(_NEAR)
    radius = np.asarray(_RADII)[turn % len(_RADII), None]
    scale = np.minimum(lengthscales[turn // len(_RADII) % len(lengthscales)], 1.0)
    step = radius * scale * rng.standard_normal((_NEAR, dim))
    # Every other one moves some coordinates only; the one with the smallest number in any case.
    u = rng.random((_NEAR, dim))
    some = (u < max(0.25, 2.0 / dim)) | (u == u.min(axis=1, keepdims=True))
    step = np.where((turn % 2 == 0)[:, None] | some, step, 0.0)
    return wide, np.clip(incumbent + step, 0.0, 1.0)


def promising(bound: np.ndarray) -> np.ndarray:
    """Return the indices of the largest bounds (C,), _PROMISING of either kind of candidates."""
    wide = np.argpartition(-bound[:_WIDE], _PROMISING)[:_PROMISING]
    near = np.argpartition(-bound[_WIDE:], _PROMISING)[:_PROMISING]
    return np.concatenate([wide, _WIDE + near])


def starts(scores: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Choose candidates to refine: the best of the cube and of the spray, since basins differ."""
    best = index[np.argsort(-scores, kind="stable")]
    wide, near = best[best < _WIDE], best[best >= _WIDE]
    return np.concatenate([wide[: _STARTS // 2], near[: _STARTS - _STARTS // 2]])
