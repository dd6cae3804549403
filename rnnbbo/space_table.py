"""A search space as a table, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnbbo.escaping import repr_of
from rnnbbo.hypertext import box, html_table, lines


def space_html(names: Sequence[str], dimensions: Sequence[Any], where: Sequence[Any]) -> str:
    """Return a space: a row a parameter, and its known constraints.

    Args:
        names: of the parameters.
        dimensions: theirs.
        where: known constraints, expressions and functions.
    """
    rows = [
        [name, type(dim).__name__, _range(dim), getattr(dim, "prior", None), _when(dim)]
        for name, dim in zip(names, dimensions, strict=True)
    ]
    head = ["parameter", "kind", "values", "scale", "when"]
    kept = [i for i in range(len(head)) if any(row[i] is not None for row in rows)]
    shown = html_table([head[i] for i in kept], [[row[i] for i in kept] for row in rows])
    rules = [
        f"where {rule}" if isinstance(rule, str) else "where a function says so" for rule in where
    ]
    return box(f"Space of {len(dimensions)} parameters", shown, lines(rules))


def _range(dim: Any) -> str:
    if dim.is_constant:
        return repr_of(dim.bounds[0])
    if type(dim).__name__ in ("Real", "Integer"):
        step = getattr(dim, "step", None)
        more = "" if step in (None, 1) else f", step {step}"
        return f"{dim.low:.6g} to {dim.high:.6g}{more}"
    values = list(dim.bounds)
    return ", ".join(map(repr_of, values[:8])) + (", …" if len(values) > 8 else "")


def _when(dim: Any) -> str | None:
    return None if dim.when is None else repr_of(dim.when)
