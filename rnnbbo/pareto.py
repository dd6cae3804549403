"""Several objectives at once: which values are on the front, and how much it dominates.

All objectives are minimised. A value dominates another one that is nowhere better and somewhere
worse; the front is what nothing dominates, and its hypervolume the measure of what it dominates
within a reference point (Zitzler & Thiele 1998).
"""

import numpy as np

_ROWS = 256  # that are compared with all others at once
_BEYOND = 0.1  # of the front's width, by which a derived reference point lies beyond it


def front(values: np.ndarray) -> np.ndarray:
    """Return the indices (m,) of values (n, K) that no other one dominates.

    In the order of the first objective, then of the others. Of equal values the first one; a value
    that is not finite is never on the front.
    """
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    # A value can be dominated only by one before it in this order, and an equal one follows.
    order = known[np.lexsort((known, *values[known].T[::-1]))]
    sorted_values = values[order]
    stays = np.ones(len(order), dtype=bool)
    for begin in range(0, len(order), _ROWS):
        rows = sorted_values[begin : begin + _ROWS]
        before = sorted_values[: begin + len(rows)]
        no_worse = (before[None] <= rows[:, None]).all(axis=2)
        earlier = np.arange(len(before)) < np.arange(begin, begin + len(rows))[:, None]
        stays[begin : begin + len(rows)] = ~(no_worse & earlier).any(axis=1)
    return order[stays]


def hypervolume(values: np.ndarray, reference: np.ndarray) -> float:
    """Return the measure of what values (n, K) dominate within a reference point (K,).

    A value that is not better than the reference point in every objective counts for nothing.
    """
    inside = values[(values < reference).all(axis=1)]
    return _volume(inside[front(inside)], np.asarray(reference, dtype=np.float64))


def _volume(values: np.ndarray, reference: np.ndarray) -> float:
    """Return the hypervolume of a front (n, K), n >= 0, in the order that `front` gives it."""
    if not len(values):
        return 0.0
    if len(reference) == 1:
        return float(reference[0] - values[0, 0])
    if len(reference) == 2:
        ends = np.append(values[1:, 0], reference[0])
        return float((ends - values[:, 0]) @ (reference[1] - values[:, 1]))
    # Slabs between one value of the last objective and the next (Knowles 2002, section 4.3.4).
    rows = values[np.argsort(values[:, -1], kind="stable")]
    ends = np.append(rows[1:, -1], reference[-1])
    total = 0.0
    for count, (begin, end) in enumerate(zip(rows[:, -1], ends, strict=True), start=1):
        if end > begin:
            part = rows[:count, :-1]
            total += (end - begin) * _volume(part[front(part)], reference[:-1])
    return float(total)


def derived_reference(values: np.ndarray) -> np.ndarray:
    """Return a reference point (K,) for a front of values (m, K), m >= 1.

    A tenth of the front's width beyond its worst value of each objective; where the front has no
    width, a tenth of that value, or of 1.
    """
    worst = values.max(axis=0)
    width = worst - values.min(axis=0)
    size = np.where(worst != 0.0, np.abs(worst), 1.0)
    return worst + _BEYOND * np.where(width > 0.0, width, size)


def compromise(values: np.ndarray) -> int:
    """Return the index of the value (n, K), n >= 1, that is nowhere far from the front's best.

    Of the front, in its own range, the one whose largest objective is least; the first of several.
    """
    on_front = front(values)
    rows = values[on_front]
    low, width = rows.min(axis=0), np.ptp(rows, axis=0)
    scaled = (rows - low) / np.where(width > 0.0, width, 1.0)
    return int(on_front[scaled.max(axis=1).argmin()])
