"""What another library's dimension or space is here."""

from __future__ import annotations

from typing import Any

from rnnbbo.dimensions import Dimension
from rnnbbo.interchange.configspace_in import hyperparameter, read_configuration_space
from rnnbbo.interchange.foreign_class import class_of
from rnnbbo.interchange.scipy_stats import distribution
from rnnbbo.interchange.skopt_spaces import skopt_dimension


def foreign_dimension(spec: Any) -> Dimension | None:
    """Return the dimension that another library's is; None where it is of none."""
    found = skopt_dimension(spec)
    if found is not None:
        return found
    if class_of(spec, "ConfigSpace", ("Hyperparameter",)):
        return hyperparameter(spec, None)
    if type(spec).__module__.startswith("scipy.stats"):
        return distribution(spec)
    return None


def read_foreign(given: Any) -> tuple[list[Dimension], bool, list[Any]] | None:
    """Return what another library's space holds: dimensions, whether it is a mapping, constraints.

    None where it is of no library that is known here.

    Raises:
        SpaceError: it holds what has no form here.
    """
    if class_of(given, "skopt", ("Space",)):
        constraint = getattr(given, "constraint", None)
        dimensions = [dim for one in given.dimensions if (dim := skopt_dimension(one))]
        return dimensions, False, [] if constraint is None else [constraint]
    if class_of(given, "ConfigSpace", ("ConfigurationSpace",)):
        dimensions, where = read_configuration_space(given)
        return dimensions, True, where
    return None
