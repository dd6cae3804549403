"""Candidates of an ask, compiled; `rnnbbo.policies.kernel.search` defines them."""

import numpy as np

from rnnbbo.core.loading import Library, places


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


def sprayed(
    library: Library,
    wide: int,
    radii: tuple[float, float],
    shift: np.ndarray,
    alpha: np.ndarray,
    best: np.ndarray,
    second: np.ndarray,
    normal: np.ndarray,
    u_radius: np.ndarray,
    u: np.ndarray,
) -> np.ndarray:
    """Return points over the cube, and others sprayed round the best two; (wide + N, D).

    Args:
        library: the compiled library.
        wide: how many of the former.
        radii: logarithms of the smallest and the largest radius.
        shift: (D,) start of the quasi-random sequence.
        alpha: (D,) its steps.
        best: (D,) incumbent.
        second: (D,) runner-up.
        normal: (N, D) standard normal numbers.
        u_radius: (N,) uniform numbers, which choose the radius.
        u: (N, D) uniform numbers, which choose coordinates.
    """
    near, dim = normal.shape
    points, (low, high) = np.empty((wide + near, dim)), radii
    library.function("sprayed", "iiirrrrddrrrr")(
        *(dim, wide, near, *places((shift, alpha, best, second)), low, high - low),
        *places((normal, u_radius, u, points)),
    )
    return points
