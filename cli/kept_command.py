"""What `rnnbbo minimize` keeps in a study beside its trials, so that going on needs no words."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rnnbbo.direction import Maximize, OneOrSeveral
from rnnbbo.errors import ObjectiveError, StudyError
from rnnbbo.goal import Goal
from rnnbbo.stopping import StopRules

if TYPE_CHECKING:
    from rnnbbo.space import Space


class KeptCommand(NamedTuple):
    """What evaluates a study, and how long.

    Attributes:
        objective: a Python function, as on the command line, or the argument list of a program.
        call_with: how a Python function is called.
        eval_timeout: seconds that an evaluation may take; None for any.
        n_calls: evaluations that were wanted last.
        folder: where the command was begun.
        target: the rules that end the run before: see `rnnbbo.stopping.StopRules`.
        patience: likewise.
        exhausted: likewise.
        repeat: how often each point is evaluated, or "auto".
        goal: what the run is for, a value of `rnnbbo.goal.Goal`.
    """

    objective: str | list[str]
    call_with: str
    eval_timeout: float | None
    n_calls: int
    folder: str
    target: OneOrSeveral | None = None
    patience: int | None = None
    exhausted: bool = False
    repeat: int | str = 1
    goal: str = Goal.BEST.value

    @property
    def rules(self) -> StopRules:
        """The rules that end the run before its evaluations are made."""
        return StopRules(self.target, self.patience, self.exhausted)

    @property
    def changing(self) -> tuple[int, StopRules, int | str, str]:
        """What may be another one when a study is gone on with, and is then kept."""
        return self.n_calls, self.rules, self.repeat, self.goal

    @property
    def text(self) -> str:
        """It as a study's file holds it."""
        return json.dumps(self._asdict())

    @property
    def shown(self) -> str:
        """What is evaluated, as on the command line."""
        if isinstance(self.objective, str):
            return shlex.quote(self.objective)
        return f"-- {shlex.join(self.objective)}"


class Kept(NamedTuple):
    """What a study says of itself.

    Attributes:
        space: its space.
        command: what evaluates it; None where it was begun by other means.
        signs: which values are better.
    """

    space: Space
    command: KeptCommand | None
    signs: Maximize = False


def find_kept(path: str | None, *, new: bool) -> Kept | None:
    """Return what a study says of itself; None where there is none yet.

    Args:
        path: its file, if there is to be one.
        new: whether another command is to be kept in place of the one that is there.

    Raises:
        StudyError: the file is damaged, or its command was written by a later rnnbbo.
    """
    from rnnbbo.study import Study

    if path is None or not os.path.isfile(path) or not Path(path).stat().st_size:
        return None
    with Study(path, resume=True) as study:
        command = None if new else read(study.command, path)
        return Kept(study.space, command, study.signs)


def read(text: str, path: str) -> KeptCommand | None:
    """Return what a study's file holds; None where a study was begun by other means.

    Raises:
        StudyError: it was written by a later rnnbbo.
    """
    if not text:
        return None
    try:
        return KeptCommand(**json.loads(text))
    except (ValueError, TypeError):
        raise StudyError(
            f"the study {path} keeps a command that this version does not know: {text:.200}; "
            "expected --new-command, and what is to be evaluated"
        ) from None


def require_same(kept: KeptCommand, objective: str | list[str], path: str) -> None:
    """Make sure that a study goes on with what it was begun with.

    Args:
        kept: what the study keeps.
        objective: what is to be evaluated now.
        path: the study.

    Raises:
        StudyError: that is something else.
    """
    if objective == kept.objective:
        return
    now = kept._replace(objective=objective)
    raise StudyError(
        f"the study {path} is one of {kept.shown}, not of {now.shown}: their values would be "
        "mixed; expected the same, or --new-command beside it if it is another name of the same"
    )


@contextlib.contextmanager
def saying_where(kept: KeptCommand | None) -> Iterator[None]:
    """Say where a command was begun if what it names is not found here."""
    try:
        yield
    except ObjectiveError as error:
        if kept is None or kept.folder == os.getcwd():
            raise
        raise ObjectiveError(
            f"{error}; the study was begun in {kept.folder}, and this is {os.getcwd()}"
        ) from None
