"""Black-box global optimization in few evaluations.

By default a population of Gaussian-process hypotheses, carried from value to value, proposes the
points, advised by a meta-trained network in the first evaluations; meta-trained recurrent networks
propose where a batch or time asks for them.
"""

from typing import TYPE_CHECKING, Any

from rnnbbo.errors import (
    CheckpointError,
    ConfigError,
    MissingExtraError,
    ObjectiveError,
    ObservationError,
    PointError,
    PolicyError,
    RnnbboError,
    SpaceError,
    StudyError,
    TableError,
    TooManyFailuresError,
    TrialError,
)
from rnnbbo.minimize import minimize
from rnnbbo.optimizer import Optimizer
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Categorical, Fixed, Integer, Ordinal, Real, Space
from rnnbbo.trial import Outcome

if TYPE_CHECKING:
    from rnnbbo.many import ManyResult, minimize_many
    from rnnbbo.study import Study

__version__ = "0.1.0"

__all__ = [
    "Categorical",
    "CheckpointError",
    "ConfigError",
    "Fixed",
    "Integer",
    "ManyResult",
    "MissingExtraError",
    "ObjectiveError",
    "ObservationError",
    "OptimizeResult",
    "Optimizer",
    "Ordinal",
    "Outcome",
    "PointError",
    "PolicyError",
    "Real",
    "RnnbboError",
    "Space",
    "SpaceError",
    "Study",
    "StudyError",
    "TableError",
    "TooManyFailuresError",
    "TrialError",
    "minimize",
    "minimize_many",
]

# Public name -> module that is imported when it is first used.
_LATER = {
    "ManyResult": "rnnbbo.many",
    "Study": "rnnbbo.study",
    "minimize_many": "rnnbbo.many",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
