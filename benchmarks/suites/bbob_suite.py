"""The BBOB functions of COCO (Hansen et al. 2009)."""

from collections.abc import Iterator
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.bbob import bbob_problem

ORDER = (
    *(1, 6, 10, 15, 20),
    *(2, 7, 11, 16, 21),
    *(3, 8, 12, 17, 22),
    *(4, 9, 13, 18, 23),
    *(5, 14, 19, 24),
)
"""One function of each of COCO's five groups first, so that a short suite holds all kinds."""

INSTANCES = {"test": range(71, 1001), "tune": range(1, 71)}
"""COCO's own experiments take 1 to 5 and 71 to 80."""


def entries(split: str, *, dim: int) -> Iterator[Entry]:
    """Yield the 24 functions of the split's first instance, then those of the next."""
    for instance in INSTANCES[split]:
        for function in ORDER:
            name = f"bbob-f{function:02d}-i{instance}-d{dim}"
            yield Entry(name, dim, partial(bbob_problem, function, dim, instance))
