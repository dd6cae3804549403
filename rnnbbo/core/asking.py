"""A whole ask of the kernel policy, compiled, for the case in which most asks are.

`rnnbbo.policies.kernel.kernel_policy` defines what it does, step by step.
"""

import ctypes
from collections.abc import Sequence

import numpy as np

from rnnbbo.core.belief import Pointers
from rnnbbo.core.loading import Library, places


class Sizes(ctypes.Structure):
    """`sizes` of kernel_ask.h: how many of what there is in an ask."""

    _fields_ = [
        *(
            (name, ctypes.c_int)
            for name in ("hypotheses", "wide", "near", "radii", "most", "starts", "steps")
        ),
        ("first_radius", ctypes.c_double),
        ("gain", ctypes.c_double),
    ]

    def found(self) -> int:
        """Return how many points an ask finds."""
        return int(self.starts + min(self.most, self.wide) + min(self.most, self.near))


def ask(
    library: Library,
    rng: np.random.Generator,
    sizes: Sizes,
    x: np.ndarray,
    z: np.ndarray,
    out: np.ndarray,
    fields: Sequence[np.ndarray],
    log_weight: np.ndarray,
    inverse: np.ndarray,
    alpha: np.ndarray,
    radii: np.ndarray,
    series: np.ndarray,
) -> np.ndarray:
    """Return points to query next, (C, D), the best first.

    Args:
        library: the compiled library.
        rng: randomness of this ask.
        sizes: of what.
        x: (n, D) observations.
        z: (n,) their heights.
        out: (n,) which of them are outliers.
        fields: of N hypotheses, as in `rnnbbo.core.belief`.
        log_weight: (N,) of the particles.
        inverse: (N, n, n) factors.
        alpha: (D,) steps of the quasi-random sequence.
        radii: of candidates round the incumbent.
        series: coefficients of `rnnbbo.policies.gp.improvement`.
    """
    dim = x.shape[1]
    first, shift = rng.random(), rng.random(dim)
    normal, u = rng.standard_normal((sizes.near, dim)), rng.random((sizes.near, dim))
    found = np.empty((sizes.found(), dim))
    theirs = Pointers.to(fields)
    library.function("ask", "iiirrrrrrrdrrrrrrr")(
        *(len(inverse), *x.shape, ctypes.addressof(sizes)),
        *(*places((x, z, out.astype(np.float64))), theirs.place),
        *(*places((log_weight, inverse)), first),
        *places((shift, alpha, radii, normal, u, series, found)),
    )
    return found
