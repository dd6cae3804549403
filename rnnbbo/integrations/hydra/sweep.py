"""A sweep: an optimization whose evaluations are the jobs of a launcher of Hydra."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import yaml
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from rnnbbo.arguments import as_count
from rnnbbo.direction import DIRECTIONS, Maximize
from rnnbbo.errors import ConfigError, TooManyFailuresError
from rnnbbo.escaping import as_plain, one_line, repr_of
from rnnbbo.evaluation.evaluator import read_answer
from rnnbbo.integrations.hydra.overrides import Swept, read_overrides
from rnnbbo.loop import Limits
from rnnbbo.objectives import Objectives
from rnnbbo.optimization import Ended, Optimization, Watcher
from rnnbbo.result import OptimizeResult
from rnnbbo.status import Status
from rnnbbo.trial import Outcome, Trial

RESULTS = "optimization_results.yaml"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweepSettings:
    """What is set below `hydra.sweeper`, checked; the plugin says what each means."""

    n_trials: int
    n_jobs: int
    maximize: Maximize
    seed: int | None
    policy: str | None
    study: str | None
    max_failures: int | None
    where: Any
    params: dict[str, str]

    @classmethod
    def of(
        cls,
        *,
        n_trials: Any,
        n_jobs: Any,
        direction: Any,
        seed: Any,
        policy: Any,
        study: Any,
        max_failures: Any,
        where: Any,
        params: Any,
    ) -> SweepSettings:
        """Check the settings.

        Raises:
            ConfigError: one is not of the form expected.
        """
        listed = direction if isinstance(direction, list) else [direction]
        if not listed or any(one not in DIRECTIONS for one in listed):
            raise ConfigError(
                f"direction = {repr_of(direction)}; expected 'minimize' or 'maximize', or a list "
                "of these, one for each objective"
            )
        return cls(
            as_count("n_trials", n_trials),
            as_count("n_jobs", n_jobs),
            Objectives.of(directions=listed).signs,
            seed,
            policy,
            study,
            None if max_failures is None else as_count("max_failures", max_failures, least=0),
            where,
            params or {},
        )


class Launcher(Protocol):
    """What is needed of a launcher of Hydra."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run jobs, and return what came of them."""


@dataclass(frozen=True)
class Jobs:
    """How jobs are run.

    Attributes:
        launcher: a launcher of Hydra.
        validate: raises where the configurations of jobs cannot be composed.
    """

    launcher: Launcher
    validate: Callable[[Sequence[Sequence[str]]], None]


class _Batches:
    """An `rnnbbo.evaluation.evaluator.Evaluator` that gives trials to a launcher, some at a time.

    Args:
        jobs: how they are run.
        swept: makes overrides of points.
        size: number of jobs that are given at a time.
    """

    inline = True  # the calling thread waits for a batch

    def __init__(self, jobs: Jobs, swept: Swept, size: int) -> None:
        self._jobs = jobs
        self._swept = swept
        self._size = size
        self._started: list[Trial] = []
        self._seen: set[str] = set()  # why jobs failed

    @property
    def free(self) -> int:
        """Number of trials that are missing in the batch."""
        return self._size - len(self._started)

    def start(self, trial: Trial) -> None:
        """Add a trial to the batch."""
        self._started.append(trial)

    def wait(self, seconds: float) -> list[Trial]:
        """Run the batch, however long that takes, and return it.

        A job's number is its trial's, which names its folder, and a launcher counts on from the
        first one: what comes after a gap, in a study that is gone on with, is left for the next
        batch.
        """
        waiting = sorted(self._started, key=lambda trial: trial.number)
        numbers = itertools.count(waiting[0].number)
        batch = [
            trial
            for trial, _ in itertools.takewhile(
                lambda one: one[0].number == one[1], zip(waiting, numbers, strict=False)
            )
        ]
        self._started = waiting[len(batch) :]
        return self._launch(batch)

    def _launch(self, trials: list[Trial]) -> list[Trial]:
        overrides = [self._swept.overrides(trial.x) for trial in trials]
        self._jobs.validate(overrides)
        returns = self._jobs.launcher.launch(overrides, initial_job_idx=trials[0].number)
        return [
            replace(trial, outcome=self._outcome(one))
            for trial, one in zip(trials, returns, strict=True)
        ]

    def _outcome(self, done: JobReturn) -> Outcome:
        """Return what came of a job; the traceback of a failure is logged the first time."""
        error: Exception | None = None
        try:
            outcome = read_answer(done.return_value, "the job returned")
        except Exception as raised:  # what the job has
            outcome, error = Outcome(error=one_line(raised)), raised
        if outcome.error is not None:
            new = outcome.error not in self._seen
            self._seen.add(outcome.error)
            log.warning("a job failed: %s", outcome.error, exc_info=error if new else None)
        return outcome

    def stop(self) -> None:
        """Do nothing: no job runs beside the caller."""


def run_sweep(
    hydra_context: Any, config: Any, jobs: Jobs, settings: SweepSettings, arguments: Sequence[str]
) -> OptimizeResult:
    """Run the jobs, and write what was found into the folder of the sweep.

    Args:
        hydra_context: Hydra's, which knows how configurations are composed.
        config: the configuration of the program, with Hydra's part.
        jobs: how jobs are run.
        settings: those of the sweeper.
        arguments: overrides of the command line.

    Returns:
        What was found.

    Raises:
        SpaceError: a sweep has no form here.
        ConfigError: a setting does not fit.
        StudyError: the study is damaged, or was made for something else.
        TooManyFailuresError: more jobs failed than `max_failures`, or all of them.
        Exception: what the launcher raises. The results so far are written in any case.
    """
    swept = read_overrides(settings.params, arguments, settings.where, hydra_context.config_loader)
    jobs.validate(swept.probes())
    optimization = Optimization(
        swept.space,
        Limits(settings.n_trials, max_failures=settings.max_failures),
        policy=settings.policy,
        rng=settings.seed,
        study=None if settings.study is None else os.path.abspath(settings.study),
        resume=settings.study is not None,
        maximize=settings.maximize,
    )
    folder = Path(config.hydra.sweep.dir)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(config, folder / "multirun.yaml")
    ended = optimization.run(lambda opened: _Batches(jobs, swept, settings.n_jobs), Watcher())
    found = summary(ended.result)
    with open(folder / RESULTS, "w", encoding="utf-8") as file:
        yaml.safe_dump(found, file, sort_keys=False, allow_unicode=True)
    log.info("%s", ended.result.message)
    log.info("%s", _best_line(found))
    _raise_failure(ended, settings.max_failures)
    return ended.result


def summary(result: OptimizeResult) -> dict[str, Any]:
    """Return what the file of results holds, in plain types.

    The best parameters and their value, as other sweepers have it; of several objectives the
    solutions that no other one is better than.
    """
    found: dict[str, Any] = {"name": "rnnbbo"}
    front = result.get("front")
    if front is not None:
        found["solutions"] = [
            {"params": result.space.as_mapping(x), "values": list(map(float, values))}
            for x, values in zip(front.points, front.values, strict=True)
        ]
    else:
        found["best_params"] = result.best
        found["best_value"] = None if result.x is None else float(result.fun)
        if result.recommended is not None and result.recommended != result.x:
            found["recommended_params"] = result.space.as_mapping(result.recommended)
    if result.constraints:
        found["feasible"] = result.feasible
        found["constraints"] = result.constraints
    found |= {"n_trials": len(result.x_iters), "n_failed": result.n_failed}
    return as_plain(found)  # type: ignore[no-any-return]


def _best_line(found: dict[str, Any]) -> str:
    if "solutions" in found:
        return f"{len(found['solutions'])} solutions that no other one is better than"
    return f"best value: {found['best_value']}, at {found['best_params']}"


def _raise_failure(ended: Ended, max_failures: int | None) -> None:
    """Raise what ended a sweep before its time.

    Raises:
        TooManyFailuresError: too many jobs failed, or all of them.
        BaseException: an interrupt, or whatever the launcher raised.
    """
    if ended.error is not None:
        raise ended.error
    if ended.status not in (Status.TOO_MANY_FAILURES, Status.NO_SUCCESS):
        return
    result = ended.result
    allowed = "" if ended.status is Status.NO_SUCCESS else f", max_failures = {max_failures}"
    error = TooManyFailuresError(
        f"{result.n_failed} of {len(result.x_iters)} jobs failed{allowed}; the last one: "
        f"{list(result.errors.values())[-1]}"
    )
    error.result = result
    raise error
