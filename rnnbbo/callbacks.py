"""The user's functions that are called while a run lasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rnnbbo.arguments import as_list
from rnnbbo.errors import ConfigError, warn
from rnnbbo.escaping import repr_of
from rnnbbo.evaluation.averaging import partly_failed
from rnnbbo.optimization import Opened, Watcher
from rnnbbo.result import OptimizeResult
from rnnbbo.trial import Trial

Callback = Callable[[OptimizeResult], Any]


def as_callbacks(callback: Any) -> list[Callback]:
    """Return the functions that are called after every evaluation.

    Raises:
        ConfigError: they are none.
    """
    callbacks = [] if callback is None else [callback] if callable(callback) else as_list(callback)
    if callbacks is None or not all(map(callable, callbacks)):
        raise ConfigError(
            f"callback = {repr_of(callback)}; expected a function or a list of functions"
        )
    return callbacks


class RunCallbacks(Watcher):
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
        self._partly = False  # whether a trial of which some evaluations failed was warned of

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
        partly = partly_failed(trial)
        if partly is not None and not self._partly:
            self._partly = True
            warn(f"of the trial at {repr_of(trial.x)}, {partly}", RuntimeWarning)
        return self._call()

    def _call(self) -> bool:
        # All of them are called, as in scikit-optimize, each with a result of its own.
        return any([bool(one(self._complete(self._history.result()))) for one in self._callbacks])
