"""Dimensions and spaces of other libraries: scikit-optimize, ConfigSpace, scipy.stats.

None of them is imported here, except by `to_skopt` and `configspace_out.to_configspace`: what comes
from one is known by the modules of its classes.
"""

from rnnbbo.interchange.foreign import foreign_dimension, read_foreign
from rnnbbo.interchange.skopt_spaces import to_skopt

__all__ = ["foreign_dimension", "read_foreign", "to_skopt"]
