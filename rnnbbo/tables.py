"""Tables of plain values: read from TOML files, and made into dataclasses."""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from rnnbbo.errors import ConfigError, RnnbboError
from rnnbbo.escaping import as_line, repr_of

T = TypeVar("T")


def read_toml(path: str | Path, name: str, form: str, error: type[RnnbboError]) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Args:
        path: the file.
        name: what error messages call it.
        form: what they say was expected.
        error: the class of what is raised.

    Raises:
        RnnbboError: of that class: it cannot be read, or is not TOML.
    """
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as failure:
        raise error(
            f"{name} = {repr_of(str(path))} ({failure.strerror}); expected {form}"
        ) from None
    except RecursionError:
        why = "its brackets nest too deep"
    except ValueError as failure:  # of TOML, of UTF-8, or of a number of thousands of digits
        why = as_line(str(failure))
    raise error(f"{name} = {repr_of(str(path))}, which is not TOML ({why}); expected {form}")


def from_table(cls: type[T], table: str, values: Mapping[str, Any]) -> T:
    """Build a dataclass from a table of a configuration.

    Raises:
        ConfigError: a key is unknown or missing; or a value is not accepted, as `cls` says.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{table} = {repr_of(values)}; expected a table [{table}]")
    known = fields(cls)  # type: ignore[arg-type]
    names = [f.name for f in known]
    for key in values:
        if key not in names:
            raise ConfigError(
                f"unknown key {table}.{as_line(str(key))}; expected one of {', '.join(names)}"
            )
    for f in known:
        if f.default is MISSING and f.default_factory is MISSING and f.name not in values:
            raise ConfigError(f"{table}.{f.name} is missing; expected a value")
    return cls(**values)
