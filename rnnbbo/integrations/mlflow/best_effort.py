"""The callback: what was told so far is logged, as far as MLflow can be reached."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow.tracking import MlflowClient
from mlflow.tracking.fluent import _get_experiment_id

from rnnbbo.arguments import as_flag
from rnnbbo.errors import ConfigError, warn
from rnnbbo.escaping import one_line, repr_of
from rnnbbo.integrations.mlflow.runs import PARENT, Runs
from rnnbbo.result import OptimizeResult

_DEFAULT = "Default"  # name of the experiment that every store has
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 300.0
# By itself MLflow tries for minutes, while the optimization would stand still.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


class MlflowCallback:
    """Logs an optimization to MLflow, for `rnnbbo.minimize(callback=...)` or a study.

    The optimization is a run. Its metrics have a step for each trial: the value, the best one so
    far, and constraints; its tags `best.NAME` are the best point. Each trial is a run nested in it,
    with its parameters, its metrics and its status; the tag `rnnbbo.error` says why one failed. At
    the end the whole result is added as the artefact `result.json`.

    Logging is best effort: where MLflow does not answer, a warning says so once, the optimization
    goes on, and what is missing is logged when it answers again. Used in a `with` statement the run
    ends with it; otherwise `end` ends it.

    Args:
        tracking_uri: where to log, such as "sqlite:///mlflow.db"; None for what MLflow is set to.
        experiment: name of the experiment, made if there is none; None for the active one.
        run_name: name of the run.
        run_id: a run to go on with, of which what it has already is not logged again; None for a
            new one, nested in the active run of this thread, if there is one.
        nested: whether each trial gets a run. With thousands of short trials the metrics alone are
            enough.
        tags: tags of a new run.

    Attributes:
        run_id: the run; None until the first trial is logged.
        n_logged: number of trials that the run has, as far as it is known.

    Raises:
        ConfigError: an argument is not of the form expected.
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        *,
        experiment: str | None = None,
        run_name: str | None = None,
        run_id: str | None = None,
        nested: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        texts = {"tracking_uri": tracking_uri, "experiment": experiment, "run_name": run_name}
        for name, value in {**texts, "run_id": run_id}.items():
            if value is not None and (not isinstance(value, str) or not value):
                raise ConfigError(f"{name} = {repr_of(value)}; expected a text, or None")
        if tags is not None and not isinstance(tags, Mapping):
            raise ConfigError(f"tags = {repr_of(tags)}; expected a mapping of texts, or None")
        self._nested = as_flag("nested", nested)
        self._tracking_uri, self._experiment, self._run_name = texts.values()
        self._tags = {str(name): str(value) for name, value in (tags or {}).items()}
        # Asked for here, in the thread of the caller, and never again.
        self._active = mlflow.active_run() if run_id is None else None
        self.run_id = run_id
        self.n_logged = 0
        self._runs: Runs | None = None
        self._last: OptimizeResult | None = None
        self._not_before, self._wait = 0.0, _FIRST_WAIT_S
        self._warned = False

    def __call__(self, result: Any) -> None:
        """Log the trials of a result, or of a study, that are not logged yet."""
        self._last = _as_result(result)
        if time.monotonic() >= self._not_before:
            self._try(self._log_missing)

    def __enter__(self) -> MlflowCallback:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.end(failed=kind is not None)

    def end(self, result: Any = None, *, failed: bool = False) -> None:
        """Log what is missing, add the result, and end the run; it may be called again.

        Args:
            result: the final result, or the study; None for what was logged last.
            failed: whether the run is to count as failed.
        """
        self._last = self._last if result is None else _as_result(result)
        last = self._last
        if last is None:
            return

        def finish() -> None:
            self._log_missing()
            assert self._runs is not None
            self._runs.finish(last, failed=failed)

        if not self._try(finish):
            missing = len(last.x_iters) - self.n_logged
            warn(
                f"MLflow lacks {missing} of {len(last.x_iters)} trials, and that the run has "
                "ended; call `end` of the callback again when its server answers",
                RuntimeWarning,
            )

    def _try(self, action: Callable[[], None]) -> bool:
        """Return whether an action succeeded; after a failure, wait a while before the next one."""
        try:
            with _impatient():
                action()
        except Exception as error:
            self._not_before = time.monotonic() + self._wait
            self._wait = min(2 * self._wait, _LONGEST_WAIT_S)
            if not self._warned:
                self._warned = True
                warn(
                    f"nothing can be logged to MLflow: {one_line(error)}; the optimization goes "
                    "on, and logging is tried again from time to time",
                    RuntimeWarning,
                )
            return False
        self._wait = _FIRST_WAIT_S
        return True

    def _log_missing(self) -> None:
        assert self._last is not None
        if self._runs is None:
            self._runs = self._open()
        for index in range(self.n_logged, len(self._last.x_iters)):
            self._runs.log_trial(self._last, index)
            self.n_logged = index + 1

    def _open(self) -> Runs:
        client = MlflowClient(tracking_uri=self._tracking_uri)
        if self.run_id is not None:
            runs = Runs.found(client, self.run_id, self._nested)
            self.n_logged = runs.n_logged()
            return runs
        tags = dict(self._tags)
        if self._active is not None:
            tags.setdefault(PARENT, self._active.info.run_id)
        runs = Runs.begin(client, self._place(client), self._run_name, tags, self._nested)
        self.run_id = runs.run_id
        return runs

    def _place(self, client: MlflowClient) -> str:
        """Return the id of the experiment."""
        if self._experiment is None and self._active is not None:
            return str(self._active.info.experiment_id)
        if self._experiment is None and self._tracking_uri is None:
            return str(_get_experiment_id())
        name = self._experiment or _DEFAULT
        found = client.get_experiment_by_name(name)
        return str(client.create_experiment(name) if found is None else found.experiment_id)


def _as_result(given: Any) -> OptimizeResult:
    """Return a result, of a study that of its trials told so far."""
    if not isinstance(given, dict) and callable(getattr(given, "result", None)):
        given = given.result()
    if not isinstance(given, dict) or "x_iters" not in given:
        raise ConfigError(f"result = {repr_of(given)}; expected a result, or a study")
    return given  # type: ignore[return-value]


@contextmanager
def _impatient() -> Iterator[None]:
    """Let a server that does not answer cost seconds, unless the user has said how long."""
    set_here = {name: value for name, value in _IMPATIENT.items() if name not in os.environ}
    os.environ.update(set_here)
    try:
        yield
    finally:
        for name in set_here:
            os.environ.pop(name, None)
