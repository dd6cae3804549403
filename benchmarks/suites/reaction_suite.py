"""A reaction with published kinetics: much product in little space against little waste."""

from collections.abc import Iterator
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.reactions import make_amination

_WEIGHTS = {"test": (1.0, 0.25, 3.0), "tune": (0.5, 2.0, 1.5)}
_REFERENCES = {0.25: 0.343, 0.5: 0.375, 1.0: 0.444, 1.5: 0.500, 2.0: 0.554, 3.0: 0.648}


def entries(split: str) -> Iterator[Entry]:
    """Yield the amination with each weight of waste."""
    for weight in _WEIGHTS[split]:
        build = partial(make_amination, weight)
        yield Entry(f"amination-{weight:g}", 4, build, reference=_REFERENCES[weight])
