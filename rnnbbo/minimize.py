"""Minimizing a Python function, in one call."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo.arguments import as_count, as_seconds
from rnnbbo.errors import ConfigError, ObjectiveError, PointError, TooManyFailuresError
from rnnbbo.evaluation.evaluator import Evaluator, Inline
from rnnbbo.loop import History, Limits, Memory, run_trials
from rnnbbo.optimizer import DEFAULT_POLICY, Optimizer
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Space
from rnnbbo.trial import Trial

Callback = Callable[[OptimizeResult], Any]

_MESSAGES = {
    "stopped": "stopped by the callback",
    "timeout": "stopped by the timeout",
    "too_many_failures": "too many failures",
}


def minimize(
    func: Callable[[list[Any]], float],
    dimensions: Any,
    n_calls: int = 100,
    *,
    policy: str | None = None,
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
    """Finds a point where a function of few dimensions is small, in few evaluations.

    An evaluation fails if `func` raises, or returns anything but a finite number. Such a trial
    is recorded, never becomes the best, and the run goes on; the first one is warned of, and
    `errors` of the result has the reason of each.

    Args:
        func: The objective. It gets a point, a list of n_dims values in user units.
        dimensions: The search space, as in `rnnbbo.space.Space`: for instance
            `[(-5.0, 10.0), (1, 64), (1e-5, 1e-1, "log-uniform"), ("relu", "tanh")]`.
        n_calls: Number of evaluations, those of `x0` included; with a study, of the whole study.
        policy: Name of the policy that proposes the points; None for the study's, or "auto", the
            best by what was measured.
        x0: A point, or a list of points, to evaluate first; with `y0`, points already known. A
            study that has trials already does without.
        y0: The value at `x0`, or a list of the values at its points. They are told to the policy
            and not evaluated; a value that is not finite is a failed trial.
        callback: A function, or several, called after every evaluation (and once after `y0`)
            with the result so far; one that returns true ends the run.
        rng: A seed or a NumPy generator. The same seed gives the same run, as long as the values
            are told in the same order; on another kind of processor, the same but for rounding,
            which every later point builds on.
        max_failures: Number of failed evaluations that is still accepted; None for any.
        workers: Evaluate in this many processes at once, copies (by fork) of this one, each the
            leader of a process group; one that dies fails its trial and is replaced. A new point
            is proposed as soon as a value is in, with regard to those still evaluated. With
            `executor`, only the number of evaluations at once.
        executor: Evaluate by this executor instead: a pool of `concurrent.futures`, one of loky,
            Dask's `client.get_executor()`, or any other object whose `submit(function, *args)`
            returns such a future. It is left open.
        timeout: Seconds for the whole run. What is still being evaluated then is ended and not
            told; an evaluation in this very process ends first.
        eval_timeout: Seconds for an evaluation; it fails when they are over. With `workers`, its
            process group is ended. An executor cannot be made to do that: what it runs keeps its
            place until it ends.
        call_seconds: Time of an evaluation, if it is known. With thousands of evaluations that
            take less than an ask, "auto" hands over to a policy that asks faster. Without effect
            on a study, which is of any length.
        study: A file, new or (with `resume`) not, that keeps every trial: see `rnnbbo.Study`.
        resume: Go on with the study where it was, also in several processes at once.

    Returns:
        The result: `x` and `fun` are the best point and its value.

    Raises:
        SpaceError: The space is malformed.
        PointError: A point of `x0` is not in the space.
        PolicyError: There is no such policy.
        ConfigError: Another argument does not fit.
        StudyError: The study exists already, is damaged, or was made for something else.
        ObjectiveError: The executor broke, or cannot take the objective. Its `result` holds
            everything so far.
        TooManyFailuresError: More than `max_failures` evaluations failed. Its `result` holds
            everything so far.
        KeyboardInterrupt: As raised; its `result` holds everything so far.
    """
    space = dimensions if isinstance(dimensions, Space) else Space(dimensions)
    points, known = _initial(space, x0, y0)
    callbacks = _callbacks(callback)
    _check_counts(n_calls, 0 if known else len(points), max_failures)
    for name, seconds in (("timeout", timeout), ("eval_timeout", eval_timeout)):
        if seconds is not None:
            as_seconds(name, seconds)
    if resume and study is None:
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
    history: History
    with ExitStack() as stack:
        if study is None:
            optimizer = Optimizer(
                space,
                policy=DEFAULT_POLICY if policy is None else policy,
                n_calls=n_calls + len(known),
                call_seconds=call_seconds,
                rng=rng,
            )
            if known:
                optimizer.tell(points, known)
            history = Memory(optimizer, () if known else points, n_known=len(known))
        else:
            from rnnbbo.study import Study

            opened = Study(study, space, policy=policy, rng=rng, resume=resume)
            history = stack.enter_context(opened)
            opened.begin_with(points, known)
        evaluator = _evaluator(func, space, workers, executor, eval_timeout)

        def result(message: str | None = None) -> OptimizeResult:
            now = history.result()
            now.update(random_state=rng, specs={"args": dict(arguments), "function": "minimize"})
            if message is not None:
                now.message = message
            return now

        def on_trial(trial: Trial) -> bool:
            if trial.failed and history.n_failed == 1:
                warnings.warn(
                    f"the trial at {trial.x} failed: {trial.error}; failed trials never become "
                    "the best, and the result's `errors` has the reasons",
                    RuntimeWarning,
                    stacklevel=6,
                )
            # All of them are called, as in scikit-optimize.
            return bool(callbacks) and any([bool(one(result())) for one in callbacks])

        try:
            if known and callbacks and any([bool(one(result())) for one in callbacks]):
                return result(_MESSAGES["stopped"])
            limits = Limits(n_calls, timeout, max_failures)
            status = run_trials(history, evaluator, limits, on_trial=on_trial)
        except KeyboardInterrupt as interrupt:
            # Hours of evaluations should not be lost with it.
            interrupt.result = result("interrupted")  # type: ignore[attr-defined]
            raise
        except ObjectiveError as error:
            error.result = result(str(error))
            raise
        if status == "too_many_failures":
            raise _too_many(result(_MESSAGES[status]), max_failures)
        return result(_MESSAGES.get(status))


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
            f"eval_timeout = {eval_timeout!r} for evaluations in this very process, which cannot "
            "be ended; expected workers=1 or more beside it"
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
    callbacks = [] if callback is None else [callback] if callable(callback) else callback
    if not isinstance(callbacks, (list, tuple)) or not all(map(callable, callbacks)):
        raise ConfigError(f"callback = {callback!r}; expected a function or a list of functions")
    return list(callbacks)


def _check_counts(n_calls: Any, n_points: int, max_failures: Any) -> None:
    as_count("n_calls", n_calls)
    if max_failures is not None:
        as_count("max_failures", max_failures, least=0)
    if n_calls < n_points:
        raise ConfigError(f"n_calls = {n_calls}, fewer than the {n_points} points of x0")


def _initial(space: Space, x0: Any, y0: Any) -> tuple[list[list[Any]], list[float]]:
    """The points of x0 in canonical form, and their known values (none without y0)."""
    points = [] if x0 is None else _points(space, x0)
    if y0 is None:
        return points, []
    values = [y0] if isinstance(y0, numbers.Real) or np.ndim(y0) == 0 else list(y0)
    if len(points) != len(values):
        raise ConfigError(f"x0 has {len(points)} points and y0 has {len(values)} values")
    return points, values


def _points(space: Space, x0: Any) -> list[list[Any]]:
    if not isinstance(x0, (list, tuple, np.ndarray)):
        raise PointError(f"x0 = {x0!r}; expected a point or a list of points")
    if not all(isinstance(item, (list, tuple, np.ndarray)) for item in x0):
        return [space.check(x0)]
    try:
        return [space.check(point) for point in x0]
    except PointError:
        # A single point may consist of categories that are lists or tuples themselves.
        try:
            return [space.check(x0)]
        except PointError:
            pass
        raise
