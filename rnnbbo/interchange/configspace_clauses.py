"""Known constraints as forbidden clauses of ConfigSpace, where they have that form."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from rnnbbo.dimensions import Dimension, Integer, Real, nth_value
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.expressions import Expression

_MOST_TERMS, _MOST_VALUES = 1000, 1000
_Operator = type[ast.cmpop]
_KINDS: dict[_Operator, str] = {
    ast.Lt: "LessThan",
    ast.LtE: "LessThanEquals",
    ast.Gt: "GreaterThan",
    ast.GtE: "GreaterThanEquals",
    ast.Eq: "Equals",
}
_OPPOSITE: dict[_Operator, _Operator] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_TURNED: dict[_Operator, _Operator] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE,
}  # fmt: skip


class _Literal(NamedTuple):
    """A part of an expression without `and`, `or` and `not`, or the opposite of one."""

    node: ast.expr
    positive: bool


class Clauses:
    """Forbidden clauses of a space.

    ConfigSpace's clauses compare one parameter with constants, or two with each other. A
    comparison that names an inactive parameter is false there, and an expression that names one
    holds: so each alternative of what is forbidden names every parameter of the expression that
    may be inactive.

    Args:
        module: ConfigSpace.
        parameters: its hyperparameters, by name.
        dimensions: the dimensions, by name.
    """

    def __init__(
        self, module: Any, parameters: Mapping[str, Any], dimensions: Mapping[str, Dimension]
    ) -> None:
        self._module, self._parameters, self._dimensions = module, parameters, dimensions

    def of(self, given: Any) -> list[Any]:
        """Return the clauses that forbid what a known constraint does not allow.

        Args:
            given: the constraint as the user wrote it.

        Raises:
            SpaceError: it has no such form.
        """
        if not isinstance(given, str):
            raise SpaceError(
                f"where = {repr_of(given)}; expected an expression, since ConfigSpace has no form "
                "for a function"
            )
        expression = Expression(given, list(self._dimensions))
        clauses = []
        for term in _terms(_Literal(expression.body, False), given):
            clause = self._term(term, expression)
            if clause is not None:
                clauses.append(clause)
        return clauses

    def _term(self, term: Sequence[_Literal], expression: Expression) -> Any:
        """Return the clause that forbids what all of these hold for; None where nothing does."""
        parts: list[Any] = []
        named: set[str] = set()
        for literal in term:
            used = _places(literal.node)
            made = self._literal(literal, [expression.used[i] for i in used], used, expression)
            if made is False:
                return None
            if made is not True:
                parts.append(made)
                named.update(expression.used[i] for i in used)
        for name in expression.used:
            if name not in named and (self._dimensions[name].when is not None or not parts):
                parts.append(self._present(name))
        if len(parts) == 1:
            return parts[0]
        return self._module.ForbiddenAndConjunction(*parts)

    def _literal(
        self, literal: _Literal, names: Sequence[str], places: Sequence[int], whole: Expression
    ) -> Any:
        """Return a literal's clause, or True or False where it always or never holds."""
        if not names:
            return self._holds(literal, {})
        if len(names) == 1:
            compared = _compared(literal)
            dim = self._dimensions[names[0]]
            if compared and isinstance(dim, Real | Integer) and not _listed(dim):
                return self._number(names[0], dim, *compared)
            among = _among_numbers(literal)
            if among and isinstance(dim, Real | Integer) and not _listed(dim):
                return self._numbers(names[0], dim, *among)
            if (dim.count or _MOST_VALUES + 1) <= _MOST_VALUES:
                values = [nth_value(dim, i) for i in range(dim.count or 0)]
                kept = [one for one in values if self._holds(literal, {f"p{places[0]}": one})]
                return self._among(names[0], kept) if 0 < len(kept) < len(values) else bool(kept)
        if len(names) == 2 and (related := _related(literal)):
            return self._relation(*related, whole.used)
        raise SpaceError(
            f"where = {repr_of(whole.text)}, in a part on {', '.join(names)}; expected comparisons "
            "of one parameter with a constant or of two with each other, for ConfigSpace has no "
            "other forbidden clauses"
        )

    def _holds(self, literal: _Literal, values: Mapping[str, Any]) -> bool:
        text = ast.unparse(literal.node)
        if not isinstance(literal.node, ast.Compare):
            text = f"not (not ({text}))"
        return Expression(text, list(values)).holds(values) is literal.positive

    def _clause(self, kind: str, name: str, value: Any) -> Any:
        try:
            return getattr(self._module, f"Forbidden{kind}Clause")(self._parameters[name], value)
        except ValueError as error:
            raise SpaceError(
                f"where: {name} beside {value!r}; expected a value that ConfigSpace takes for one "
                f"of {name}: {error}"
            ) from error

    def _among(self, name: str, values: Sequence[Any]) -> Any:
        if len(values) == 1:
            return self._clause("Equals", name, values[0])
        return self._clause("In", name, list(values))

    def _present(self, name: str) -> Any:
        """Return a clause that holds wherever a parameter is active."""
        dim = self._dimensions[name]
        if isinstance(dim, Real | Integer) and not _listed(dim):
            return self._least(name, dim.low)
        return self._among(name, [nth_value(dim, i) for i in range(dim.count or 0)])

    def _number(self, name: str, dim: Any, operator: _Operator, bound: float) -> Any:
        """Return the clause of a number that compares so with a constant."""
        low, high = dim.low, dim.high
        if isinstance(dim, Integer):
            if bound != int(bound) and operator in (ast.Eq, ast.NotEq):
                return operator is ast.NotEq
            down = operator in (ast.LtE, ast.Gt)  # n <= 2.5 is n <= 2, and n < 2.5 is n < 3
            bound = int(bound // 1) if down else int(-(-bound // 1))
        outside = {
            ast.Lt: (bound > high, bound <= low), ast.LtE: (bound >= high, bound < low),
            ast.Gt: (bound < low, bound >= high), ast.GtE: (bound <= low, bound > high),
            ast.Eq: (False, not low <= bound <= high),
            ast.NotEq: (not low <= bound <= high, False),
        }[operator]  # fmt: skip
        if any(outside):
            return outside[0]
        if operator is ast.NotEq:
            sides = [self._number(name, dim, one, bound) for one in (ast.Lt, ast.Gt)]
            made = [one for one in sides if one is not False]
            return made[0] if len(made) == 1 else self._module.ForbiddenOrConjunction(*made)
        if operator is ast.GtE:
            return self._least(name, bound)
        return self._clause(_KINDS[operator], name, bound)

    def _numbers(self, name: str, dim: Any, inside: bool, numbers: Sequence[float]) -> Any:
        """Return the clause of a number that is, or is not, one of several."""
        if inside:
            values = [int(one) if isinstance(dim, Integer) else one for one in numbers]
            fitting = zip(values, numbers, strict=True)
            kept = [one for one, n in fitting if one == n and dim.low <= one <= dim.high]
            return self._among(name, kept) if kept else False
        apart = [self._number(name, dim, ast.NotEq, one) for one in numbers]
        parts = [one for one in apart if one is not True]
        if len(parts) < 2:
            return parts[0] if parts else True
        return self._module.ForbiddenAndConjunction(*parts)

    def _least(self, name: str, bound: float) -> Any:
        """Return the clause of a number that is `bound` at least.

        ConfigSpace 1.2.2 prints a line whenever it looks at its own clause of this kind.
        """
        parts = [self._clause(kind, name, bound) for kind in ("GreaterThan", "Equals")]
        return self._module.ForbiddenOrConjunction(*parts)

    def _relation(self, left: int, operator: _Operator, right: int, used: Sequence[str]) -> Any:
        one, other = self._parameters[used[left]], self._parameters[used[right]]
        if operator is ast.NotEq:
            kinds = ["LessThan", "GreaterThan"]
            made = [getattr(self._module, f"Forbidden{k}Relation")(one, other) for k in kinds]
            return self._module.ForbiddenOrConjunction(*made)
        return getattr(self._module, f"Forbidden{_KINDS[operator]}Relation")(one, other)


def _listed(dim: Any) -> bool:
    """Tell whether a number's values are listed in ConfigSpace."""
    return dim.step is not None or dim.is_constant


def _terms(literal: _Literal, text: str) -> list[list[_Literal]]:
    """Return alternatives, in each of which all literals have to hold, that an expression is."""
    node, positive = literal
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _terms(_Literal(node.operand, not positive), text)
    parts: list[ast.expr] = []
    every = positive
    if isinstance(node, ast.BoolOp):
        parts, every = node.values, isinstance(node.op, ast.And) is positive
    elif isinstance(node, ast.Compare) and len(node.ops) > 1:
        sides = [node.left, *node.comparators]
        parts = [
            ast.Compare(left, [operator], [right])
            for left, operator, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
    if not parts:
        return [[literal]]
    found = [_terms(_Literal(part, positive), text) for part in parts]
    if not every:
        return [term for terms in found for term in terms]
    count = 1
    for terms in found:
        count *= len(terms)
    if count > _MOST_TERMS:
        raise SpaceError(
            f"where = {repr_of(text)}; expected at most {_MOST_TERMS} alternatives, for "
            "ConfigSpace's clauses are these"
        )
    return [[one for term in each for one in term] for each in product(*found)]


def _places(node: ast.expr) -> list[int]:
    """Return which of the parameters used a part of an expression names."""
    names = (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
    return sorted({int(name[1:]) for name in names if name[:1] == "p" and name[1:].isdigit()})


def _parts(literal: _Literal) -> tuple[ast.expr, _Operator, ast.expr] | None:
    """Return a comparison's left, operator and right."""
    node = literal.node
    if not isinstance(node, ast.Compare):
        return None
    operator: _Operator = type(node.ops[0])
    return node.left, operator if literal.positive else _OPPOSITE[operator], node.comparators[0]


def _compared(literal: _Literal) -> tuple[_Operator, float] | None:
    """Return operator and number where a parameter is compared with a number, else None."""
    parts = _parts(literal)
    if parts is None:
        return None
    left, operator, right = parts
    if isinstance(right, ast.Name):
        left, operator, right = right, _TURNED.get(operator, operator), left
    number = _number_of(right)
    known = operator in _KINDS or operator is ast.NotEq
    return (
        (operator, number) if isinstance(left, ast.Name) and number is not None and known else None
    )


def _among_numbers(literal: _Literal) -> tuple[bool, list[float]] | None:
    """Return whether a parameter is to be one of several numbers, and these; else None."""
    parts = _parts(literal)
    if parts is None or not isinstance(parts[2], ast.Tuple):
        return None
    left, operator, listed = parts[0], parts[1], parts[2].elts
    numbers = [one for one in map(_number_of, listed) if one is not None]
    whole = isinstance(left, ast.Name) and len(numbers) == len(listed)
    return (operator is ast.In, numbers) if whole and operator in (ast.In, ast.NotIn) else None


def _number_of(node: ast.expr) -> float | None:
    sign = 1.0
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -sign if isinstance(node.op, ast.USub) else sign
        node = node.operand
    value = getattr(node, "value", None)
    return sign * value if isinstance(value, float) else None


def _related(literal: _Literal) -> tuple[int, _Operator, int] | None:
    """Return places and operator where two parameters are compared, else None."""
    parts = _parts(literal)
    if parts is None:
        return None
    left, operator, right = parts
    named = isinstance(left, ast.Name) and isinstance(right, ast.Name)
    if not named or not (operator in _KINDS or operator is ast.NotEq):
        return None
    return _places(left)[0], operator, _places(right)[0]
