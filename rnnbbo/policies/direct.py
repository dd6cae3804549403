"""The paper's head: the recurrent state itself gives the next query (Chen et al. 2016, eq. 3).

Each dimension's state mixes the incumbent, a quasi-random point and a place of its own, and adds a
step. The result is folded back into the unit cube: a reflection has gradient +-1 everywhere, where
a squashing function saturates at the border and lets a policy stay there for good.
"""

import numpy as np

from rnnbbo.policies.evidence import Evidence
from rnnbbo.policies.ops import Array, Namespace, Params, dense, softmax

OUTPUTS = 6


def init_params(rng: np.random.Generator, context: int) -> dict[str, Array]:
    """Draw the head's weights for a context of that width."""
    bias = np.array([0.0, 1.0, 0.0, 0.0, 0.0, -1.0], dtype=np.float32)
    return {"point.out": dense(rng, context, (context, OUTPUTS), gain=0.5), "point.bias": bias}


def fold(xp: Namespace, x: Array) -> Array:
    """Reflect numbers at 0 and 1 until they lie in [0, 1]."""
    return 1.0 - xp.abs(1.0 - xp.remainder(x, xp.full_like(x, 2.0)))


def point(xp: Namespace, params: Params, context: Array, evidence: Evidence, q: Array) -> Array:
    """Return the next query (B, D) from context (B, D, X) and quasi-random point q (B, D)."""
    out = xp.matmul(context, params["point.out"]) + params["point.bias"]
    mix = softmax(xp, out[..., :3])
    place = 0.5 + 0.6 * xp.tanh(out[..., 3])
    step = 0.5 * xp.tanh(out[..., 4]) * xp.exp(xp.clip(out[..., 5], -8.0, 0.0))
    base = mix[..., 0] * evidence.best_x + mix[..., 1] * q + mix[..., 2] * place
    return fold(xp, base + step)
