"""The compiled library: whether it is there, and how its functions are called."""

import ctypes
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError

_SWITCH = "RNNBBO_CORE"
_LEVELS = ("plain", "avx2")  # by the number that `rnnbbo_level` returns
_FILE = Path(__file__).with_name("_compiled.so")  # setup.py names it so on every platform
_OFF: list[bool] = []  # not empty within `without_core`


_Bytes = ctypes.c_char * 0
_DOUBLE = np.dtype(np.float64)
place_of: Callable[[Any], Any] = _Bytes.from_buffer
_dtype_of = attrgetter("dtype")


def address(array: np.ndarray) -> int:
    """Return where an array lies."""
    if array.flags.writeable:  # a fifth of the time of the other way
        return ctypes.addressof(place_of(array))
    found: int = array.ctypes.data
    return found


def places(arrays: Sequence[np.ndarray], dtype: np.dtype[Any] = _DOUBLE) -> list[Any]:
    """Return what hands arrays to a function as addresses, by the letter r, all of one dtype.

    They are kept as long as this is. Some fifty go into a step, and each by itself would take as
    long to hand over as to compute something of it.

    Raises:
        TypeError: one is of another dtype, or not C-contiguous.
    """
    if set(map(_dtype_of, arrays)) != {dtype}:
        raise TypeError(f"arrays of {[str(one.dtype) for one in arrays]}; expected {dtype}")
    try:
        return list(map(place_of, arrays))
    except (TypeError, ValueError, BufferError):  # one is only to be read
        return [_Array.placed(one) for one in arrays]


class _Array:
    """The argument type of an array: C-contiguous and of float64, or None."""

    dtype: np.dtype[Any] = np.dtype(np.float64)

    @classmethod
    def from_param(cls, array: np.ndarray | None) -> Any:
        if array is None:
            return None
        if array.dtype != cls.dtype or not array.flags.c_contiguous:
            raise TypeError(
                f"an array of {array.dtype}; expected a C-contiguous one of {cls.dtype}"
            )
        return cls.placed(array)

    @staticmethod
    def placed(array: np.ndarray) -> Any:
        """Return what hands over a C-contiguous array.

        Raises:
            TypeError: it is none.
        """
        if not array.flags.c_contiguous:
            raise TypeError("an array that is not C-contiguous; expected one that is")
        if array.flags.writeable:
            return place_of(array)
        return ctypes.c_void_p(address(array))


class _SingleArray(_Array):
    """Likewise of float32."""

    dtype: np.dtype[Any] = np.dtype(np.float32)


class _IntArray(_Array):
    """Likewise of int32."""

    dtype: np.dtype[Any] = np.dtype(np.int32)


_TYPES = {
    "i": ctypes.c_int,
    "d": ctypes.c_double,
    "a": _Array,
    "s": _SingleArray,
    "n": _IntArray,
    "r": ctypes.c_void_p,
}


def _enough_memory(returned: int) -> int:
    if returned < 0:
        raise MemoryError
    return returned


class Library:
    """The functions of one level of the compiled library.

    Args:
        path: where it lies.
        level: "plain" or "avx2"; None for the best that this processor has.
    """

    def __init__(self, path: Path, level: str | None = None) -> None:
        self._library = ctypes.CDLL(str(path))
        self.level = level or _LEVELS[self._library.rnnbbo_level()]
        self._library.rnnbbo_sources.restype = ctypes.c_char_p

    @property
    def sources(self) -> str:
        """The digest of what was compiled; "" where it was not compiled by setup.py."""
        digest: bytes = self._library.rnnbbo_sources()
        return digest.decode()

    @cache  # noqa: B019 (there is one library, and it stays)
    def function(self, name: str, arguments: str) -> Callable[..., int]:
        """Return a function of the library.

        Args:
            name: its name.
            arguments: a letter for each: i an int, d a double, a an array of float64, s of float32,
                n of int32; arrays are C-contiguous, or None; r an address.

        Returns:
            The function. It returns what that of C does, and raises MemoryError where that is less
            than 0.
        """
        found = getattr(self._library, f"{self.level}_{name}")
        found.argtypes = [_TYPES[letter] for letter in arguments]
        found.restype = _enough_memory
        return found  # type: ignore[no-any-return]


def library() -> Library | None:
    """Return the compiled library; None where there is none, or it is switched off.

    Raises:
        ConfigError: `RNNBBO_CORE` is none of its values.
    """
    return None if _OFF else _loaded()


def name() -> str:
    """Return what computes: the level of the compiled library, or "numpy"."""
    found = library()
    return "numpy" if found is None else found.level


@contextmanager
def without_core() -> Iterator[None]:
    """Switch the compiled library off for a while, in the whole process."""
    _OFF.append(True)
    try:
        yield
    finally:
        _OFF.pop()


@cache
def _loaded() -> Library | None:
    wanted = os.environ.get(_SWITCH, "1")
    if wanted not in ("0", "1", *_LEVELS):
        raise ConfigError(f"{_SWITCH} = {wanted!r}; expected 0, 1, {' or '.join(_LEVELS)}")
    found = None if wanted == "0" else _open(_FILE)
    if wanted in ("0", "1"):
        return found
    if found is None:
        raise ConfigError(f"{_SWITCH} = {wanted!r}; expected 0 or 1: there is no compiled library")
    if _LEVELS.index(wanted) > _LEVELS.index(found.level):
        raise ConfigError(
            f"{_SWITCH} = {wanted!r}; expected 0, 1 or {found.level}, the best that this processor "
            "has"
        )
    return Library(_FILE, wanted)


def _open(path: Path) -> Library | None:
    """Return the library that lies there; None if it does not serve, and a warning if it ought to.

    An installed package has no sources. In a clone they may have changed, and functions that are
    called with other arguments than they were compiled for would read and write anywhere.
    """
    if not path.exists():
        return None
    try:
        found = Library(path)
        compiled = found.sources
    except (OSError, AttributeError) as error:  # of another platform
        _warn(path, f"cannot be loaded ({error})")
        return None
    folder = path.with_name("src")
    if compiled and folder.is_dir() and compiled != _digest(folder):
        _warn(path, "was built from other sources than those beside it")
        return None
    return found


def _digest(folder: Path) -> str:
    """Return what tells sources apart, as setup.py does."""
    made = sha256()
    for path in sorted(folder.glob("*.[ch]")):
        made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()[:16]


def _warn(path: Path, why: str) -> None:
    warnings.warn(
        f"{path} {why}: numpy computes, several times slower. Install rnnbbo again, or in a clone: "
        "python setup.py build_ext --inplace --force",
        RuntimeWarning,
        stacklevel=2,
    )
