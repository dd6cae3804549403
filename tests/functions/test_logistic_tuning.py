import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.logistic_tuning import (
    BATCH,
    EPOCHS,
    LogisticTuning,
    _data,
    logistic_problem,
)
from rnnbbo.functions.tuning_data import folds, labelled_data

pytest.importorskip("sklearn")


def _cube(rate: float, l2: float, batch: int, epochs: int) -> np.ndarray:
    place = [
        (batch - BATCH[0]) / (BATCH[1] - BATCH[0]),
        (epochs - EPOCHS[0]) / (EPOCHS[1] - EPOCHS[0]),
    ]
    return np.array([rate / 10.0, l2, *place])


def _one_fold_after_another(dataset: str, rate: float, l2: float, batch: int, epochs: int) -> float:
    """The same training, a fold, a batch and a row at a time."""
    x, y = labelled_data(dataset)
    classes = np.unique(y)
    wrong = []
    rows = min(len(train) for train, _ in folds(dataset, 0))
    for train, test in folds(dataset, 0):
        spread = x[train].std(0)
        z = (x - x[train].mean(0)) / np.where(spread > 0, spread, 1.0)
        w, b = np.zeros((x.shape[1], len(classes))), np.zeros(len(classes))
        for _ in range(epochs):
            for start in range(0, rows - batch + 1, batch):
                gw, gb = 2 * l2 * w, np.zeros_like(b)
                for i in train[start : start + batch]:
                    p = np.exp(z[i] @ w + b)
                    slope = (p / p.sum() - (classes == y[i])) / batch
                    gw, gb = gw + np.outer(z[i], slope), gb + slope
                w, b = w - rate * gw, b - rate * gb
        wrong += [classes[np.argmax(z[i] @ w + b)] != y[i] for i in test]
    return float(np.mean(wrong))


def test_the_error_is_that_of_plain_gradient_descent() -> None:
    chosen = (0.02, 0.05, 30, 6)
    expected = _one_fold_after_another("wine", *chosen)
    assert LogisticTuning("wine")(_cube(*chosen)) == pytest.approx(expected, abs=1e-12)
    assert expected < 0.2


def test_without_steps_and_where_weights_diverge_the_first_class_is_said() -> None:
    data = _data("wine")
    first = float(np.mean((data.held_y != 0)[data.counts]))
    function = LogisticTuning("wine")
    assert function(_cube(0.0, 0.5, 40, 10)) == first
    assert function(_cube(9.0, 0.9, 20, 200)) == first


def test_hyper_parameters_lie_in_their_ranges_and_whole_numbers_are_whole() -> None:
    function = LogisticTuning("wine")
    low, high = (function.hyper_parameters(np.full(4, u)) for u in (0.0, 1.0))
    assert (low, high) == (
        {"lrate": 0.0, "l2_reg": 0.0, "batchsize": 20, "n_epochs": 5},
        {"lrate": 10.0, "l2_reg": 1.0, "batchsize": 133, "n_epochs": 200},
    )
    within = function.hyper_parameters(np.full(4, 0.123))
    assert within["batchsize"] == 34 and within["n_epochs"] == 29


def test_a_problem_goes_through_pickle_and_an_unknown_data_set_is_refused() -> None:
    problem = logistic_problem(LogisticTuning("wine"), "logistic-wine")
    u = np.full(4, 0.2)
    assert pickle.loads(pickle.dumps(problem)).unit(u) == problem.unit(u)
    with pytest.raises(ConfigError, match="dataset"):
        logistic_problem(LogisticTuning("nothing"), "nothing")
