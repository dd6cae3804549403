"""A policy's state as bytes, and back to the bit. Nothing but numbers, texts and tuples is read."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

_OURS = "rnnbbo.policies."


class NotPlainError(Exception):
    """A state holds what has no form here, as one of a user's own policy may."""


def encode(state: Any) -> list[bytes | memoryview]:
    """Return a state as bytes, in parts, so that arrays need not be copied.

    Args:
        state: numbers, texts, arrays, and tuples, lists, dicts and our named tuples of these.

    Raises:
        NotPlainError: it holds something else.
    """
    arrays: list[np.ndarray] = []
    places: dict[int, int] = {}
    tree = json.dumps(_tree(state, arrays, places), separators=(",", ":")).encode()
    return [len(tree).to_bytes(8, "little"), tree, *map(_content, arrays)]


def _content(array: np.ndarray) -> memoryview:
    lies = array.T if array.flags.f_contiguous and not array.flags.c_contiguous else array
    flat: Any = np.ascontiguousarray(lies).reshape(-1).view(np.uint8)
    return memoryview(flat)


def decode(data: bytes | memoryview) -> Any:
    """Return the state that `encode` made these bytes of.

    Raises:
        NotPlainError: this is no such state, or one of another version.
    """
    try:
        start = 8 + int.from_bytes(data[:8], "little")
        return _Reader(memoryview(data)[start:]).value(json.loads(bytes(data[8:start])))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise NotPlainError(f"no state: {error}") from error


def _tree(value: Any, arrays: list[np.ndarray], places: dict[int, int]) -> Any:
    """Return a value as JSON has it, its arrays apart."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic):
        return {"scalar": [value.dtype.str, value.tobytes().hex()]}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise NotPlainError(f"an array of {value.dtype}")
        if id(value) not in places:
            places[id(value)] = len(arrays)
            arrays.append(value)
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        return {"array": [places[id(value)], value.dtype.str, list(value.shape), order]}
    kind = type(value)
    if kind in (tuple, list):
        return {kind.__name__: [_tree(item, arrays, places) for item in value]}
    if kind is dict:
        pairs = [[key, _tree(item, arrays, places)] for key, item in value.items()]
        return {"dict": pairs}
    if isinstance(value, tuple) and kind.__module__.startswith(_OURS) and hasattr(kind, "_fields"):
        fields = [_tree(item, arrays, places) for item in value]
        return {"named": [f"{kind.__module__}:{kind.__qualname__}", fields]}
    raise NotPlainError(f"a {kind.__qualname__}")


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._arrays: list[np.ndarray] = []
        self._at = 0

    def value(self, tree: Any) -> Any:
        """Return the value of a part of the tree; the parts come in the order of their arrays."""
        if not isinstance(tree, dict):
            return tree
        kind, content = next(iter(tree.items()))
        return getattr(self, f"_{kind}")(content)

    def _scalar(self, content: list[str]) -> Any:
        kind, digits = content
        return np.frombuffer(bytes.fromhex(digits), np.dtype(kind))[0]

    def _tuple(self, content: list[Any]) -> tuple[Any, ...]:
        return tuple(map(self.value, content))

    def _list(self, content: list[Any]) -> list[Any]:
        return list(map(self.value, content))

    def _dict(self, content: list[Any]) -> dict[Any, Any]:
        return {key: self.value(item) for key, item in content}

    def _named(self, content: list[Any]) -> Any:
        name, fields = content
        return _named_tuple(name)(*map(self.value, fields))

    def _array(self, content: list[Any]) -> np.ndarray:
        place, kind, shape, order = content
        if place == len(self._arrays):
            count = int(np.prod(shape, dtype=np.int64))
            flat = np.frombuffer(self._data, np.dtype(kind), count, self._at).copy()
            self._at += flat.nbytes
            self._arrays.append(flat.reshape(shape, order=order))
        return self._arrays[place]


def _named_tuple(name: str) -> Any:
    """Return a class of ours; only what is loaded is looked at, and nothing is imported."""
    module, _, qualified = name.partition(":")
    kind = getattr(sys.modules[module], qualified) if module.startswith(_OURS) else None
    if not (isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")):
        raise ValueError(name)
    return kind
