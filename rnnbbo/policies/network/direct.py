"""The paper's head: the recurrent state itself gives the next query (Chen et al. 2016, eq. 3).

Each dimension's state mixes the incumbent, a quasi-random point and a place of its own, and adds a
step. The result is folded back into the unit cube: a reflection has gradient +-1 everywhere, where
a squashing function saturates at the border and lets a policy stay there for good.
"""

from dataclasses import dataclass

import numpy as np

from rnnbbo.policies.network.state import NetworkState
from rnnbbo.policies.ops import Array, Namespace, Params, dense, softmax

_OUTPUTS = 6


def fold(xp: Namespace, x: Array) -> Array:
    """Reflect numbers at 0 and 1 until they lie in [0, 1]."""
    return 1.0 - xp.abs(1.0 - xp.remainder(x, xp.full_like(x, 2.0)))


@dataclass(frozen=True)
class Direct:
    """The head.

    Attributes:
        context: width of what the recurrence knows of a dimension.
    """

    context: int

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the head's weights."""
        bias = np.array([0.0, 1.0, 0.0, 0.0, 0.0, -1.0], dtype=np.float32)
        out = dense(rng, self.context, (self.context, _OUTPUTS), gain=0.5)
        return {"point.out": out, "point.bias": bias}

    def forward(
        self,
        xp: Namespace,
        params: Params,
        context: Array,
        state: NetworkState,
        candidates: Array | None = None,
        pending: Array | None = None,
    ) -> Array:
        """Return the next query (B, D), whatever the candidates; see `Head.forward`."""
        evidence, q = state.evidence, state.q
        out = xp.matmul(context, params["point.out"]) + params["point.bias"]
        mix = softmax(xp, out[..., :3])
        place = 0.5 + 0.6 * xp.tanh(out[..., 3])
        step = 0.5 * xp.tanh(out[..., 4]) * xp.exp(xp.clip(out[..., 5], -8.0, 0.0))
        base = mix[..., 0] * evidence.best_x + mix[..., 1] * q + mix[..., 2] * place
        return fold(xp, base + step)

    def look(self, *_: object) -> None:
        """Return nothing: it scores none."""
