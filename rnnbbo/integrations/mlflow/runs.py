"""What stands in MLflow: a run of the optimization, and in it one of each trial."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

import rnnbbo
from rnnbbo.escaping import as_plain
from rnnbbo.integrations.mlflow.accepted_names import LONGEST_PARAM, clean_names, split_finite
from rnnbbo.objectives import listed_values
from rnnbbo.result import OptimizeResult

RESULT_FILE = "result.json"
PARENT = "mlflow.parentRunId"
_N_TRIALS = "n_trials"


class Runs:
    """The run of an optimization, and those of its trials, by explicit ids.

    MLflow's active run belongs to a thread, and to the user.

    Args:
        client: MLflow's.
        experiment: id of the experiment.
        run_id: id of the run.
        nested: whether trials get runs.
    """

    def __init__(self, client: MlflowClient, experiment: str, run_id: str, nested: bool) -> None:
        self._client = client
        self._experiment = experiment
        self.run_id = run_id
        self._nested = nested
        # What a trial of which only a part was written got already.
        self._child: tuple[int, str] | None = None

    @classmethod
    def begin(
        cls,
        client: MlflowClient,
        experiment: str,
        name: str | None,
        tags: Mapping[str, str],
        nested: bool,
    ) -> Runs:
        """Make a run in an experiment, given by its id."""
        run = client.create_run(experiment, run_name=name, tags=dict(tags))
        return cls(client, experiment, run.info.run_id, nested)

    @classmethod
    def found(cls, client: MlflowClient, run_id: str, nested: bool) -> Runs:
        """Return a run that is there, and goes on."""
        run = client.get_run(run_id)
        client.update_run(run_id, status="RUNNING")
        return cls(client, run.info.experiment_id, run_id, nested)

    def n_logged(self) -> int:
        """Return how many trials the run has."""
        return int(self._client.get_run(self.run_id).data.metrics.get(_N_TRIALS, 0))

    def log_trial(self, result: OptimizeResult, index: int) -> None:
        """Write down one trial of a result."""
        trial = _Trial(result, index)
        if self._nested:
            self._log_child(trial)
        finite, _ = split_finite(trial.metrics | trial.best)
        now = _now()
        self._client.log_batch(
            self.run_id,
            metrics=[
                *(Metric(name, value, now, index) for name, value in finite.items()),
                # The last one: what has it has the others, too.
                Metric(_N_TRIALS, index + 1, now, index),
            ],
            tags=[RunTag(name, value) for name, value in trial.best_tags.items()],
        )
        self._child = None

    def _log_child(self, trial: _Trial) -> None:
        if self._child is None or self._child[0] != trial.index:
            run = self._client.create_run(
                self._experiment,
                run_name=f"trial {trial.index}",
                tags={PARENT: self.run_id, "rnnbbo.trial": str(trial.index)},
            )
            self._child = (trial.index, run.info.run_id)
        _, run_id = self._child
        finite, others = split_finite(trial.metrics)
        tags = others if trial.error is None else {**others, "rnnbbo.error": trial.error}
        now = _now()
        self._client.log_batch(
            run_id,
            metrics=[Metric(name, value, now, 0) for name, value in finite.items()],
            params=[Param(name, text) for name, text in trial.params.items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        self._client.set_terminated(run_id, "FINISHED" if trial.error is None else "FAILED")

    def finish(self, result: OptimizeResult, *, failed: bool) -> None:
        """Add the whole result as an artefact, and end the run."""
        tags = {
            "rnnbbo.version": rnnbbo.__version__,
            "rnnbbo.policy": str(result.policy),
            "rnnbbo.message": str(result.message),
        }
        self._client.log_batch(self.run_id, tags=[RunTag(*tag) for tag in tags.items()])
        text = json.dumps(_document(result), allow_nan=False, indent=1)
        self._client.log_text(self.run_id, text, RESULT_FILE)
        self._client.set_terminated(self.run_id, "FAILED" if failed else "FINISHED")


class _Trial:
    """A trial of a result, as MLflow takes it.

    Attributes:
        index: its place in the order told.
        error: why it failed; None if it did not.
        params: its parameters as texts.
        metrics: its values and constraints; none of a trial that failed.
        best: the best value up to it, and of how many objectives the front has so many points.
        best_tags: the best point, where it is this one.
    """

    def __init__(self, result: OptimizeResult, index: int) -> None:
        self.index = index
        point = result.space.as_mapping(result.x_iters[index])
        names = clean_names(point)
        self.params = {names[name]: _text(value) for name, value in point.items()}
        values = _values(result, index)
        self.error = None
        if not all(map(math.isfinite, values)):
            self.error = result.errors.get(index, "no finite value")
        several = len(values) > 1
        own = {f"value_{i + 1}" if several else "value": one for i, one in enumerate(values)}
        limits = {name: float(one[index]) for name, one in result.constraint_vals.items()}
        named = clean_names(f"constraint.{name}" for name in limits)
        own |= {named[f"constraint.{name}"]: one for name, one in limits.items()}
        self.metrics = own if self.error is None else {}
        self.best: dict[str, float] = {}
        self.best_tags: dict[str, str] = {}
        if several:
            hypervolume = result.get("hypervolume")  # of all trials, the last one's therefore
            if hypervolume is not None and index + 1 == len(result.x_iters):
                self.best = {"hypervolume": float(hypervolume)}
            return
        best = _best_up_to(result, index)
        if best is not None:
            self.best = {"best": float(result.func_vals[best])}
        if best == index:
            self.best_tags = {f"best.{name}": text for name, text in self.params.items()}


def _best_up_to(result: OptimizeResult, index: int) -> int | None:
    """Return which trial has the best value up to one, of feasible ones; the first of several."""
    values = np.array(result.func_vals[: index + 1])
    usable = np.isfinite(values)
    for limits in result.constraint_vals.values():
        usable &= limits[: index + 1] <= 0.0
    if not usable.any():
        return None
    values = -values if result.maximize else values
    return int(np.argmin(np.where(usable, values, np.inf)))


def _values(result: OptimizeResult, index: int) -> list[float]:
    value = result.func_vals[index].tolist()
    return list(listed_values(value))


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else str(as_plain(value))
    return text[:LONGEST_PARAM]


def _now() -> int:
    return int(time.time() * 1000)


def _document(result: OptimizeResult) -> dict[str, Any]:
    """Return a result with all of its trials, in the types of JSON; null for what is not finite."""
    several = result.get("directions") is not None
    trials = []
    for index, x in enumerate(result.x_iters):
        values = [one if math.isfinite(one) else None for one in _values(result, index)]
        trial = {"x": result.space.as_mapping(x), "value": values if several else values[0]}
        if result.constraint_vals:
            limits = {name: float(one[index]) for name, one in result.constraint_vals.items()}
            trial["constraints"] = {
                name: one if math.isfinite(one) else None for name, one in limits.items()
            }
        if index in result.errors:
            trial["error"] = result.errors[index]
        trials.append(trial)
    best = result.fun if result.x is not None else None
    return as_plain(  # type: ignore[no-any-return]
        {
            "message": result.message,
            "x": result.best,
            "fun": best,
            "feasible": result.feasible,
            "directions": result.get("directions"),
            "maximize": result.maximize,
            "policy": result.policy,
            "n_trials": len(result.x_iters),
            "n_failed": result.n_failed,
            "trials": trials,
        }
    )
