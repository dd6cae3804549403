"""Pictures of what was told: convergence, parallel coordinates, the front, places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnbbo.pictures.appearance import (
    BEST_COLOR,
    FAILED_COLOR,
    INFEASIBLE_COLOR,
    MARKED_COLOR,
    ORDERED,
    TRIAL_COLOR,
    fenced,
    heights_of,
    log_helps,
    tick_label,
    ticks_of,
)
from rnnbbo.pictures.run_data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PLACES = 6
"""Parameters of a matrix of places."""
_NOWHERE = -0.09  # height of what is inactive, below an axis from 0 to 1


def draw_convergence(axes: Axes, data: RunData, objective: int = 0) -> None:
    """Draw every value, and the best so far, over the number of evaluations.

    Args:
        axes: where.
        data: the run.
        objective: of several, which; the best so far is of the first objective alone.
    """
    from matplotlib.ticker import MaxNLocator

    values, counts = data.values[:, objective], np.arange(1, len(data.points) + 1)
    maximize = data.maximize[objective]
    end = None
    if log_helps(values):
        axes.set_yscale("log")
    else:
        end = fenced(values, maximize)
    outside = ~data.failed & ~data.feasible
    axes.plot(
        counts[data.feasible],
        values[data.feasible],
        "o",
        color=TRIAL_COLOR,
        markersize=4,
        label="trial",
    )
    if outside.any():
        axes.plot(
            counts[outside],
            values[outside],
            "x",
            color=INFEASIBLE_COLOR,
            markersize=5,
            label="not feasible",
        )
    if objective == 0 and data.n_objectives == 1:
        axes.step(counts, data.running_best, where="post", color=BEST_COLOR, label="best so far")
        if data.best is not None and data.feasible[data.best]:
            axes.plot(
                counts[data.best],
                values[data.best],
                "*",
                color=BEST_COLOR,
                markersize=12,
                label=f"best: {values[data.best]:.6g} after {counts[data.best]}",
            )
    _mark_at_border(axes, counts[data.failed], FAILED_COLOR, "failed", top=False)
    if end is not None:
        beyond = values < end if maximize else values > end
        if maximize:
            axes.set_ylim(bottom=end)
        else:
            axes.set_ylim(top=end)
        label = f"{'below' if maximize else 'above'} this axis ({int(beyond.sum())})"
        _mark_at_border(axes, counts[beyond], TRIAL_COLOR, label, top=not maximize)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("evaluations")
    axes.set_ylabel(data.value_names()[objective])
    axes.grid(alpha=0.3)
    axes.legend()


def _mark_at_border(axes: Axes, at: np.ndarray, color: str, label: str, *, top: bool) -> None:
    if len(at):
        height, marker = (0.98, "^") if top else (0.02, "v" if color == TRIAL_COLOR else "x")
        place = axes.get_xaxis_transform()
        axes.plot(
            at, np.full(len(at), height), marker, color=color, transform=place, label=label, ms=5
        )


def draw_front(axes: Axes, data: RunData, x: int = 0, y: int = 1) -> None:
    """Draw two of several objectives over each other, and the front of all.

    Args:
        axes: where.
        data: the run.
        x: the objective along the horizontal axis.
        y: the one along the vertical axis.
    """
    rest = data.feasible.copy()
    rest[data.front] = False
    kinds = (
        (np.flatnonzero(rest), "o", TRIAL_COLOR, "trial"),
        (np.flatnonzero(~data.failed & ~data.feasible), "x", INFEASIBLE_COLOR, "not feasible"),
        (data.front, "o", BEST_COLOR, "front"),
    )
    for index, marker, color, label in kinds:
        if len(index):
            a, b = data.values[index, x], data.values[index, y]
            axes.plot(a, b, marker, color=color, markersize=4, label=label)
    if data.best is not None and data.feasible[data.best]:
        a, b = data.values[data.best, [x, y]]
        axes.plot(a, b, "*", color=BEST_COLOR, markersize=12, label="compromise")
    names = data.value_names()
    axes.set_xlabel(names[x])
    axes.set_ylabel(names[y])
    axes.grid(alpha=0.3)
    axes.legend()


def draw_parallel(axes: Axes, data: RunData, objective: int = 0) -> None:
    """Draw a line a trial across all parameters, coloured by the rank of its value.

    What is inactive lies below the axes, failures are dotted, the best trial is marked.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Normalize

    space, layout = data.space, data.space.layout
    names = [tick_label(name) for name in space.names]
    columns = []
    for position, dim in enumerate(space):
        values = [point[position] for point in data.points]
        height = heights_of(layout, position, dim, values)
        columns.append(np.where(np.isnan(height), _NOWHERE, height))
    lines = np.array(columns).T.reshape(len(data.points), len(names))
    colors, rank = ScalarMappable(Normalize(0.0, 1.0), f"{ORDERED}_r"), _ranks(data, objective)
    at = range(len(names))
    order = np.argsort(-np.where(np.isnan(rank), 2.0, rank), kind="stable")  # the best on top
    for failed in (True, False):
        index = order[data.failed[order] == failed]
        shades = colors.to_rgba(rank[index], alpha=0.35 + 0.6 * (1.0 - rank[index]))
        paths = [np.column_stack([at, lines[i]]) for i in index]
        color = FAILED_COLOR if failed else shades
        style = ":" if failed else "-"
        axes.add_collection(LineCollection(paths, colors=color, linestyles=style, linewidths=1.0))
    if data.best is not None:
        axes.plot(at, lines[data.best], color=FAILED_COLOR, linewidth=2.5, label="best")
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, 1.12), frameon=False)
    for position, dim in enumerate(space):
        axes.axvline(position, color="0.75", linewidth=0.8, zorder=0)
        for tick, text in zip(*ticks_of(layout, position, dim), strict=True):
            axes.annotate(
                text,
                (position, tick),
                (3, 0),
                textcoords="offset points",
                fontsize=7,
                va="center",
            )
    if (lines == _NOWHERE).any():
        axes.set_yticks([_NOWHERE], ["inactive"])
    else:
        axes.set_yticks([])
    axes.set_xticks(list(at), names, rotation=0 if len(names) < 8 else 45)
    axes.set_xlim(-0.2, len(names) - 0.6)
    axes.set_ylim(_NOWHERE - 0.05, 1.05)
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    bar = axes.figure.colorbar(colors, ax=axes, ticks=[0.0, 0.5, 1.0], pad=0.02)
    bar.ax.set_yticklabels(["best", "median", "worst"])
    bar.set_label(f"rank of {data.value_names()[objective]}")
    bar.ax.invert_yaxis()


def _ranks(data: RunData, objective: int) -> np.ndarray:
    """Return ranks (n,) of the values from 0, the best, to 1; NaN of failures."""
    values = data.inward[:, objective]
    known = np.flatnonzero(~data.failed)
    ranks = np.full(len(values), np.nan)
    order = known[np.argsort(values[known], kind="stable")]
    ranks[order] = np.arange(len(order)) / max(len(order) - 1, 1)
    return ranks


def draw_places(figure: Figure, data: RunData, parameters: list[int] | None = None) -> Any:
    """Draw where evaluations lay: of every pair of parameters, coloured by their order.

    Args:
        figure: where.
        data: the run.
        parameters: positions of the parameters; None for the first ones that are not fixed.

    Returns:
        A matrix of axes, (m, m): histograms on its diagonal, pairs below.
    """
    space, layout = data.space, data.space.layout
    free = [i for i, dim in enumerate(space) if not dim.is_constant]
    shown = (free if parameters is None else parameters)[:MOST_PLACES]
    axes = figure.subplots(len(shown), len(shown), squeeze=False)
    heights = [
        heights_of(layout, i, space.dimensions[i], [point[i] for point in data.points])
        for i in shown
    ]
    order = np.arange(len(data.points))
    for row, i in enumerate(shown):
        for column, j in enumerate(shown):
            one = axes[row, column]
            if column > row:
                one.set_axis_off()
                continue
            if column == row:
                known = heights[row][~np.isnan(heights[row])]
                one.hist(known, bins=20, range=(0.0, 1.0), color=TRIAL_COLOR)
                one.set_yticks([])
            else:
                a, b = heights[column], heights[row]
                one.scatter(a, b, c=order, cmap=ORDERED, s=9)
                failed = data.failed
                one.scatter(a[failed], b[failed], marker="x", color=FAILED_COLOR, s=16)
                if data.best is not None:
                    one.plot(a[data.best], b[data.best], "*", color=MARKED_COLOR, markersize=12)
                one.set_ylim(-0.04, 1.04)
                _set_ticks(one, "y", column == 0, *ticks_of(layout, i, space.dimensions[i]))
            one.set_xlim(-0.04, 1.04)
            bottom = row == len(shown) - 1
            _set_ticks(one, "x", bottom, *ticks_of(layout, j, space.dimensions[j]))
            if bottom:
                one.set_xlabel(tick_label(space.names[j]))
            if column == 0 and row:
                one.set_ylabel(tick_label(space.names[i]))
    return axes


def _set_ticks(axes: Axes, which: str, labelled: bool, at: list[float], labels: list[str]) -> None:
    if len(at) > 3:
        at, labels = at[:: len(at) - 1], labels[:: len(labels) - 1]
    setter = axes.set_xticks if which == "x" else axes.set_yticks
    setter(at, labels if labelled else [""] * len(at), fontsize=7)
