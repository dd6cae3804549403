"""What a suite is a list of, and the splits that every suite has."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rnnbbo.functions.noise_laws import Gaussian, NoiseLaw
from rnnbbo.functions.problem import Problem
from rnnbbo.space import Space

SPLITS = ("test", "tune")
"""`tune` is for choosing between designs, `test` for figures that are reported."""

SEEDS = {
    "test": range(10_000_000, 20_000_000),
    "tune": range(20_000_000, 30_000_000),
}
"""The seeds that each split draws random functions from; no training may use them."""


@dataclass(frozen=True)
class Entry:
    """A problem of a suite that is not built yet. Entries can be pickled.

    Attributes:
        name: unique in its suite, both splits taken together.
        dim: number of dimensions.
        build: returns the problem; the same one each time.
        noise: scale of an observation's noise, in units of the values' standard deviation; 0
            for none.
        law: the noise's distribution, in units of its scale.
        searches: how many random searches measure the reference regret.
        space: integers and categories whose values the cells of the cube are, for methods that can
            be told so; None where every coordinate is real.
        reference: the reference regret where it is stored; None to measure it.
        objectives: how many there are; of several the hypervolume lost is the regret.
        workers: evaluations that are in flight at once; several by a simulated clock, of one
            objective without noise.
    """

    name: str
    dim: int
    build: Callable[[], Problem]
    noise: float = 0.0
    law: NoiseLaw = field(default_factory=Gaussian)
    searches: int = 101
    space: Space | None = None
    reference: float | None = None
    objectives: int = 1
    workers: int = 1
