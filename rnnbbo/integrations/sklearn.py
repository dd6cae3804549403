"""A search over the parameters of scikit-learn's estimators."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnnbbo.arguments import as_count
from rnnbbo.errors import ConfigError, MissingExtraError, SpaceError
from rnnbbo.integrations.skopt import Optimizer
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Categorical, as_dimension

try:
    from sklearn.exceptions import FitFailedWarning
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "rnnbbo.integrations.sklearn needs scikit-learn: pip install 'scikit-learn>=1.6'"
    ) from error

__all__ = ["RnnSearchCV"]


class RnnSearchCV(BaseSearchCV):
    """Cross-validated search over parameters, proposed by a policy of rnnbbo.

    The interface is that of `skopt.BayesSearchCV`, and so of scikit-learn's `RandomizedSearchCV`:
    see there for the parameters that are not described here, and for `best_params_`,
    `best_score_`, `best_estimator_`, `cv_results_` and the other attributes.

    Args:
        estimator: the estimator to tune.
        search_spaces: parameter name to dimension, in any form that `rnnbbo.space.Space` or
            scikit-optimize has: `{"C": (1e-3, 1e3, "log-uniform"), "kernel": ["rbf", "poly"]}`.
            A list with one value keeps the parameter at it. Or a list of such spaces, searched one
            after the other; `(space, n_iter)` gives one of them a number of its own.
        optimizer_kwargs: more arguments of `rnnbbo.integrations.skopt.Optimizer`, for instance
            `{"policy": "lstm"}`.
        n_iter: parameter settings to try, in each space.
        scoring: what is to be large, as in scikit-learn. With several scores, `refit` names the
            one that counts.
        fit_params: arguments of the estimator's `fit`, as those given to `fit` here.
        n_jobs: fits at a time. It pays up to the number of folds times `n_points`.
        n_points: parameter settings proposed at a time.
        refit: whether to fit the best setting to all data, or the name of the score that counts.
        cv: folds, as in scikit-learn.
        verbose: as in scikit-learn.
        pre_dispatch: as in scikit-learn.
        random_state: a seed or `numpy.random.RandomState`; the same one gives the same search.
        error_score: the score where a fit fails, or "raise". With NaN such a setting is a failed
            trial, and the search goes on; a setting of which every fit fails is missing in
            `cv_results_`.
        return_train_score: as in scikit-learn.

    Attributes:
        optimizer_results_: a result of each space, with the negative score as `func_vals`.
        total_iterations: settings that a fit tries.

    Raises:
        SpaceError: in `fit`: a space is malformed.
        ConfigError: in `fit`: `n_iter`, `n_points` or `refit` is not of the form expected.
    """

    def __init__(
        self,
        estimator: Any,
        search_spaces: Any,
        optimizer_kwargs: dict[str, Any] | None = None,
        n_iter: int = 50,
        *,
        scoring: Any = None,
        fit_params: dict[str, Any] | None = None,
        n_jobs: int | None = 1,
        n_points: int = 1,
        refit: bool | str = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = "raise",
        return_train_score: bool = False,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.search_spaces = search_spaces
        self.optimizer_kwargs = optimizer_kwargs
        self.n_iter = n_iter
        self.fit_params = fit_params
        self.n_points = n_points
        self.random_state = random_state

    @property
    def total_iterations(self) -> int:
        """Parameter settings that a fit tries, over all spaces."""
        return sum(n_iter for _, n_iter in self._spaces())

    @property
    def optimizer_results_(self) -> list[OptimizeResult]:
        """The result of each space, once fitted."""
        check_is_fitted(self, "_results")
        return self._results

    def fit(
        self, X: Any, y: Any = None, *, groups: Any = None, callback: Any = None, **params: Any
    ) -> RnnSearchCV:
        """Search, and fit the best setting to all data if `refit` says so.

        Args:
            X: (n_samples, n_features) data.
            y: (n_samples,) or (n_samples, n_outputs) what is to be predicted, if anything.
            groups: (n_samples,) groups that the folds keep together.
            callback: a function, or several, called with the result so far after every proposal;
                one that returns true ends the search of its space.
            **params: arguments of the estimator's `fit`.
        """
        if callable(self.refit):
            raise ConfigError(
                f"refit = {self.refit!r}; expected True, False or the name of the score that counts"
            )
        as_count("n_points", self.n_points)
        self._failure: ValueError | None = None
        self._callbacks = [callback] if callable(callback) else list(callback or [])
        if groups is not None:
            params["groups"] = groups
        super().fit(X, y, **{**(self.fit_params or {}), **params})
        return self

    def _spaces(self) -> list[tuple[Mapping[str, Any], int]]:
        """Return every space with its number of settings."""
        given = self.search_spaces
        spaces = []
        for one in given if isinstance(given, (list, tuple)) else [given]:
            pair = one if isinstance(one, tuple) else (one, self.n_iter)
            if len(pair) != 2 or not isinstance(pair[0], Mapping):
                raise SpaceError(f"search space = {one!r}; expected a dict, or a (dict, n_iter)")
            spaces.append((pair[0], as_count("n_iter", pair[1])))
        if not spaces:
            raise SpaceError(f"search_spaces = {given!r}; expected at least one space")
        return spaces

    def _run_search(self, evaluate_candidates: Callable[[list[dict[str, Any]]], Any]) -> None:
        kwargs = {**(self.optimizer_kwargs or {}), "random_state": self.random_state}
        if not isinstance(self.random_state, np.random.Generator):
            kwargs["random_state"] = check_random_state(self.random_state)  # one for all spaces
        problems = [(_split(space), n_iter) for space, n_iter in self._spaces()]
        searches = [
            (Optimizer(dimensions, **kwargs), fixed, n_iter)
            for (dimensions, fixed), n_iter in problems
        ]
        self._results = []
        for optimizer, fixed, n_iter in searches:
            result, left = optimizer.get_result(), n_iter
            while left > 0:
                points = optimizer.ask(n_points=min(self.n_points, left))
                left -= len(points)
                names = optimizer.space.names
                candidates = [{**fixed, **dict(zip(names, point, strict=True))} for point in points]
                result = optimizer.tell(points, self._losses(evaluate_candidates, candidates))
                # All of them are called, as in scikit-optimize.
                if any([bool(one(result)) for one in self._callbacks]):
                    break
            self._results.append(result)
        if not any(result.success for result in self._results) and self._failure is not None:
            raise self._failure

    def _losses(
        self,
        evaluate_candidates: Callable[[list[dict[str, Any]]], Any],
        candidates: list[dict[str, Any]],
    ) -> list[float]:
        """Return negative scores of the candidates; NaN for those that fail."""
        try:
            evaluated = evaluate_candidates(candidates)
        except ValueError as error:
            # scikit-learn gives up when all fits of a batch fail, which may be a single setting's.
            if self.error_score == "raise":
                raise
            self._failure = error
            warnings.warn(f"{candidates}: {error}", FitFailedWarning, stacklevel=2)
            return [math.nan] * len(candidates)
        scores = evaluated[self._deciding(evaluated)][-len(candidates) :]
        return [-float(score) for score in scores]

    def _deciding(self, evaluated: Mapping[str, Any]) -> str:
        """Return the column of the results that counts."""
        if "mean_test_score" in evaluated:
            return "mean_test_score"
        column = f"mean_test_{self.refit}"
        if column not in evaluated:
            prefix = "mean_test_"
            names = [name.removeprefix(prefix) for name in evaluated if name.startswith(prefix)]
            raise ConfigError(
                f"refit = {self.refit!r}; with several scores, expected the name of the one that "
                f"counts, one of {', '.join(names)}"
            )
        return column


def _split(space: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the dimensions to search in, in the order of their names, and the fixed values."""
    dimensions: list[Any] = []
    fixed: dict[str, Any] = {}
    for name, spec in sorted(space.items()):
        # A list, or a Categorical of scikit-optimize, with a single value.
        values = getattr(spec, "categories", spec)
        if isinstance(values, (list, tuple, np.ndarray)) and len(values) == 1:
            fixed[name] = values[0]
            continue
        try:
            dimension = as_dimension(spec)
        except SpaceError as error:
            raise SpaceError(f"{name}: {error}") from None
        if isinstance(dimension, Categorical):
            dimensions.append(Categorical(dimension.categories, name))
        else:
            dimensions.append(dataclasses.replace(dimension, name=name))
    if not dimensions:
        raise SpaceError(f"search space = {dict(space)!r}; expected one with several values")
    return dimensions, fixed
