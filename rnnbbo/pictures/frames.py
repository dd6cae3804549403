"""The trials of a run as columns, for data frames."""

from __future__ import annotations

from typing import Any

from rnnbbo.pictures.run_data import RunData
from rnnbbo.sheet import ERROR, FEASIBLE, column_names, constraint_columns, objective_columns


def frame_columns(data: RunData) -> dict[str, list[Any]]:
    """Return the columns by name, in the names of exported studies: a value a trial each.

    Parameters, None where inactive; values, NaN of failures; whether feasible, and constraints,
    where there are any; errors, None without one, where trials failed.
    """
    names = column_names(data.space.names)
    found: dict[str, list[Any]] = {
        name: [point[i] for point in data.points] for i, name in enumerate(names)
    }
    for k, name in enumerate(objective_columns(data.n_objectives, names)):
        found[name] = data.values[:, k].tolist()
    if data.constraints:
        found[FEASIBLE] = data.feasible.tolist()
        columns = constraint_columns(data.constraints, names)
        for name, values in zip(columns, data.constraints.values(), strict=True):
            found[name] = list(map(float, values))
    if data.failed.any():
        found[ERROR] = [data.errors.get(i) for i in range(len(data.points))]
    return found
