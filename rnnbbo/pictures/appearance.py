"""How pictures look: colours that the colour-blind tell apart, scales, ticks, labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnbbo.dimensions import Categorical, Dimension
from rnnbbo.escaping import as_line, repr_of
from rnnbbo.layout import Layout

# Okabe & Ito 2008, "Color universal design".
BEST_COLOR = "#0072B2"
TRIAL_COLOR = "#8A8A8A"
INFEASIBLE_COLOR = "#E69F00"
FAILED_COLOR = "#D55E00"
MARKED_COLOR = "#009E73"
ORDERED = "cividis"
"""Colours of what has an order; of even lightness steps, also for the colour-blind."""

_DECADES = 100.0  # largest over least value, from which on a logarithmic axis helps
_FENCE = 3.0  # interquartile ranges beyond the upper quartile, where an axis ends
_LABEL = 24  # characters of a label


def tick_label(value: Any) -> str:
    """Return a value of a parameter as a label: short, in one line, no markup of matplotlib's."""
    text = f"{value:.4g}" if isinstance(value, float) else value
    text = as_line(text if isinstance(text, str) else repr_of(text))
    text = text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…"
    return text.replace("$", r"\$")


def log_helps(values: np.ndarray) -> bool:
    """Tell whether values (n,), NaN apart, are better shown on a logarithmic axis."""
    known = values[np.isfinite(values)]
    return bool(len(known) > 2 and known.min() > 0.0 and known.max() > _DECADES * known.min())


def fenced(values: np.ndarray, maximize: bool) -> float | None:
    """Return where an axis of values (n,) ends, so that the better ones can be seen.

    None where all of them fit: only what is far beyond the worse quartile is left out.
    """
    known = values[np.isfinite(values)]
    if len(known) < 8:
        return None
    sign = -1.0 if maximize else 1.0
    low, high = np.quantile(sign * known, [0.25, 0.75])
    fence = high + _FENCE * (high - low)
    return float(sign * fence) if (sign * known > fence).any() and high > low else None


def heights_of(layout: Layout, position: int, dim: Dimension, values: Sequence[Any]) -> np.ndarray:
    """Return where values of a parameter lie on an axis from 0 to 1, NaN for None."""
    categorical = isinstance(dim, Categorical)
    count = len(layout.categories(position)) if categorical else 0
    found = []
    for value in values:
        if value is None:
            found.append(np.nan)
        elif dim.is_constant:
            found.append(0.5)
        elif categorical:
            index = layout.categories(position).index(value)
            found.append((index + 0.5) / count)
        else:
            found.append(float(layout.coordinates(position, value)[0]))
    return np.array(found)


def ticks_of(layout: Layout, position: int, dim: Dimension) -> tuple[list[float], list[str]]:
    """Return ticks of such an axis, and their labels."""
    if dim.is_constant:
        return [0.5], [tick_label(dim.bounds[0])]
    if isinstance(dim, Categorical):
        values = list(layout.categories(position))
        shown = range(0, len(values), max(1, -(-len(values) // 12)))
        return [(i + 0.5) / len(values) for i in shown], [tick_label(values[i]) for i in shown]
    coordinates = np.zeros((5, layout.cube_dim))
    coordinates[:, layout.slots[position]] = np.linspace(0.0, 1.0, 5)[:, None]
    values = list(dict.fromkeys(layout.values(position, layout.snap(coordinates))))
    return (
        [float(layout.coordinates(position, value)[0]) for value in values],
        [tick_label(value) for value in values],
    )
