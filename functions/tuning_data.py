"""Small data sets of scikit-learn, shipped and drawn, and their folds."""

import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnbbo.errors import ConfigError
from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.problem import FloatArray
from rnnbbo.functions.tuning import FOLDS

ROWS = 200
"""Rows of a data set; of a shipped one that has more, so many are drawn."""

SOURCES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    **{
        name: (f"load_{name}", {})
        for name in ("breast_cancer", "diabetes", "digits", "iris", "wine")
    },
    "moons": ("make_moons", {"noise": 0.35}),
    "circles": ("make_circles", {"noise": 0.2, "factor": 0.5}),
    "blobs": ("make_blobs", {"centers": 4, "n_features": 4, "cluster_std": 5.0}),
    "quantiles": ("make_gaussian_quantiles", {"n_features": 4, "n_classes": 3}),
    "classes": (
        "make_classification",
        {"n_features": 10, "n_informative": 4, "n_redundant": 3, "flip_y": 0.1},
    ),
    "clusters": (
        "make_classification",
        {
            **{"n_features": 8, "n_informative": 5, "n_classes": 3, "n_clusters_per_class": 2},
            **{"weights": (0.6, 0.3), "class_sep": 0.8},
        },
    ),
    "friedman1": ("make_friedman1", {"noise": 1.0}),
    "friedman2": ("make_friedman2", {"noise": 100.0}),
    "friedman3": ("make_friedman3", {"noise": 0.1}),
    "linear": ("make_regression", {"n_features": 20, "n_informative": 5, "noise": 50.0}),
    "sparse": ("make_sparse_uncorrelated", {}),
    "swiss_roll": ("make_swiss_roll", {"noise": 1.0}),
}
"""Functions of `sklearn.datasets`; what is drawn is named with its seed, as `moons-3`."""

_REGRESSION = ("diabetes", "friedman", "linear", "sparse", "swiss")

Rows = NDArray[np.intp]
Folds = tuple[tuple[Rows, Rows], ...]


@lru_cache(maxsize=16)
def labelled_data(dataset: str) -> tuple[FloatArray, FloatArray]:
    """Return inputs and targets.

    Args:
        dataset: a key of `SOURCES`, with a seed after it where it is drawn, as `moons-3`.

    Raises:
        ConfigError: there is no such data set.
        MissingExtraError: scikit-learn is not installed.
    """
    name, _, seed = dataset.partition("-")
    function, arguments = SOURCES.get(name, ("", {}))
    drawn = function.startswith("make_")
    if not function or drawn != seed.isdecimal():
        names = (f"{key}-SEED" if of[0].startswith("make_") else key for key, of in SOURCES.items())
        raise ConfigError(f"dataset = {dataset!r}; expected one of {', '.join(names)}")
    make = library_object(f"sklearn.datasets:{function}")
    if not drawn:
        x, y = make(return_X_y=True)
        rows = np.random.default_rng(0).permutation(len(y))[:ROWS]
        x, y = x[rows], y[rows]
    else:
        x, y = make(n_samples=ROWS, random_state=int(seed), **arguments)
    if _is_regression(dataset):
        y = (y - y.mean()) / y.std()
    return x, y


@lru_cache(maxsize=64)
def folds(dataset: str, split: int) -> Folds:
    """Return the rows of training and of test in each fold of a split, which is a seed."""
    from sklearn.model_selection import KFold, StratifiedKFold

    x, y = labelled_data(dataset)
    kind = KFold if _is_regression(dataset) else StratifiedKFold
    return tuple(kind(FOLDS, shuffle=True, random_state=split).split(x, y))


def cross_validated(
    dataset: str,
    split: int,
    make: Callable[[], Any],
    loss: Callable[[Any, FloatArray, FloatArray], float],
) -> float:
    """Return the mean loss of models over the folds of a split.

    Args:
        dataset: the data set's name.
        split: a seed.
        make: makes a model to fit.
        loss: that of a model at rows of test, and their values.
    """
    from sklearn import config_context

    x, y = labelled_data(dataset)
    losses = []
    # Checks of arguments and numbers would take as long as the fits.
    with (
        warnings.catch_warnings(),
        config_context(assume_finite=True, skip_parameter_validation=True),
    ):
        warnings.simplefilter("ignore")  # of steps that end before convergence
        for train, test in folds(dataset, split):
            model = make()
            model.fit(x[train], y[train])
            losses.append(loss(model, x[test], y[test]))
    return float(np.mean(losses))


def _is_regression(dataset: str) -> bool:
    return dataset.startswith(_REGRESSION)
