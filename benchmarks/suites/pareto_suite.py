"""Several objectives: published problems for figures, drawn ones to choose designs on."""

from collections.abc import Iterator
from functools import partial
from itertools import cycle

import numpy as np

from rnnbbo.benchmarks.suites.entry import SEEDS, Entry
from rnnbbo.functions.drawn_fronts import draw_bowls, draw_spheres
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.published_fronts import published_front

_ORDER = (
    "branin-currin",
    "zdt1-4d",
    "dtlz2-3obj-6d",
    "zdt3-4d",
    "vehicle-safety",
    "dtlz2-2obj-4d",
    "zdt2-4d",
    "zdt1-10d",
    "zdt2-10d",
    "zdt3-10d",
)

# Kind, number of dimensions, number of objectives.
_DRAWN = (
    ("bowls", 2, 2),
    ("spheres", 5, 3),
    ("rippled-bowls", 3, 2),
    ("spheres", 4, 2),
    ("bowls", 5, 2),
    ("spheres", 6, 3),
    ("rippled-bowls", 2, 2),
    ("bowls", 8, 2),
)


def entries(split: str) -> Iterator[Entry]:
    """Yield the published problems, of 2 and 3 objectives; for `tune` drawn ones, without end."""
    if split == "tune":
        for seed, (kind, dim, count) in zip(SEEDS[split], cycle(_DRAWN), strict=False):
            name = f"{kind}-{count}obj-{dim}d-{seed}"
            yield Entry(name, dim, partial(_drawn, name, kind, dim, count, seed), objectives=count)
        return
    for name in _ORDER:
        problem = published_front(name)
        build = partial(published_front, name)
        yield Entry(name, problem.dim, build, objectives=len(problem.reference_point))


def _drawn(name: str, kind: str, dim: int, count: int, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    if kind == "spheres":
        return draw_spheres(name, dim, count, rng)
    return draw_bowls(name, dim, kind.startswith("rippled"), rng)
