"""Values that a caller may pass by mistake, and calls of the Python API to pass them to.

A call is described by names alone, so that it can be kept as JSON: the function's, and for each
argument that of a value, or a list of such names, which is a list of those values.
"""

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import rnnbbo
from rnnbbo import Categorical, Integer, Optimizer, Real, Space, Study, minimize, minimize_many

Described = dict[str, Any]
"""{"call": name of a function, "arguments": {parameter: name of a value, or a list of names}}."""


class EnoughError(BaseException):
    """The objective was called often enough: whoever called it takes what it was given."""


def _raising(*names: str) -> Any:
    """Return an object some of whose methods raise."""

    def refuse(*_: Any) -> Any:
        raise RuntimeError("no")

    return type("Hostile", (), dict.fromkeys((f"__{name}__" for name in names), refuse))()


def _deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


def _looped() -> list[Any]:
    looped: list[Any] = [1.0]
    looped.append(looped)
    return looped


def _failing_list() -> Any:
    def refuse(*_: Any) -> Any:
        raise RuntimeError("no")

    return type("FailingList", (list,), {"__iter__": refuse, "__len__": refuse})([1.0, 2.0])


class _Liar(float):
    """A number that does not let itself be converted."""

    def __float__(self) -> float:
        raise RuntimeError("no")


VALUES: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "zero": lambda: 0,
    "one": lambda: 1,
    "two": lambda: 2,
    "minus": lambda: -3,
    "half": lambda: 0.5,
    "ten": lambda: 10.0,
    "tiny": lambda: 5e-324,
    "large": lambda: 1.7e308,
    "huge": lambda: 10**400,
    "digits": lambda: 10**5000,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "text": lambda: "text",
    "number text": lambda: "1",
    "empty text": lambda: "",
    "surrogate": lambda: "\udcff",
    "escapes": lambda: "\x1b[31m\x9b\n\x00",
    "log-uniform": lambda: "log-uniform",
    "uniform": lambda: "uniform",
    "bytes": lambda: b"1",
    "empty list": list,
    "empty tuple": tuple,
    "dict": lambda: {"value": 1.0, "info": {"a": object()}},
    "empty dict": dict,
    "table": lambda: {"x0": [0.5, 0.25], "x1": [3, 4], "value": [1.0, None]},
    "set": lambda: {1, 2},
    "range": lambda: range(3),
    "deep": lambda: _deep(3000),
    "looped": _looped,
    "long": lambda: list(range(3000)),
    "generator": lambda: (v for v in [0.0, 1.0]),
    "failing generator": lambda: (1 / 0 for _ in range(1)),
    "failing list": _failing_list,
    "object": object,
    "class": lambda: int,
    "function": lambda: lambda *_: 1.0,
    "module": lambda: rnnbbo,
    "exception": lambda: ValueError("\udcff"),
    "repr raises": lambda: _raising("repr", "str"),
    "eq raises": lambda: _raising("eq", "repr"),
    "hash raises": lambda: _raising("hash"),
    "bool raises": lambda: _raising("bool", "len"),
    "iter raises": lambda: _raising("iter"),
    "getattr raises": lambda: _raising("getattr", "repr"),
    "float raises": lambda: _Liar(0.5),
    "complex": lambda: 1j,
    "decimal": lambda: Decimal("0.5"),
    "decimal nan": lambda: Decimal("sNaN"),
    "decimal huge": lambda: Decimal("1e400"),
    "fraction": lambda: Fraction(1, 3),
    "np.int64": lambda: np.int64(3),
    "np.float32": lambda: np.float32(0.5),
    "np.str_": lambda: np.str_("a"),
    "np.bool_": lambda: np.bool_(True),
    "np.longdouble": lambda: np.longdouble("1e4000"),
    "NaT": lambda: np.datetime64("NaT"),
    "date": lambda: np.datetime64("2020-01-01", "ns"),
    "masked": lambda: np.ma.masked,
    "masked array": lambda: np.ma.array([1.0, 2.0], mask=[True, False]),
    "0-d": lambda: np.array(0.25),
    "1-d": lambda: np.array([0.25]),
    "2-d": lambda: np.array([[0.0, 1.0], [2.0, 3.0]]),
    "empty array": lambda: np.empty((0, 2)),
    "objects": lambda: np.array([None, object()], dtype=object),
    "records": lambda: np.zeros(2, dtype=[("a", float)]),
    "Real": lambda: Real(0.0, 1.0),
    "Integer": lambda: Integer(1, 9, name="n"),
    "Categorical": lambda: Categorical([[1], [2, 3]]),
    "Space": lambda: Space([(0.0, 1.0), (1, 9)]),
    # What is right for at least one argument.
    "bounds": lambda: [(0.0, 1.0), (1, 9)],
    "real bounds": lambda: [(0.0, 1.0), (1.0, 9.0, "log-uniform")],
    "point": lambda: [0.5, 3],
    "points": lambda: [[0.5, 3], [0.25, 4]],
    "values": lambda: [1.0, 2.0],
    "policy": lambda: "lstm-direct",
    "batched policy": lambda: "dnc-direct",
    "missing file": lambda: "no-such-file.safetensors",
    "folder": tempfile.gettempdir,
}


class _Objective:
    """Return what it likes a few times."""

    def __init__(self) -> None:
        self._left = 6

    def __call__(self, x: list[Any]) -> Any:
        self._left -= 1
        if self._left < 0:
            raise EnoughError
        return self._left


class _ObjectiveOfMany(_Objective):
    def __call__(self, x: Any) -> Any:
        super().__call__([])
        return x.sum(1)


VALUES |= {"objective": _Objective, "objective of many": _ObjectiveOfMany}


def _optimizer() -> Optimizer:
    return Optimizer([(0.0, 1.0), (1, 9)], policy="lstm-direct", rng=0)


def _tell(**arguments: Any) -> None:
    optimizer = _optimizer()
    optimizer.tell([0.5, 3], 1.0)
    optimizer.tell(**arguments)
    optimizer.ask()
    repr(optimizer.result())


def _search(**arguments: Any) -> None:
    repr(minimize(**arguments))


def _search_many(f: Any, **arguments: Any) -> None:
    """Search, and keep what f itself raises, which is passed on, apart from what rnnbbo raises."""

    def own(x: Any) -> Any:
        try:
            return f(x)
        except Exception as error:
            raise EnoughError from error

    repr(minimize_many(own if callable(f) else f, **arguments))


def _returned(value: Any) -> None:
    """Let an objective return a value, raise it, and tell it as info."""

    def objective(x: list[Any]) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    for answer in (objective, lambda x: {"value": 1.0, "info": value}):
        repr(minimize(answer, [(0.0, 1.0)], 1, policy="lstm-direct", rng=0))


def _space(dimensions: Any) -> None:
    """Make a space, and see that its own points lie in it."""
    space = Space(dimensions)
    rng = np.random.default_rng(0)
    for u in (*np.eye(1, space.cube_dim), *rng.random((3, space.cube_dim))):
        point = space.from_cube(u)
        space.to_cube(point)
        space.decode(space.encode(point))
    repr(space)


def _new_study(**arguments: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Study(**arguments).close()


def _study(call: Callable[[Study], Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.db"
        with Study(path, [(0.0, 1.0), (1, 9)], policy="lstm-direct", rng=0) as study:
            study.ask()
            call(study)
        with Study(path, resume=True) as study:
            study.trials()


@dataclass(frozen=True)
class Call:
    """A function of the API.

    Attributes:
        function: it.
        right: for each parameter, the name of a value that it takes; None to leave it out.
        refused: parameters that no very large number is tried for, since it would be taken.
    """

    function: Callable[..., Any]
    right: dict[str, str | None]
    refused: tuple[str, ...] = field(default=())


CALLS: dict[str, Call] = {
    "Real": Call(Real, {"low": "half", "high": "ten", "prior": "uniform", "name": "text"}),
    "Integer": Call(Integer, {"low": "one", "high": "ten", "prior": "uniform", "name": "text"}),
    "Categorical": Call(Categorical, {"categories": "values", "name": "text"}),
    "Space": Call(_space, {"dimensions": "bounds"}),
    "Space.check": Call(
        Space([(0.0, 1.0), Categorical([[1], [2, 3], float("nan")])]).check, {"point": "point"}
    ),
    "Optimizer": Call(
        Optimizer,
        {
            "dimensions": "bounds",
            "policy": "policy",
            "n_calls": None,
            "call_seconds": None,
            "rng": "one",
            "maximize": None,
        },
    ),
    "Optimizer.ask": Call(lambda n_points: _optimizer().ask(n_points), {"n_points": "two"}),
    "Optimizer.add_pending": Call(lambda x: _optimizer().add_pending(x), {"x": "point"}),
    "Optimizer.tell": Call(_tell, {"x": "point", "y": "half"}),
    "minimize": Call(
        _search,
        {
            "func": "objective",
            "dimensions": "bounds",
            "n_calls": "two",
            "policy": "policy",
            "x0": None,
            "y0": None,
            "rng": "one",
            "max_failures": None,
            "timeout": None,
            "eval_timeout": None,
            "call_seconds": None,
            "resume": None,
            "maximize": None,
            "target": None,
            "patience": None,
            "until": None,
            "repeat": None,
        },
    ),
    "an objective's value": Call(_returned, {"value": "half"}),
    "Study": Call(
        _new_study,
        {
            "path": "text",
            "dimensions": "bounds",
            "policy": "policy",
            "rng": "one",
            "resume": None,
            "maximize": None,
        },
    ),
    "Study.tell": Call(
        lambda **arguments: _study(lambda study: study.tell(**arguments)),
        {"trial": "zero", "y": "half", "error": None, "info": None},
    ),
    "Study.add": Call(
        lambda **arguments: _study(lambda study: study.add(**arguments)),
        {"x": "point", "y": "half"},
    ),
    "Study.ask_new": Call(
        lambda n_points: _study(lambda study: study.ask_new(n_points)), {"n_points": "two"}
    ),
    "Study.take_table": Call(
        lambda table: _study(lambda study: study.take_table(table)), {"table": "table"}
    ),
    "a table's cells": Call(
        lambda **cells: _study(lambda study: study.take_table([cells])),
        {"x0": "half", "x1": "one", "value": "half", "trial": None},
    ),
    "a table's columns": Call(
        lambda **columns: _study(lambda study: study.take_table(columns)),
        {"x0": "half", "x1": "one", "value": "half"},
    ),
    "minimize_many": Call(
        _search_many,
        {
            "f": "objective of many",
            "bounds": "real bounds",
            "n_problems": "two",
            "n_calls": "two",
            "policy": "batched policy",
            "rng": "one",
            "threads": "one",
            "chunk": None,
        },
        refused=("threads",),
    ),
}

LARGE = ("huge", "digits", "long")


def made(described: Any) -> Any:
    """Return the value of a name, or a list or tuple of those of several."""
    if isinstance(described, list):
        kind, *names = described
        return {"list": list, "tuple": tuple}[kind](map(made, names))
    return VALUES[described]()


def perform(described: Described) -> None:
    """Make a call.

    Raises:
        Exception: whatever the call raises.
    """
    arguments = {name: made(value) for name, value in described["arguments"].items()}
    with contextlib.suppress(EnoughError):
        CALLS[described["call"]].function(**arguments)
