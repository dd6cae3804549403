"""How much an ask explores beyond expected improvement, which looks one step ahead only."""

from collections.abc import Mapping
from typing import NamedTuple, Self

import numpy as np


class Boldness(NamedTuple):
    """The exponent of `acquisition.log_ei` over a run.

    Attributes:
        early: at its beginning.
        late: at its end.
    """

    early: float = 0.0
    late: float = 0.0

    @classmethod
    def from_params(cls, params: Mapping[str, np.ndarray]) -> Self:
        """The numbers that `params` hold; what they lack is as here."""
        keys = {name: f"explore.{name}" for name in cls._fields}
        return cls(**{name: params[key].item() for name, key in keys.items() if key in params})

    def to_params(self) -> dict[str, np.ndarray]:
        """Weights of a checkpoint: float32 arrays (1,), by name."""
        return {f"explore.{name}": np.array([v], np.float32) for name, v in self._asdict().items()}

    def explore(self, progress: float | None) -> float:
        """The exponent when a share `progress` of the run is over; None where none is known."""
        share = 0.5 if progress is None else min(max(progress, 0.0), 1.0)
        return self.early + share * (self.late - self.early)
