"""Steps of a quasi-Newton ascent, compiled; `rnnbbo.policies.climb` defines them."""

import numpy as np

from rnnbbo.core.loading import Library, address


class Climbers:
    """S climbers in the unit cube, whose state a step changes in place.

    Args:
        library: the compiled library.
        x: (S, D) points.
        f: (S,) values there.
        g: (S, D) gradients there.
        unit: (S, D) of the coordinates, or a shape that broadcasts to it.
        radius: trust radius to begin with, in units.
    """

    def __init__(
        self,
        library: Library,
        x: np.ndarray,
        f: np.ndarray,
        g: np.ndarray,
        unit: np.ndarray,
        radius: float,
    ) -> None:
        count, dim = x.shape
        self.x = np.array(x, np.float64)
        self.f = np.array(f, np.float64)
        unit = np.broadcast_to(unit, x.shape)
        inverse_hessian = np.zeros((count, dim, dim))
        inverse_hessian[:, range(dim), range(dim)] = 1.0
        self._trial = np.empty_like(self.x)
        self._arrays = (
            self.x,
            self.f,
            np.ascontiguousarray(g * unit),
            inverse_hessian,
            np.full(count, radius),
            np.ascontiguousarray(unit, np.float64),
        )
        # A step takes a few microseconds: the addresses are worked out once.
        self._state = (count, dim, *map(address, self._arrays))
        self._to = address(self._trial)
        self._first = 1
        self._move = library.function("climb_move", "iirrrrrriidr")
        self._take = library.function("climb_take", "iirrrrrriraa")

    def move(self, gain: float | None) -> np.ndarray | None:
        """Return where to look next, (S, D); None where no step promises more than `gain`.

        What it returned before is overwritten.
        """
        gains, least = gain is not None, gain or 0.0
        goes_on = self._move(*self._state, self._first, gains, least, self._to)
        return self._trial if goes_on else None

    def take(self, f: np.ndarray, g: np.ndarray) -> None:
        """Take in values (S,) and gradients (S, D) of what was looked at."""
        f, g = np.ascontiguousarray(f, np.float64), np.ascontiguousarray(g, np.float64)
        self._take(*self._state, self._first, self._to, f, g)
        self._first = 0
