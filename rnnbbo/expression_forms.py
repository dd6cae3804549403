"""Other forms of an expression that was let through: one that minds no rounding, and a distance."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

_ROUNDING = 1e-12  # of the larger side, or 1, that a told point may break a comparison by


def _slack(a: Any, b: Any) -> float:
    return _ROUNDING * max(1.0, abs(a), abs(b))


def _equal(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= _slack(a, b) if _are_numbers(a, b) else a == b)


def _apart(a: Any, b: Any) -> float:
    return abs(a - b) if _are_numbers(a, b) else float(a != b)


def _are_numbers(a: Any, b: Any) -> bool:
    return isinstance(a, float) and isinstance(b, float)


HELPERS: dict[str, Callable[..., Any]] = {
    "_le": lambda a, b: a <= b + _slack(a, b),
    "_ge": lambda a, b: a >= b - _slack(a, b),
    "_eq": _equal,
    "_above": lambda a, b: max(0.0, a - b) if _are_numbers(a, b) else float(a > b),
    "_apart": _apart,
    "_fails": lambda truth: 0.0 if truth else 1.0,
    "_all": lambda *parts: sum(parts),
    "_any": min,
}
"""What these forms call."""

_SOFT: dict[type, str] = {
    ast.Lt: "_le",
    ast.LtE: "_le",
    ast.Gt: "_ge",
    ast.GtE: "_ge",
    ast.Eq: "_eq",
}


def lenient(body: Any) -> Any:
    """Return the form in which rounding breaks no comparison, but for those below a `not`."""
    return _Lenient().visit(body)


def shortfall(body: Any) -> Any:
    """Return the form that is 0 where the expression holds, and else by how much it does not.

    What comparisons lack is added up under `and`; under `or` the least counts.
    """
    if isinstance(body, ast.BoolOp):
        name = "_all" if isinstance(body.op, ast.And) else "_any"
        return _call(name, *map(shortfall, body.values))
    if isinstance(body, ast.Compare):
        sides = [body.left, *body.comparators]
        parts = [
            _lacking(left, operator, right)
            for left, operator, right in zip(sides, body.ops, sides[1:], strict=False)
        ]
        return parts[0] if len(parts) == 1 else _call("_all", *parts)
    return _call("_fails", body)


def _lacking(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    if isinstance(operator, ast.Lt | ast.LtE):
        return _call("_above", left, right)
    if isinstance(operator, ast.Gt | ast.GtE):
        return _call("_above", right, left)
    if isinstance(operator, ast.Eq):
        return _call("_apart", left, right)
    return _call("_fails", ast.Compare(left, [operator], [right]))


def _call(name: str, *arguments: Any) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


class _Lenient(ast.NodeTransformer):
    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        return node if isinstance(node.op, ast.Not) else self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        sides = [node.left, *node.comparators]
        parts: list[ast.expr] = []
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            soft = _SOFT.get(type(operator))
            single = ast.Compare(left, [operator], [right])
            parts.append(single if soft is None else _call(soft, left, right))
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)
