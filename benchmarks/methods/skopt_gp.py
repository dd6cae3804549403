"""scikit-optimize's Bayesian optimization, as its `gp_minimize` runs it."""

import warnings

import numpy as np
from skopt import Optimizer
from skopt.utils import cook_estimator, normalize_dimensions

from rnnbbo.benchmarks.methods.base import Cells, FloatArray, WorstFinite, cube
from rnnbbo.space import Space


class GPMinimize:
    """`skopt.gp_minimize` with its default settings, asked and told.

    That is 10 uniform points; then a Gaussian process with a Matern-5/2 kernel and Gaussian noise,
    and the portfolio `gp_hedge` of expected improvement, probability of improvement and lower
    confidence bound, each minimised from the best 5 of 10,000 points. A run with the same seed and
    values visits the points that `gp_minimize` visits. A failed evaluation is told as the worst
    finite value so far, 0 if there is none, because one NaN breaks the model.
    """

    def __init__(self, dim: int, budget: int, seed: int, space: Space | None = None) -> None:
        rng = np.random.RandomState(seed)
        space = space or cube(dim)
        self._cells = Cells(space)
        theirs = normalize_dimensions(space.to_skopt())
        estimator_seed = rng.randint(0, np.iinfo(np.int32).max)
        model = cook_estimator("GP", space=theirs, random_state=estimator_seed, noise="gaussian")
        self._optimizer = Optimizer(theirs, model, random_state=rng)
        self._finite = WorstFinite()

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        with warnings.catch_warnings():
            # A point that repeats an earlier one is replaced by a random one, with a warning.
            warnings.simplefilter("ignore")
            self._asked = self._optimizer.ask()
        return self._cells.middle(self._asked)

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._optimizer.tell(self._asked, float(self._finite(y)))
