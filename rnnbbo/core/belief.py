"""What a tell does with the particles of the kernel policy, compiled.

`rnnbbo.policies.kernel.inference` defines it, and the letters. Hypotheses come as their nine
fields, (N, D) the first and (N,) the others, in the order of `rnnbbo.policies.kernel.hypotheses`.
"""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnbbo.core.loading import Library, address


class PriorNumbers(ctypes.Structure):
    """`prior` of kernel_belief.h, whose comments say what these are."""

    _fields_ = [
        *(
            (name, ctypes.c_double)
            for name in (
                "centre",
                "common",
                "own",
                "noise",
                "noise_spread",
                "warp",
                "warp_spread",
                "least_warp",
                "trend",
                "trend_spread",
            )
        ),
        ("log_on", ctypes.c_double * 5),
        ("log_off", ctypes.c_double * 5),
        ("glitch", ctypes.c_double),
    ]


class Whitened(NamedTuple):
    """What N hypotheses make of values.

    Attributes:
        w: (N, n) warped values.
        residual: (N, n) W (w - mean).
        alpha: (N, n) K^-1 (w - mean).
        smooth: (N, n) posterior means at the observations, w - nugget alpha.
        mean: (N,) the constant means.
        amplitude: (N,).
    """

    w: np.ndarray
    residual: np.ndarray
    alpha: np.ndarray
    smooth: np.ndarray
    mean: np.ndarray
    amplitude: np.ndarray


def whiten(
    library: Library,
    fields: Sequence[np.ndarray],
    z: np.ndarray,
    out: np.ndarray,
    inverse: np.ndarray,
) -> Whitened:
    """Return what hypotheses make of heights z (n,).

    Args:
        library: the compiled library.
        fields: of the hypotheses.
        z: the heights.
        out: (n,) 1 for those that are outliers, else 0.
        inverse: (N, n, n) factors.
    """
    fields = [np.ascontiguousarray(one) for one in fields]
    inverse = np.ascontiguousarray(inverse)
    count, n = len(inverse), len(z)
    w, residual, alpha, smooth = np.empty((4, count, n))
    mean, amplitude = np.empty((2, count))
    library.function("whiten", "iiaaraaaaaaa")(
        count, n, z, out, places(fields), inverse, w, residual, alpha, smooth, mean, amplitude
    )
    return Whitened(w, residual, alpha, smooth, mean, amplitude)


def learn(
    library: Library,
    prior: PriorNumbers,
    fields: Sequence[np.ndarray],
    x: np.ndarray,
    z: np.ndarray,
    out: np.ndarray,
    inverse: np.ndarray,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Append the last of the observations x (n, D) of heights z (n,).

    Args:
        library: the compiled library.
        prior: of the hypotheses.
        fields: theirs.
        x: the observations.
        z: their heights.
        out: (n,) 1 for those that are outliers, else 0.
        inverse: (N, n - 1, n - 1) factors of the others.

    Returns:
        The factors (N, n, n) and log posterior densities (N,); None where a factor is lost.
    """
    n, dim = x.shape
    longer, target = np.empty((len(inverse), n, n)), np.empty(len(inverse))
    fields = [np.ascontiguousarray(one) for one in fields]
    own = places(fields)
    lost = library.function("learn", "iiiaaarraaa")(
        len(inverse), n, dim, x, z, out, own, ctypes.addressof(prior), inverse, longer, target
    )
    return None if lost else (longer, target)


def move(
    library: Library,
    prior: PriorNumbers,
    fields: Sequence[np.ndarray],
    x: np.ndarray,
    z: np.ndarray,
    out: np.ndarray,
    index: np.ndarray,
    draws: Sequence[np.ndarray],
    log_chance: np.ndarray,
    inverse: np.ndarray,
    target: np.ndarray,
) -> bool:
    """Take a Metropolis step with the particles at `index` (M,), and change arrays in place.

    Args:
        library: the compiled library.
        prior: of the hypotheses.
        fields: theirs; changed.
        x: (n, D) observations.
        z: (n,) their heights.
        out: (n,) 1 for those that are outliers, else 0.
        index: which of them are to move.
        draws: (2, M) of int32, (M,), (M, D + 3), (M,), (M, D + 3), (5, M) random numbers.
        log_chance: (M,) log of a uniform number each.
        inverse: (N, n, n) factors; changed.
        target: (N,) log posterior densities; changed.

    Returns:
        Whether it could: nothing has changed where a factor is lost, or there is none.
    """
    failed = library.function("move", "iiiaaarrnraaa")(
        len(index),
        *x.shape,
        x,
        z,
        out,
        places(fields),
        ctypes.addressof(prior),
        index.astype(np.int32),
        places(draws),
        log_chance,
        inverse,
        target,
    )
    return not failed


def places(fields: Sequence[np.ndarray]) -> ctypes.Array[ctypes.c_void_p]:
    """Return where arrays lie, as a structure of pointers; they have to be kept meanwhile."""
    return (ctypes.c_void_p * len(fields))(*map(address, fields))
