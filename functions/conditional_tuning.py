"""Tuning of a pipeline that chooses among three families of models (scikit-learn).

Each family has parameters of its own, some of which count only below another. The data are drawn,
200 rows, so that an evaluation takes some hundredths of a second. The value is the mean over three
fixed folds of the root mean squared error, in units of the target's standard deviation, or of the
Brier score; the same point has the same value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.dimensions import Categorical, Dimension, Integer, Real
from rnnbbo.errors import ConfigError
from rnnbbo.functions.declared_points import values_that_count
from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.mixed_models import CHOICES
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.tuning import LOG
from rnnbbo.functions.tuning_data import cross_validated, labelled_data
from rnnbbo.space import Space

_SCALER = Categorical(["standard", "min-max", "normal"], "scaler")

_NETWORK = (
    Integer(1, 2, name="layers", when={"model": "network"}),
    Real(2.0, 40.0, LOG, "width1", when={"model": "network"}),
    Real(2.0, 40.0, LOG, "width2", when={"layers": 2}),
    Categorical(["tanh", "relu"], "activation", {"model": "network"}),
    Real(1e-5, 1e1, LOG, "alpha", when={"model": "network"}),
)


@dataclass(frozen=True)
class _Pipeline:
    """What is tuned.

    Attributes:
        estimators: family -> `module:class` and fixed arguments.
        parameters: the scaler, the family, and their own; reals on their own scales.
        loss: from a fitted model, inputs and targets.
    """

    estimators: Mapping[str, tuple[str, Mapping[str, Any]]]
    parameters: Sequence[Dimension]
    loss: Callable[[Any, FloatArray, FloatArray], float]


def _rmse(model: Any, x: FloatArray, y: FloatArray) -> float:
    return float(np.sqrt(np.mean((model.predict(x) - y) ** 2)))


def _brier(model: Any, x: FloatArray, y: FloatArray) -> float:
    """Return the mean over rows of the squared distance to the class that is right (Brier 1950)."""
    right = y[:, None] == model.classes_
    return float(np.mean(np.sum((model.predict_proba(x) - right) ** 2, axis=1)))


PIPELINES: Mapping[str, _Pipeline] = {
    "regressor": _Pipeline(
        {
            "support": ("sklearn.svm:SVR", {"max_iter": 5000}),
            "boosting": (
                "sklearn.ensemble:GradientBoostingRegressor",
                {"n_estimators": 30, "random_state": 0},
            ),
            "network": (
                "sklearn.neural_network:MLPRegressor",
                {"solver": "lbfgs", "max_iter": 40, "random_state": 0},
            ),
        },
        (
            _SCALER,
            Categorical(["support", "boosting", "network"], "model"),
            Real(1e-2, 1e3, LOG, "C", when={"model": "support"}),
            Real(1e-3, 1e0, LOG, "epsilon", when={"model": "support"}),
            Categorical(["rbf", "poly"], "kernel", {"model": "support"}),
            Real(1e-3, 1e1, LOG, "gamma", when={"kernel": "rbf"}),
            Integer(2, 4, name="degree", when={"kernel": "poly"}),
            Real(0.0, 2.0, name="coef0", when={"kernel": "poly"}),
            Real(2e-2, 1e0, LOG, "learning_rate", when={"model": "boosting"}),
            Integer(1, 6, name="max_depth", when={"model": "boosting"}),
            Real(0.3, 1.0, name="subsample", when={"model": "boosting"}),
            *_NETWORK,
        ),
        _rmse,
    ),
    "classifier": _Pipeline(
        {
            "neighbors": ("sklearn.neighbors:KNeighborsClassifier", {}),
            "forest": (
                "sklearn.ensemble:ExtraTreesClassifier",
                {"n_estimators": 20, "random_state": 0},
            ),
            "network": (
                "sklearn.neural_network:MLPClassifier",
                {"solver": "lbfgs", "max_iter": 40, "random_state": 0},
            ),
        },
        (
            _SCALER,
            Categorical(["neighbors", "forest", "network"], "model"),
            Integer(1, 40, name="n_neighbors", when={"model": "neighbors"}),
            Categorical(["uniform", "distance"], "weights", {"model": "neighbors"}),
            Categorical(["manhattan", "euclidean", "chebyshev"], "metric", {"model": "neighbors"}),
            Integer(1, 12, name="max_depth", when={"model": "forest"}),
            Integer(1, 20, name="min_samples_leaf", when={"model": "forest"}),
            Real(0.1, 1.0, name="max_features", when={"model": "forest"}),
            *_NETWORK,
        ),
        _brier,
    ),
}


@dataclass(frozen=True)
class ConditionalTuning:
    """The cross-validated loss of a pipeline on a data set, on the unit cube.

    Attributes:
        pipeline: a key of `PIPELINES`.
        dataset: a key of `rnnbbo.functions.tuning_data.SOURCES`, with the seed that it is drawn by.
    """

    pipeline: str
    dataset: str

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return np.apply_along_axis(self._loss, -1, u)

    def hyper_parameters(self, u: FloatArray) -> dict[str, Any]:
        """Return those that count at `u` `(dim,)`, by name."""
        scales = {one.name: one for one in PIPELINES[self.pipeline].parameters}
        return {
            name: scale.from_cube()(value) if isinstance(scale := scales[name], Real) else value
            for name, value in values_that_count(_SPACES[self.pipeline], u).items()
        }

    def _loss(self, u: FloatArray) -> float:
        return cross_validated(
            self.dataset,
            0,
            lambda: _made(self.pipeline, self.hyper_parameters(u)),
            PIPELINES[self.pipeline].loss,
        )


def conditional_tuning_problem(function: ConditionalTuning, name: str) -> Problem:
    """Return a pipeline's tuning as a problem on the unit cube; its minimum is not known.

    Args:
        function: what is minimised.
        name: the problem's name.

    Raises:
        ConfigError: there is no such pipeline or data set.
        MissingExtraError: scikit-learn is not installed.
    """
    dim = conditional_tuning_space(function.pipeline).n_dims
    labelled_data(function.dataset)
    return Problem(name, ((0.0, 1.0),) * dim, function, -np.inf, ())


def conditional_tuning_space(pipeline: str) -> Space:
    """Return what a method can be told of a pipeline's cube; a real is (0, 1), on its own scale.

    Raises:
        ConfigError: there is no such pipeline.
    """
    if pipeline not in PIPELINES:
        raise ConfigError(f"pipeline = {pipeline!r}; expected one of {', '.join(PIPELINES)}")
    return _SPACES[pipeline]


def _declared(parameter: Dimension) -> Dimension:
    if isinstance(parameter, Real):
        return Real(0.0, 1.0, name=parameter.name, when=parameter.when)
    return parameter


_SPACES = {name: Space([_declared(p) for p in of.parameters]) for name, of in PIPELINES.items()}


def _made(pipeline: str, values: Mapping[str, Any]) -> Any:
    """Return a pipeline at its hyper-parameters."""
    from sklearn.pipeline import make_pipeline

    own = {name: value for name, value in values.items() if name not in ("scaler", "model")}
    if "layers" in own:
        widths = [round(own.pop(f"width{i + 1}")) for i in range(own.pop("layers"))]
        own["hidden_layer_sizes"] = tuple(widths)
    scaler, arguments = CHOICES["scaler"][values["scaler"]]
    model, fixed = PIPELINES[pipeline].estimators[values["model"]]
    return make_pipeline(library_object(scaler)(**arguments), library_object(model)(**own, **fixed))
