"""Values, points and spans of time as people read them, on one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnbbo.direction import OneOrSeveral
from rnnbbo.escaping import repr_of
from rnnbbo.objectives import listed_values
from rnnbbo.point_forms import active_values


def short_text(value: Any) -> str:
    """Return a parameter's value as people read it."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else repr_of(value)
    return text if text.isprintable() and " " not in text else repr(text)


def point_text(names: Sequence[str], x: Sequence[Any]) -> str:
    """Return a point on one line."""
    return " ".join(
        f"{name}={short_text(value)}" for name, value in active_values(names, x).items()
    )


def value_text(value: OneOrSeveral) -> str:
    """Return a value as people read it, several between commas."""
    return ", ".join(f"{one:.6g}" for one in listed_values(value))


def span_text(seconds: float) -> str:
    """Return a span of time in its two largest units: 45 ms, 5.2 s, 3m12s, 1h02m, 2d03h."""
    if seconds < 0.9995:
        return f"{1e3 * seconds:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60}h{minutes % 60:02}m"
    hours = round(seconds / 3600)
    return f"{hours // 24}d{hours % 24:02}h"
