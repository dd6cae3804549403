"""Distributions of scipy.stats as dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnbbo.dimensions import Dimension, Integer, Real
from rnnbbo.errors import SpaceError


def distribution(spec: Any) -> Dimension:
    """Return the dimension that a distribution of scipy.stats is.

    Raises:
        SpaceError: it is not uniform, in the number or in its logarithm.
    """
    kind = getattr(getattr(spec, "dist", None), "name", type(spec).__name__).lower()
    if kind in ("uniform", "loguniform", "reciprocal", "randint"):
        low, high = (bound.item() for bound in np.asarray(spec.support()))
        if kind == "randint":
            return Integer(int(low), int(high))
        # Moved, the logarithm of a value is not evenly distributed any more.
        location = spec.dist._parse_args(*spec.args, **spec.kwds)[1] if hasattr(spec, "args") else 0
        if kind == "uniform" or location == 0:
            return Real(low, high, "uniform" if kind == "uniform" else "log-uniform")
    raise SpaceError(
        f"distribution = {kind!r}; expected uniform, loguniform without a location, or randint of "
        "scipy.stats; or (low, high), (low, high, prior), or a list of choices"
    )
