"""Computing apart from what numpy and its BLAS are set to in this process.

A policy's arithmetic underflows, and divides by zero, where that is meant; whoever turns such
things into errors or warnings means his own. And its products are so small that a second thread of
a BLAS costs more than it helps: threads that spin on a busy machine take several times the
processor time of the work.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

_P = ParamSpec("_P")
_T = TypeVar("_T")

_NAMES = tuple(
    prefix + "openblas_{}_num_threads" + suffix
    for suffix in ("64_", "")
    for prefix in ("scipy_", "")
)


@dataclass(frozen=True)
class BlasThreads:
    """The number of threads of one BLAS.

    Attributes:
        get: returns it.
        set: changes it, for the whole process.
    """

    get: Callable[[], int]
    set: Callable[[int], object]


def find_blas() -> tuple[BlasThreads, ...]:
    """Find the BLAS that numpy computes with.

    OpenBLAS, numpy's own in its wheels, is asked directly, through the module of numpy that is
    linked with it; any other BLAS by threadpoolctl, where that is installed. None may be found.
    """
    found = _openblas()
    return (found,) if found else _by_threadpoolctl()


def _openblas() -> BlasThreads | None:
    try:
        from numpy.linalg import _umath_linalg

        library = ctypes.CDLL(_umath_linalg.__file__)  # symbols of what it is linked with, too
    except (ImportError, OSError, AttributeError):
        return None
    for name in _NAMES:
        try:
            getter, setter = (getattr(library, name.format(verb)) for verb in ("get", "set"))
        except AttributeError:
            continue
        getter.argtypes, getter.restype = [], ctypes.c_int
        setter.argtypes, setter.restype = [ctypes.c_int], None
        return BlasThreads(getter, setter)
    return None


def _by_threadpoolctl() -> tuple[BlasThreads, ...]:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return ()
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return tuple(BlasThreads(one.get_num_threads, one.set_num_threads) for one in found)


class OneThread:
    """Holds a BLAS to one thread while anyone is inside.

    The number is the process's, not a thread's: the first who enters sets it, and the last who
    leaves restores it, unless somebody else has changed it meanwhile.

    Args:
        find: returns what to hold, asked at the first use.
    """

    def __init__(self, find: Callable[[], tuple[BlasThreads, ...]]) -> None:
        self._find = cache(find)
        self._lock = threading.Lock()
        self._inside = 0
        self._before: list[int] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Return a context within which there is one thread."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def enter(self) -> None:
        """Be inside from now on."""
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._enter()

    def leave(self) -> None:
        """Be inside no longer."""
        with self._lock:
            self._inside = max(self._inside - 1, 0)  # 0 where it was forked inside
            if self._inside == 0:
                self._leave()

    def forked(self) -> None:
        """Begin anew in a child of the process: who was inside is not there."""
        self._lock = threading.Lock()
        self._inside = 0
        self._leave()

    def _enter(self) -> None:
        self._before = [blas.get() for blas in self._find()]
        for blas, before in zip(self._find(), self._before, strict=True):
            if before != 1:
                blas.set(1)

    def _leave(self) -> None:
        for blas, before in zip(self._find(), self._before, strict=False):
            if before != 1 and blas.get() == 1:
                blas.set(before)
        self._before = []


_ONE_THREAD = OneThread(find_blas)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ONE_THREAD.forked)


class isolated:
    """A context, or a decorator: one BLAS thread, and no floating-point error is raised.

    Contexts within it, and in other threads at the same time, are no harm. What a caller has set is
    as it was afterwards.
    """

    def __enter__(self) -> None:
        self._errors = np.errstate(all="ignore")
        self._errors.__enter__()
        try:
            _ONE_THREAD.enter()
        except BaseException:
            self._errors.__exit__(None, None, None)
            raise

    def __exit__(self, *raised: Any) -> None:
        try:
            _ONE_THREAD.leave()
        finally:
            self._errors.__exit__(*raised)

    def __call__(self, func: Callable[_P, _T]) -> Callable[_P, _T]:
        """Return the function in such a context of its own at every call."""

        @wraps(func)
        def inside(*args: _P.args, **named: _P.kwargs) -> _T:
            with isolated():
                return func(*args, **named)

        return inside
