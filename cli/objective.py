"""Finding a Python objective, and deciding how it is called."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from rnnbbo.errors import ObjectiveError

FORMS = "pkg.mod:func or ./file.py:func; to run a program, put it after --"


def load(target: str) -> Callable[..., Any]:
    """The function that `pkg.mod:func` or `./file.py:func` names.

    Modules are also looked for in the working directory, and a file's imports in its folder.

    Raises:
        ObjectiveError: There is no such module, file or function, or it fails to import.
    """
    where, colon, name = target.rpartition(":")
    if not colon or not where or not name:
        raise ObjectiveError(f"objective = {target!r}; expected {FORMS}")
    try:
        module = _import_file(Path(where)) if where.endswith(".py") else _import_module(where)
    except ObjectiveError:
        raise
    except (Exception, SystemExit) as error:
        raise ObjectiveError(f"importing {where} failed: {_describe(error)}") from error
    func: Any = module
    for part in name.split("."):
        func = getattr(func, part, None)
    if not callable(func):
        public = [
            key
            for key, value in vars(module).items()
            if callable(value) and not key.startswith("_") and not inspect.isclass(value)
        ]
        raise ObjectiveError(
            f"{where} has no function {name!r}; it has {', '.join(public[:20]) or 'none'}"
        )
    return func


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ObjectiveError(f"there is no file {str(path)!r}; check the path before the colon")
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses and pickle look their module up
    spec.loader.exec_module(module)
    return module


def _import_module(name: str) -> ModuleType:
    # The `rnnbbo` script, unlike `python -m`, starts without the working directory on the path.
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise ObjectiveError(
                f"there is no module {name!r}; expected {FORMS} (a file needs its .py)"
            ) from error
        raise


def _describe(error: BaseException) -> str:
    """The error with the innermost place that it came through, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return " ".join(f"{type(error).__name__}: {error}".split()) + place


def by_names(func: Callable[..., Any], names: Sequence[str], call_with: str) -> bool:
    """Whether the function is called with a keyword a parameter, or else with one list.

    Args:
        func: The objective.
        names: Names of the parameters.
        call_with: "names" or "list" to choose; "auto" for names where the function accepts
            every one of them, and the list otherwise.

    Raises:
        ObjectiveError: The function cannot be called in the way chosen, or in neither.
    """
    try:
        signature = inspect.signature(func)
    except (TypeError, ValueError):  # some built-in functions have none
        return call_with == "names"
    fits = {
        "names": _binds(signature, **dict.fromkeys(names)),
        "list": _binds(signature, [None]),
    }
    ways = {"names": ", ".join(f"{name}=..." for name in names), "list": "one list"}
    called = f"{getattr(func, '__name__', 'the objective')}{signature}"
    if call_with == "auto":
        if not any(fits.values()):
            raise ObjectiveError(f"{called} takes neither {ways['names']} nor {ways['list']}")
        return fits["names"]
    if not fits[call_with]:
        raise ObjectiveError(f"--call-with {call_with}: {called} does not take {ways[call_with]}")
    return call_with == "names"


def _binds(signature: inspect.Signature, *args: Any, **kwargs: Any) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def as_list_objective(
    func: Callable[..., Any], names: Sequence[str] | None
) -> Callable[[list[Any]], Any]:
    """The objective as a function of one list.

    Args:
        func: The objective as it was loaded.
        names: Names to call it with; None to call it with the list.

    Returns:
        The function. Where `func` leaves by `sys.exit`, it raises RuntimeError instead, so that
        only this trial fails.
    """

    def objective(x: list[Any]) -> Any:
        try:
            return func(x) if names is None else func(**dict(zip(names, x, strict=True)))
        except SystemExit as stop:
            raise RuntimeError(f"the objective called sys.exit({stop.code!r})") from stop

    return objective
