"""What the kernel policy computes, compiled; `rnnbbo.policies.kernel` defines it, and the letters.

Every function takes N particles: `scale` (N, D) is 1 / l, and `rbf`, `share` and `bend` are (N,).
"""

import ctypes
from typing import NamedTuple

import numpy as np

from rnnbbo.core.loading import Library, address


class Particles(NamedTuple):
    """What N hypotheses say of covariances.

    Attributes:
        scale: (N, D) 1 / l.
        rbf: (N,) 1 for a squared-exponential kernel, 0 for Matern-5/2.
        share: (N,) a, of the additive part.
        bend: (N,) tau^2, of the trend.
    """

    scale: np.ndarray
    rbf: np.ndarray
    share: np.ndarray
    bend: np.ndarray


def factorise(
    library: Library, p: Particles, x: np.ndarray, nuggets: np.ndarray
) -> np.ndarray | None:
    """Return inverse factors W (N, n, n) of covariances of x (n, D), nuggets (N, n) included.

    None where one of these is not positive definite.
    """
    inverse = np.empty((len(p.rbf), len(x), len(x)))
    x = np.ascontiguousarray(x)
    failed = library.function("factorise", "iiiaaaaaaa")(
        len(inverse), *x.shape, x, *p, nuggets, inverse
    )
    return None if failed else inverse


class _View(ctypes.Structure):
    """`view` of kernel_view.h."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("count", "rows", "dim")),
        *(
            (name, ctypes.c_void_p)
            for name in (
                "x",
                "scale",
                "rbf",
                "share",
                "bend",
                "inverse",
                "alpha",
                "mean",
                "amplitude",
                "best",
                "noise",
                "link",
                "weight",
                "series",
                "index",
            )
        ),
    ]


_NOISE = 10  # place of the noise among a view's arrays


class Predictor:
    """What H hypotheses, conditioned on m points, predict, averaged by their weights.

    Args:
        library: the compiled library.
        x: (m, D) the points.
        p: the hypotheses.
        inverse: (H, m, m) W.
        alpha: (H, m).
        mean: (H,).
        amplitude: (H,).
        best: (H,).
        noise: (H,) variance of the noise, and (H, m) the link; None where there is none.
        weight: (H,).
        series: (15, 2) coefficients of `rnnbbo.policies.gp.improvement`.
    """

    def __init__(
        self,
        library: Library,
        x: np.ndarray,
        p: Particles,
        inverse: np.ndarray,
        alpha: np.ndarray,
        mean: np.ndarray,
        amplitude: np.ndarray,
        best: np.ndarray,
        noise: tuple[np.ndarray, np.ndarray] | None,
        weight: np.ndarray,
        series: np.ndarray,
    ) -> None:
        self._library = library
        variance, link = noise or (None, None)
        given = (x, *p, inverse, alpha, mean, amplitude, best, variance, link, weight, series)
        # Kept, since the structure holds no more than their addresses.
        self._arrays = [
            None if one is None else np.ascontiguousarray(one, np.float64) for one in given
        ]
        self._size = len(p.rbf)
        self._shape = x.shape
        self._view = self._viewed(self._arrays)
        self._at = ctypes.addressof(self._view)

    def _viewed(self, arrays: list[np.ndarray | None]) -> _View:
        at = (None if one is None else address(one) for one in arrays)
        return _View(self._size, *self._shape, *at)

    def log_ei(self, points: np.ndarray) -> np.ndarray:
        """Return the averaged log EI (C,) of points (C, D)."""
        return self._value("log_ei", points)

    def log_ei_climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the averaged log EI (C,) of points (C, D), and its gradient (C, D)."""
        return self._climbed("log_ei", points)

    def log_chance(self, points: np.ndarray) -> np.ndarray:
        """Return the averaged log Phi(-mean / s) (C,) of points (C, D)."""
        return self._value("log_chance", points)

    def log_chance_climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `log_chance` and its gradient (C, D)."""
        return self._climbed("log_chance", points)

    def lowered(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return minus the averaged mean (C,) of points (C, D), and its gradient (C, D)."""
        return self._climbed("lowered", points)

    def score_promising(
        self, points: np.ndarray, wide: int, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return exact scores of the points (C, D) with the largest bounds, and their indices.

        Args:
            points: (C, D).
            wide: the number of those of the first kind.
            most: how many of either kind are scored.
        """
        points = np.ascontiguousarray(points)
        count = min(most, wide) + min(most, len(points) - wide)
        score, index = np.empty(count), np.empty(count, np.int32)
        self._library.function("score", "riiiaan")(
            self._at, len(points), wide, most, points, score, index
        )
        return score, index.astype(np.intp)

    def ascend(
        self,
        start: np.ndarray,
        unit: np.ndarray,
        steps: int,
        radius: float,
        gain: float | None,
        lowered: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Climb from points (S, D), by the averaged log EI, or, if `lowered`, by minus the mean.

        Args:
            start: the points.
            unit: (D,) of the coordinates.
            steps: evaluations beyond the first.
            radius: trust radius to begin with, in units.
            gain: where no step promises more than this above the best, it ends; None for never.
            lowered: what to climb.

        Returns:
            The points reached (S, D) and their values (S,).
        """
        x, f = np.array(start, np.float64, order="C"), np.empty(len(start))
        units = np.ascontiguousarray(np.broadcast_to(unit, x.shape), np.float64)
        self._library.function("ascend", "riiididaaa")(
            self._at, lowered, len(x), steps, radius, gain is not None, gain or 0.0, units, x, f
        )
        return x, f

    def bound(self, points: np.ndarray) -> np.ndarray:
        """Return at least the averaged log EI (C,) of points (C, D), rounding aside."""
        points = np.ascontiguousarray(points)
        value = np.empty(len(points))
        self._library.function("bound", "riaa")(self._at, len(points), points, value)
        return value

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation (H, C) at points (C, D)."""
        points = np.ascontiguousarray(points)
        mean, deviation = np.empty((2, self._size, len(points)))
        arrays = list(self._arrays)
        arrays[_NOISE] = arrays[_NOISE + 1] = None  # then reach is the deviation
        silent = self._viewed(arrays)
        self._library.function("predict", "riaaaaa")(
            ctypes.addressof(silent), len(points), points, mean, deviation, None, None
        )
        return mean, deviation

    def predict_with_slopes(
        self, points: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return mean and reach (H, C), and the gradients (H, C, D) of the mean and of reach^2."""
        points = np.ascontiguousarray(points)
        mean, reach = np.empty((2, self._size, len(points)))
        by_mean, by_square = np.empty((2, self._size, *points.shape))
        self._library.function("predict", "riaaaaa")(
            self._at, len(points), points, mean, reach, by_mean, by_square
        )
        return mean, reach, by_mean, by_square

    def _value(self, name: str, points: np.ndarray) -> np.ndarray:
        points = np.ascontiguousarray(points)
        value = np.empty(len(points))
        self._library.function(name, "riaaa")(self._at, len(points), points, value, None)
        return value

    def _climbed(self, name: str, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = np.ascontiguousarray(points)
        value, gradient = np.empty(len(points)), np.empty(points.shape)
        self._library.function(name, "riaaa")(self._at, len(points), points, value, gradient)
        return value, gradient
