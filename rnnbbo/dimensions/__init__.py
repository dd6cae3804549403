"""The dimensions of a search space."""

from rnnbbo.dimensions.categorical import Categorical
from rnnbbo.dimensions.common import PRIORS, is_number, label_of, log_cell, nth_value, uniform_cell
from rnnbbo.dimensions.integer import Integer
from rnnbbo.dimensions.ordinal import Fixed, Ordinal
from rnnbbo.dimensions.real import Real
from rnnbbo.dimensions.when import When

Dimension = Real | Integer | Categorical | Ordinal | Fixed

__all__ = [
    "PRIORS",
    "Categorical",
    "Dimension",
    "Fixed",
    "Integer",
    "Ordinal",
    "Real",
    "When",
    "is_number",
    "label_of",
    "log_cell",
    "nth_value",
    "uniform_cell",
]

# Where users find them, and pickles, whichever module they lie in.
for _cls in (Real, Integer, Categorical, Ordinal, Fixed, When):
    _cls.__module__ = __name__
