"""The smooth functions that rough and noisy suites are made of: Gaussian processes and BBOB."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from rnnbbo.benchmarks.suites import bbob_suite, gp_suite
from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.bbob import bbob_problem

BASES = (("bbob", 2), ("gp", 2), ("bbob", 3), ("gp", 4), ("bbob", 5), ("gp", 6))
"""One round: family and number of dimensions. The quickest to build comes first."""

LONGEST = 100
"""Rounds of a suite at most; four of them, 24 functions, hold all kinds of a suite evenly."""

_PASSED = {"test": 1000, "tune": 500}
"""Samples, and a tenth as many instances, that are left to the suites of smooth functions."""


def smooth_entries(split: str) -> Iterator[tuple[int, int, Entry]]:
    """Yield round, place in `BASES` and entry of functions that no smooth suite begins with."""
    samples = {
        dim: islice(gp_suite.entries(split, dim=dim), _PASSED[split], None)
        for family, dim in BASES
        if family == "gp"
    }
    for turn in range(LONGEST):
        for place, (family, dim) in enumerate(BASES):
            if family == "gp":
                yield turn, place, next(samples[dim])
            else:
                yield turn, place, _bbob_entry(split, dim, turn * len(BASES) // 2 + place // 2)


def _bbob_entry(split: str, dim: int, i: int) -> Entry:
    """Return the i-th of the functions in the suites' order, and then of their next instances."""
    order = bbob_suite.ORDER
    turn = i // len(order)
    # One further each time, so that the same function comes in other dimensions.
    function = order[(i + turn) % len(order)]
    instance = bbob_suite.INSTANCES[split][_PASSED[split] // 10 + turn]
    name = f"bbob-f{function:02d}-i{instance}-d{dim}"
    return Entry(name, dim, partial(bbob_problem, function, dim, instance))
