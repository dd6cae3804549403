"""Text from outside (exceptions, programs, `repr` of anything), made safe to keep and to show.

Safe text has no lone surrogate, which UTF-8 has no bytes for, and no control character, which a
terminal would obey; it is short where it is one line; and asking for it never raises.
"""

from __future__ import annotations

import numbers
import re
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

LINE = 1000
"""Most characters of a text that is one line: why a trial failed, a value in an error message."""

_MANY = 1000  # elements in a container, up to which it is shown whole
_DEEP = 30  # levels of containers, below which there is only text
_MOST = 10**6  # elements of all containers, after which there is only text
_BITS = 10_000


# Control characters but lines and tabs, what turns the direction of writing, and lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Return the text with backslash escapes for what is not safe; lines and tabs stay."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def shorten(text: str, most: int = LINE) -> str:
    """Return a text, safe, in at most `most` characters.

    What is longer keeps its beginning and its end, and says between them how long it was.
    """
    if len(text) <= most and len(safe := printable(text)) <= most:
        return safe
    cut = f" ... [{len(text)} characters in all] ... "
    room = most - len(cut)
    begin, end = printable(text[:most]), printable(text[-most:])
    return begin[: room - room // 4] + cut + end[-(room // 4) :]


def end_of(text: str, most: int) -> str:
    """Return the end of a text, safe, in at most `most` characters; a cut is said before it."""
    if len(text) <= most and len(safe := printable(text)) <= most:
        return safe
    cut = f"[the end of {len(text)} characters] ... "
    return cut + printable(text[-most:])[len(cut) - most :]


def as_line(text: str) -> str:
    """Return a text, safe, in one line of at most `LINE` characters."""
    return shorten(" ".join(text.split()))


def repr_of(value: Any, most: int = LINE) -> str:
    """Return the `repr` of anything, safe, in one line of at most `most` characters."""
    try:
        text = "".join([repr(value) if _is_small(value) else _ABRIDGED.repr(value)])
    except Exception as error:
        if type(value) is int:  # Python writes no more than 4,300 digits
            return f"<a whole number of {value.bit_length()} bits>"
        return printable(f"<{type(value).__name__} whose repr raises {type(error).__name__}>")
    return shorten(re.sub(r"\s*\n\s*", " ", text), most)


def one_line(error: BaseException) -> str:
    """Return an exception, safe, in one line."""
    try:
        text = "".join([str(error)])
    except Exception as another:
        text = f"<its text raises {type(another).__name__}>"
    return as_line(f"{type(error).__name__}: {text}")


def as_plain(value: Any, text_of: Callable[[str], str] = printable) -> Any:
    """Return a value in the types that JSON has, whatever it is: what has no form by `repr_of`.

    Numbers that are not finite stay. What is nested deep, or would be more than a million elements,
    is there as text.

    Args:
        value: anything.
        text_of: what becomes of a text.
    """
    left = _MOST

    def convert(one: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if isinstance(one, numbers.Real):
            return _number(one)
        if one is None or isinstance(one, str):
            return one if one is None else text_of("".join([one]))
        if depth and left > 0:
            if isinstance(one, Mapping):
                return {_key(key): convert(item, depth - 1) for key, item in one.items()}
            if isinstance(one, (list, tuple, set, frozenset)):
                return [convert(item, depth - 1) for item in one]
            # Arrays, tensors and scalars of other libraries.
            if hasattr(one, "dtype") and hasattr(one, "tolist"):
                return convert(one.tolist(), depth - 1)
        return repr_of(one)

    try:
        return convert(value, _DEEP)
    except Exception:
        return repr_of(value)


def _number(value: Any) -> bool | int | float | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        # Python writes and reads no whole numbers of more than 4,300 digits.
        number = int(value)
        return number if number.bit_length() < _BITS else repr_of(number)
    return float(value)


def _key(key: Any) -> str:
    return printable("".join([key])) if isinstance(key, str) else repr_of(key)


def _is_small(value: Any) -> bool:
    """Tell whether containers of Python's own hold few elements, counted through all levels."""
    count, levels = 0, [value]
    while levels:
        one = levels.pop()
        if type(one) in (list, tuple, set, frozenset, dict):
            count += len(one)
            if count > _MANY:
                return False
            levels += one.values() if type(one) is dict else one
    return True


class _Abridged(reprlib.Repr):
    """`repr` of a part of what a large container holds."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 20
        self.maxstring = self.maxother = LINE


_ABRIDGED = _Abridged()
