"""Objects of the libraries that problems need, imported when a problem is first evaluated."""

from importlib import import_module
from typing import Any

from rnnbbo.errors import MissingExtraError


def library_object(target: str, extra: str = "bench") -> Any:
    """Return what `module:attribute` names.

    Args:
        target: `module:attribute`.
        extra: the extra that brings the module.

    Raises:
        MissingExtraError: the module cannot be imported.
    """
    module, _, name = target.partition(":")
    try:
        return getattr(import_module(module), name)
    except ImportError as error:
        raise MissingExtraError(
            f"the problem needs {module.partition('.')[0]}, which cannot be imported ({error}): "
            f"pip install -c constraints.txt '.[{extra}]'"
        ) from error
