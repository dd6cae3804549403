"""Tuning of scikit-learn's models on the data sets that it ships (the extra `bench`).

The value is the cross-validated error of a model whose hyper-parameters are the point: the mean of
three fixed folds, of the log-loss for classifiers that give probabilities, of the share of wrong
classes for others, and of the root mean squared error, in units of the target's standard deviation,
for regression. Everything random has a fixed seed, so the same point has the same value.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rnnbbo.dimensions import Dimension, Integer, Real
from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.space import Space

FOLDS = 3
LARGEST = 500
"""Samples of a data set that are used at most, drawn at random."""

LOG = "log-uniform"
LOSS, WRONG, RMSE = "neg_log_loss", "accuracy", "neg_root_mean_squared_error"


@dataclass(frozen=True)
class Model:
    """A model and the hyper-parameters that are tuned.

    Attributes:
        estimator: module and class in scikit-learn.
        dimensions: a hyper-parameter each, named as in scikit-learn.
        scoring: what is cross-validated, by scikit-learn's name.
        fixed: the other arguments.
    """

    estimator: tuple[str, str]
    dimensions: tuple[Dimension, ...]
    scoring: str
    fixed: tuple[tuple[str, Any], ...] = ()


_TREES: tuple[Dimension, ...] = (
    Integer(5, 40, LOG, name="n_estimators"),
    Integer(1, 16, name="max_depth"),
    Real(0.05, 1.0, name="max_features"),
    Integer(1, 40, LOG, name="min_samples_leaf"),
)

MODELS: dict[str, Model] = {
    "svc": Model(
        ("svm", "SVC"),
        (Real(1e-2, 1e4, LOG, name="C"), Real(1e-6, 1e1, LOG, name="gamma")),
        WRONG,
    ),
    "svr": Model(
        ("svm", "SVR"),
        (
            Real(1e-2, 1e4, LOG, name="C"),
            Real(1e-5, 1e1, LOG, name="gamma"),
            Real(1e-3, 1e0, LOG, name="epsilon"),
        ),
        RMSE,
        (("max_iter", 100_000),),
    ),
    "sgd": Model(
        ("linear_model", "SGDClassifier"),
        (
            Real(1e-6, 1e0, LOG, name="alpha"),
            Real(0.0, 1.0, name="l1_ratio"),
            Real(1e-4, 1e0, LOG, name="eta0"),
            Real(0.0, 1.0, name="power_t"),
        ),
        LOSS,
        (
            *(("loss", "log_loss"), ("penalty", "elasticnet"), ("learning_rate", "invscaling")),
            *(("max_iter", 10), ("tol", None), ("random_state", 0)),
        ),
    ),
    "neighbors": Model(
        ("neighbors", "KNeighborsClassifier"),
        (Integer(1, 60, LOG, name="n_neighbors"), Real(1.0, 6.0, name="p")),
        WRONG,
        (("weights", "distance"),),
    ),
    "forest": Model(("ensemble", "RandomForestClassifier"), _TREES, LOSS, (("random_state", 0),)),
    "forest-regression": Model(
        ("ensemble", "RandomForestRegressor"), _TREES, RMSE, (("random_state", 0),)
    ),
    "boosting": Model(
        ("ensemble", "HistGradientBoostingClassifier"),
        (
            Integer(5, 60, LOG, name="max_iter"),
            Real(1e-2, 1e0, LOG, name="learning_rate"),
            Integer(2, 32, LOG, name="max_leaf_nodes"),
            Integer(1, 60, LOG, name="min_samples_leaf"),
            Real(1e-4, 1e2, LOG, name="l2_regularization"),
            Real(0.1, 1.0, name="max_features"),
        ),
        LOSS,
        (("early_stopping", False), ("random_state", 0)),
    ),
    "boosting-regression": Model(
        ("ensemble", "GradientBoostingRegressor"),
        (
            Integer(5, 100, LOG, name="n_estimators"),
            Real(1e-2, 1e0, LOG, name="learning_rate"),
            Integer(1, 8, name="max_depth"),
            Real(0.2, 1.0, name="subsample"),
            Real(0.1, 1.0, name="max_features"),
            Integer(1, 60, LOG, name="min_samples_leaf"),
        ),
        RMSE,
        (("random_state", 0),),
    ),
    "network": Model(
        ("neural_network", "MLPClassifier"),
        (
            Integer(4, 64, LOG, name="hidden_layer_sizes"),
            Real(1e-4, 1e-1, LOG, name="learning_rate_init"),
            Real(1e-6, 1e1, LOG, name="alpha"),
            Integer(16, 128, LOG, name="batch_size"),
            Integer(3, 20, LOG, name="max_iter"),
        ),
        LOSS,
        (("random_state", 0), ("tol", 0.0), ("n_iter_no_change", 1000)),
    ),
}

DATASETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def tuning_dim(model: str) -> int:
    """Return the number of hyper-parameters of a model, a key of `MODELS`."""
    return len(_model(model).dimensions)


@dataclass(frozen=True)
class Tuning:
    """The cross-validated error of a model on a data set, on the unit cube.

    Attributes:
        model: a key of `MODELS`.
        dataset: one of `DATASETS`.
    """

    model: str
    dataset: str

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return np.apply_along_axis(self._error, -1, u)

    def _error(self, u: FloatArray) -> float:
        from sklearn.model_selection import cross_val_score
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model = _model(self.model)
        x, y, folds = _data(self.dataset)
        space = _space(self.model)
        values = dict(zip(space.names, space.from_cube(u), strict=True))
        estimator = _class(*model.estimator)(**values, **dict(model.fixed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of steps that end before convergence
            scores = cross_val_score(
                make_pipeline(StandardScaler(), estimator),
                x,
                y,
                cv=folds,
                scoring=model.scoring,
                error_score="raise",
            )
        return float(1.0 - scores.mean() if model.scoring == WRONG else -scores.mean())


def tuning_problem(
    model: str, dataset: str, minimum: float, minimizers: Sequence[Sequence[float]] = ()
) -> Problem:
    """Return a model's tuning as a problem on the unit cube.

    Args:
        model: a key of `MODELS`.
        dataset: one of `DATASETS`.
        minimum: the least value that is known; nobody knows the true minimum.
        minimizers: where it is taken.

    Raises:
        ConfigError: there is no such model or data set.
        MissingExtraError: scikit-learn is not installed.
    """
    _model(model)
    _data(dataset)
    return Problem(
        name=f"{model}-{dataset}",
        bounds=((0.0, 1.0),) * tuning_dim(model),
        func=Tuning(model, dataset),
        minimum=minimum,
        minimizers=tuple(tuple(x) for x in minimizers),
    )


def _model(name: str) -> Model:
    if name not in MODELS:
        raise ConfigError(f"model = {name!r}; expected one of {', '.join(MODELS)}")
    return MODELS[name]


@lru_cache
def _space(model: str) -> Space:
    return Space(_model(model).dimensions)


def _class(module: str, name: str) -> Callable[..., Any]:
    from importlib import import_module

    return getattr(import_module(f"sklearn.{module}"), name)


@lru_cache
def _data(dataset: str) -> tuple[FloatArray, FloatArray, tuple[tuple[FloatArray, FloatArray], ...]]:
    """Return inputs, targets and the folds' rows."""
    if dataset not in DATASETS:
        raise ConfigError(f"dataset = {dataset!r}; expected one of {', '.join(DATASETS)}")
    try:
        from sklearn import datasets
        from sklearn.model_selection import KFold, StratifiedKFold
    except ImportError as error:
        raise MissingExtraError(
            "tuning needs scikit-learn, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
    x, y = getattr(datasets, f"load_{dataset}")(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))[:LARGEST]
    x, y = x[rows], y[rows]
    regression = dataset == "diabetes"
    if regression:
        y = (y - y.mean()) / y.std()
    split = KFold if regression else StratifiedKFold
    return x, y, tuple(split(FOLDS, shuffle=True, random_state=0).split(x, y))
