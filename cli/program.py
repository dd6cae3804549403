"""A program as the objective: what it is given, and how its value is read."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import selectors
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rnnbbo.cli.printing import short_text
from rnnbbo.errors import ObjectiveError
from rnnbbo.evaluation import processes
from rnnbbo.evaluation.evaluator import read_answer
from rnnbbo.evaluation.futures import Futures
from rnnbbo.trial import Outcome, Trial

_TAIL = 64 * 1024  # bytes kept of each output stream
_POLL_S = 0.05
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\{")


class Program:
    """A program whose value is what it prints last, or writes to `RNNBBO_RESULT`.

    Args:
        command: the argument list. `{name}` stands for a parameter's value, `{{` and `}}` for
            braces.
        names: names of the parameters.
        eval_timeout: seconds an evaluation may take; None for any.

    Raises:
        ObjectiveError: a placeholder is unknown, some parameters have one and others have none,
            or there is no such program.
    """

    call = None
    """How it is called stands on the command line."""

    def __init__(
        self,
        command: Sequence[str],
        names: Sequence[str],
        *,
        eval_timeout: float | None = None,
    ) -> None:
        self._command = list(command)
        self._names = list(names)
        self._eval_timeout = eval_timeout
        self._stop = threading.Event()
        filled = self.arguments(dict.fromkeys(names, "0"))
        _check_all_used(self._command, self._names)
        _check_program(self._command[0], filled[0])

    def evaluator(self, jobs: int, seed: int, *, timed: bool) -> Futures:
        """Make what evaluates it, up to `jobs` times at once, each from a thread."""
        pool = ThreadPoolExecutor(jobs)

        def close() -> None:
            self.stop()
            pool.shutdown()

        return Futures(lambda trial: pool.submit(self.evaluate, trial, seed), jobs, close=close)

    def command(self, x: Sequence[Any]) -> list[str]:
        """Return the argument list that evaluates a point."""
        return self.arguments(dict(zip(self._names, x, strict=True)))

    def lines(self, x: Sequence[Any]) -> list[str]:
        """Return a point by names, and as the command to paste into a shell."""
        width = max(map(len, self._names))
        named = [
            f"  {name:<{width}} = {short_text(value)}"
            for name, value in zip(self._names, x, strict=True)
        ]
        return [*named, shlex.join(self.command(x))]

    def arguments(self, params: Mapping[str, Any]) -> list[str]:
        """Return the argument list with every placeholder filled in.

        Raises:
            ObjectiveError: a placeholder is unknown.
        """

        def fill(match: re.Match[str]) -> str:
            piece = match.group()
            if piece in ("{{", "}}"):
                return piece[0]
            if match.group(1) not in params:
                raise ObjectiveError(
                    f"placeholder = {piece!r} in {_shown(match.string)}; expected one of "
                    + ", ".join(f"{{{name}}}" for name in params)
                    + ", or {{ for a brace"
                )
            return as_text(params[match.group(1)])

        return [_PIECE.sub(fill, element) for element in self._command]

    def stop(self) -> None:
        """End every evaluation that is running, and start no other."""
        self._stop.set()

    def evaluate(self, trial: Trial, seed: int) -> Outcome:
        """Run the program once; safe to call from several threads at once.

        Args:
            trial: the trial.
            seed: the run's seed; the program gets one of its own, derived from it.
        """
        params = dict(zip(self._names, trial.x, strict=True))
        with tempfile.TemporaryDirectory(prefix="rnnbbo-") as folder:
            result = Path(folder) / "result"
            env = {
                **os.environ,
                "RNNBBO_PARAMS": json.dumps(params),
                "RNNBBO_TRIAL": str(trial.number),
                "RNNBBO_SEED": str(_trial_seed(seed, trial.number)),
                "RNNBBO_RESULT": str(result),
            }
            try:
                process = processes.start_group(
                    self.arguments(params),
                    env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            except (OSError, ValueError) as error:
                return Outcome(error=f"cannot be started: {error}")
            stdout, stderr, problem = self._follow(process)
            if problem is None and process.returncode != 0:
                problem = processes.describe_exit(process.returncode)
            outcome = Outcome(error=problem) if problem else _read_value(result, stdout)
        if outcome.error is None:
            return outcome
        last = _last_line(stderr)
        reason = outcome.error + (f"; stderr: {last[:300]}" if last else "")
        return Outcome(error=reason, info=outcome.info, stderr=stderr)

    def _follow(self, process: subprocess.Popen[bytes]) -> tuple[str, str, str | None]:
        """Wait for the end; return the ends of stdout and stderr, and why it was cut short."""
        deadline = math.inf if self._eval_timeout is None else time.monotonic() + self._eval_timeout
        tails = {"stdout": bytearray(), "stderr": bytearray()}
        problem = None
        try:
            with selectors.DefaultSelector() as selector:
                for name in tails:
                    selector.register(getattr(process, name), selectors.EVENT_READ, name)
                while selector.get_map():
                    ended = process.poll() is not None
                    # What runs on after the program's end may hold its pipes open for ever.
                    ready = selector.select(0.0 if ended else _POLL_S)
                    if ended and not ready:
                        break
                    for key, _ in ready:
                        _read_some(selector, key, tails[key.data])
                    problem = self._cut_short(deadline)
                    if problem:
                        break
                while process.poll() is None and not problem:  # it closed its pipes and runs on
                    time.sleep(0.001)
                    problem = self._cut_short(deadline)
        finally:
            # After a regular end only what the program left behind is still there.
            processes.end_groups([process], processes.GRACE_S if process.poll() is None else 0.0)
            process.stdout.close()  # type: ignore[union-attr]
            process.stderr.close()  # type: ignore[union-attr]
        texts = {name: bytes(tail).decode(errors="replace") for name, tail in tails.items()}
        return texts["stdout"], texts["stderr"], problem

    def _cut_short(self, deadline: float) -> str | None:
        if self._stop.is_set():
            return "interrupted"
        if time.monotonic() > deadline:
            return f"timed out after {self._eval_timeout:g} s"
        return None


def _check_all_used(command: Sequence[str], names: Sequence[str]) -> None:
    """Make sure that a command line that has placeholders has one of every parameter.

    Raises:
        ObjectiveError: some are missing.
    """
    used = {match.group(1) for element in command for match in _PIECE.finditer(element)}
    missing = [f"{{{name}}}" for name in names if name not in used]
    if missing and used & set(names):
        raise ObjectiveError(
            f"the command line has no {', '.join(missing)}; expected a placeholder of every "
            "parameter, or none at all where the program reads RNNBBO_PARAMS"
        )


def _check_program(written: str, filled: str) -> None:
    """Make sure that a program can be started.

    Args:
        written: the first element of the command line.
        filled: the same with some values in the place of placeholders.

    Raises:
        ObjectiveError: it cannot.
    """
    if shutil.which(filled) is not None:
        return
    first, *others = written.split() or [written]
    # Without a slash the path is searched, where no program has a blank in its name.
    if others and (shutil.which(first) or Path(first).is_file() or "/" not in written):
        raise ObjectiveError(
            f"program = {written!r}, which cannot be run; expected it and its arguments apart, "
            f"without quotes round all of them: -- {written}"
        )
    if filled != written:  # which one it is depends on the point
        return
    hint = "check its path"
    if Path(written).is_file():
        here = "" if "/" in written else f"write ./{written}"
        executable = "" if os.access(written, os.X_OK) else "make it executable"
        hint = " and ".join(filter(None, (executable, here))) or hint
    raise ObjectiveError(f"program = {written!r}, which cannot be run; {hint}")


def as_text(value: Any) -> str:
    """Return a parameter's value as a program gets it: floats as `repr`, booleans as in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def parse_value(text: str) -> Outcome:
    """Read a number, or the JSON object of a value; anything else is a failed outcome."""
    answer: Any = text
    try:
        answer = float(text)
    except ValueError:
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(text)
            answer = told if isinstance(told, dict) else text
    return read_answer(answer, "its value is", _shown(text))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _read_value(result: Path, stdout: str) -> Outcome:
    text = ""
    if result.is_file():
        with result.open(errors="replace") as file:
            text = file.read(_TAIL).strip()
    # The file may hold one JSON object over several lines; of stdout only the last line counts.
    text = text or _last_line(stdout)
    if not text:
        return Outcome(error="it printed nothing; expected a number as the last line of stdout")
    return parse_value(text)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _read_some(
    selector: selectors.BaseSelector, key: selectors.SelectorKey, tail: bytearray
) -> None:
    data = os.read(key.fd, _TAIL)
    if not data:
        selector.unregister(key.fileobj)
    tail += data
    del tail[:-_TAIL]


def _trial_seed(seed: int, trial: int) -> int:
    from numpy.random import SeedSequence

    return int(SeedSequence([seed, trial]).generate_state(1)[0] >> 1)
