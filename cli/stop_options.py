"""The options by which a run ends before all of its evaluations are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rnnbbo.direction import OneOrSeveral
from rnnbbo.stopping import EXHAUSTED, NO_RULES, StopRules

if TYPE_CHECKING:
    from rnnbbo.cli.kept_command import KeptCommand

N_CALLS = "n-calls"


def read_rules(
    target: OneOrSeveral | None, patience: int | None, until: str | None, begun: KeptCommand | None
) -> StopRules:
    """Return the rules of the options; without any, those that a study was begun with.

    Raises:
        click.UsageError: they contradict each other.
    """
    if until == N_CALLS and (target is not None or patience is not None):
        raise click.UsageError(
            f"--until {N_CALLS} beside --target or --patience; expected one or the other"
        )
    if target is None and patience is None and until is None:
        return NO_RULES if begun is None else begun.rules
    return StopRules(target, patience, until == EXHAUSTED)


def rules_text(rules: StopRules) -> str:
    """Return the rules in words; empty where there are none."""
    parts = [
        (rules.target is not None, f"at {rules.target!r} or better"),
        (rules.patience is not None, f"after {rules.patience} evaluations without a better value"),
        (rules.exhausted, "where little more is expected to be gained"),
    ]
    words = ", or ".join(text for there, text in parts if there)
    return words and f"stopping {words}"
