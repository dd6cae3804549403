"""What a study was made for, as plain values, and how two such descriptions differ."""

from __future__ import annotations

import re
from typing import Any

from rnnbbo.categories import same
from rnnbbo.dimensions import Categorical, Dimension, Fixed, Ordinal
from rnnbbo.errors import StudyError
from rnnbbo.escaping import repr_of
from rnnbbo.space import Space

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_WHERE = "where"  # type of what describes a known constraint
_KEPT = (str, bool, int, float)


def describe_space(space: Space) -> list[dict[str, Any]]:
    """Return the space as JSON holds it: its dimensions, then its known constraints.

    A category that JSON has no form for (`None`, texts, booleans and numbers have one) is there by
    its `repr`, a function by its name, and cannot be read back.
    """
    described = [
        _dimension(name, dim) for name, dim in zip(space.names, space.dimensions, strict=True)
    ]
    return described + [{"type": _WHERE, **_constraint(one)} for one in space.where]


def _dimension(name: str, dim: Dimension) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": name, "type": type(dim).__name__}
    if isinstance(dim, Categorical):
        fields["categories"] = list(map(_category, dim.categories))
    elif isinstance(dim, Ordinal):
        fields["values"] = list(map(_category, dim.values))
    elif isinstance(dim, Fixed):
        fields["value"] = _category(dim.value)
    else:
        low, high = dim.bounds
        fields |= {"low": low, "high": high, "prior": dim.prior}
        fields |= {} if dim.step is None else {"step": dim.step}
    if dim.when is not None:
        fields["when"] = [
            {ancestor: _raw(raw) for ancestor, raw in one.items()} for one in dim.when.alternatives
        ]
    return fields


def _category(category: Any) -> dict[str, Any]:
    if category is None or type(category) in _KEPT:
        return {"value": category}
    return {"repr": _ADDRESS.sub("", repr_of(category))}


def _raw(raw: Any) -> Any:
    """Return what an ancestor's values have to be: one of some, or, as given, a single one."""
    return {"any": list(map(_category, raw))} if isinstance(raw, list | tuple) else _category(raw)


def _constraint(given: Any) -> dict[str, str]:
    if isinstance(given, str):
        return {"expression": given}
    return {"function": getattr(given, "__qualname__", None) or type(given).__name__}


def restore_space(described: list[dict[str, Any]]) -> Space:
    """Return the space of a description; a category without a form in JSON becomes its text.

    A constraint that is a function is left out.

    Raises:
        StudyError: it has a kind of dimension that is not known here.
    """
    from rnnbbo import dimensions

    specs, where = [], []
    for i, fields in enumerate(described):
        arguments = {key: value for key, value in fields.items() if key != "type"}
        if fields["type"] == _WHERE:
            where += [fields["expression"]] if "expression" in fields else []
            continue
        kind = getattr(dimensions, fields["type"], None)
        if kind is None:
            raise StudyError(
                f"a dimension of type {fields['type']!r}; expected a study of this version of "
                "rnnbbo, or of an older one"
            )
        if fields["name"] == f"x{i}":  # what an unnamed one is called
            arguments["name"] = None
        for key in ("categories", "values"):
            if key in fields:
                arguments[key] = list(map(_restored, fields[key]))
        if "value" in fields:
            arguments["value"] = _restored(fields["value"])
        if "when" in fields:
            arguments["when"] = [
                {ancestor: _restored(raw) for ancestor, raw in one.items()}
                for one in fields["when"]
            ]
        specs.append(kind(**arguments))
    return Space(specs, where or None)


def _restored(described: dict[str, Any]) -> Any:
    if "any" in described:
        return list(map(_restored, described["any"]))
    return described["value"] if "value" in described else described["repr"]


def is_restorable(described: list[dict[str, Any]]) -> bool:
    """Return whether `restore_space` gives back the very space that was described."""
    return not any(_has_lost(fields) for fields in described)


def _has_lost(part: Any) -> bool:
    """Tell whether there is something that JSON has no form for."""
    if isinstance(part, dict):
        lost = set(part) in ({"repr"}, {"type", "function"})
        return lost or any(map(_has_lost, part.values()))
    return isinstance(part, list) and any(map(_has_lost, part))


def space_difference(study: list[dict[str, Any]], run: list[dict[str, Any]]) -> str | None:
    """Return the first difference of two spaces in words, or None."""
    mine, other = _dimensions(study), _dimensions(run)
    if len(mine) != len(other):
        return f"it has {len(mine)} dimensions ({_names(mine)}), not {len(other)} ({_names(other)})"
    for i, (one, another) in enumerate(zip(mine, other, strict=True)):
        if not same(one, another):  # all NaNs are one category
            return f"its dimension {i} is {_shown(one)}, not {_shown(another)}"
    ours, theirs = _constraints(study), _constraints(run)
    if ours != theirs:
        return f"it has points where {ours or 'anything'}, not where {theirs or 'anything'}"
    return None


def _dimensions(described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [fields for fields in described if fields["type"] != _WHERE]


def _constraints(described: list[dict[str, Any]]) -> str:
    found = [fields for fields in described if fields["type"] == _WHERE]
    return " and ".join(fields.get("expression") or fields["function"] for fields in found)


def _names(described: list[dict[str, Any]]) -> str:
    return ", ".join(fields["name"] for fields in described)


def _shown(fields: dict[str, Any]) -> str:
    kind, when = fields["type"], ""
    if "when" in fields:
        conditions = [{name: _restored(raw) for name, raw in one.items()} for one in fields["when"]]
        when = f", when={(conditions[0] if len(conditions) == 1 else conditions)!r}"
    if "value" in fields:
        return f"{fields['name']} = {kind}({_text(fields['value'])}{when})"
    if "low" not in fields:
        listed = ", ".join(map(_text, fields.get("categories") or fields["values"]))
        return f"{fields['name']} = {kind}([{listed}]{when})"
    step = f", step={fields['step']!r}" if "step" in fields else ""
    return (
        f"{fields['name']} = {kind}({fields['low']!r}, {fields['high']!r}, "
        f"{fields['prior']!r}{step}{when})"
    )


def _text(category: dict[str, Any]) -> str:
    return repr(category["value"]) if "value" in category else str(category["repr"])
