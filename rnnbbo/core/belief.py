"""What a tell does with the particles of the kernel policy, compiled.

`rnnbbo.policies.kernel.inference` defines it, and the letters. Hypotheses come as their nine
fields, (N, D) the first and (N,) the others, in the order of `rnnbbo.policies.kernel.hypotheses`.
"""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from rnnbbo.core.loading import Library, address, place_of, places

_REST = 8  # fields of a hypothesis that are one number each


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


class Pointers(ctypes.Structure):
    """Where arrays lie, which it keeps; a structure of pointers in C."""

    _fields_ = [(f"at_{i}", ctypes.c_void_p) for i in range(1 + _REST)]

    @classmethod
    def to(cls, arrays: Sequence[np.ndarray]) -> Self:
        """Return those to arrays; what is not contiguous is copied."""
        try:
            found = cls(*map(ctypes.addressof, map(place_of, arrays)))
        except (TypeError, ValueError, BufferError):  # one is not contiguous, or only to be read
            arrays = [np.ascontiguousarray(one) for one in arrays]
            found = cls(*map(address, arrays))
        found.kept = arrays  # type: ignore[attr-defined]
        return found

    @property
    def place(self) -> int:
        """Where this itself lies."""
        return ctypes.addressof(self)


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
    inverse = np.ascontiguousarray(inverse)
    count, n = len(inverse), len(z)
    w, residual, alpha, smooth = np.empty((4, count, n))
    mean, amplitude = np.empty((2, count))
    theirs = Pointers.to(fields)
    given = places((z, out))
    rest = places((inverse, w, residual, alpha, smooth, mean, amplitude))
    library.function("whiten", "iirrrrrrrrrr")(count, n, *given, theirs.place, *rest)
    return Whitened(w, residual, alpha, smooth, mean, amplitude)


class Learnt(NamedTuple):
    """What N particles are after one more observation, the n-th.

    Attributes:
        rows: (N, n) what it adds to their factors.
        inverse: (N, n, n) the factors with it; None where they were not asked for.
        log_target: (N,) log posterior densities.
        log_weight: (N,) the largest is 0.
        weight: (N,) of sum 1.
        carrying: how many particles carry the weight.
    """

    rows: np.ndarray
    inverse: np.ndarray | None
    log_target: np.ndarray
    log_weight: np.ndarray
    weight: np.ndarray
    carrying: float


def learn(
    library: Library,
    prior: PriorNumbers,
    theirs: Pointers,
    x: np.ndarray,
    z: np.ndarray,
    out: np.ndarray,
    inverse: np.ndarray,
    log_target: np.ndarray,
    log_weight: np.ndarray,
    longer: bool,
) -> Learnt | None:
    """Append the last of the observations x (n, D) of heights z (n,).

    Args:
        library: the compiled library.
        prior: of the hypotheses.
        theirs: their fields.
        x: the observations.
        z: their heights.
        out: (n,) 1 for those that are outliers, else 0.
        inverse: (N, n - 1, n - 1) factors of the others.
        log_target: (N,) before.
        log_weight: (N,) before.
        longer: whether the factors are wanted; else their last rows alone.

    Returns:
        What the particles are then; None where a factor is lost.
    """
    (n, dim), count = x.shape, len(inverse)
    rows = np.empty((count, n))
    whole = np.empty((count, n, n)) if longer else rows
    numbers = np.empty(3 * count + 1)
    target, now, weight = numbers[:count], numbers[count : 2 * count], numbers[2 * count :]
    given = places((x, z, out))
    *before, into, grown, a, b, c = places(
        (inverse, log_target, log_weight, rows, whole, target, now, weight)
    )
    lost = library.function("learn", "iiirrrrrrrrrrrrr")(
        *(count, n, dim, *given, theirs.place, ctypes.addressof(prior)),
        *(*before, into, grown if longer else None, a, b, c),
    )
    if lost:
        return None
    grew = whole if longer else None
    return Learnt(rows, grew, target, now, weight[:count], float(weight[count]))


class Moved(NamedTuple):
    """Particles after a step.

    Attributes:
        fields: theirs.
        inverse: (K, n, n) factors.
        log_target: (K,) log posterior densities.
    """

    fields: list[np.ndarray]
    inverse: np.ndarray
    log_target: np.ndarray


def move(
    library: Library,
    prior: PriorNumbers,
    theirs: Pointers,
    x: np.ndarray,
    z: np.ndarray,
    out: np.ndarray,
    chosen: np.ndarray | None,
    index: np.ndarray,
    draws: Sequence[np.ndarray],
    log_chance: np.ndarray,
    inverse: np.ndarray,
    rows: np.ndarray | None,
    target: np.ndarray,
    own: bool,
) -> Moved | None:
    """Take some particles, and a Metropolis step with those of them at `index` (M,).

    Args:
        library: the compiled library.
        prior: of the hypotheses.
        theirs: their fields.
        x: (n, D) observations.
        z: (n,) their heights.
        out: (n,) 1 for those that are outliers, else 0.
        chosen: (K,) which; None for all.
        index: which of these are to move.
        draws: (2, M) of int32, (M,), (M, D + 3), (M,), (M, D + 3), (5, M) random numbers, first.
        log_chance: (M,) log of a uniform number each.
        inverse: (N, n, n) factors; with rows, (N, n - 1, n - 1).
        rows: (N, n) their last rows; None where they have them.
        target: (N,) log posterior densities.
        own: whether the factors may change in place; they do where all are taken, with their rows.

    Returns:
        What they are then; None where a factor is lost: then nothing has changed.
    """
    (n, dim), count = x.shape, len(inverse) if chosen is None else len(chosen)
    block, density = np.empty(count * (dim + _REST)), np.empty(count)
    stays = own and chosen is None and rows is None
    factors = inverse if stays else np.empty((count, n, n))
    random = Pointers.to(draws)
    whole, tail, known = places((inverse, target if rows is None else rows, target))
    failed = library.function("move", "iiiirrrrrnnrrrrrrrr")(
        *(count, len(index), n, dim, *places((x, z, out)), theirs.place, ctypes.addressof(prior)),
        None if chosen is None else chosen.astype(np.int32),
        index.astype(np.int32),
        random.place,
        *places((log_chance,)),
        *(whole, None if rows is None else tail, known),
        *places((block, factors, density)),
    )
    if failed:
        return None
    first, *others = block[: count * dim], *block[count * dim :].reshape(_REST, count)
    return Moved([first.reshape(count, dim), *others], factors, density)
