"""How a function of a point is called: with keywords, a mapping, or a list."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Way = Literal["names", "mapping", "list"]


class Naming(Protocol):
    """What knows the names of a point's values, as the names of a space do."""

    def as_mapping(self, point: Sequence[Any]) -> dict[str, Any]:
        """Return the active values of a point by name."""

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""


def accepts(func: Callable[..., Any], *args: Any, **kwargs: Any) -> bool | None:
    """Tell whether a function can be called with these arguments; None where it does not say."""
    try:
        signature = inspect.signature(func)
    except (TypeError, ValueError):  # some built-in functions have none
        return None
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def way_of(func: Callable[..., Any], names: Sequence[str], otherwise: Way) -> Way | None:
    """Return how a function is called: with keywords, if it accepts one a parameter.

    Args:
        func: the function.
        names: of the parameters.
        otherwise: how it is called else.

    Returns:
        The way; None where it accepts neither the keywords nor a single argument.
    """
    if accepts(func, **dict.fromkeys(names)):
        return "names"
    return None if accepts(func, None) is False else otherwise


def needed_names(func: Callable[..., Any], names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the parameters that a function has no default for.

    Where they are inactive, it is given None.
    """
    try:
        known = inspect.signature(func).parameters
    except (TypeError, ValueError):
        return ()
    empty = inspect.Parameter.empty
    return tuple(name for name in names if name in known and known[name].default is empty)


@dataclass(frozen=True)
class ByNames:
    """A function of keywords as one of a list.

    Attributes:
        func: the function.
        naming: names of a point's values.
        needed: names that it is given None for where they are inactive.
    """

    func: Callable[..., Any]
    naming: Naming
    needed: tuple[str, ...] = ()

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return its value at a point."""
        return self.func(**dict.fromkeys(self.needed) | self.naming.as_mapping(x))


@dataclass(frozen=True)
class ByMapping:
    """A function of a mapping as one of a list.

    Attributes:
        func: the function.
        naming: names of a point's values.
    """

    func: Callable[[dict[str, Any]], Any]
    naming: Naming

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return its value at a point."""
        return self.func(self.naming.as_mapping(x))


def of_list(func: Callable[..., Any], way: Way, names: Naming) -> Callable[[list[Any]], Any]:
    """Return a function that is called in some way as one of a single list."""
    if way == "names":
        return ByNames(func, names, needed_names(func, list(names)))
    return ByMapping(func, names) if way == "mapping" else func
