"""A whole ask of the kernel policy, compiled, for the case in which most asks are.

`rnnbbo.policies.kernel.kernel_policy` defines what it does, step by step.
"""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnbbo.core.belief import Pointers
from rnnbbo.core.loading import Library, places

_REFINED = 3  # REFINED of kernel_ask.h


class Sizes(ctypes.Structure):
    """`sizes` of kernel_ask.h: how many of what there is in an ask."""

    _fields_ = [
        *(
            (name, ctypes.c_int)
            for name in (
                "hypotheses",
                "wide",
                "near",
                "radii",
                "most",
                "starts",
                "steps",
                "refining",  # steps of a descent to the least posterior mean; 0 for none
            )
        ),
        *((name, ctypes.c_double) for name in ("first_radius", "gain", "close", "finest")),
    ]

    def found(self) -> int:
        """Return how many points an ask finds, but for those refined."""
        return int(self.starts + min(self.most, self.wide) + min(self.most, self.near))


class Found(NamedTuple):
    """What an ask finds.

    Attributes:
        refined: (R, D) points where the posterior mean is least near the incumbent, best first.
        points: (C, D) others; best first, unless there are values.
        values: (C,) their averaged log EI, where there were more points to look at; else None.
    """

    refined: np.ndarray
    points: np.ndarray
    values: np.ndarray | None


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
    extra: np.ndarray | None = None,
) -> Found:
    """Return points to query next.

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
        extra: (A, D) more points to look at; None for none.
    """
    dim = x.shape[1]
    first, shift = rng.random(), rng.random((dim,))
    normal, u = rng.standard_normal((sizes.near, dim)), rng.random((sizes.near, dim))
    more = x[:0] if extra is None else np.ascontiguousarray(extra, np.float64)
    count = sizes.found() + len(more)
    found, values = np.empty((_REFINED + count, dim)), np.empty(count)
    theirs = Pointers.to(fields)
    refined = library.function("ask", "iiiirrrrrrrdrrrrrrrrr")(
        *(len(inverse), *x.shape, len(more), ctypes.addressof(sizes)),
        *(*places((x, z, out.astype(np.float64))), theirs.place),
        *(*places((log_weight, inverse)), first),
        *places((shift, alpha, radii, normal, u, series, more, found, values)),
    )
    rest = found[refined : refined + count]
    return Found(found[:refined], rest, None if extra is None else values)
