"""The words for how a run ends and for where a trial stands: one each, in every output."""

from __future__ import annotations

from enum import StrEnum


class _Word(StrEnum):
    """A word that prints, also inside of a list, as the plain text that it is."""

    def __repr__(self) -> str:
        return repr(self.value)


class Status(_Word):
    """How a run ended.

    Attributes:
        message: the same as a sentence.
    """

    message: str

    def __new__(cls, word: str, message: str) -> Status:
        """Make a member that is the text `word` and knows its sentence."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.message = message
        return member

    OK = "ok", "all evaluations were made"
    NO_SUCCESS = "no_success", "all evaluations were made, and none succeeded"
    NO_FEASIBLE = "no_feasible", "all evaluations were made, and no point is feasible yet"
    STOPPED = "stopped", "stopped by the callback"
    TARGET = "target", "stopped at a value as good as the target"
    PATIENCE = "patience", "stopped by patience, since no better value came for long"
    EXHAUSTED = "exhausted", "stopped, since little more is expected to be gained"
    TIMEOUT = "timeout", "stopped by the timeout"
    TOO_MANY_FAILURES = "too_many_failures", "stopped by too many failures"
    INTERRUPTED = "interrupted", "interrupted"
    ERROR = "error", "stopped by an exception"
    OBJECTIVE_ERROR = "objective_error", "stopped, since nothing can be evaluated any more"


class TrialState(_Word):
    """Where a trial stands. A study's file has the same words."""

    WAITING = "waiting"  # for somebody to evaluate it
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
