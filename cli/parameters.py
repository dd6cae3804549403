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
    from rnnbbo.dimensions import Dimension
    from rnnbbo.space import Space

PARAMETER_FORMS = (
    "NAME=float:LOW:HIGH[:log|:step=S], NAME=int:LOW:HIGH[:log|:step=S], NAME=cat:A,B,..., "
    "NAME=ord:A,B,... or NAME=fix:V, each perhaps with :when=OTHER=VALUE"
)

# A name must be able to stand in a {placeholder}.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_WHEN = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*?)(>=|<=|!=|==|=|>|<)(.*)", re.DOTALL)
_NUMERIC = ("low", "high", "log", "step", "when")
_KEYS = {
    "float": _NUMERIC,
    "int": _NUMERIC,
    "cat": ("categories", "when"),
    "ord": ("values", "when"),
    "fix": ("value", "when"),
}
_OPTIONAL = {"log", "step", "when"}
_KIND = re.compile(f"({'|'.join(_KEYS)}):")
_WHERE = "where"  # the key of known constraints in a space file


def read_parameters(params: Sequence[str], file: str | None, where: Sequence[str] = ()) -> Space:
    """Return the space of `--space FILE`, then of every `--param`, in this order.

    Args:
        params: texts of the form `NAME=KIND:...`.
        file: path of a TOML file, or None. A key is a name; its value is either a text as after
            `NAME=`, or a table with `type` ("float", "int", "cat", "ord" or "fix") and its keys.
            `where` is an expression, or a list of them.
        where: known constraints besides, expressions.

    Raises:
        SpaceError: something is malformed, named twice, or there is nothing.
    """
    from rnnbbo.space import Space

    dimensions, constraints = ([], []) if file is None else _read_file(Path(file))
    dimensions += [_parse_param(text) for text in params]
    if not dimensions:
        raise SpaceError(
            f"the space is empty; expected --param {PARAMETER_FORMS}, or --space FILE.toml"
        )
    return Space(dimensions, [*constraints, *where] or None)


def with_constraints(space: Any, where: Sequence[str]) -> Space:
    """Return a space, or a function's own `bounds`, with the known constraints of `--where`.

    Those that a study has are not taken twice.
    """
    from rnnbbo.space import Space

    given = space.dimensions if where and isinstance(space, Space) else space
    return Space(given, list(where) or None)


def _parse_param(text: str) -> Dimension:
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


def _parse_spec(name: str, spec: str, where: str) -> Dimension:
    from rnnbbo.space import Categorical, Fixed, Ordinal

    kind, _, rest = spec.partition(":")
    rest, *conditions = re.split(":when=", rest)
    when = _parse_when(conditions, where)
    if kind == "cat":
        return Categorical(rest.split(",") if rest else [], name, when)
    if kind == "ord":
        return Ordinal(_numbers(rest.split(",")) if rest else [], name, when)
    if kind == "fix":
        return Fixed(_numbers([rest])[0], name, when)
    parts = rest.split(":")
    options = dict(part.partition("=")[::2] for part in parts[2:])
    known = all(
        (key == "log" and not value) or (key == "step" and value) for key, value in options.items()
    )
    if kind not in _KEYS or len(parts) < 2 or not known or len(options) < len(parts) - 2:
        raise SpaceError(f"{where}; expected {PARAMETER_FORMS}")
    number = float if kind == "float" else int
    try:
        low, high = number(parts[0]), number(parts[1])
        step = number(options["step"]) if "step" in options else None
    except ValueError:
        more = f" and step {repr_of(options['step'])}" if "step" in options else ""
        raise SpaceError(
            f"{where}: bounds {repr_of(parts[0])} and {repr_of(parts[1])}{more}; expected two "
            + ("numbers" if kind == "float" else "integers")
        ) from None
    return _numeric(kind, name, (low, high, step), "log" in options, when)


def _parse_when(conditions: Sequence[str], where: str) -> dict[str, Any] | None:
    """Return what `:when=NAME=VALUE` says, one for each; several values have commas between."""
    when: dict[str, Any] = {}
    for text in conditions:
        matched = _WHEN.fullmatch(text)
        if matched is None or not matched.group(3) or matched.group(1) in when:
            raise SpaceError(
                f"{where}: when = {repr_of(text)}; expected OTHER=VALUE, OTHER=VALUE,VALUE,... or, "
                "of a number, OTHER>VALUE, each OTHER once"
            )
        name, operator, value = matched.groups()
        several = operator in ("=", "==") and "," in value
        when[name] = value.split(",") if several else value if operator == "=" else operator + value
    return when or None


def _numbers(texts: Sequence[str]) -> list[Any]:
    """Return whole numbers, or numbers, where all texts are such; else the texts."""
    for number in (int, float):
        try:
            values = [number(text) for text in texts]
        except ValueError:
            continue
        if all(map(isfinite, values)):
            return values
    return list(texts)


def _numeric(kind: str, name: str, numbers: tuple[Any, Any, Any], log: bool, when: Any) -> Any:
    from rnnbbo.space import Integer, Real

    low, high, step = numbers
    return (Real if kind == "float" else Integer)(
        low, high, "log-uniform" if log else "uniform", name, step, when
    )


def _read_file(path: Path) -> tuple[list[Any], list[str]]:
    """Return the dimensions, and the known constraints, of a space file."""
    from rnnbbo.tables import read_toml

    tables = read_toml(path, "--space", "a TOML file", SpaceError)
    constraints: list[str] = []
    entry = tables.get(_WHERE)
    if isinstance(entry, list) or (isinstance(entry, str) and not _KIND.match(entry)):
        constraints = [entry] if isinstance(entry, str) else entry
        if not all(isinstance(one, str) for one in constraints):
            raise SpaceError(
                f"--space {path}: where = {repr_of(entry)}; expected expressions such as "
                "'a + b <= 1'"
            )
        del tables[_WHERE]
    dimensions = [_parse_entry(_check_name(name), entry, path) for name, entry in tables.items()]
    return dimensions, constraints


def _parse_entry(name: str, entry: Any, path: Path) -> Any:
    where = f"--space {path}: {name}"
    if isinstance(entry, str):
        return _parse_spec(name, entry, where)
    kind = entry.get("type") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in _KEYS:
        raise SpaceError(
            f'{where} = {repr_of(entry)}; expected a table with type "float", "int", "cat", "ord" '
            'or "fix"'
        )
    keys = set(entry) - {"type"}
    if keys - set(_KEYS[kind]) or set(_KEYS[kind]) - _OPTIONAL - keys:
        raise SpaceError(
            f"{where}: keys = {as_line(', '.join(sorted(keys))) or '(none)'}; expected "
            + ", ".join(_KEYS[kind])
        )
    when = entry.get("when")
    if kind not in ("float", "int"):
        return _listed(kind, name, entry, when, where)
    log = entry.get("log", False)
    if not isinstance(log, bool):
        raise SpaceError(f"{where}: log = {repr_of(log)}; expected true or false")
    return _numeric(kind, name, (entry["low"], entry["high"], entry.get("step")), log, when)


def _listed(kind: str, name: str, entry: dict[str, Any], when: Any, where: str) -> Any:
    from rnnbbo.space import Categorical, Fixed, Ordinal

    key = _KEYS[kind][0]
    values = entry[key]
    listed = [values] if kind == "fix" else values
    if not isinstance(listed, list) or not all(map(_is_plain, listed)):
        raise SpaceError(
            f"{where}: {key} = {repr_of(values)}; expected "
            + (
                "a text, number or boolean"
                if kind == "fix"
                else "a list of texts, numbers, booleans"
            )
        )
    if kind == "fix":
        return Fixed(values, name, when)
    return (Categorical if kind == "cat" else Ordinal)(values, name, when)


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int)) or (isinstance(value, float) and isfinite(value))
