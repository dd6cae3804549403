"""The loop round ask and tell, for a Python function."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError, PointError, TooManyFailuresError
from rnnbbo.optimizer import Optimizer, as_count, as_number
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Space

Callback = Callable[[OptimizeResult], Any]


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
) -> OptimizeResult:
    """Finds a point where a function of few dimensions is small, in few evaluations.

    An evaluation fails if `func` raises, or returns anything but a finite number. Such a trial
    is recorded, never becomes the best, and the run goes on; the first one is warned of, and
    `errors` of the result has the reason of each.

    Args:
        func: The objective. It gets a point, a list of n_dims values in user units.
        dimensions: The search space, as in `rnnbbo.space.Space`: for instance
            `[(-5.0, 10.0), (1, 64), (1e-5, 1e-1, "log-uniform"), ("relu", "tanh")]`.
        n_calls: Number of evaluations, those of `x0` included.
        policy: Name of the policy that proposes the points; None for the default one.
        x0: A point, or a list of points, to evaluate first; with `y0`, points already known.
        y0: The value at `x0`, or a list of the values at its points. They are told to the policy
            and not evaluated; a value that is not finite is a failed trial.
        callback: A function, or several, called after every evaluation (and once after `y0`)
            with the result so far; one that returns true ends the run.
        rng: A seed or a NumPy generator. The same seed gives the same run.
        max_failures: Number of failed evaluations that is still accepted; None for any.

    Returns:
        The result: `x` and `fun` are the best point and its value.

    Raises:
        SpaceError: The space is malformed.
        PointError: A point of `x0` is not in the space.
        PolicyError: There is no such policy.
        ConfigError: `n_calls`, `x0`, `y0`, `callback` or `max_failures` do not fit.
        TooManyFailuresError: More than `max_failures` evaluations failed. Its `result` holds
            everything so far.
        KeyboardInterrupt: As raised; its `result` holds everything so far.
    """
    space = dimensions if isinstance(dimensions, Space) else Space(dimensions)
    points, known = _initial(space, x0, y0)
    callbacks = _callbacks(callback)
    _check_counts(n_calls, 0 if known else len(points), max_failures)
    options = {} if policy is None else {"policy": policy}
    optimizer = Optimizer(space, n_calls=n_calls + len(known), rng=rng, **options)

    errors: dict[int, str] = {}
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
    told = len(known)
    evaluated = 0

    def result(message: str | None = None) -> OptimizeResult:
        now = optimizer.result()
        now.update(nfev=evaluated, errors=dict(errors), random_state=rng)
        now.update(specs={"args": dict(arguments), "function": "minimize"})
        if message is not None:
            now.message = message
        return now

    def stopped() -> bool:
        # All of them are called, as in scikit-optimize.
        return bool(callbacks) and any([bool(one(result())) for one in callbacks])

    try:
        if known:
            optimizer.tell(points, known)
            if stopped():
                return result("stopped by the callback")
            points = []
        while evaluated < n_calls:
            x = points.pop(0) if points else optimizer.ask()
            y, error = evaluate(func, x)
            optimizer.tell(x, y)
            if error is not None:
                if not errors:
                    warnings.warn(
                        f"the trial at {x} failed: {error}; failed trials never become the best, "
                        "and the result's `errors` has the reasons",
                        RuntimeWarning,
                        stacklevel=2,
                    )
                errors[told] = error
            told += 1
            evaluated += 1
            if max_failures is not None and len(errors) > max_failures:
                raise _too_many(result("too many failures"), max_failures)
            if stopped():
                return result("stopped by the callback")
    except KeyboardInterrupt as interrupt:
        # Hours of evaluations should not be lost with it.
        interrupt.result = result("interrupted")  # type: ignore[attr-defined]
        raise
    return result()


def _too_many(result: OptimizeResult, max_failures: int) -> TooManyFailuresError:
    last = list(result.errors.values())[-1]
    error = TooManyFailuresError(
        f"{len(result.errors)} of {result.nfev} evaluations failed, max_failures = "
        f"{max_failures}; the last one: {last}"
    )
    error.result = result
    return error


def evaluate(func: Callable[[list[Any]], float], x: list[Any]) -> tuple[float, str | None]:
    """Evaluates the objective once.

    Args:
        func: The objective.
        x: A point in user units.

    Returns:
        The value and None; or NaN and, in one line, why there is no value.
    """
    try:
        y = func(list(x))  # a copy, so that an objective that changes its argument harms nothing
        number = as_number(y)
    except Exception as error:
        return math.nan, " ".join(f"{type(error).__name__}: {error}".split())
    if number is None:
        return math.nan, f"the objective returned {y!r}; expected a number"
    if not math.isfinite(number):
        return math.nan, f"the objective returned {number!r}; expected a finite number"
    return number, None


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
