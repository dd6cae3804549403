"""Expressions over parameters, such as "a + b <= 1": arithmetic and comparisons, no more.

They are parsed by `ast`, and only what is listed here is let through before anything is compiled:
numbers, texts, names of parameters, + - * / // % **, comparisons, `in`, and, or, not, a few
functions. Numbers are floats: no power of whole numbers takes for ever.
"""

from __future__ import annotations

import ast
import copy
import math
import re
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

from rnnbbo import expression_forms
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import as_line, repr_of

FUNCTIONS = {
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "log": math.log,
    "exp": math.exp,
}
_LONGEST = 10_000  # characters
_EXPECTED = (
    "numbers, texts, names of parameters, + - * / // % **, comparisons, in, and, or, not, "
    + ", ".join(FUNCTIONS)
)
_NODES = (
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Add,
    ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.Compare, ast.Lt, ast.LtE,
    ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Load,
)  # fmt: skip
_REACH = {"__builtins__": {}, **FUNCTIONS, **expression_forms.HELPERS}
_TRUTHS = (ast.BoolOp, ast.Compare)
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|`([^`]*)`""")


class Expression:
    """A condition that parameters have to meet.

    Args:
        text: as the user wrote it.
        names: those of the parameters.

    Attributes:
        text: the same.
        used: names of the parameters in it.
        body: its tree, of the nodes let through; parameter i of those used is called p<i>.

    Raises:
        SpaceError: it is no such expression, or names what is no parameter.
    """

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text = text
        self._names, self._places = list(names), dict[str, int]()
        self._quoted: dict[str, str] = {}
        try:
            tree = ast.parse(self._unquoted(text[: _LONGEST + 1].strip()), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            why = as_line(getattr(error, "msg", None) or str(error))
            raise self._wrong(f"({why}); expected {_EXPECTED}") from None
        if len(text) > _LONGEST:
            raise self._wrong(f"; expected at most {_LONGEST} characters")
        try:
            body = self._visit(tree.body)
        except RecursionError:
            raise self._wrong("; expected fewer brackets") from None
        if not _is_truth(tree.body):
            raise self._wrong("; expected a comparison, such as a + b <= 1")
        self.used = tuple(self._places)
        self.body: ast.expr = copy.deepcopy(body)
        self._strict = self._compile(body)
        self._shortfall = self._compile(expression_forms.shortfall(copy.deepcopy(body)))
        self._lenient = self._compile(expression_forms.lenient(body))

    def __reduce__(self) -> tuple[Any, ...]:
        return Expression, (self.text, self._names)

    def _unquoted(self, text: str) -> str:
        """Return the text with a name of Python's for each in backquotes, outside of texts."""

        def name(match: re.Match[str]) -> str:
            if match.group(1) is not None:
                return match.group()
            placeholder = f"_quoted.q{len(self._quoted)}"
            self._quoted[placeholder] = match.group(2)
            return placeholder

        return _QUOTED.sub(name, text)

    def _name(self, node: Any) -> str | None:
        """Return the name that a node is; None for what is none."""
        name = _dotted(node)
        return None if name is None else self._quoted.get(name, name)

    def _wrong(self, words: str) -> SpaceError:
        space = "" if words.startswith(";") else " "
        return SpaceError(f"where = {repr_of(self.text)}{space}{words}")

    def _compile(self, body: Any) -> CodeType:
        tree = ast.fix_missing_locations(ast.Expression(body))
        try:
            return compile(tree, "<where>", "eval")
        except (RecursionError, MemoryError, ValueError):
            raise self._wrong("; expected fewer brackets") from None

    def _visit(self, node: Any) -> Any:
        """Return the node as it is compiled, with parameters as p0, p1, ... and floats."""
        name = self._name(node)
        if name is not None:
            if name not in self._names:
                raise self._wrong(
                    f"; expected names of parameters: {', '.join(self._names)}, not {name}"
                )
            place = self._places.setdefault(name, len(self._places))
            return ast.Name(f"p{place}", ast.Load())
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS
            if not known or node.keywords or not node.args:
                raise self._wrong(f"; expected {_EXPECTED}")
            assert isinstance(node.func, ast.Name)
            function = ast.Name(node.func.id, ast.Load())
            return ast.Call(function, [self._visit(one) for one in node.args], [])
        if isinstance(node, (ast.Tuple, ast.List)):  # on the right of `in`
            return ast.Tuple([self._visit(one) for one in node.elts], ast.Load())
        if not isinstance(node, _NODES):
            raise self._wrong(f"; expected {_EXPECTED}")
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(node, field, [self._visit(one) for one in value])
            elif isinstance(value, ast.AST):
                setattr(node, field, self._visit(value))
        return node

    def _constant(self, node: ast.Constant) -> ast.Constant:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool):
            try:
                return ast.Constant(float(value))
            except OverflowError:
                raise self._wrong("; expected numbers that a float holds") from None
        if value is None or isinstance(value, (float, str, bool)):
            return ast.Constant(value)
        raise self._wrong(f"; expected {_EXPECTED}")

    def holds(self, values: Mapping[str, Any], *, lenient: bool = False) -> bool:
        """Tell whether it holds.

        It does where a parameter in it is inactive, and does not where it cannot be worked out.

        Args:
            values: those of active parameters, by name.
            lenient: whether rounding may break a comparison.
        """
        code = self._lenient if lenient else self._strict
        return bool(self._evaluate(code, values, met=True, failed=False))

    def shortfall(self, values: Mapping[str, Any]) -> float:
        """Return by how much it does not hold, 0 where it does: what a search can go down."""
        found = self._evaluate(self._shortfall, values, met=0.0, failed=math.inf)
        return math.inf if isinstance(found, complex) or math.isnan(found) else float(found)

    def _evaluate(self, code: CodeType, values: Mapping[str, Any], met: Any, failed: Any) -> Any:
        variables: dict[str, Any] = {}
        for i, name in enumerate(self.used):
            if name not in values:
                return met
            value = values[name]
            variables[f"p{i}"] = float(value) if type(value) is int else value
        try:
            # Made of the nodes above only, with nothing but parameters and functions in reach.
            return eval(code, _REACH, variables)
        except Exception:
            return failed


def _dotted(node: Any) -> str | None:
    """Return the name that a.b.c is; None for what is none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def _is_truth(node: Any) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return True
    # A parameter that is true or false by itself.
    return isinstance(node, _TRUTHS) or _dotted(node) is not None
