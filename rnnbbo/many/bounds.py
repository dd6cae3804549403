"""Bounds of many problems, and the way from the unit cube to user units."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.dimensions import Real
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import one_line, repr_of
from rnnbbo.policies.ops import Array, namespace


class Bounds(NamedTuple):
    """Where the cube lies in user units.

    Attributes:
        low: (1, D), or (N, D) where problems differ.
        high: likewise.
        log: (1, D) flags of the dimensions that are even in the logarithm, or None for none.
    """

    low: Array
    high: Array
    log: Array | None

    def from_cube(self, u: Array) -> Array:
        """Return points (N, D) of the cube in user units, never out of bounds."""
        xp = namespace(self.low)
        u = xp.astype(u, self.low.dtype)
        x = self.low * (1.0 - u) + self.high * u  # exact at 0 and 1
        if self.log is not None:
            # A uniform dimension may be negative; its logarithm is not used.
            low, high = (
                xp.where(self.log, end, xp.ones_like(end)) for end in (self.low, self.high)
            )
            power = xp.exp(xp.log(low) * (1.0 - u) + xp.log(high) * u)
            x = xp.where(self.log, power, x)
        # Both ends to the last bit, which the exponential may miss.
        x = xp.where(u <= 0.0, self.low, xp.where(u >= 1.0, self.high, x))
        return xp.minimum(xp.maximum(x, self.low), self.high)


def _is_tensor(bounds: Any) -> bool:
    return hasattr(bounds, "detach")


def _shared(bounds: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds (1, D, 2) and flags (1, D) of a list of dimensions."""
    dimensions = []
    for i, spec in enumerate(bounds):
        try:
            if not isinstance(spec, Real) and not (
                isinstance(spec, (tuple, list, np.ndarray)) and len(spec) in (2, 3)
            ):
                raise SpaceError(
                    f"{repr_of(spec)}; expected (low, high), (low, high, prior) or a Real: "
                    "minimize_many takes real dimensions only"
                )
            dimensions.append(_plain(spec if isinstance(spec, Real) else Real(*spec)))
        except SpaceError as error:
            raise SpaceError(f"dimension {i} of the bounds: {error}") from None
    ends = np.array([[dim.low, dim.high] for dim in dimensions])
    log = np.array([dim.prior == "log-uniform" for dim in dimensions])
    return ends[None], log[None]


def _plain(dim: Real) -> Real:
    """Return the dimension, which has to be a range of any numbers.

    Raises:
        SpaceError: it is not.
    """
    if dim.is_constant or dim.step is not None or dim.when is not None:
        raise SpaceError(
            f"{dim!r}; expected low < high, without a step or conditions: minimize_many takes "
            "ranges of any numbers only"
        )
    return dim


def _each(bounds: Any, n_problems: int) -> np.ndarray:
    """Return checked bounds (N, D, 2), one box a problem."""
    try:
        ends = np.asarray(bounds, dtype=np.float64)
    except Exception:
        ends = np.empty(0)
    if ends.ndim != 3 or ends.shape[0] != n_problems or ends.shape[1] < 1 or ends.shape[2] != 2:
        shape = ends.shape if ends.size else "no array of numbers"
        raise SpaceError(
            f"shape of bounds = {shape}; expected (D, 2), a list of D dimensions, or "
            f"({n_problems}, D, 2) for {n_problems} problems with bounds of their own"
        )
    low, high = ends[..., 0], ends[..., 1]
    with np.errstate(invalid="ignore", over="ignore"):
        wrong = ~((low < high) & np.isfinite(high - low))
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        try:
            _plain(Real(float(low[i, j]), float(high[i, j])))
        except SpaceError as error:
            raise SpaceError(f"dimension {j} of the bounds of problem {i}: {error}") from None
    return ends


def _depth(bounds: Any) -> int:
    """Count the levels of lists above the first number; 3 or more for bounds of each problem."""
    depth = 0
    while depth <= 3 and isinstance(bounds, (list, tuple, np.ndarray)):
        if getattr(bounds, "shape", None) == () or not len(bounds):
            break
        bounds, depth = bounds[0], depth + 1
    return depth


def _read(bounds: Any, n_problems: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return bounds (N or 1, D, 2) and flags (1, D), or None for no flags."""
    host = bounds.detach().cpu().numpy() if _is_tensor(bounds) else bounds
    host = list(host.values()) if isinstance(host, Mapping) else host
    depth = _depth(host)
    if not isinstance(host, (list, tuple, np.ndarray)) or depth == 0:
        raise SpaceError(f"bounds = {repr_of(bounds)}; expected a list of dimensions or an array")
    if depth >= 3:
        return _each(host, n_problems), None
    ends, flags = _shared(host.tolist() if isinstance(host, np.ndarray) else host)
    return ends, flags if flags.any() else None


def as_bounds(bounds: Any, n_problems: int, device: Any = None) -> Bounds:
    """Understand the bounds of `minimize_many`.

    Args:
        bounds: (D, 2) numbers, a list of dimensions or a mapping from names to them, shared by all
            problems; or (N, D, 2).
        n_problems: N.
        device: a torch device for tensors, None for numpy arrays. A tensor of bounds keeps its own
            device and dtype.

    Raises:
        SpaceError: the shape is another, or a pair is not low < high with a finite width, or a
            prior is unknown or does not fit. The message names problem and dimension.
    """
    try:
        ends, log = _read(bounds, n_problems)
    except SpaceError:
        raise
    except Exception as error:
        raise SpaceError(
            f"bounds = {repr_of(bounds)}; reading them raises {one_line(error)}"
        ) from error
    if _is_tensor(bounds) or device is not None:
        import torch

        options = {"device": bounds.device if device is None else device}
        dtype = bounds.dtype if _is_tensor(bounds) else torch.float64
        dtype = dtype if dtype.is_floating_point else torch.float64
        tensor = torch.as_tensor(ends, dtype=dtype, **options)
        is_log = None if log is None else torch.as_tensor(log, **options)
        return Bounds(tensor[..., 0], tensor[..., 1], is_log)
    return Bounds(ends[..., 0], ends[..., 1], log)
