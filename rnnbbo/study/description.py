"""What a study was made for, as plain values, and how two such descriptions differ."""

from __future__ import annotations

import re
from typing import Any

from rnnbbo.categories import same
from rnnbbo.dimensions import Categorical
from rnnbbo.escaping import repr_of
from rnnbbo.space import Space

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def describe_space(space: Space) -> list[dict[str, Any]]:
    """Return the space as JSON holds it.

    A category that JSON has no form for (`None`, texts, booleans and numbers have one) is there by
    its `repr`, and cannot be read back.
    """
    described: list[dict[str, Any]] = []
    for name, dim in zip(space.names, space.dimensions, strict=True):
        if type(dim) is Categorical:
            categories = [_category(category) for category in dim.categories]
            described.append({"name": name, "type": "Categorical", "categories": categories})
        else:
            low, high = dim.bounds
            kind = type(dim).__name__
            described.append(
                {"name": name, "type": kind, "low": low, "high": high, "prior": dim.prior}
            )
    return described


def _category(category: Any) -> dict[str, Any]:
    if category is None or type(category) in (str, bool, int, float):
        return {"value": category}
    return {"repr": _ADDRESS.sub("", repr_of(category))}


def restore_space(described: list[dict[str, Any]]) -> Space:
    """Return the space of a description; a category without a form in JSON becomes its text."""
    from rnnbbo import dimensions

    specs = []
    for i, fields in enumerate(described):
        arguments = {key: value for key, value in fields.items() if key != "type"}
        if fields["name"] == f"x{i}":  # what an unnamed one is called
            arguments["name"] = None
        if "categories" in fields:
            arguments["categories"] = [
                category["value"] if "value" in category else category["repr"]
                for category in fields["categories"]
            ]
        specs.append(getattr(dimensions, fields["type"])(**arguments))
    return Space(specs)


def is_restorable(described: list[dict[str, Any]]) -> bool:
    """Return whether `restore_space` gives back the very space that was described."""
    return all(
        "value" in category for fields in described for category in fields.get("categories", [])
    )


def space_difference(study: list[dict[str, Any]], run: list[dict[str, Any]]) -> str | None:
    """Return the first difference of two spaces in words, or None."""
    if len(study) != len(run):
        return f"it has {len(study)} dimensions ({_names(study)}), not {len(run)} ({_names(run)})"
    for i, (mine, other) in enumerate(zip(study, run, strict=True)):
        if not same(mine, other):  # all NaNs are one category
            return f"its dimension {i} is {_shown(mine)}, not {_shown(other)}"
    return None


def _names(described: list[dict[str, Any]]) -> str:
    return ", ".join(fields["name"] for fields in described)


def _shown(fields: dict[str, Any]) -> str:
    if "categories" in fields:
        categories = [
            repr(category["value"]) if "value" in category else category["repr"]
            for category in fields["categories"]
        ]
        return f"{fields['name']} = Categorical([{', '.join(categories)}])"
    return (
        f"{fields['name']} = {fields['type']}({fields['low']!r}, {fields['high']!r}, "
        f"{fields['prior']!r})"
    )
