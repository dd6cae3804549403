"""Problems with constraints that are known by evaluating; regret is that of feasible points."""

from collections.abc import Iterator
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.constrained import make_constrained, reference_of

_NAMES = {
    "test": ("gramacy", "pressure_vessel", "welded_beam", "tension_string", "speed_reducer"),
    "tune": ("line", "g04", "g06", "g08", "g09", "g24"),
}


def entries(split: str) -> Iterator[Entry]:
    """Yield each problem as published."""
    for name in _NAMES[split]:
        build = partial(make_constrained, name)
        yield Entry(name, build().dim, build, reference=reference_of(name))
