"""The unit of values: a power of two that keeps squares of them from overflow and underflow."""

from rnnbbo.policies.ops import Array, Namespace

_FAR, _SHIFT = 256, 600  # powers of two
# From tiny, ordinary and huge values to those that policies are told: squares of their differences,
# down to the last bit that tells two of them apart, then neither overflow nor underflow.


def unit_of(xp: Namespace, largest: Array) -> Array:
    """Return the factor that brings values to about ordinary size: 1, 2^600 or 2^-600.

    A policy sees quotients of differences of values, so that a power of two changes nothing else.

    Args:
        xp: array namespace.
        largest: (B,) the largest magnitude so far, 0 before the first value.
    """
    one = xp.ones_like(largest)
    tiny = (largest < 2.0**-_FAR) & (largest > 0.0)
    return xp.where(tiny, one * 2.0**_SHIFT, xp.where(largest > 2.0**_FAR, one * 2.0**-_SHIFT, one))


def half_step(xp: Namespace, before: Array, after: Array) -> Array:
    """Return what values have to be multiplied with twice, (B,), to go from unit to unit.

    From tiny to huge in a single step is less than any number.
    """
    return xp.sqrt(after) / xp.sqrt(before)
