"""Objects that a user names as `module:attribute` or `./file.py:attribute`."""

import importlib
import importlib.util
import os
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from rnnbbo.errors import RnnbboError


def is_target(text: str) -> bool:
    """Tell whether a text has the form `pkg.mod:name` or `./file.py:name`."""
    return re.fullmatch(r"(.*\.py|\w+(\.\w+)*):\w+(\.\w+)*", text) is not None


def import_object(target: str, error: type[RnnbboError]) -> Any:
    """Return what a target names.

    Modules are also looked for in the working directory, and a file's imports in its folder.

    Args:
        target: `pkg.mod:name` or `./file.py:name`.
        error: the class of what is raised.

    Raises:
        RnnbboError: of that class: there is no such module, file or attribute, or it fails to
            import.
    """
    where, _, name = target.rpartition(":")
    found: Any = import_source(where, error)
    for part in name.split("."):
        if not hasattr(found, part):
            public = [key for key in vars(found) if not key.startswith("_")]
            raise error(f"{where} has no {name!r}; it has {', '.join(public[:20]) or 'nothing'}")
        found = getattr(found, part)
    return found


def import_source(where: str, error: type[RnnbboError]) -> ModuleType:
    """Import the module `pkg.mod` or the file `./file.py`; errors as for `import_object`."""
    try:
        return _file(Path(where), error) if where.endswith(".py") else _module(where, error)
    except error:
        raise
    except (Exception, SystemExit) as failure:
        raise error(f"importing {where} failed: {_in_one_line(failure)}") from failure


def _file(path: Path, error: type[RnnbboError]) -> ModuleType:
    if not path.is_file():
        raise error(f"there is no file {str(path)!r}; check the path before the colon")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses and pickle look their module up
    spec.loader.exec_module(module)
    return module


def _module(name: str, error: type[RnnbboError]) -> ModuleType:
    # The `rnnbbo` script, unlike `python -m`, starts without the working directory on the path.
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is not None and f"{name}.".startswith(f"{missing.name}."):
            raise error(
                f"there is no module {name!r}; expected pkg.mod:name or ./file.py:name "
                "(a file needs its .py)"
            ) from missing
        raise


def _in_one_line(failure: BaseException) -> str:
    """Return the error with the innermost place that it came through, in one line."""
    frames = traceback.extract_tb(failure.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return " ".join(f"{type(failure).__name__}: {failure}".split()) + place
