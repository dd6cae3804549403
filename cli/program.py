"""A program as the objective: what it is given, and how its value is read."""

from __future__ import annotations

import contextlib
import errno
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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnbbo.dimensions.when import text_of as as_text
from rnnbbo.errors import ObjectiveError
from rnnbbo.evaluation import processes
from rnnbbo.evaluation.evaluator import read_answer
from rnnbbo.evaluation.futures import Futures
from rnnbbo.outputs import shortened
from rnnbbo.point_forms import active_values
from rnnbbo.progress.texts import short_text
from rnnbbo.trial import Outcome, Trial

_TAIL = 64 * 1024  # bytes kept of each output stream
_POLL_S = 0.05
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\{")
_OPEN_FILES = 4  # of a program that runs, and two more while it is started
_NOT_FOUND = (2, 126, 127)  # what interpreters and shells say of a file that is not there
_NOT_MADE = Outcome(error="the program could not be started")


class Program:
    """A program whose value is what it prints last, or writes to `RNNBBO_RESULT`.

    Args:
        command: the argument list. `{name}` stands for a parameter's value, `{{` and `}}` for
            braces.
        names: those of a point's values.
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
        self._names = names
        self._eval_timeout = eval_timeout
        self._stop = threading.Event()
        self._guard: processes.Guard | None = None
        filled = self.arguments(dict.fromkeys(names, "0"))
        _check_all_used(self._command, self._names)
        _check_program(self._command[0], filled[0])
        # What an interpreter reads: without it, the interpreter can be started, and no more.
        fixed = (a for a, b in zip(self._command[1:], filled[1:], strict=True) if a == b)
        self._script = next(filter(os.path.isfile, fixed), None)

    def evaluator(self, jobs: int, seed: int, *, timed: bool) -> Futures:
        """Make what evaluates it, up to `jobs` times at once, each from a thread.

        Raises:
            ConfigError: so many need more open files than there may be.
        """
        processes.check_open_files("--jobs", jobs, each=_OPEN_FILES)
        self._guard = processes.Guard()
        return _Evaluator(self, jobs, seed)

    def command(self, x: Sequence[Any]) -> list[str]:
        """Return the argument list that evaluates a point."""
        return self.arguments(active_values(self._names, x))

    def lines(self, x: Sequence[Any]) -> list[str]:
        """Return a point by names, and as the command to paste into a shell."""
        width = max(map(len, self._names))
        named = [
            f"  {name:<{width}} = {short_text(value)}"
            for name, value in active_values(self._names, x).items()
        ]
        return [*named, shlex.join(self.command(x))]

    def arguments(self, params: Mapping[str, Any]) -> list[str]:
        """Return the argument list with every placeholder filled in.

        An argument all of whose placeholders are of inactive parameters is left out, and so is an
        option of its own before one that is such a placeholder and nothing else: `--tol {tol}`.
        Beside active ones it is an empty text.

        Args:
            params: values of the active parameters.

        Raises:
            ObjectiveError: a placeholder is unknown.
        """

        def fill(match: re.Match[str]) -> str:
            piece = match.group()
            if piece in ("{{", "}}"):
                return piece[0]
            if match.group(1) not in self._names:
                raise ObjectiveError(
                    f"placeholder = {piece!r} in {shortened(match.string)}; expected one of "
                    + ", ".join(f"{{{name}}}" for name in self._names)
                    + ", or {{ for a brace"
                )
            name = match.group(1)
            return as_text(params[name]) if name in params else ""

        filled: list[str] = []
        for i, element in enumerate(self._command):
            text, used = _PIECE.sub(fill, element), _placeholders(element)
            if i == 0 or not used or any(name in params for name in used):
                filled.append(text)
            elif element == f"{{{used[0]}}}" and _is_option(self._command[i - 1]) and i > 1:
                filled.pop()
        return filled

    def stop(self) -> None:
        """End every evaluation that is running, and start no other."""
        self._stop.set()

    def close(self) -> None:
        """Let the guard go, once everything has ended."""
        if self._guard is not None:
            self._guard.close()

    def evaluate(self, trial: Trial, seed: int) -> Outcome:
        """Run the program once; safe to call from several threads at once.

        Args:
            trial: the trial.
            seed: the run's seed; the program gets one of its own, derived from it.

        Raises:
            ObjectiveError: the program cannot be started, and that is no property of the point.
        """
        params = active_values(self._names, trial.x)
        mark = processes.new_mark() if self._guard is None else self._guard.new_mark()
        with _temporary_folder(mark) as folder:
            result = Path(folder) / "result"
            env = {
                **os.environ,
                **processes.marked(mark),
                "RNNBBO_PARAMS": json.dumps(params),
                "RNNBBO_TRIAL": str(trial.number),
                "RNNBBO_SEED": str(_trial_seed(seed, trial)),
                "RNNBBO_REPEAT": str(trial.repetition),
                "RNNBBO_RESULT": str(result),
            }
            arguments = self.arguments(params)
            try:
                process = processes.start_group(
                    arguments,
                    env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            except (OSError, ValueError) as error:
                if not self._is_of_the_point(error, arguments[0]):
                    raise ObjectiveError(
                        f"program = {arguments[0]!r}, which cannot be started: {error}"
                    ) from error
                return Outcome(error=f"cannot be started: {error}")
            if self._guard is not None:
                self._guard.add(process)
            stdout, stderr, problem = self._follow(process, mark)
            if self._guard is not None:
                self._guard.remove(process)
            if problem is None and process.returncode != 0:
                problem = processes.describe_exit(process.returncode)
                self._check_script(process.returncode)
            outcome = Outcome(error=problem) if problem else _read_value(result, stdout)
        if outcome.error is None:
            return outcome
        last = _last_line(stderr)
        reason = outcome.error + (f"; stderr: {last[:300]}" if last else "")
        return replace(outcome, error=reason, stderr=stderr)

    def _is_of_the_point(self, error: OSError | ValueError, program: str) -> bool:
        """Tell whether another point might well be evaluated."""
        if not isinstance(error, OSError) or error.errno == errno.E2BIG:
            return True  # a parameter holds a zero byte, or is too long
        return program != self._command[0] and error.errno not in processes.PASSING

    def _check_script(self, code: int) -> None:
        """Make sure that what an interpreter was to read is still there.

        Raises:
            ObjectiveError: it is not.
        """
        if code in _NOT_FOUND and self._script is not None and not os.path.exists(self._script):
            raise ObjectiveError(
                f"program = {shlex.join(self._command)!r}, which cannot be started: "
                f"{self._script} is gone"
            )

    def _follow(self, process: subprocess.Popen[bytes], mark: str) -> tuple[str, str, str | None]:
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
                        # It ended in time if this process has looked late, after a Ctrl-Z.
                        problem = None if ended else problem
                        break
                while process.poll() is None and not problem:  # it closed its pipes and runs on
                    time.sleep(0.001)
                    problem = self._cut_short(deadline)
        finally:
            if process.poll() is None:
                processes.end_groups([process], processes.GRACE_S, marks=[mark])
            else:  # only what it left behind in its group; a daemon of its own may stay
                processes.end_groups([process], 0.0)
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


class _Evaluator(Futures):
    """An evaluator by threads, each of which follows one program."""

    def __init__(self, program: Program, jobs: int, seed: int) -> None:
        self._program = program
        self._jobs = jobs
        self._seed = seed
        self._unusable: ObjectiveError | None = None
        self._pool = ThreadPoolExecutor(jobs)
        super().__init__(lambda trial: self._pool.submit(self._evaluate, trial), jobs)

    @property
    def free(self) -> int:
        """None, once the program cannot be started."""
        return 0 if self._unusable else super().free

    def start(self, trial: Trial) -> None:
        """Let a thread evaluate a trial."""
        try:
            super().start(trial)
        except RuntimeError as error:  # the system has no more threads
            self._unusable = ObjectiveError(f"--jobs = {self._jobs}, which is too many: {error}")

    def wait(self, seconds: float) -> list[Trial]:
        """Return trials that have finished; where the program cannot be started, to the last."""
        if self._unusable and super().free == self._jobs:
            raise self._unusable
        return [trial for trial in super().wait(seconds) if trial.outcome is not _NOT_MADE]

    def stop(self) -> None:
        """End all programs, and what they have started."""
        self._program.stop()
        super().stop()
        self._pool.shutdown()
        self._program.close()

    def _evaluate(self, trial: Trial) -> Outcome:
        try:
            return self._program.evaluate(trial, self._seed)
        except ObjectiveError as error:
            self._unusable = error
            return _NOT_MADE


@contextlib.contextmanager
def _temporary_folder(mark: str) -> Iterator[str]:
    """Give a folder that is removed afterwards, as far as the program has left it so.

    Args:
        mark: by which the guard finds it, if this process is killed.

    Raises:
        ObjectiveError: none can be made.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=f"rnnbbo-{mark}-", ignore_cleanup_errors=True)
    except OSError as error:
        raise ObjectiveError(f"no temporary folder can be made for a program: {error}") from error
    with folder as name:
        yield name


def _placeholders(element: str) -> list[str]:
    """Return the names in an argument's placeholders."""
    pieces = _PIECE.finditer(element)
    return [piece.group(1) for piece in pieces if piece.group() not in ("{{", "}}")]


def _is_option(element: str) -> bool:
    return element.startswith("-") and "=" not in element and not _placeholders(element)


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
    if others and (shutil.which(first) or os.path.isfile(first) or "/" not in written):
        raise ObjectiveError(
            f"program = {written!r}, which cannot be run; expected it and its arguments apart, "
            f"without quotes round all of them: -- {written}"
        )
    if filled != written:  # which one it is depends on the point
        return
    hint = "check its path"
    if os.path.isfile(written):
        here = "" if "/" in written else f"write ./{written}"
        executable = "" if os.access(written, os.X_OK) else "make it executable"
        hint = " and ".join(filter(None, (executable, here))) or hint
    raise ObjectiveError(f"program = {written!r}, which cannot be run; {hint}")


def parse_value(text: str) -> Outcome:
    """Read a number, or what JSON has for a value: an object, or a list of several objectives.

    Anything else is a failed outcome.
    """
    answer: Any = text
    try:
        answer = float(text)
    except ValueError:
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(text)
            several = isinstance(told, list) and len(told) > 1
            answer = told if isinstance(told, dict) or several else text
    return read_answer(answer, "its value is", shortened(text))


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


def _trial_seed(seed: int, trial: Trial) -> int:
    from numpy.random import SeedSequence

    entropy = [seed, trial.number, *([trial.repetition] if trial.repetition else [])]
    return int(SeedSequence(entropy).generate_state(1)[0] >> 1)
