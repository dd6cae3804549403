"""Tuning of scikit-learn's and LightGBM's models over mixed spaces (the extra `bench`).

As `rnnbbo.functions.tuning`, with reals, integers and categories, and parameters that count only
where another has a certain value. The data are small, so that an evaluation takes some hundredths
of a second: data sets that scikit-learn ships, and draws of its `make_…` functions.

The value is the mean over three folds of the share of wrong classes, of the log-loss, or of the
root mean squared error in units of the target's standard deviation. With fixed folds, and a fixed
seed for all that is random, the same point has the same value. `MixedTuning.draw` splits the data
anew, which makes an observation noisy; then the value is the mean over `FIXED_SPLITS` fixed splits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rnnbbo.dimensions import Dimension, Integer, Real, uniform_cell
from rnnbbo.errors import ConfigError
from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.mixed_models import CHOICES, MIXED_MODELS, SCALE_FREE, Ordered, Tuned
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.tuning import LOSS, RMSE, WRONG
from rnnbbo.functions.tuning_data import cross_validated, labelled_data
from rnnbbo.space import Space

FIXED_SPLITS = 3
"""Splits of the data that give the value where observations draw their own."""


@dataclass(frozen=True)
class MixedTuning:
    """The cross-validated loss of a model on a data set, on the unit cube.

    Attributes:
        model: a key of `MIXED_MODELS`.
        dataset: a key of `SOURCES`, with a seed after it where it is drawn, as `moons-3`.
        split_at_random: whether an observation splits the data anew; then the value is the mean of
            `FIXED_SPLITS` splits.
    """

    model: str
    dataset: str
    split_at_random: bool = False

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return np.apply_along_axis(self._value, -1, u)

    def draw(self, u: FloatArray, rng: np.random.Generator) -> float:
        """Return the loss at `u` `(dim,)` over a split of its own."""
        return self._loss(u, int(rng.integers(2**31)))

    def hyper_parameters(self, u: FloatArray) -> dict[str, Any]:
        """Return those that count at `u` `(dim,)`, by name."""
        tuned = _model(self.model)
        values = {
            name: _value(parameter, float(at))
            for name, parameter, at in zip(tuned.names, tuned.parameters, u, strict=True)
        }
        return {
            name: value
            for name, value in values.items()
            if name not in tuned.when or values[tuned.when[name][0]] in tuned.when[name][1]
        }

    def _value(self, u: FloatArray) -> float:
        splits = FIXED_SPLITS if self.split_at_random else 1
        return float(np.mean([self._loss(u, split) for split in range(splits)]))

    def _loss(self, u: FloatArray, split: int) -> float:
        measure = _MEASURES[_model(self.model).loss]
        return cross_validated(
            self.dataset, split, lambda: _pipeline(self.model, self.hyper_parameters(u)), measure
        )


def mixed_tuning_problem(function: MixedTuning, name: str) -> Problem:
    """Return a model's tuning as a problem on the unit cube; its minimum is not known.

    Args:
        function: what is minimised.
        name: the problem's name.

    Raises:
        ConfigError: there is no such model or data set.
        MissingExtraError: scikit-learn or LightGBM is not installed.
    """
    dim = len(_model(function.model).parameters)
    labelled_data(function.dataset)
    draw = function.draw if function.split_at_random else None
    return Problem(name, ((0.0, 1.0),) * dim, function, -np.inf, (), draw=draw)


@lru_cache
def mixed_tuning_space(model: str) -> Space:
    """Return what a method can be told of a model's cube.

    A real is (0, 1), on the scale that it is tuned on; an integer and the position of a step are
    cells of even width, and so are categories.

    Raises:
        ConfigError: there is no such model.
    """
    return Space([_declared(parameter) for parameter in _model(model).parameters])


def _declared(parameter: Dimension | Ordered) -> Dimension:
    if isinstance(parameter, Ordered):
        return Integer(0, len(parameter.values) - 1, name=parameter.name)
    return Real(0.0, 1.0, name=parameter.name) if isinstance(parameter, Real) else parameter


def _value(parameter: Dimension | Ordered, u: float) -> Any:
    if isinstance(parameter, Real):
        return parameter.from_cube()(u)
    if isinstance(parameter, Integer):
        values: Sequence[Any] = range(parameter.low, parameter.high + 1)
    else:
        values = parameter.values
    return values[int(uniform_cell(np.array(u), len(values)))]


def _pipeline(name: str, values: Mapping[str, Any]) -> Any:
    """Return a model at its hyper-parameters."""
    from sklearn.pipeline import make_pipeline

    tuned = _model(name)
    chosen = {key: values[key] for key in CHOICES if key in values}
    if "scaler" not in chosen and not tuned.estimator.startswith(SCALE_FREE):
        chosen = {"scaler": "standard", **chosen}
    own = {key: value for key, value in values.items() if key not in CHOICES and "__" not in key}
    model = chosen.pop("model", "")
    target, fixed = CHOICES["model"][model] if model else (tuned.estimator, tuned.fixed)
    steps = [
        library_object(CHOICES[step][category][0])(
            **CHOICES[step][category][1],
            **{
                k.removeprefix(f"{step}__"): v
                for k, v in values.items()
                if k.startswith(f"{step}__")
            },
        )
        for step, category in chosen.items()
        if CHOICES[step][category][0]
    ]
    return make_pipeline(*steps, library_object(target)(**own, **fixed))


def _wrong(model: Any, x: FloatArray, y: FloatArray) -> float:
    return float(np.mean(model.predict(x) != y))


def _log_loss(model: Any, x: FloatArray, y: FloatArray) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(y, model.predict_proba(x), labels=model.classes_))


def _rmse(model: Any, x: FloatArray, y: FloatArray) -> float:
    return float(np.sqrt(np.mean((model.predict(x) - y) ** 2)))


_MEASURES: Mapping[str, Callable[[Any, FloatArray, FloatArray], float]] = {
    WRONG: _wrong,
    LOSS: _log_loss,
    RMSE: _rmse,
}


def _model(name: str) -> Tuned:
    if name not in MIXED_MODELS:
        raise ConfigError(f"model = {name!r}; expected one of {', '.join(MIXED_MODELS)}")
    return MIXED_MODELS[name]
