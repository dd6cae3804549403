"""What many optimizations found."""

from dataclasses import dataclass
from typing import Any

from rnnbbo.policies.ops import Array, namespace


@dataclass(frozen=True, eq=False)
class ManyResult:
    """Results of N problems in D dimensions with T evaluations each.

    Arrays are numpy's, or torch tensors on the device where the run took place.

    Attributes:
        x: (N, D) best point of each problem in user units; NaN where no evaluation succeeded.
        fun: (N,) its value; infinity where none succeeded.
        x_iters: (N, T, D) every point, in the order of evaluation.
        func_vals: (N, T) their values, float64; a failed evaluation is +infinity.
        n_failed: (N,) number of failed evaluations.
        success: (N,) whether at least one evaluation succeeded.
        nit: steps T, the calls of the objective.
        nfev: evaluations N T.
        policy: name of the policy.
        random_state: the `rng` given.
    """

    x: Array
    fun: Array
    x_iters: Array
    func_vals: Array
    n_failed: Array
    success: Array
    nit: int
    nfev: int
    policy: str
    random_state: Any

    def __len__(self) -> int:
        """Return the number of problems."""
        return int(self.fun.shape[0])

    def __repr__(self) -> str:
        failed = int(self.n_failed.sum())
        return (
            f"ManyResult({len(self)} problems, {self.x.shape[-1]} dimensions, {self.nit} "
            f"evaluations each, {failed} failed, policy={self.policy!r})"
        )


def make_many_result(x_iters: Array, values: Array, policy: str, random_state: Any) -> ManyResult:
    """Sum up points (N, T, D) and values (N, T); one that is not finite marks a failure."""
    xp = namespace(values)
    failed = ~xp.isfinite(values)
    values = xp.where(failed, xp.full_like(values, xp.inf), values)
    problems, steps, dim = x_iters.shape
    if steps:
        best = xp.broadcast_to(xp.argmin(values, axis=1)[:, None, None], (problems, 1, dim))
        x, fun = xp.take_along_axis(x_iters, best, axis=1)[:, 0], xp.min(values, axis=1)
    else:
        x = xp.zeros((problems, dim), dtype=x_iters.dtype, device=x_iters.device)
        fun = xp.full((problems,), xp.inf, dtype=values.dtype, device=values.device)
    success = xp.isfinite(fun)
    return ManyResult(
        x=xp.where(success[:, None], x, xp.full_like(x, xp.nan)),
        fun=fun,
        x_iters=x_iters,
        func_vals=values,
        n_failed=xp.sum(xp.astype(failed, xp.int64), axis=1),
        success=success,
        nit=steps,
        nfev=problems * steps,
        policy=policy,
        random_state=random_state,
    )
