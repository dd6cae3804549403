"""Logistic regression by stochastic gradients, its four hyper-parameters tuned.

Snoek, Larochelle and Adams (2012) tuned it on MNIST, HPOlib (Eggensperger et al. 2013) took it
over, and Chen et al. (2016, section 4.4) from there. The ranges are HPOlib's where the data allow:
the learning rate in [0, 10] and the l2 penalty in [0, 1] as theirs; batches of 20 to 2000 and 5 to
2000 epochs there, for 50,000 images, become `BATCH` and `EPOCHS` for the 200 rows of a data set
here. The error after the last epoch is the value; HPOlib's is the least of any epoch, which leaves
the number of epochs little to say.

With inputs x standardized, weights W and b zero at first, and batches in the order of the data,

    p(c | x) proportional to exp(x . W_c + b_c)
    (W, b) <- (W, b) - lrate grad [ -mean log p(y | x) + l2_reg |W|^2 ]

over three folds; the value is the mean share of wrong classes. All folds are trained at once. Where
the weights diverge, as with lrate l2_reg > 1, which is two thirds of the cube, the first class is
always said, as HPOlib's code does with weights that are not numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.tuning_data import folds, labelled_data

RATE = (0.0, 10.0)
L2 = (0.0, 1.0)
BATCH = (20, 133)
EPOCHS = (5, 200)

_DIVERGED = 1e100  # weights beyond this go on growing


@dataclass(frozen=True)
class LogisticTuning:
    """The error of logistic regression on a data set, on the unit cube.

    Attributes:
        dataset: one of `rnnbbo.functions.tuning_data.SOURCES` that has classes, with a seed after
            it where it is drawn.
    """

    dataset: str

    def hyper_parameters(self, u: FloatArray) -> Mapping[str, float]:
        """Return them at `u` `(4,)`, on linear scales; numbers of rows and epochs are whole."""
        rate, l2, batch, epochs = (
            low + at * (high - low)
            for at, (low, high) in zip(u.tolist(), (RATE, L2, BATCH, EPOCHS), strict=True)
        )
        return {"lrate": rate, "l2_reg": l2, "batchsize": round(batch), "n_epochs": round(epochs)}

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., 4)` to `(...)`."""
        return np.apply_along_axis(self._error, -1, u)

    def _error(self, u: FloatArray) -> float:
        chosen = self.hyper_parameters(u)
        data = _data(self.dataset)
        w = np.zeros((len(data.x), data.x.shape[2], data.classes.shape[2]))
        b = np.zeros((len(data.x), 1, data.classes.shape[2]))
        size = int(chosen["batchsize"])
        starts = range(0, data.x.shape[1] - size + 1, size)
        for _ in range(int(chosen["n_epochs"])):
            for start in starts:
                x, y = (part[:, start : start + size] for part in (data.x, data.classes))
                slope = (_probabilities(x @ w + b) - y) / size
                w -= chosen["lrate"] * (x.swapaxes(1, 2) @ slope + 2.0 * chosen["l2_reg"] * w)
                b -= chosen["lrate"] * slope.sum(1, keepdims=True)
            if not np.abs(w).max() < _DIVERGED:
                w[:] = np.nan
                break
        found = (data.held @ w + b).argmax(-1)  # of NaN the first
        return float(np.mean((found != data.held_y)[data.counts]))


@dataclass(frozen=True, eq=False)
class _Data:
    """The folds of a data set, side by side.

    Attributes:
        x: `(F, n, D)`, what is trained on, standardized.
        classes: `(F, n, C)`, 1 at a row's class.
        held: `(F, m, D)`, what is held out.
        held_y: `(F, m)`, its classes.
        counts: `(F, m)`, false where a shorter fold was filled up.
    """

    x: FloatArray
    classes: FloatArray
    held: FloatArray
    held_y: NDArray[np.int64]
    counts: NDArray[np.bool_]


def logistic_problem(function: LogisticTuning, name: str) -> Problem:
    """Return the tuning as a problem on the unit cube; its minimum is not known.

    Args:
        function: what is minimised.
        name: the problem's name.

    Raises:
        ConfigError: there is no such data set.
        MissingExtraError: scikit-learn is not installed.
    """
    labelled_data(function.dataset)
    return Problem(name, ((0.0, 1.0),) * 4, function, -np.inf, ())


def _probabilities(score: FloatArray) -> FloatArray:
    grown = np.exp(score - score.max(-1, keepdims=True))
    probabilities: FloatArray = grown / grown.sum(-1, keepdims=True)
    return probabilities


@lru_cache(maxsize=8)
def _data(dataset: str) -> _Data:
    x, y = labelled_data(dataset)
    names, numbers = np.unique(y, return_inverse=True)
    parts = folds(dataset, split=0)
    rows = min(len(train) for train, _ in parts)
    most = max(len(test) for _, test in parts)
    xs, classes, held, held_y, counts = [], [], [], [], []
    for train, test in parts:
        centre, spread = x[train].mean(0), x[train].std(0)
        z = (x - centre) / np.where(spread > 0, spread, 1.0)
        xs.append(z[train[:rows]])
        classes.append(np.eye(len(names))[numbers[train[:rows]]])
        filled = np.resize(test, most)
        held.append(z[filled])
        held_y.append(numbers[filled])
        counts.append(np.arange(most) < len(test))
    return _Data(*(np.array(one) for one in (xs, classes, held, held_y, counts)))
