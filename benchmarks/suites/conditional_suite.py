"""Problems in which a choice says which parameters count: drawn ones, and tuned pipelines in turn.

The spaces, with their conditions, are declared to the methods that can be told; others are told no
conditions, or see a cube of reals, in which what does not count has no effect. The splits share no
data set, and no function of a drawn problem.

A drawn problem's minimum is known. That of a pipeline is the least value that `dense_search` found,
by no method that is compared.
"""

import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import zip_longest

import numpy as np

from rnnbbo.benchmarks.suites.bbob_suite import INSTANCES
from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.stored_minima import with_minima
from rnnbbo.functions.conditional_draws import SHAPES, conditional_draw
from rnnbbo.functions.conditional_tuning import (
    ConditionalTuning,
    conditional_tuning_problem,
    conditional_tuning_space,
)
from rnnbbo.functions.problem import Problem

_TUNINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "tune": (("regressor", "friedman1-51"), ("classifier", "clusters-51")),
    "test": (
        ("regressor", "friedman1-201"),
        ("classifier", "clusters-201"),
        ("regressor", "swiss_roll-201"),
    ),
}
"""Pipeline and data set, see `rnnbbo.functions.conditional_tuning`."""

_PASSED = {"test": 300, "tune": 35}
"""Instances that are left to the other suites of BBOB's functions."""

_INSTANCES_EACH = 3  # of a drawn problem, one a branch

_DRAWN = {"test": 9, "tune": 6}
"""How many problems are drawn."""


def entries(split: str) -> Iterator[Entry]:
    """Yield a drawn problem and a pipeline in turn, then the other drawn ones."""
    pairs = zip_longest(_drawn(split), with_minima("conditional", unsearched(split)))
    return (entry for pair in pairs for entry in pair if entry is not None)


def unsearched(split: str) -> Iterator[Entry]:
    """Yield the pipelines, with problems that have no minimum."""
    for pipeline, dataset in _TUNINGS[split]:
        name = f"{pipeline}-{dataset}"
        space = conditional_tuning_space(pipeline)
        build = partial(conditional_tuning_problem, ConditionalTuning(pipeline, dataset), name)
        yield Entry(name, space.n_dims, build, space=space)


def _drawn(split: str) -> Iterator[Entry]:
    """Yield the drawn problems, one of each shape in turn."""
    instances = INSTANCES[split][_PASSED[split] :: _INSTANCES_EACH]
    for i, instance in zip(range(_DRAWN[split]), instances, strict=False):
        shape = list(SHAPES)[i % len(SHAPES)]
        name = f"{shape}-i{instance}"
        build = partial(_build, shape, name, instance)
        yield Entry(name, SHAPES[shape].n_dims, build, space=SHAPES[shape])


def _build(shape: str, name: str, instance: int) -> Problem:
    return conditional_draw(shape, np.random.default_rng(zlib.crc32(name.encode())), instance)
