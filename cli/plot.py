"""Pictures of runs and studies as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnbbo.cli.streams import OutputError
from rnnbbo.errors import ConfigError
from rnnbbo.outputs import check_output, shortened

if TYPE_CHECKING:
    from rnnbbo.result import OptimizeResult

_SUFFIXES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")


def check_plot(file: str, option: str = "--plot") -> None:
    """Make sure, before a run, that its plot can be drawn.

    Args:
        file: of the picture.
        option: what names it.

    Raises:
        MissingExtraError: matplotlib is not installed.
        ConfigError: the file's name or folder does not do.
    """
    from rnnbbo.pictures.gallery import require_matplotlib

    require_matplotlib(option)
    path = Path(file)
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(
            f"{option} = {shortened(file)}; expected a name in one of {', '.join(_SUFFIXES)}"
        )
    check_output(option, file)


def default_kind(result: OptimizeResult) -> str:
    """Return the kind of picture of a result that nobody has chosen one for."""
    return "convergence" if result["front"] is None else "front"


def draw_run(file: str, result: OptimizeResult) -> None:
    """Draw every value and the best so far; of several objectives every value and the front.

    Args:
        file: of the picture.
        result: of the run, with a trial at least.

    Raises:
        OutputError: the file cannot be written any more.
    """
    try:
        draw_picture(file, result, default_kind(result))
    except OSError as error:
        raise OutputError(
            f"--plot = {shortened(file)}, which cannot be written ({error.strerror}); the result "
            "itself has been shown"
        ) from error


def draw_picture(
    file: str,
    result: OptimizeResult,
    kind: str,
    objective: int = 0,
    at: Sequence[Any] | None = None,
) -> None:
    """Draw a picture of `rnnbbo.pictures.gallery` into a file.

    Args:
        file: of the picture.
        result: of the run.
        kind: of the picture.
        objective: of several, which, from 0.
        at: the point that slices go through; by default the best one.

    Raises:
        ConfigError: there is nothing to draw of it.
        OSError: the file cannot be written.
    """
    from rnnbbo.pictures.gallery import draw_kind, plain_figure

    axes = draw_kind(result.run_data(), kind, plain_figure, objective=objective, at=at)
    np.ravel(axes)[0].figure.savefig(file, dpi=150)
