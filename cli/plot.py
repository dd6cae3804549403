"""`--plot`: the values and the best so far as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rnnbbo.cli.front_summary import n_objectives
from rnnbbo.cli.streams import OutputError
from rnnbbo.direction import Maximize, flags_of, in_words, worst_value
from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.outputs import check_output, shortened
from rnnbbo.trial import Trial, front_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def draw_run(file: str, trials: Sequence[Trial], *, maximize: Maximize = False) -> None:
    """Draw every value and the best so far; of several objectives every value and the front.

    Args:
        file: of the picture.
        trials: in the order told.
        maximize: which values are better.

    Raises:
        OutputError: the file cannot be written any more.
    """
    from matplotlib.figure import Figure

    count = n_objectives(trials)
    if count > 1:
        figure = Figure(figsize=(4.8 * (count - 1), 4.0), layout="constrained")
        _draw_fronts(figure, trials, flags_of(maximize, count))
    else:
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        _draw_convergence(figure, trials, maximize=bool(maximize))
    try:
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise OutputError(
            f"--plot = {shortened(file)}, which cannot be written ({error.strerror}); the result "
            "itself has been shown"
        ) from error


def _draw_fronts(figure: Figure, trials: Sequence[Trial], flags: tuple[bool, ...]) -> None:
    """Draw each objective after the first over the first one."""
    told = [trial for trial in trials if isinstance(trial.value, list)]
    kinds = [
        ([trial for trial in told if trial.feasible], "o", "0.6", "trial"),
        ([trial for trial in told if not trial.feasible], "x", "C1", "not feasible"),
        (front_of(told, maximize=flags), "o", "C0", "front"),
    ]
    names = [f"value_{i} ({word})" for i, word in enumerate(in_words(flags), 1)]
    panels = figure.subplots(1, len(flags) - 1, squeeze=False)[0]
    for column, axes in enumerate(panels, 1):
        for shown, marker, color, label in kinds:
            if shown:
                pairs = [(trial.value[0], trial.value[column]) for trial in shown]  # type: ignore[index]
                axes.plot(*zip(*pairs, strict=True), marker, color=color, markersize=4, label=label)
        axes.set_xlabel(names[0])
        axes.set_ylabel(names[column])
        axes.grid(alpha=0.3)
        axes.legend()


def _draw_convergence(figure: Figure, trials: Sequence[Trial], *, maximize: bool) -> None:
    """Draw every value and the best so far over the number of evaluations."""
    from matplotlib.ticker import MaxNLocator

    # NaN is not drawn.
    values = [math.nan if isinstance(t.value, list | None) else t.value for t in trials]
    feasible = [
        value if trial.feasible else math.nan for trial, value in zip(trials, values, strict=True)
    ]
    running = running_best(feasible, maximize=maximize)
    counts = range(1, len(values) + 1)
    axes = figure.add_subplot()
    axes.plot(counts, values, "o", color="0.6", markersize=4, label="trial")
    outside = [
        i for i, trial in enumerate(trials) if trial.value is not None and not trial.feasible
    ]
    if outside:
        at = [counts[i] for i in outside]
        shown = [values[i] for i in outside]
        axes.plot(at, shown, "x", color="C1", markersize=5, label="not feasible")
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
