"""Live tuning of scikit-learn's and LightGBM's models over mixed spaces, 5 to 60 ms an evaluation.

The splits share no data set. Most values are deterministic, the others noisy: an observation splits
the data anew. The spaces are declared to the methods that can be told; others see a cube of reals.

The minima are unknown. Regret is measured from the least value that `dense_search` found, by no
method that is compared. A method may find less: its regret is then slightly negative.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.stored_minima import with_minima
from rnnbbo.functions.mixed_tuning import MixedTuning, mixed_tuning_problem, mixed_tuning_space

_TUNINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "tune": (
        ("svc", "wine"),
        ("lightgbm", "classes-1"),
        ("kernel-ridge", "friedman1-1"),
        ("forest", "clusters-1"),
        ("sgd", "classes-2"),
        ("pipeline", "wine"),
        ("network", "moons-1"),
        ("boosting-regression", "friedman2-1"),
        ("neighbors", "quantiles-1"),
        ("elastic-net", "linear-1"),
        ("histogram-boosting", "moons-2"),
        ("svr", "swiss_roll-1"),
        ("extra-trees", "wine"),
        ("tree", "clusters-2"),
        ("logistic", "clusters-3"),
        ("boosting", "classes-3"),
        ("lightgbm-regression", "friedman3-1"),
        ("svc", "circles-1"),
    ),
    "test": (
        ("svc", "breast_cancer"),
        ("lightgbm", "breast_cancer"),
        ("kernel-ridge", "diabetes"),
        ("forest", "digits"),
        ("sgd", "digits"),
        ("pipeline", "classes-101"),
        ("network", "circles-101"),
        ("boosting-regression", "diabetes"),
        ("neighbors", "digits"),
        ("elastic-net", "friedman1-101"),
        ("histogram-boosting", "classes-103"),
        ("svr", "diabetes"),
        ("extra-trees", "clusters-101"),
        ("tree-regression", "friedman1-101"),
        ("logistic", "breast_cancer"),
        ("boosting", "breast_cancer"),
        ("lightgbm-regression", "diabetes"),
        ("forest-regression", "swiss_roll-101"),
        ("neighbors-regression", "swiss_roll-101"),
        ("svc", "quantiles-101"),
        ("network", "quantiles-103"),
        ("pipeline", "breast_cancer"),
        ("lightgbm", "moons-101"),
        ("kernel-ridge", "swiss_roll-101"),
        ("sgd", "clusters-101"),
        ("svr", "friedman1-101"),
        ("elastic-net", "sparse-101"),
    ),
}
"""Model and data set, see `rnnbbo.functions.mixed_tuning`; a short suite holds many models."""

_NOISY: Mapping[str, tuple[tuple[str, str], ...]] = {
    "tune": (
        ("neighbors", "clusters-4"),
        ("kernel-ridge", "sparse-1"),
        ("tree", "quantiles-2"),
        ("sgd", "blobs-1"),
        ("tree-regression", "friedman3-2"),
        ("svc", "moons-3"),
    ),
    "test": (
        ("neighbors", "breast_cancer"),
        ("kernel-ridge", "linear-101"),
        ("tree", "classes-102"),
        ("sgd", "breast_cancer"),
        ("elastic-net", "diabetes"),
        ("svc", "blobs-101"),
        ("neighbors-regression", "friedman1-101"),
        ("tree-regression", "diabetes"),
        ("pipeline", "clusters-102"),
    ),
}
"""Those whose observations split the data anew."""


def entries(split: str) -> Iterator[Entry]:
    """Yield the deterministic problems, then the noisy ones."""
    yield from with_minima("tuning", unsearched(split))


def unsearched(split: str) -> Iterator[Entry]:
    """Yield them with problems that have no minimum."""
    for tunings, noisy in ((_TUNINGS, False), (_NOISY, True)):
        for model, dataset in tunings[split]:
            name = f"{model}-{dataset}" + "-noisy" * noisy
            space = mixed_tuning_space(model)
            build = partial(mixed_tuning_problem, MixedTuning(model, dataset, noisy), name)
            yield Entry(name, space.n_dims, build, space=space)
