"""Read search spaces as written on the command line and in space files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnbbo.errors import SpaceError
from rnnbbo.escaping import as_line, repr_of

if TYPE_CHECKING:
    from rnnbbo.space import Categorical, Integer, Real, Space

PARAMETER_FORMS = "NAME=float:LOW:HIGH[:log], NAME=int:LOW:HIGH[:log] or NAME=cat:A,B,..."

# A name must be able to stand in a {placeholder}.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_KEYS = {"float": ("low", "high", "log"), "int": ("low", "high", "log"), "cat": ("categories",)}


def read_parameters(params: Sequence[str], file: str | None) -> Space:
    """Return the space of `--space FILE`, then of every `--param`, in this order.

    Args:
        params: texts of the form `NAME=KIND:...`.
        file: path of a TOML file, or None. A key is a name; its value is either a text as after
            `NAME=`, or a table with `type` ("float", "int" or "cat") and `low`, `high`, `log`
            or `categories`, where categories may be texts, numbers and booleans.

    Raises:
        SpaceError: something is malformed, named twice, or there is nothing.
    """
    from rnnbbo.space import Space

    dimensions = [] if file is None else _read_file(Path(file))
    dimensions += [_parse_param(text) for text in params]
    if not dimensions:
        raise SpaceError(
            f"the space is empty; expected --param {PARAMETER_FORMS}, or --space FILE.toml"
        )
    return Space(dimensions)


def _parse_param(text: str) -> Real | Integer | Categorical:
    name, equals, spec = text.partition("=")
    if not equals:
        raise SpaceError(f"--param = {repr_of(text)}; expected {PARAMETER_FORMS}")
    return _parse_spec(_check_name(name), spec, f"--param = {repr_of(text)}")


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise SpaceError(
            f"parameter name = {repr_of(name)}; expected a letter, then letters, digits, '_', '-' "
            "and '.'"
        )
    return name


def _parse_spec(name: str, spec: str, where: str) -> Real | Integer | Categorical:
    from rnnbbo.space import Categorical

    kind, _, rest = spec.partition(":")
    if kind == "cat":
        return Categorical(rest.split(",") if rest else [], name)
    parts = rest.split(":")
    if kind not in _KEYS or len(parts) not in (2, 3) or parts[2:] not in ([], ["log"]):
        raise SpaceError(f"{where}; expected {PARAMETER_FORMS}")
    number = float if kind == "float" else int
    try:
        low, high = number(parts[0]), number(parts[1])
    except ValueError:
        raise SpaceError(
            f"{where}: bounds {repr_of(parts[0])} and {repr_of(parts[1])}; expected two "
            + ("numbers" if kind == "float" else "integers")
        ) from None
    return _numeric(kind, name, low, high, len(parts) == 3)


def _numeric(kind: str, name: str, low: Any, high: Any, log: bool) -> Real | Integer:
    from rnnbbo.space import Integer, Real

    return (Real if kind == "float" else Integer)(
        low, high, "log-uniform" if log else "uniform", name
    )


def _read_file(path: Path) -> list[Any]:
    from rnnbbo.tables import read_toml

    tables = read_toml(path, "--space", "a TOML file", SpaceError)
    return [_parse_entry(_check_name(name), entry, path) for name, entry in tables.items()]


def _parse_entry(name: str, entry: Any, path: Path) -> Any:
    from rnnbbo.space import Categorical

    where = f"--space {path}: {name}"
    if isinstance(entry, str):
        return _parse_spec(name, entry, where)
    kind = entry.get("type") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in _KEYS:
        raise SpaceError(
            f'{where} = {repr_of(entry)}; expected a table with type "float", "int" or "cat"'
        )
    keys = set(entry) - {"type"}
    if keys - set(_KEYS[kind]) or set(_KEYS[kind]) - {"log"} - keys:
        raise SpaceError(
            f"{where}: keys = {as_line(', '.join(sorted(keys))) or '(none)'}; expected "
            + ", ".join(_KEYS[kind])
        )
    if kind == "cat":
        categories = entry["categories"]
        if not isinstance(categories, list) or not all(
            isinstance(category, (str, int)) or (isinstance(category, float) and isfinite(category))
            for category in categories
        ):
            raise SpaceError(
                f"{where}: categories = {repr_of(categories)}; expected a list of texts, numbers, "
                "booleans"
            )
        return Categorical(categories, name)
    log = entry.get("log", False)
    if not isinstance(log, bool):
        raise SpaceError(f"{where}: log = {repr_of(log)}; expected true or false")
    return _numeric(kind, name, entry["low"], entry["high"], log)
