"""Minimize a Python function, in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo.arguments import as_count, as_flag, as_list, as_number, as_seconds, as_value
from rnnbbo.errors import ConfigError, PointError, TooManyFailuresError, warn
from rnnbbo.escaping import repr_of
from rnnbbo.evaluation.evaluator import Evaluator, Inline
from rnnbbo.loop import Limits
from rnnbbo.optimization import Opened, Optimization
from rnnbbo.result import OptimizeResult
from rnnbbo.shipped import Source
from rnnbbo.space import Space
from rnnbbo.status import Status
from rnnbbo.trial import Trial

Callback = Callable[[OptimizeResult], Any]


def minimize(
    func: Callable[[list[Any]], float],
    dimensions: Any,
    n_calls: int = 100,
    *,
    policy: Source | None = None,
    x0: Any = None,
    y0: Any = None,
    callback: Callback | Sequence[Callback] | None = None,
    rng: int | np.random.Generator | None = None,
    max_failures: int | None = None,
    workers: int | None = None,
    executor: Any = None,
    timeout: float | None = None,
    eval_timeout: float | None = None,
    call_seconds: float | None = None,
    study: str | Path | None = None,
    resume: bool = False,
) -> OptimizeResult:
    """Find a point where a function of few dimensions is small, in few evaluations.

    An evaluation fails if `func` raises, or returns anything but a finite number. Such a trial
    is recorded, never becomes the best, and the run goes on; the first one is warned of, and
    `errors` of the result has the reason of each. The first point that is evaluated a second time
    is warned of, too (`rnnbbo.errors.RepeatWarning`): a space of few points has no others left.

    Args:
        func: the objective. It gets a point, a list of n_dims values in user units, and returns
            its value: a number, or an array, tensor or list that holds only one; or an `Outcome`,
            or a mapping with its keys: `{"value": ..., "constraints": {...}, "info": {...}}`, where
            constraints have to be at most 0, and whose info a study keeps; or `{"status": "fail"}`.
        dimensions: the search space, as in `rnnbbo.space.Space`: for instance
            `[(-5.0, 10.0), (1, 64), (1e-5, 1e-1, "log-uniform"), ("relu", "tanh")]`.
        n_calls: number of evaluations, those of `x0` included; with a study, of the whole study.
        policy: what proposes the points, as for `rnnbbo.Optimizer`; None for the study's, or
            "auto", the best by what was measured.
        x0: a point, or a list of points, to evaluate first; with `y0`, points already known. A
            study that has trials already does without.
        y0: the value at `x0`, or a list of the values at its points. They are told to the policy
            and not evaluated; a value that is not finite is a failed trial.
        callback: a function, or several, called after every evaluation (and once after `y0`)
            with the result so far; one that returns true ends the run.
        rng: a seed or a NumPy generator. The same seed gives the same run, as long as the values
            are told in the same order; on another kind of processor, the same but for rounding,
            which every later point builds on.
        max_failures: number of failed evaluations that is still accepted; None for any.
        workers: evaluate in this many processes at once, copies (by fork) of this one, each the
            leader of a process group; one that dies fails its trial and is replaced. A new point
            is proposed as soon as a value is in, with regard to those still evaluated. With
            `executor`, only the number of evaluations at once.
        executor: evaluate by this executor instead: a pool of `concurrent.futures`, one of loky,
            Dask's `client.get_executor()`, or any other object whose `submit(function, *args)`
            returns such a future. It is left open.
        timeout: seconds for the whole run. What is still being evaluated then is ended and not
            told; an evaluation in this very process ends first.
        eval_timeout: seconds for an evaluation; it fails when they are over. With `workers`, its
            process group is ended. An executor cannot be made to do that: what it runs keeps its
            place until it ends.
        call_seconds: time of an evaluation, if it is known. With thousands of evaluations that
            take less than an ask, "auto" hands over to a policy that asks faster. Without effect
            on a study, which is of any length.
        study: a file, new or (with `resume`) not, that keeps every trial: see `rnnbbo.Study`.
        resume: go on with the study where it was, also in several processes at once.

    Returns:
        The result: `x` and `fun` are the best point and its value.

    Raises:
        SpaceError: the space is malformed.
        PointError: a point of `x0` is not in the space.
        PolicyError: there is no such policy.
        ConfigError: another argument does not fit.
        StudyError: the study exists already, is damaged, or was made for something else.
        ObjectiveError: the executor broke, or cannot take the objective. Its `result` holds
            everything so far.
        TooManyFailuresError: more than `max_failures` evaluations failed. Its `result` holds
            everything so far.
        Exception: whatever else a callback raises, KeyboardInterrupt too, as raised; its
            `result` holds everything so far.
    """
    if not callable(func):
        raise ConfigError(f"func = {repr_of(func)}; expected a function of a point")
    space = dimensions if isinstance(dimensions, Space) else Space(dimensions)
    points, known = _initial(space, x0, y0)
    callbacks = _callbacks(callback)
    _check_counts(n_calls, 0 if known else len(points), max_failures)
    timeout = None if timeout is None else as_seconds("timeout", timeout)
    eval_timeout = None if eval_timeout is None else as_seconds("eval_timeout", eval_timeout)
    if as_flag("resume", resume) and study is None:
        raise ConfigError("resume = True without a study; expected study= with its file")
    arguments = {
        "func": func,
        "dimensions": space,
        "n_calls": n_calls,
        "policy": policy,
        "x0": x0,
        "y0": y0,
        "rng": rng,
        "max_failures": max_failures,
    }

    def complete(result: OptimizeResult) -> OptimizeResult:
        """Say in a result how it was called for."""
        result.update(random_state=rng, specs={"args": dict(arguments), "function": "minimize"})
        return result

    optimization = Optimization(
        space,
        Limits(n_calls, timeout, max_failures),
        policy=policy,
        rng=rng,
        points=points,
        values=known,
        call_seconds=call_seconds,
        study=study,
        resume=resume,
    )
    ended = optimization.run(
        lambda opened: _evaluator(func, space, workers, executor, eval_timeout),
        _Callbacks(callbacks, complete, at_once=bool(known)),
    )
    result = complete(ended.result)
    if ended.error is not None:
        with suppress(AttributeError, TypeError):  # a class that allows no more attributes
            ended.error.result = result  # type: ignore[attr-defined]
        raise ended.error
    if ended.status is Status.TOO_MANY_FAILURES:
        raise _too_many(result, max_failures)
    return result


class _Callbacks:
    """The user's functions, called with the result so far, and a warning of the first failure.

    Args:
        callbacks: the functions.
        complete: adds to a result what it lacks.
        at_once: whether they are called before anything is evaluated, too.
    """

    def __init__(
        self,
        callbacks: Sequence[Callback],
        complete: Callable[[OptimizeResult], OptimizeResult],
        *,
        at_once: bool,
    ) -> None:
        self._callbacks = callbacks
        self._complete = complete
        self._at_once = at_once

    def begin(self, opened: Opened) -> bool:
        """Take note of the history."""
        self._history = opened.history
        return self._at_once and self._call()

    def add(self, trial: Trial) -> bool:
        """Call the functions, and return whether one of them ends the run."""
        if trial.failed and self._history.n_failed == 1:
            warn(
                f"the trial at {repr_of(trial.x)} failed: {trial.error}; failed trials never "
                "become the best, and the result's `errors` has the reasons",
                RuntimeWarning,
            )
        return self._call()

    def _call(self) -> bool:
        # All of them are called, as in scikit-optimize, each with a result of its own.
        return any([bool(one(self._complete(self._history.result()))) for one in self._callbacks])


def _evaluator(
    func: Callable[[list[Any]], Any],
    space: Space,
    workers: int | None,
    executor: Any,
    eval_timeout: float | None,
) -> Evaluator:
    if workers is not None:
        workers = as_count("workers", workers)
    if executor is not None:
        from rnnbbo.evaluation.futures import by_executor

        return by_executor(func, executor, workers, eval_timeout=eval_timeout)
    if workers is not None:
        from rnnbbo.evaluation.workers import forked

        return forked(func, space, workers, eval_timeout)
    if eval_timeout is not None:
        raise ConfigError(
            f"eval_timeout = {repr_of(eval_timeout)} for evaluations in this very process, which "
            "cannot be ended; expected workers=1 or more beside it"
        )
    return Inline(func)


def _too_many(result: OptimizeResult, max_failures: int | None) -> TooManyFailuresError:
    last = list(result.errors.values())[-1]
    error = TooManyFailuresError(
        f"{len(result.errors)} of {result.nfev} evaluations failed, max_failures = "
        f"{max_failures}; the last one: {last}"
    )
    error.result = result
    return error


def _callbacks(callback: Any) -> list[Callback]:
    callbacks = [] if callback is None else [callback] if callable(callback) else as_list(callback)
    if callbacks is None or not all(map(callable, callbacks)):
        raise ConfigError(
            f"callback = {repr_of(callback)}; expected a function or a list of functions"
        )
    return callbacks


def _check_counts(n_calls: Any, n_points: int, max_failures: Any) -> None:
    as_count("n_calls", n_calls)
    if max_failures is not None:
        as_count("max_failures", max_failures, least=0)
    if n_calls < n_points:
        raise ConfigError(f"n_calls = {n_calls}; expected at least {n_points}, the points of x0")


def _initial(space: Space, x0: Any, y0: Any) -> tuple[list[list[Any]], list[float]]:
    """Return the points of x0 in canonical form, and their known values (none without y0)."""
    points = [] if x0 is None else _points(space, x0)
    if y0 is None:
        return points, []
    values = [as_value(y) for y in _listed(y0)]
    if len(points) != len(values):
        raise ConfigError(
            f"number of values in y0 = {len(values)}; expected {len(points)}, one a point of x0"
        )
    return points, values


def _listed(y0: Any) -> list[Any]:
    """Return the values that y0 holds, or itself, where it is one."""
    if as_number(y0) is not None or isinstance(y0, (str, bytes, Mapping, Set)):
        return [y0]
    try:
        return list(y0) if hasattr(y0, "__len__") else [y0]
    except Exception:
        return [y0]


def _points(space: Space, x0: Any) -> list[list[Any]]:
    items = as_list(x0)
    if items is None:
        raise PointError(f"x0 = {repr_of(x0)}; expected a point or a list of points")
    if not all(isinstance(item, (list, tuple, np.ndarray)) for item in items):
        return [space.check(x0)]
    try:
        return [space.check(point) for point in items]
    except PointError:
        # A single point may consist of categories that are lists or tuples themselves.
        try:
            return [space.check(x0)]
        except PointError:
            pass
        raise
