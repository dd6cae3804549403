"""A network trained by stochastic gradients, six hyper-parameters (Chen et al. 2016, section 4.4).

Theirs was a residual network on CIFAR-10, tuned by five workers. Here one hidden layer is trained
on 200 rows, in some hundredths of a second: width, learning rate, momentum, penalty, the rows of a
batch and epochs. Every method sees a cube of reals. The data sets are those of `logistic_suite`.

The minima are unknown. Regret is measured from the least value that `dense_search` found, by no
method that is compared. A method may find less: its regret is then slightly negative.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.logistic_suite import DATA
from rnnbbo.benchmarks.suites.stored_minima import with_minima
from rnnbbo.functions.mixed_tuning import MixedTuning, mixed_tuning_problem, mixed_tuning_space

_MODEL = "network-sgd"


def entries(split: str, *, workers: int) -> Iterator[Entry]:
    """Yield the data sets of a split, tried at so many points at once."""
    for entry in with_minima("network", unsearched(split)):
        yield replace(entry, workers=workers)


def unsearched(split: str) -> Iterator[Entry]:
    """Yield them with problems that have no minimum, tried at one point at a time."""
    dim = mixed_tuning_space(_MODEL).n_dims
    for dataset in DATA[split]:
        name = f"network-{dataset}"
        build = partial(mixed_tuning_problem, MixedTuning(_MODEL, dataset), name)
        yield Entry(name, dim, build)
