"""The constrained BBOB functions of COCO (Dufosse et al. 2022)."""

from collections.abc import Iterator
from functools import partial
from itertools import cycle

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.bbob_constrained import bbob_constrained_problem, value_to_begin_with

_FUNCTIONS, _NUMBERS = 9, 6  # COCO's numbering goes through the numbers of constraints first
_INSTANCES = {"test": range(8, 16), "tune": range(1, 8)}


def entries(split: str, *, dim: int) -> Iterator[Entry]:
    """Yield each of the 9 functions, with one of its numbers of constraints; then with the next.

    Regret is measured in units of that of the feasible point which COCO gives to begin with.
    """
    for turn, instance in zip(range(_NUMBERS), cycle(_INSTANCES[split]), strict=False):
        for base in range(_FUNCTIONS):
            function = _NUMBERS * base + (base + turn) % _NUMBERS + 1
            build = partial(bbob_constrained_problem, function, dim, instance)
            name = f"bbob-constrained-f{function:02d}-i{instance}-d{dim}"
            reference = value_to_begin_with(function, dim, instance) - build().minimum
            yield Entry(name, dim, build, reference=reference)
