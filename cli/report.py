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

from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.trial import Trial

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
        earlier: Trials that a study has already; they are counted and not shown.

    Attributes:
        trials: Every trial shown so far.
        best: The first of those with the smallest value, or None.
    """

    def __init__(self, total: int, names: Sequence[str], earlier: Sequence[Trial] = ()) -> None:
        self.trials = list(earlier)
        self.best = best_of(self.trials)
        self._total = total
        self._names = names
        self._last_error: str | None = None
        self._last_line = time.monotonic()
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total,
                initial=len(self.trials),
                unit="trial",
                file=sys.stderr,
                dynamic_ncols=True,
            )

    def add(self, trial: Trial) -> None:
        """Takes the next finished trial."""
        self.trials.append(trial)
        if trial.value is None:
            # Often all trials fail alike; then one line says it.
            if trial.error != self._last_error:
                self._line(f"trial {trial.number} failed: {trial.error}")
            self._last_error = trial.error
        elif best_of([self.best, trial]) is trial:
            self.best = trial
            point = " ".join(
                f"{name}={_short(value)}" for name, value in zip(self._names, trial.x, strict=True)
            )
            self._line(f"trial {trial.number}: {trial.value:.6g}  {point}")
        if self._bar is not None:
            self._bar.set_postfix_str(self._best_so_far(), refresh=False)
            self._bar.update()
        elif time.monotonic() - self._last_line > _PLAIN_EVERY_S:
            self._line(f"{len(self.trials)} of {self._total} trials, {self._best_so_far()}")

    def _best_so_far(self) -> str:
        return "no success yet" if self.best is None else f"best {self.best.value:.6g}"

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


def best_of(trials: Sequence[Trial | None]) -> Trial | None:
    """The first of the trials with the smallest value, or None where none succeeded."""
    best: Trial | None = None
    for trial in trials:
        if trial is None or trial.value is None:
            continue
        if best is None or best.value is None or trial.value < best.value:
            best = trial
    return best


def n_failed(trials: Sequence[Trial]) -> int:
    """How many of the trials failed."""
    return sum(trial.failed for trial in trials)


def describe(
    status: str,
    trials: Sequence[Trial],
    best: Trial | None,
    recommended: list[Any] | None,
    names: Sequence[str],
    program: Program | None,
) -> str:
    """The end of a run in words, with the best point ready to paste.

    Args:
        status: How the run ended.
        trials: Every finished trial.
        best: The best one, or None.
        recommended: The point that the policy recommends; shown where it is another.
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
    lines = [f"best value {best.value!r}, at trial {best.number} ({ended}{count})"]
    point = dict(zip(names, best.x, strict=True))
    if program is None:
        lines += [f"  {name} = {value!r}" for name, value in point.items()]
        lines.append(f"x = {best.x!r}")
    else:
        width = max(map(len, names))
        lines += [f"  {name:<{width}} = {_short(value)}" for name, value in point.items()]
        lines.append(shlex.join(program.arguments(point)))
    if recommended is not None and recommended != best.x:
        lines.append("the values seem noisy, and this point, told too, is probably better:")
        other = dict(zip(names, recommended, strict=True))
        lines.append(
            f"x = {recommended!r}" if program is None else shlex.join(program.arguments(other))
        )
    return "\n".join(lines)


def as_json(
    status: str,
    trials: Sequence[Trial],
    best: Trial | None,
    recommended: list[Any] | None,
    names: Sequence[str],
    program: Program | None,
    **run: Any,
) -> str:
    """The run as one JSON object, schema version 1.

    Args:
        status: How the run ended; a run without a success is "no_success".
        trials: Every finished trial, in the order told.
        best: The best one, or None.
        recommended: The point that the policy recommends, or None.
        names: Names of the parameters.
        program: The program tuned; None for a Python function.
        **run: More keys about the run.
    """
    if best is None and status == "ok":
        status = "no_success"
    point = None if best is None else dict(zip(names, best.x, strict=True))
    command = None if program is None or point is None else program.arguments(point)
    document = {
        "schema_version": SCHEMA_VERSION,
        "status": status,
        "x": point,
        "fun": None if best is None else best.value,
        "best_trial": None if best is None else best.number,
        "recommended": None if recommended is None else dict(zip(names, recommended, strict=True)),
        "command": command,
        "n_trials": len(trials),
        "n_failed": n_failed(trials),
        **run,
        "trials": [_trial_json(trial, names) for trial in trials],
    }
    return json.dumps(_finite(document), allow_nan=False)


def _trial_json(trial: Trial, names: Sequence[str]) -> dict[str, Any]:
    outcome = trial.outcome
    document: dict[str, Any] = {"trial": trial.number, "x": dict(zip(names, trial.x, strict=True))}
    if outcome is None:
        return {**document, "status": trial.state}
    document |= {
        "status": "fail" if trial.failed else "ok",
        "value": trial.value,
        "seconds": None if outcome.seconds is None else round(outcome.seconds, 6),
        "info": outcome.info,
    }
    if trial.failed:
        document |= {"error": outcome.error, "stderr": outcome.stderr[-2000:]}
    return document


def trial_text(trial: Trial, names: Sequence[str], *, as_json: bool) -> str:
    """A successful trial as one JSON object, or in words."""
    if as_json:
        return json.dumps(_finite(_trial_json(trial, names)), allow_nan=False)
    lines = [f"best value {trial.value!r}, at trial {trial.number}"]
    lines += [f"  {name} = {value!r}" for name, value in zip(names, trial.x, strict=True)]
    return "\n".join(lines)


def table(trials: Sequence[Trial], names: Sequence[str]) -> str:
    """A line a trial: number, state, seconds, value, and the parameters; or why it failed."""
    rows = [["trial", "state", "seconds", "value", *names]]
    for trial in trials:
        seconds = None if trial.outcome is None else trial.outcome.seconds
        rows.append(
            [
                str(trial.number),
                trial.state,
                "" if seconds is None else f"{seconds:.3g}",
                "" if trial.value is None else f"{trial.value:.6g}",
                *map(_short, trial.x),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row, failed in zip(rows, [None, *(trial.error for trial in trials)], strict=True):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells) + (f"  {failed}" if failed else ""))
    return "\n".join(lines)


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

    # NaN is not drawn.
    values = [math.nan if trial.value is None else trial.value for trial in trials]
    best, running = math.inf, []
    for value in values:
        best = min(best, value) if math.isfinite(value) else best
        running.append(best if math.isfinite(best) else math.nan)
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
    figure.savefig(file, dpi=150)
