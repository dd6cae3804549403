"""Cholesky factors of covariances, and their inverses, for any leading dimensions `(...)`.

Keeping W = L^-1 of K = L L^T instead of L makes every later product a plain matrix product, and a
new observation appends a row to it.
"""

from rnnbbo.policies.ops import Array, Namespace

JITTER = 1e-12  # variance added to every observation's, in units of the amplitude's square
_TRIES = 15  # the last one adds more than the prior variance: only what is not finite fails then
_LEAF = 24  # rows up to which a triangular matrix is inverted as any other


def safe_cholesky(xp: Namespace, matrix: Array) -> Array:
    """Return the lower Cholesky factor, with as much more on the diagonal as that takes."""
    jitter = 0.0
    for _ in range(_TRIES):
        try:
            factor = xp.linalg.cholesky(_raised(xp, matrix, jitter))
        except Exception as error:  # numpy's LinAlgError, torch's own
            if type(error).__name__ not in ("LinAlgError", "_LinAlgError"):
                raise
        else:
            if bool(xp.all(xp.isfinite(factor))):
                return factor
        jitter = max(10.0 * jitter, JITTER)
    raise FloatingPointError("a covariance is not positive definite")


def _raised(xp: Namespace, matrix: Array, jitter: float) -> Array:
    if jitter == 0.0:
        return matrix
    return matrix + jitter * xp.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)


def invert_lower(xp: Namespace, factor: Array) -> Array:
    """Invert lower triangular matrices (..., n, n), by halves: [[A, 0], [-C B A, C]]."""
    n = factor.shape[-1]
    if n <= _LEAF:
        return xp.linalg.inv(factor)
    half = n // 2
    a = invert_lower(xp, factor[..., :half, :half])
    c = invert_lower(xp, factor[..., half:, half:])
    below = -xp.matmul(c, xp.matmul(factor[..., half:, :half], a))
    return _lower(xp, a, below, c)


def _lower(xp: Namespace, a: Array, below: Array, c: Array) -> Array:
    """Return the block matrix [[a, 0], [below, c]]."""
    zero = xp.zeros((*a.shape[:-1], c.shape[-1]), dtype=a.dtype, device=a.device)
    return xp.concat(
        [xp.concat([a, zero], axis=-1), xp.concat([below, c], axis=-1)],
        axis=-2,
    )


def append_rows(xp: Namespace, inverse: Array, cross: Array, block: Array) -> Array:
    """Extend W by p points.

    Args:
        xp: array namespace.
        inverse: (..., n, n) W.
        cross: (..., p, n) covariance of the new points with the old ones.
        block: (..., p, p) covariance of the new points, nuggets included.

    Returns:
        (..., n + p, n + p): [[W, 0], [-C V W, C]] with V = cross W^T, and C^-1 the Cholesky factor
        of block - V V^T.
    """
    v = xp.matmul(cross, inverse.mT)
    schur = block - xp.matmul(v, v.mT)
    if block.shape[-1] == 1:
        c = 1.0 / xp.sqrt(xp.maximum(schur, JITTER))
    else:
        c = invert_lower(xp, safe_cholesky(xp, schur))
    return _lower(xp, inverse, -xp.matmul(c, xp.matmul(v, inverse)), c)
