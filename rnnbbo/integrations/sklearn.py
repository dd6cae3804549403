"""A search over the parameters of scikit-learn's estimators."""

from __future__ import annotations

import dataclasses
import math
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnnbbo.arguments import as_count
from rnnbbo.dimensions import Categorical, Dimension
from rnnbbo.errors import ConfigError, MissingExtraError, SpaceError
from rnnbbo.integrations.skopt import Optimizer
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Space
from rnnbbo.specs import as_dimension, renamed

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
            A tuple of two numbers is a range; a list, or an array, is a choice, also of numbers:
            `(10, 100)` has 91 integers, `[10, 100]` has two; a list with one value keeps the
            parameter at it. Of scipy.stats, `uniform`, `loguniform` and `randint`. Or a list of
            such spaces, searched one after the other; `(space, n_iter)` gives one of them a number
            of its own.
        optimizer_kwargs: more arguments of `rnnbbo.integrations.skopt.Optimizer`, for instance
            `{"policy": "lstm"}`.
        n_iter: parameter settings to try, in each space; all of them, with a warning, where a
            space of integers and choices has fewer.
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
            trial, and the search goes on.
        return_train_score: as in scikit-learn.

    Whatever ends `fit` early, Ctrl-C or an exception of a callback, leaves `cv_results_` and
    `best_params_` of what was evaluated until then. Callbacks of scikit-learn 1.9 (`set_callbacks`)
    are told of each batch of settings.

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
        spaces = [(_split(space)[0], n_iter) for space, n_iter in self._spaces()]
        return int(sum(min(n_iter, _count(dimensions)) for dimensions, n_iter in spaces))

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
        callbacks = [callback] if callable(callback) else list(callback or [])
        if groups is not None:
            params["groups"] = groups
        self._run = _Run(callbacks)
        try:
            super().fit(X, y, **{**(self.fit_params or {}), **params})
        except BaseException:
            self._keep()
            raise
        finally:
            del self._run  # a fitted search can be pickled, whatever its callbacks were
        return self

    def __getstate__(self) -> dict[str, Any]:
        # With n_jobs, scikit-learn sends the search to its workers during a fit.
        return {name: value for name, value in super().__getstate__().items() if name != "_run"}

    def _keep(self) -> None:
        """Keep what was evaluated before a fit ended early."""
        results = self._run.results
        if results is None:
            return
        self.cv_results_ = results
        column = f"rank_{self._deciding(results).removeprefix('mean_')}"
        self.best_index_ = int(results[column].argmin())
        self.best_params_ = results["params"][self.best_index_]
        self.best_score_ = results[self._deciding(results)][self.best_index_]

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

    def _run_search(
        self, evaluate_candidates: Callable[..., Any], *, callback_ctx: Any = None
    ) -> None:
        kwargs = {**(self.optimizer_kwargs or {}), "random_state": self.random_state}
        if not isinstance(self.random_state, np.random.Generator):
            kwargs["random_state"] = check_random_state(self.random_state)  # one for all spaces
        problems = [(_split(space), n_iter) for space, n_iter in self._spaces()]
        searches = [
            (Optimizer(dimensions, **kwargs), fixed, _settings(dimensions, n_iter))
            for (dimensions, fixed), n_iter in problems
        ]
        batches = sum(-(-n_iter // self.n_points) for *_, n_iter in searches)
        evaluate = _Evaluate(self, evaluate_candidates, callback_ctx, batches)
        self._results: list[OptimizeResult] = []
        for optimizer, fixed, n_iter in searches:
            result, left = optimizer.get_result(), n_iter
            self._results.append(result)
            while left > 0:
                points = optimizer.ask(n_points=min(self.n_points, left))
                left -= len(points)
                named = map(optimizer.space.as_mapping, points)
                candidates = [{**fixed, **values} for values in named]
                result = optimizer.tell(points, self._losses(evaluate, candidates))
                self._results[-1] = result
                # All of them are called, as in scikit-optimize.
                if any([bool(one(result)) for one in self._run.callbacks]):
                    break
        run = self._run
        if run.last is None:
            assert run.failure is not None  # a search has one setting at least
            raise run.failure
        if run.results is not None:
            run.ended = True
            complete = self._format_results(*run.last)
            run.results.clear()  # the dictionary that scikit-learn itself holds
            run.results.update(complete)
        evaluate.end()

    def _format_results(
        self, candidate_params: Any, n_splits: int, out: Any, more_results: Any = None
    ) -> dict[str, Any]:
        """Return the results, with the settings of which every fit failed, too."""
        run = self._run
        run.last = (candidate_params, n_splits, out, more_results)
        settings, fits = run.with_failed(candidate_params, n_splits, out, self.error_score)
        with warnings.catch_warnings():
            if not run.ended:  # once is enough
                warnings.filterwarnings("ignore", "One or more of the", UserWarning)
            return super()._format_results(settings, n_splits, fits, more_results)

    def _losses(
        self, evaluate: Callable[[list[dict[str, Any]]], Any], candidates: list[dict[str, Any]]
    ) -> list[float]:
        """Return negative scores of the candidates; NaN for those that fail."""
        run, start = self._run, time.perf_counter()
        try:
            evaluated = run.results = evaluate(candidates)
        except ValueError as error:
            # scikit-learn gives up when all fits of a batch fail, which may be a single setting's.
            if self.error_score == "raise":
                raise
            run.fail(candidates, error, time.perf_counter() - start)
            warnings.warn(f"{candidates}: {error}", FitFailedWarning, stacklevel=2)
            return [-float(self.error_score)] * len(candidates)
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


class _Evaluate:
    """Evaluates settings, and tells callbacks of scikit-learn 1.9 of each batch.

    Args:
        search: the search.
        evaluate_candidates: scikit-learn's function.
        context: scikit-learn's of the fit; None where it has none.
        batches: how many there will be at most.
    """

    def __init__(
        self,
        search: RnnSearchCV,
        evaluate_candidates: Callable[..., Any],
        context: Any,
        batches: int,
    ) -> None:
        self._search = search
        self._evaluate = evaluate_candidates
        self._context = None
        if context is not None:
            self._context = context.subcontext(task_name="search", max_subtasks=batches)
            self._context.call_on_fit_task_begin(estimator=search)

    def __call__(self, candidates: list[dict[str, Any]]) -> Any:
        """Evaluate settings, and return all results so far."""
        if self._context is None:
            return self._evaluate(candidates)
        batch = self._context.subcontext(
            task_name="settings",
            max_subtasks=len(candidates) * self._search.n_splits_,
            sequential_subtasks=False,
        ).call_on_fit_task_begin(estimator=self._search)
        try:
            return self._evaluate(candidates, callback_ctx=batch)
        finally:
            batch.call_on_fit_task_end(estimator=self._search)

    def end(self) -> None:
        """Say that the search has ended."""
        if self._context is not None:
            self._context.call_on_fit_task_end(estimator=self._search)


class _Run:
    """What is known during a fit alone.

    Attributes:
        callbacks: the caller's functions.
        results: scikit-learn's dictionary of results so far; None before the first.
        last: what it was made of.
        failure: why the last setting failed of which every fit did.
        ended: whether the search is over.
    """

    def __init__(self, callbacks: list[Callable[[OptimizeResult], Any]]) -> None:
        self.callbacks = callbacks
        self.results: dict[str, Any] | None = None
        self.last: tuple[Any, ...] | None = None
        self.failure: ValueError | None = None
        self.ended = False
        # How many settings were evaluated before each, the setting itself, and its seconds.
        self._failed: list[tuple[int, dict[str, Any], float]] = []

    def fail(self, candidates: list[dict[str, Any]], error: ValueError, seconds: float) -> None:
        """Take note of settings of which every fit failed."""
        self.failure = error
        before = 0 if self.last is None else len(self.last[0])
        self._failed += [(before, one, seconds / len(candidates)) for one in candidates]

    def with_failed(
        self, settings: list[dict[str, Any]], n_splits: int, fits: list[Any], score: Any
    ) -> tuple[list[dict[str, Any]], list[Any]]:
        """Return settings and fits, n_splits each, with those that failed in their places."""
        settings, fits = list(settings), list(fits)
        for before, setting, seconds in reversed(self._failed):
            fit = {**fits[0], "fit_time": seconds / n_splits, "score_time": 0.0}
            for kind in ("test_scores", "train_scores"):
                if kind in fit:
                    several = isinstance(fit[kind], dict)
                    fit[kind] = dict.fromkeys(fit[kind], score) if several else score
            settings.insert(before, setting)
            fits[before * n_splits : before * n_splits] = [fit] * n_splits
        return settings, fits


def _split(space: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the dimensions to search in, in the order of their names, and the fixed values."""
    dimensions: list[Any] = []
    fixed: dict[str, Any] = {}
    for name, spec in sorted(space.items()):
        try:
            dimension = _dimension(spec)
        except SpaceError as error:
            raise SpaceError(f"{name}: {error}") from None
        if isinstance(dimension, _Fixed):
            fixed[name] = dimension.value
        else:
            dimensions.append(renamed(dimension, name))
    if not dimensions:
        raise SpaceError(f"search space = {dict(space)!r}; expected one with several values")
    return dimensions, fixed


@dataclasses.dataclass(frozen=True)
class _Fixed:
    """The single value of a parameter."""

    value: Any


def _dimension(spec: Any) -> Dimension | _Fixed:
    """Return what a parameter may be."""
    # A list, or a Categorical of scikit-optimize.
    values = getattr(spec, "categories", spec)
    if isinstance(values, (list, tuple, np.ndarray)) and len(values) == 1:
        return _Fixed(values[0])
    if isinstance(spec, (list, np.ndarray)) and not _has_prior(spec):
        return Categorical(spec.tolist() if isinstance(spec, np.ndarray) else spec)
    dimension = as_dimension(spec)
    if dimension.is_constant and dimension.when is None:
        return _Fixed(dimension.bounds[0])
    return dimension


def _has_prior(spec: Any) -> bool:
    return len(spec) > 2 and isinstance(spec[2], str) and not isinstance(spec[0], str)


def _settings(dimensions: list[Any], n_iter: int) -> int:
    """Return how many settings to try, with a warning where there are fewer than n_iter."""
    count = _count(dimensions)
    if count >= n_iter:
        return n_iter
    warnings.warn(
        f"The total space of parameters {count} is smaller than n_iter={n_iter}. Running {count} "
        "iterations. For exhaustive searches, use GridSearchCV.",
        stacklevel=2,
    )
    return int(count)


def _count(dimensions: list[Any]) -> float:
    """Return the number of settings; infinity where a dimension is real."""
    size = Space(dimensions).size if dimensions else 1  # all parameters are fixed
    return math.inf if size is None else size
