"""Logarithms of the normal distribution; `rnnbbo.policies.gp.improvement` defines them."""

import numpy as np

from rnnbbo.core.loading import Library


def with_ratio(
    library: Library, name: str, series: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return "log_h" or "log_cdf" of numbers z (...), float64, and its slope (...).

    Args:
        library: the compiled library.
        name: which.
        series: coefficients of that module.
        z: the numbers.
    """
    z = np.ascontiguousarray(z)
    value, ratio = np.empty((2, *z.shape))
    library.function(name, "iaaaa")(z.size, series, z, value, ratio)
    return value, ratio
