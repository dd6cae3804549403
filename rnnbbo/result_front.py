"""The front of several objectives, as a result shows it, and how much it dominates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.direction import MAXIMIZE
from rnnbbo.errors import ObservationError
from rnnbbo.incumbents import front_indices
from rnnbbo.pareto import derived_reference, hypervolume

_SHOWN = 6  # rows of its text


@dataclass(frozen=True, eq=False)
class Front:
    """The trials that no other one dominates: nowhere worse, and somewhere better.

    They are in the order of the first objective, the best first; of equal ones it has the first.

    Attributes:
        points: m points in user units.
        values: (m, K) float64, theirs.
        indices: their places in `x_iters` of the result.
    """

    points: list[list[Any]]
    values: np.ndarray
    indices: list[int]

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        rows = [f"[{', '.join(f'{one:.4g}' for one in row)}]" for row in self.values.tolist()]
        if len(rows) > _SHOWN:
            rows = [*rows[: _SHOWN - 1], "...", rows[-1]]
        return f"Front of {len(self)}: {', '.join(rows) or 'nothing'}"


def make_front(
    points: Sequence[list[Any]],
    values: np.ndarray,
    constraints: Sequence[Mapping[str, float]],
    flags: tuple[bool, ...],
) -> Front:
    """Return the front of feasible trials.

    Args:
        points: n points in user units.
        values: (n, K) theirs, infinite where the trial failed.
        constraints: theirs.
        flags: of each objective whether larger values are better.
    """
    known = np.flatnonzero(np.isfinite(values).all(axis=1)).tolist()
    listed = values.tolist()
    found = front_indices([listed[i] for i in known], [constraints[i] for i in known], flags)
    indices = [known[i] for i in found]
    return Front([list(points[i]) for i in indices], values[indices], indices)


def reference_point(
    front: Front, given: Sequence[float] | None, flags: tuple[bool, ...]
) -> list[float] | None:
    """Return the reference point, in the user's signs: as given, or derived from the front.

    None where it is not given, and the front is empty.

    Raises:
        ObservationError: the one given is for another number of objectives.
    """
    if given is not None:
        if len(given) != len(flags):
            raise ObservationError(
                f"reference = {list(given)}; expected {len(flags)} numbers, one an objective"
            )
        return [float(one) for one in given]
    if not len(front):
        return None
    signs = _signs(flags)
    found: list[float] = (signs * derived_reference(signs * front.values)).tolist()
    return found


def hypervolume_of(
    front: Front, reference: Sequence[float] | None, directions: Sequence[str]
) -> float:
    """Return what a front dominates within a reference point; 0 where it is empty.

    Args:
        front: it.
        reference: (K,) in the user's signs; None where the front is empty.
        directions: "minimize" or "maximize" of each objective.
    """
    if reference is None:
        return 0.0
    signs = _signs([one == MAXIMIZE for one in directions])
    return hypervolume(signs * front.values, signs * np.array(reference))


def _signs(flags: Sequence[bool]) -> np.ndarray:
    return np.where(flags, -1.0, 1.0)
