"""Files and folders that are written at the end: whether they can be, before anything is spent."""

from __future__ import annotations

import contextlib
import os
import stat

from rnnbbo.errors import ConfigError


def check_output(option: str, file: str | os.PathLike[str], beside: str = "") -> None:
    """Make sure, before anything is spent, that a file can be written; it is left as it is.

    Args:
        option: name of the option or argument that names it.
        file: its path.
        beside: what a name gets more for a file that is written first, and then takes its place.

    Raises:
        ConfigError: it cannot.
    """
    path = os.fspath(file)
    for name in dict.fromkeys((path, path + beside)):
        try:
            _try_to_write(name)
        except (OSError, ValueError) as error:  # ValueError: it holds a zero byte
            raise ConfigError(
                f"{option} = {shortened(path)}, which cannot be written "
                f"({getattr(error, 'strerror', None) or error}); expected a file in a folder "
                "that is there and can be written"
            ) from None


def check_output_folder(option: str, folder: str | os.PathLike[str], file: str = "") -> None:
    """Make sure, before anything is spent, that a folder can be made and written.

    Args:
        option: name of the option or argument that names it.
        folder: its path.
        file: name of a file in it that will be written.

    Raises:
        ConfigError: it cannot.
    """
    path = os.path.abspath(os.fspath(folder))
    try:
        missing = []
        while not os.path.lexists(path) and os.path.dirname(path) != path:
            path, name = os.path.split(path)
            missing.append(name)
        os.stat(path)
        made = []
        try:
            for name in reversed(missing):
                path = os.path.join(path, name)
                os.mkdir(path)
                made.append(path)
            _try_to_write(os.path.join(path, file or f".rnnbbo-{os.getpid()}"))
        finally:
            for name in reversed(made):
                with contextlib.suppress(OSError):  # somebody else uses it already
                    os.rmdir(name)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{option} = {shortened(os.fspath(folder))}, where nothing can be written "
            f"({getattr(error, 'strerror', None) or error}); expected a folder that is there and "
            "can be written, or can be made"
        ) from None


def _try_to_write(path: str) -> None:
    """Open a file for writing, and leave no trace of it.

    Raises:
        OSError: that is not possible.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if os.path.islink(path):  # that leads nowhere yet
            path = os.path.realpath(path)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.unlink(path)
        return
    if stat.S_ISFIFO(mode):  # to open it waits for a reader
        return
    os.close(os.open(path, os.O_WRONLY))


def shortened(text: str) -> str:
    """Return a text as it is quoted in a message."""
    return repr(text if len(text) <= 80 else text[:77] + "...")
