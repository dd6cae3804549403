"""What notebooks show of a run: what was found, its curve, its best trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnbbo.hypertext import box, details, html_table, lines
from rnnbbo.pictures.appearance import BEST_COLOR, log_helps
from rnnbbo.pictures.run_data import RunData
from rnnbbo.point_forms import active_values

_BEST_ROWS = 5  # of the table of trials
_WIDE, _HIGH, _EDGE = 300, 70, 5  # pixels of the curve


def point_table(names: Sequence[str], point: Sequence[Any]) -> str:
    """Return a point: a row a parameter that is active."""
    active: Mapping[str, Any] = active_values(names, point)
    return html_table(["parameter", "value"], [[name, value] for name, value in active.items()])


def run_html(
    title: str, data: RunData, first: str, texts: Sequence[str], recommended: Any = None
) -> str:
    """Return a run: what was found, its curve, and its best trials.

    Args:
        title: what it is.
        data: its trials.
        first: what was found, in a line.
        texts: what else there is to say of it, a line each.
        recommended: the point to take, where it is not the best one told.
    """
    parts = [lines([first])]
    if data.best is not None:
        parts.append(point_table(data.space.names, data.points[data.best]))
    if recommended is not None:
        parts += [
            lines(["The values seem noisy, and this point, told too, is probably better:"]),
            point_table(data.space.names, recommended),
        ]
    parts += [_curve(data), lines(texts), _best_trials(data)]
    return box(title, *parts)


def _best_trials(data: RunData) -> str:
    """Return the front, or the best trials, folded away."""
    if data.n_objectives > 1:
        shown, summary = data.front, f"the front: {len(data.front)} trials"
    else:
        values = np.where(data.feasible, data.inward[:, 0], np.inf)
        order = np.argsort(values, kind="stable")[:_BEST_ROWS]
        shown = order[np.isfinite(values[order])]
        summary = f"the best {len(shown)} of {len(data.points)} trials"
    if len(shown) < 2:
        return ""
    names = data.space.names
    rows = []
    for i in shown.tolist():
        active = active_values(names, data.points[i])
        rows.append([i, *data.values[i].tolist(), *(active.get(name) for name in names)])
    return details(summary, html_table(["index", *data.value_names(), *names], rows))


def _curve(data: RunData) -> str:
    """Return the best so far as a small picture, where there is one objective."""
    best = data.running_best
    known = np.flatnonzero(np.isfinite(best))
    if data.n_objectives > 1 or len(known) < 2 or best[known[0]] == best[known[-1]]:
        return ""
    log = log_helps(best)
    y = np.log10(best[known]) if log else best[known]
    low, high = float(y.min()), float(y.max())
    across = _EDGE + (_WIDE - 2 * _EDGE) * known / max(len(best) - 1, 1)
    up = _HIGH - _EDGE - (_HIGH - 2 * _EDGE) * (y - low) / (high - low)
    path = [f"M{across[0]:.1f} {up[0]:.1f}"]
    path += [f"H{a:.1f}V{b:.1f}" for a, b in zip(across[1:], up[1:], strict=True)]
    first, last = (f"{float(one):.4g}" for one in (best[known[0]], best[known[-1]]))
    scale = ", on a logarithmic scale" if log else ""
    words = f"best so far: {first} to {last} in {len(best)} evaluations{scale}"
    return (
        f'<svg role="img" aria-label="{words}" width="{_WIDE}" height="{_HIGH}" '
        f'viewBox="0 0 {_WIDE} {_HIGH}"><path d="{"".join(path)}" fill="none" '
        f'stroke="{BEST_COLOR}" stroke-width="2"/></svg>{lines([words])}'
    )
