"""The two-objective BBOB functions of COCO (Brockhoff et al. 2022)."""

from collections.abc import Iterator
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.bbob_biobj import bbob_biobj_problem

BIOBJ_ORDER = (
    *(2, 21, 36, 47, 54),
    *(5, 24, 40, 8, 26, 38, 51, 4, 10, 22),
)
"""One function of each pair of COCO's groups first, so that a short suite holds all kinds."""

_INSTANCES = {"test": range(6, 11), "tune": range(1, 6)}


def entries(split: str, *, dim: int) -> Iterator[Entry]:
    """Yield the functions of the split's first instance, then those of the next."""
    for instance in _INSTANCES[split]:
        for function in BIOBJ_ORDER:
            name = f"bbob-biobj-f{function:02d}-i{instance}-d{dim}"
            yield Entry(
                name, dim, partial(bbob_biobj_problem, function, dim, instance), objectives=2
            )
