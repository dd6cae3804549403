"""Black-box global optimization with meta-trained recurrent networks."""

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
    TooManyFailuresError,
)
from rnnbbo.minimize import minimize
from rnnbbo.optimizer import Optimizer
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Categorical, Integer, Real, Space

__version__ = "0.1.0"

__all__ = [
    "Categorical",
    "CheckpointError",
    "ConfigError",
    "Integer",
    "MissingExtraError",
    "ObjectiveError",
    "ObservationError",
    "OptimizeResult",
    "Optimizer",
    "PointError",
    "PolicyError",
    "Real",
    "RnnbboError",
    "Space",
    "SpaceError",
    "TooManyFailuresError",
    "minimize",
]
