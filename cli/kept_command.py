"""What `rnnbbo minimize` keeps in a study beside its trials, so that going on needs no words."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import NamedTuple

from rnnbbo.errors import StudyError


class KeptCommand(NamedTuple):
    """What evaluates a study, and how long.

    Attributes:
        objective: a Python function, as on the command line, or the argument list of a program.
        call_with: how a Python function is called.
        eval_timeout: seconds that an evaluation may take; None for any.
        n_calls: evaluations wanted when the study was begun.
        folder: where the command was begun.
    """

    objective: str | list[str]
    call_with: str
    eval_timeout: float | None
    n_calls: int
    folder: str

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


def read(text: str, path: Path) -> KeptCommand | None:
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


def require_same(kept: KeptCommand, objective: str | list[str], path: Path) -> None:
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
        f"the study {path} is one of {kept.shown}, not of {now.shown}; its values would be mixed. "
        "Expected the same, or --new-command beside it if it is only written otherwise"
    )


def explain_missing(kept: KeptCommand) -> str:
    """Return what may help where a kept objective cannot be found."""
    here = os.getcwd()
    return (
        "" if kept.folder == here else f"; the study was begun in {kept.folder}, and this is {here}"
    )
