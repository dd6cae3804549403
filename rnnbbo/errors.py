"""The errors that rnnbbo raises on purpose, and its warnings.

Each message states the value received and the form expected.
"""

import sys
import warnings
from typing import Any

from rnnbbo.escaping import printable


class RnnbboError(Exception):
    """Base class of every error that rnnbbo raises on purpose; its text is safe to show."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*(printable(one) if isinstance(one, str) else one for one in args))


class SpaceError(RnnbboError, ValueError):
    """A search space, or one dimension of it, is malformed."""


class PointError(RnnbboError, ValueError):
    """A point has the wrong length, a coordinate of the wrong type, or lies out of bounds."""


class ObservationError(RnnbboError, ValueError):
    """A value told to the optimizer is not a number, or its constraints are not the run's."""


class PolicyError(RnnbboError, ValueError):
    """No policy has this name, or the policy cannot do what is asked of it."""


class CheckpointError(RnnbboError):
    """A weights file is missing, damaged, or not one of rnnbbo's."""


class TableError(RnnbboError, ValueError):
    """A table of points cannot be read, or has wrong columns or cells; nothing of it was taken."""


class ConfigError(RnnbboError, ValueError):
    """A configuration has an unknown key or a value that is not accepted."""


class ObjectiveError(RnnbboError):
    """An objective cannot be found, loaded or started; `result` holds everything so far, if any."""

    result: Any = None


class StudyError(RnnbboError):
    """A study's file is missing, damaged, in the way, or made for something else."""


class TrialError(RnnbboError, ValueError):
    """A study has no such trial, or was told its value already."""


class RecordError(RnnbboError):
    """A file of benchmark records is missing, damaged, or made for something else."""


class TooManyFailuresError(RnnbboError):
    """More trials failed than `max_failures` allows; `result` holds everything so far."""

    result: Any = None


class MissingExtraError(RnnbboError, ImportError):
    """A feature needs packages that the base install does not bring."""


class RnnbboWarning(UserWarning):
    """Base class of the warnings that rnnbbo has classes for."""


class SpaceWarning(RnnbboWarning):
    """A dimension may be meant otherwise than it is read."""


class RepeatWarning(RnnbboWarning):
    """A point is evaluated that was evaluated before."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn, at the line of the user's that called into rnnbbo."""
    level, frame = 1, sys._getframe()
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith("rnnbbo."):
        level, frame = level + 1, frame.f_back
    warnings.warn(printable(message), category, stacklevel=level)
