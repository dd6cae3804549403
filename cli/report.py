"""What `rnnbbo minimize` shows: progress on stderr, the result on stdout, a plot."""

from __future__ import annotations

import json
import math
import shlex
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnbbo.cli.runner import Trial
from rnnbbo.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from rnnbbo.cli.program import Program

SCHEMA_VERSION = 1
_PLOT_SUFFIXES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
_PLAIN_EVERY_S = 10.0


class Progress:
    """Shows trials as they finish: a bar on a terminal, a line now and then elsewhere.

    Args:
        total: Number of evaluations of the run.
        names: Names of the parameters.

    Attributes:
        trials: Every trial shown so far.
        best: The first of those with the smallest value, or None.
    """

    def __init__(self, total: int, names: Sequence[str]) -> None:
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self._total = total
        self._names = names
        self._last_error: str | None = None
        self._last_line = time.monotonic()
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="trial", file=sys.stderr, dynamic_ncols=True)

    def add(self, trial: Trial) -> None:
        """Takes the next finished trial."""
        self.trials.append(trial)
        outcome = trial.outcome
        if outcome.error is not None:
            # Often all trials fail alike; then one line says it.
            if outcome.error != self._last_error:
                self._line(f"trial {trial.number} failed: {outcome.error}")
            self._last_error = outcome.error
        elif self.best is None or outcome.value < self.best.outcome.value:
            self.best = trial
            point = " ".join(
                f"{name}={_short(value)}"
                for name, value in zip(self._names, trial.point, strict=True)
            )
            self._line(f"trial {trial.number}: {outcome.value:.6g}  {point}")
        if self._bar is not None:
            if self.best is not None:
                self._bar.set_postfix_str(f"best {self.best.outcome.value:.6g}", refresh=False)
            self._bar.update()
        elif time.monotonic() - self._last_line > _PLAIN_EVERY_S:
            best = "none yet" if self.best is None else f"{self.best.outcome.value:.6g}"
            self._line(f"{len(self.trials)} of {self._total} trials, best {best}")

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()

    def _line(self, text: str) -> None:
        self._last_line = time.monotonic()
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            click.echo(text, err=True)


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if text.isprintable() and " " not in text else repr(text)


def n_failed(trials: Sequence[Trial]) -> int:
    """How many of the trials failed."""
    return sum(trial.outcome.error is not None for trial in trials)


def describe(
    status: str,
    trials: Sequence[Trial],
    best: Trial | None,
    names: Sequence[str],
    program: Program | None,
) -> str:
    """The end of a run in words, with the best point ready to paste.

    Args:
        status: How the run ended.
        trials: Every finished trial.
        best: The best one, or None.
        names: Names of the parameters.
        program: The program tuned; None for a Python function.
    """
    failed = n_failed(trials)
    count = f"{len(trials)} trials" + (f", {failed} failed" if failed else "")
    ended = {
        "ok": "",
        "timeout": "stopped by --timeout; ",
        "interrupted": "interrupted; ",
        "too_many_failures": "stopped by --max-failures; ",
    }[status]
    if best is None:
        return f"no trial succeeded ({ended}{count})"
    lines = [f"best value {best.outcome.value!r}, at trial {best.number} ({ended}{count})"]
    point = dict(zip(names, best.point, strict=True))
    if program is None:
        lines += [f"  {name} = {value!r}" for name, value in point.items()]
        lines.append(f"x = {best.point!r}")
    else:
        width = max(map(len, names))
        lines += [f"  {name:<{width}} = {_short(value)}" for name, value in point.items()]
        lines.append(shlex.join(program.arguments(point)))
    return "\n".join(lines)


def as_json(
    status: str,
    trials: Sequence[Trial],
    best: Trial | None,
    names: Sequence[str],
    program: Program | None,
    **run: Any,
) -> str:
    """The run as one JSON object, schema version 1.

    Args:
        status: How the run ended; a run without a success is "no_success".
        trials: Every finished trial, in the order told.
        best: The best one, or None.
        names: Names of the parameters.
        program: The program tuned; None for a Python function.
        **run: More keys about the run.
    """
    if best is None and status == "ok":
        status = "no_success"
    point = None if best is None else dict(zip(names, best.point, strict=True))
    command = None if program is None or point is None else program.arguments(point)
    document = {
        "schema_version": SCHEMA_VERSION,
        "status": status,
        "x": point,
        "fun": None if best is None else best.outcome.value,
        "best_trial": None if best is None else best.number,
        "command": command,
        "n_trials": len(trials),
        "n_failed": n_failed(trials),
        **run,
        "trials": [_trial_json(trial, names) for trial in trials],
    }
    return json.dumps(_finite(document), allow_nan=False)


def _trial_json(trial: Trial, names: Sequence[str]) -> dict[str, Any]:
    outcome = trial.outcome
    failed = outcome.error is not None
    document = {
        "trial": trial.number,
        "x": dict(zip(names, trial.point, strict=True)),
        "status": "fail" if failed else "ok",
        "value": None if failed else outcome.value,
        "seconds": round(trial.seconds, 6),
        "info": outcome.info,
    }
    if failed:
        document |= {"error": outcome.error, "stderr": outcome.stderr[-2000:]}
    return document


def _finite(value: Any) -> Any:
    """The same, with null for the numbers that JSON lacks; a program's `info` may hold some."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_plot(file: str) -> None:
    """Makes sure, before a run, that its plot can be drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
        ConfigError: The file's name or folder does not do.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("--plot needs matplotlib: pip install matplotlib")
    path = Path(file)
    if path.suffix.lower() not in _PLOT_SUFFIXES:
        raise ConfigError(f"--plot {file}: expected a name in one of {', '.join(_PLOT_SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"--plot {file}: there is no folder {str(path.parent)!r}")


def plot(file: str, trials: Sequence[Trial]) -> None:
    """Draws every value and the best so far over the number of evaluations."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    values = [trial.outcome.value for trial in trials]  # NaN, which is not drawn, where it failed
    best, running = math.inf, []
    for value in values:
        best = min(best, value) if math.isfinite(value) else best
        running.append(best if math.isfinite(best) else math.nan)
    counts = range(1, len(values) + 1)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(counts, values, "o", color="0.6", markersize=4, label="trial")
    axes.step(counts, running, where="post", color="C0", label="best so far")
    failed = [i for i, trial in enumerate(trials, 1) if trial.outcome.error is not None]
    if failed:
        bottom = axes.get_xaxis_transform()
        axes.plot(failed, [0.02] * len(failed), "x", color="C3", transform=bottom, label="failed")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("evaluations")
    axes.set_ylabel("value")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=150)
