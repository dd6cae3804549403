"""Pictures of what the model believes: slices through a point, importance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnbbo.pictures.appearance import (
    BEST_COLOR,
    FAILED_COLOR,
    INFEASIBLE_COLOR,
    MARKED_COLOR,
    TRIAL_COLOR,
    tick_label,
)
from rnnbbo.pictures.importance import Importance
from rnnbbo.pictures.slices import Slice
from rnnbbo.pictures.surrogate import Surrogate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3  # slices beside each other


def draw_slices(
    figure: Figure, surrogate: Surrogate, found: Sequence[Slice], objective: int = 0
) -> Any:
    """Draw slices through a point: what the model believes, and what was told.

    Values told lie where the other parameters had other values, too: only near the point do they
    have to agree with the curve.

    Returns:
        The axes, an array of one a slice.
    """
    data = surrogate.data
    columns = min(len(found), _COLUMNS)
    rows = -(-len(found) // columns)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for spare in grid[len(found) :]:
        spare.set_axis_off()
    limits = _limits(found)
    for axes, one in zip(grid, found, strict=False):
        _draw_slice(axes, one)
        told = [point[one.position] for point in data.points]
        x = _along(one, told)
        y = data.values[:, objective]
        for some, marker, color in (
            (data.feasible, "o", TRIAL_COLOR),
            (~data.failed & ~data.feasible, "x", INFEASIBLE_COLOR),
        ):
            axes.plot(x[some], y[some], marker, color=color, markersize=3, alpha=0.7)
        failed = data.failed & ~np.isnan(x)
        place = axes.get_xaxis_transform()
        axes.plot(
            x[failed], np.full(failed.sum(), 0.02), "x", color=FAILED_COLOR, transform=place, ms=4
        )
        axes.axvline(_along(one, [one.at])[0], color=MARKED_COLOR, linewidth=1.0, linestyle="--")
        axes.set_xlabel(tick_label(one.name))
        axes.grid(alpha=0.3)
        axes.set_ylim(*limits)
    for axes in grid[::columns]:
        axes.set_ylabel(data.value_names()[objective])
    return grid[: len(found)]


def _limits(found: Sequence[Slice]) -> tuple[float, float]:
    """Return the ends of the common axis: all medians, and of wide bands as much again."""
    medians = np.concatenate([one.median for one in found])
    low, high = float(np.nanmin(medians)), float(np.nanmax(medians))
    room = (high - low) or abs(high) or 1.0
    bottom = min(float(np.nanmin(one.low)) for one in found)
    top = max(float(np.nanmax(one.high)) for one in found)
    return max(bottom - 0.05 * room, low - room), min(top + 0.05 * room, high + room)


def _draw_slice(axes: Axes, one: Slice) -> None:
    x = _along(one, one.values)
    if one.categorical:
        spread = np.array([one.median - one.low, one.high - one.median])
        axes.errorbar(x, one.median, np.maximum(spread, 0.0), fmt="s", color=BEST_COLOR, capsize=3)
        turned = 45 if sum(len(tick_label(value)) for value in one.values) > 16 else 0
        axes.set_xticks(x, [tick_label(value) for value in one.values], rotation=turned)
        return
    if one.log:
        axes.set_xscale("log")
    axes.fill_between(x, one.low, one.high, color=BEST_COLOR, alpha=0.2, linewidth=0)
    axes.plot(x, one.median, color=BEST_COLOR)
    if any(not isinstance(value, int | float) for value in one.values):
        axes.set_xticks(x, [tick_label(value) for value in one.values])


def _along(one: Slice, values: Sequence[Any]) -> np.ndarray:
    """Return where values lie along a slice's axis, (n,), NaN for what it does not show."""
    if not one.categorical and all(isinstance(value, int | float) for value in one.values):
        return np.array([np.nan if value is None else float(value) for value in values])
    places = {_key(value): float(i) for i, value in enumerate(one.values)}
    return np.array([places.get(_key(value), np.nan) for value in values])


def _key(value: Any) -> tuple[type, Any]:
    return type(value), value


def draw_importance(axes: Axes, found: Sequence[Importance]) -> None:
    """Draw bars of the parameters' importance, the largest on top, with their intervals."""
    at = np.arange(len(found))[::-1]
    total = np.array([one.total for one in found])
    low, high = np.array([[one.low, one.high] for one in found]).T
    spread = np.maximum([total - low, high - total], 0.0)
    axes.barh(at, total, color=BEST_COLOR, alpha=0.35, height=0.7, label="with all others")
    axes.barh(at, [one.alone for one in found], color=BEST_COLOR, height=0.7, label="alone")
    axes.errorbar(total, at, xerr=spread, fmt="none", color="0.25", capsize=3, label="95 %")
    axes.set_yticks(at, [tick_label(one.name) for one in found])
    axes.set_xlim(0.0, max(1.0, float(high.max())))
    axes.set_xlabel("share of the variance")
    axes.grid(alpha=0.3, axis="x")
    axes.legend(loc="lower right")
