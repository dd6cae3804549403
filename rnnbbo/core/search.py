"""Candidates of an ask, compiled; `rnnbbo.policies.kernel.search` defines them."""

import numpy as np

from rnnbbo.core.loading import Library


def candidates(
    library: Library,
    wide: int,
    shift: np.ndarray,
    alpha: np.ndarray,
    incumbent: np.ndarray,
    lengthscales: np.ndarray,
    radii: np.ndarray,
    normal: np.ndarray,
    u: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return points over the cube (wide, D), and others round the incumbent (N, D).

    Args:
        library: the compiled library.
        wide: how many of the former.
        shift: (D,) start of the quasi-random sequence.
        alpha: (D,) its steps.
        incumbent: (D,).
        lengthscales: (H, D) units of the radii, in turn.
        radii: (R,) in turn.
        normal: (N, D) standard normal numbers.
        u: (N, D) uniform numbers, which choose coordinates.
    """
    near, dim = normal.shape
    points = np.empty((wide + near, dim))
    library.function("candidates", "iiiiiaaaaaaaa")(
        dim,
        wide,
        near,
        len(lengthscales),
        len(radii),
        shift,
        alpha,
        np.ascontiguousarray(incumbent),
        np.ascontiguousarray(lengthscales),
        radii,
        normal,
        u,
        points,
    )
    return points[:wide], points[wide:]
