"""Minimize a Python function, in one call."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo.arguments import as_count, as_flag, as_repeat, as_seconds, as_verbose
from rnnbbo.callbacks import Callback, RunCallbacks, as_callbacks
from rnnbbo.calling import of_list, way_of
from rnnbbo.direction import Maximize
from rnnbbo.errors import ConfigError, TooManyFailuresError
from rnnbbo.escaping import repr_of
from rnnbbo.evaluation.evaluator import Evaluator, Inline
from rnnbbo.given import KnownPoint, read_x0
from rnnbbo.goal import Goal, as_goal
from rnnbbo.loop import Limits
from rnnbbo.objectives import Objectives, as_target
from rnnbbo.optimization import Optimization, Watcher, Watchers
from rnnbbo.result import OptimizeResult
from rnnbbo.shipped import Source
from rnnbbo.space import Space, as_space
from rnnbbo.status import Status
from rnnbbo.stopping import StopRules, as_until


def minimize(
    func: Callable[..., Any],
    dimensions: Any,
    n_calls: int = 100,
    *,
    where: Any = None,
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
    maximize: bool | None = None,
    directions: Sequence[str] | None = None,
    reference: Sequence[float] | None = None,
    target: float | Sequence[float] | None = None,
    patience: int | None = None,
    until: str | None = None,
    repeat: int | str = 1,
    goal: str = Goal.BEST.value,
    prior: Any = None,
    verbose: bool | int = False,
) -> OptimizeResult:
    """Find a point where a function of few dimensions is small, or large, in few evaluations.

    An evaluation fails if `func` raises, or returns anything but a finite number. Such a trial
    is recorded, never becomes the best, and the run goes on; the first one is warned of, and
    `errors` of the result has the reason of each. The first point that is evaluated a second time
    is warned of, too (`rnnbbo.errors.RepeatWarning`): a space of few points has no others left.

    Args:
        func: the objective. It gets a point, a list of n_dims values in user units; where the space
            is a mapping, the values by keywords, if it accepts all of them, or else the mapping.
            What is inactive is absent, and None in a list. It returns the point's value: a number,
            or an array, tensor or list that holds only one; or an `Outcome`, or a mapping with its
            keys: `{"value": ..., "constraints": {...}, "info": {...}}`, where constraints have to
            be at most 0, and whose info a study keeps; or `{"status": "fail"}`. With several
            objectives the value is a list of as many numbers, or an array.
        dimensions: the search space, as in `rnnbbo.space.Space`: for instance
            `[(-5.0, 10.0), (1, 64), (1e-5, 1e-1, "log-uniform"), ("relu", "tanh")]`, or a mapping
            from name to such a dimension.
        n_calls: number of evaluations, those of `x0` included; with a study, of the whole study.
        where: known constraints that every point has to meet: an expression over names, such as
            "a + b <= 1", a function that returns True for points that do, or a list of these.
        policy: what proposes the points, as for `rnnbbo.Optimizer`; None for the study's, or
            "auto", the best by what was measured.
        x0: a point, or a list of points, to evaluate first; with `y0`, points already known. Or a
            table, whose columns are parameters and perhaps `value`: the path of a CSV file, a data
            frame, a mapping of columns or of a point, a list of such. A row with a value is known,
            one without is evaluated first. Or another study, or its path: what it was told is
            known, as far as it lies in the space. A study that has trials already does without.
        y0: the value at `x0`, or a list of the values at its points, each a list with several
            objectives. They are told to the policy and not evaluated; a value that is not finite
            is a failed trial.
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
        maximize: look for the largest value instead of the smallest. All values, here and in the
            result, are then those of `func`, with their own sign. None for the study's, or False.
            Of several objectives: of all of them.
        directions: of several objectives, "minimize" or "maximize" of each, in a list; in place of
            `maximize`. Without it the first value says how many there are.
        reference: of several objectives, the reference point of the hypervolume, a list in the
            unit and sign of the values: what is worse in one of them counts for nothing. None for
            the study's, or one that is derived from the front.
        target: end at the first value at least as good; one that was known before counts. With
            several objectives a list, and a value that is as good in each.
        patience: end after so many evaluations, failed ones too, without a better value; with
            several objectives, without one that the front takes.
        until: "exhausted" ends the run where little more is to be expected: where the expected
            improvement of one more evaluation, `gain_left` of the result, is below 1e-5 of the
            range of the values, outliers aside, or below .01 of their noise, five times in turn.
            `n_calls` is the most that is evaluated then. For one objective. Rules of which several
            are given all hold.
        prior: earlier studies of like problems: files or open studies, results of runs, pairs
            (points, values), or a list of these. Parameters of the same names count, their bounds
            may be others. See `rnnbbo.Optimizer`.
        repeat: evaluate each point so many times, and take the mean; `n_calls` and `nfev` count
            points. A study keeps the single values in a trial's info. Of several failures the mean
            of the others is taken; a trial fails if all of its evaluations do. Or "auto": evaluate
            a point once more where the values are noisy, and another one of it is worth more than
            that of a new point, for it decides which point is recommended. Each evaluation is then
            a trial of its own, and `n_calls` counts them all. A study that is gone on with is told
            so again.
        goal: "best" to find the best point, or "cumulative" where every value counts, as of a
            machine that is tuned while it works: the sum of all `n_calls` values is to be small, or
            large. `total` of the result is that sum. With a study, of any length, as many values
            are taken to follow as there are. See `rnnbbo.Optimizer`.
        verbose: show the run while it lasts: on a terminal two lines that are drawn again in place,
            and new bests above them; in a notebook one line of the cell's output; elsewhere a line
            now and then; all but the notebook's on standard error. 2 for a line a trial, too. What
            cannot be shown ends nothing.

    Returns:
        The result: `x` and `fun` are the best point and its value; with several objectives
        `front` is what no other value dominates.

    Raises:
        SpaceError: the space is malformed.
        PointError: a point of `x0` is not in the space.
        TableError: a table in `x0` cannot be read, or has wrong columns or cells.
        PolicyError: there is no such policy, or it does not know what `until`, `repeat` or `goal`
            needs.
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
    space = as_space(dimensions, where)
    objective = _called(func, space) if space.mapping else func
    said = Objectives.of(False if maximize is None else maximize, directions, reference)
    signs = None if maximize is None and directions is None else said.signs
    begun = resume is True and isinstance(study, (str, Path)) and os.path.isfile(study)
    points, known = _given(space, x0, y0, None if begun else signs or False)
    rules = StopRules(
        as_target(target, signs),
        None if patience is None else as_count("patience", patience),
        as_until(until),
    )
    callbacks = as_callbacks(callback)
    level = as_verbose(verbose)
    _check_counts(n_calls, len(points), max_failures)
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
        "maximize": maximize,
        "directions": directions,
        "reference": reference,
        "target": target,
        "patience": patience,
        "until": until,
        "repeat": repeat,
        "goal": goal,
        "prior": prior,
    }

    def complete(result: OptimizeResult) -> OptimizeResult:
        """Say in a result how it was called for."""
        result.update(random_state=rng, specs={"args": dict(arguments), "function": "minimize"})
        return result

    optimization = Optimization(
        space,
        Limits(n_calls, timeout, max_failures, rules),
        policy=policy,
        rng=rng,
        points=points,
        known=known,
        call_seconds=call_seconds,
        study=study,
        resume=resume,
        maximize=signs,
        reference=None if said.reference is None else list(said.reference),
        repeat=as_repeat(repeat),
        goal=as_goal(goal).value,
        prior=None if begun else prior,
    )
    watcher: Watcher = RunCallbacks(callbacks, complete, at_once=bool(known))
    with ExitStack() as shown:
        if level:
            from rnnbbo.progress.run_progress import RunProgress  # not needed without

            progress = shown.enter_context(closing(RunProgress(space.names, level, leaves=True)))
            watcher = Watchers(progress, watcher)
        ended = optimization.run(
            lambda opened: _evaluator(objective, space, workers, executor, eval_timeout), watcher
        )
    result = complete(ended.result)
    if ended.error is not None:
        with suppress(AttributeError, TypeError):  # a class that allows no more attributes
            ended.error.result = result  # type: ignore[attr-defined]
        raise ended.error
    if ended.status is Status.TOO_MANY_FAILURES:
        raise _too_many(result, max_failures)
    return result


def _called(func: Callable[..., Any], space: Space) -> Callable[[list[Any]], Any]:
    """Return an objective of keywords, or of a mapping, as one of a list."""
    way = way_of(func, space.names, "mapping")
    if way is None:
        keywords = ", ".join(f"{name}=..." for name in space.names)
        raise ConfigError(
            f"func = {repr_of(func)}; expected one that takes {keywords}, or one mapping"
        )
    return of_list(func, way, space.names)


def _given(
    space: Space, x0: Any, y0: Any, maximize: Maximize | None
) -> tuple[list[list[Any]], list[KnownPoint]]:
    """Return the points of x0 to ask first, and those whose values are known."""
    # Who has an open study has loaded the package of it.
    if isinstance(x0, (str, Path)) or "rnnbbo.study" in sys.modules:
        from rnnbbo.study import Study, is_study_file, told_in

        if isinstance(x0, Study) or is_study_file(x0):
            if y0 is not None:
                raise ConfigError("y0 beside a study; expected x0 alone, for it has the values")
            return [], told_in(x0, space, maximize)
    return read_x0(space, x0, y0)


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


def _check_counts(n_calls: Any, n_points: int, max_failures: Any) -> None:
    as_count("n_calls", n_calls)
    if max_failures is not None:
        as_count("max_failures", max_failures, least=0)
    if n_calls < n_points:
        raise ConfigError(f"n_calls = {n_calls}; expected at least {n_points}, the points of x0")
