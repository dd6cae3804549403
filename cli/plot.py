"""`--plot`: the values and the best so far as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rnnbbo.cli.streams import OutputError
from rnnbbo.direction import worst_value
from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.outputs import check_output, shortened
from rnnbbo.trial import Trial

_SUFFIXES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")


def check_plot(file: str) -> None:
    """Make sure, before a run, that its plot can be drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
        ConfigError: the file's name or folder does not do.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("--plot needs matplotlib: pip install matplotlib")
    path = Path(file)
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(
            f"--plot = {shortened(file)}; expected a name in one of {', '.join(_SUFFIXES)}"
        )
    check_output("--plot", file)


def running_best(values: Sequence[float], *, maximize: bool) -> list[float]:
    """Return the best of the values up to each, NaN before the first that is finite."""
    best, running = worst_value(maximize), []
    better = max if maximize else min
    for value in values:
        best = better(best, value) if math.isfinite(value) else best
        running.append(best if math.isfinite(best) else math.nan)
    return running


def draw_convergence(file: str, trials: Sequence[Trial], *, maximize: bool = False) -> None:
    """Draw every value and the best so far over the number of evaluations.

    Args:
        file: of the picture.
        trials: in the order told.
        maximize: whether larger values are better.

    Raises:
        OutputError: the file cannot be written any more.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # NaN is not drawn.
    values = [math.nan if trial.value is None else trial.value for trial in trials]
    running = running_best(values, maximize=maximize)
    counts = range(1, len(values) + 1)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(counts, values, "o", color="0.6", markersize=4, label="trial")
    axes.step(counts, running, where="post", color="C0", label="best so far")
    failed = [i for i, trial in enumerate(trials, 1) if trial.failed]
    if failed:
        bottom = axes.get_xaxis_transform()
        axes.plot(failed, [0.02] * len(failed), "x", color="C3", transform=bottom, label="failed")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("evaluations")
    axes.set_ylabel("value")
    axes.grid(alpha=0.3)
    axes.legend()
    try:
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise OutputError(
            f"--plot = {shortened(file)}, which cannot be written ({error.strerror}); the result "
            "itself has been shown"
        ) from error
