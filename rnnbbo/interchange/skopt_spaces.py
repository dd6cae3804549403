"""Spaces of scikit-optimize, in and out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from rnnbbo.dimensions import Categorical, Dimension, Integer, Real, label_of, nth_value
from rnnbbo.errors import MissingExtraError, SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.interchange.foreign_class import class_of


def skopt_dimension(spec: Any) -> Dimension | None:
    """Return the dimension that scikit-optimize's is; None where it is none of these."""
    kind = class_of(spec, "skopt", ("Real", "Integer", "Categorical"))
    if kind is None:
        return None
    if kind == "Categorical":
        if spec.prior is not None:
            warnings.warn(
                f"{label_of(spec.name)}: the probabilities of the categories are not used",
                stacklevel=2,
            )
        return Categorical(spec.categories, spec.name)
    return (Real if kind == "Real" else Integer)(spec.low, spec.high, spec.prior, spec.name)


def to_skopt(dimensions: Sequence[Dimension], where: Sequence[Any]) -> Any:
    """Return a space as a `skopt.space.Space`.

    Raises:
        SpaceError: a dimension, or a constraint, has no form there.
        MissingExtraError: scikit-optimize is not installed.
    """
    try:
        from skopt import space as skopt_space
    except ImportError as error:
        raise MissingExtraError(
            "to_skopt needs scikit-optimize: pip install scikit-optimize"
        ) from error
    if where:
        raise SpaceError(
            f"where = {repr_of(where[0])}; expected a space without known constraints, since "
            "plots of scikit-optimize draw points anywhere"
        )
    converted = []
    for dim in dimensions:
        if dim.when is not None:
            raise SpaceError(
                f"{label_of(dim.name)}: when = {dim.when!r}; expected a space without conditions, "
                "which scikit-optimize does not know"
            )
        if isinstance(dim, Categorical):
            converted.append(skopt_space.Categorical(dim.categories, name=dim.name))
        elif dim.is_constant:
            converted.append(skopt_space.Categorical([dim.bounds[0]], name=dim.name))
        elif isinstance(dim, Real | Integer) and dim.step is None:
            cls = getattr(skopt_space, type(dim).__name__)
            converted.append(cls(dim.low, dim.high, prior=dim.prior, name=dim.name))
        else:  # values in their order, on one coordinate
            values = [nth_value(dim, i) for i in range(dim.count or 0)]
            converted.append(skopt_space.Categorical(values, transform="label", name=dim.name))
    return skopt_space.Space(converted)
