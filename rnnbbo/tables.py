"""Tables of plain values, as configuration files hold them, made into dataclasses."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from rnnbbo.errors import ConfigError

T = TypeVar("T")


def from_table(cls: type[T], table: str, values: Mapping[str, Any]) -> T:
    """Build a dataclass from a table of a configuration.

    Raises:
        ConfigError: a key is unknown or missing; or a value is not accepted, as `cls` says.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{table} = {values!r}; expected a table [{table}]")
    known = fields(cls)  # type: ignore[arg-type]
    names = [f.name for f in known]
    for key in values:
        if key not in names:
            raise ConfigError(f"unknown key {table}.{key}; expected one of {', '.join(names)}")
    for f in known:
        if f.default is MISSING and f.default_factory is MISSING and f.name not in values:
            raise ConfigError(f"{table}.{f.name} is missing; expected a value")
    return cls(**values)
