"""Methods that fail, each in its own way, as `module:attribute` for processes to import."""

import os
import time

import numpy as np

from rnnbbo.benchmarks.methods import FloatArray


class Steady:
    """Asks for points on a line."""

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        self.dim, self.told = dim, 0
        self.seed = seed

    def ask(self) -> FloatArray:
        return np.full(self.dim, ((self.seed + 1) * 0.618 * (self.told + 1)) % 1.0)

    def tell(self, x: FloatArray, y: float) -> None:
        self.told += 1


class Crashing(Steady):
    """Raises at its fourth point."""

    def ask(self) -> FloatArray:
        if self.told == 3:
            raise RuntimeError("no more\nideas")
        return super().ask()


class Outside(Steady):
    """Leaves the unit cube."""

    def ask(self) -> FloatArray:
        return super().ask() + 1.0


class Slow(Steady):
    """Takes its time."""

    def ask(self) -> FloatArray:
        time.sleep(0.2)
        return super().ask()


class Hanging(Steady):
    """Never comes back from its third point."""

    def ask(self) -> FloatArray:
        if self.told == 2:
            time.sleep(3600)
        return super().ask()


class Dying(Steady):
    """Takes its process with it."""

    def ask(self) -> FloatArray:
        if self.told == 2:
            os._exit(7)
        return super().ask()


class Recommending(Steady):
    """Recommends the centre, whatever was told."""

    def recommend(self) -> FloatArray:
        return np.full(self.dim, 0.5)
