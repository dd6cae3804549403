"""Ask and tell with a history on disk."""

from __future__ import annotations

import contextlib
import math
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo import shipped
from rnnbbo.arguments import as_count, as_flag, as_pairs, as_seconds
from rnnbbo.direction import Maximize
from rnnbbo.errors import StudyError, TableError
from rnnbbo.escaping import repr_of
from rnnbbo.given import as_sheet, outcome_of
from rnnbbo.goal import Asking, Goal
from rnnbbo.objectives import Objectives
from rnnbbo.result import OptimizeResult, make_result
from rnnbbo.sheet_points import read_points
from rnnbbo.space import Space, as_space
from rnnbbo.study import file
from rnnbbo.study.database import UnmadeError
from rnnbbo.study.plate import Taken, take_points
from rnnbbo.study.settings import Settings
from rnnbbo.study.turns import depth_of_thread
from rnnbbo.trial import Outcome, Trial
from rnnbbo.violations import as_constraints, listed_constraints

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(?:/?)(.*)")


class Study:
    """An optimizer whose history is kept in a file, and survives whatever ends the process.

    Every ask and every tell is a transaction of its own, on disk when it returns. The optimizer's
    state follows from the history: a study that is opened again proposes, bit for bit, what one
    that was never closed would; on another kind of processor, the same but for rounding. Several
    processes, of several machines that share a file system, may work on one study; none gets a
    point that another one evaluates. A trial whose worker has died is given out again: at once on
    the same machine, otherwise after a minute without a heartbeat.

    A study may be used from several threads. It cannot be carried over a fork: open it again there.

    Args:
        path: the file, an SQLite database.
        dimensions: the search space, as for `rnnbbo.Optimizer`; None for the one that the study
            was made for.
        where: known constraints, as for `rnnbbo.Optimizer`.
        policy: as for `rnnbbo.Optimizer`; None for the study's, or "auto".
        rng: a seed or a generator; None for the study's, or a random one.
        resume: go on with the study if the file exists, instead of refusing it.
        maximize: whether larger values are better, instead of smaller ones; None for the study's,
            or False.
        directions: of several objectives, "minimize" or "maximize" of each; None for the study's,
            or as `maximize` says it of all.
        reference: of several objectives, the reference point of the hypervolume; None for the
            study's, or one that is derived.
        prior: earlier studies of like problems, as for `rnnbbo.Optimizer`, or their files; a study
            that exists has its own.
        repeat: "auto" to ask for a point once more where that is worth more than a new one, as for
            `rnnbbo.Optimizer`. The file does not keep it: who opens the study says it.
        goal: "best", or "cumulative" where every value counts, as for `rnnbbo.Optimizer`; likewise.

    Attributes:
        path: the file.
        space: the `Space`.
        maximize: whether larger values are better; of several objectives, of all.
        signs: the same of each of several objectives, a tuple, where directions were given; else
            as `maximize`.
        reference: the reference point of the hypervolume, if one was given.
        policy_name: name of the policy.
        seed: seed of the study.

    Raises:
        StudyError: the file exists (without `resume`), is damaged, or was made for another space,
            policy, seed or direction.
        SpaceError: the space is malformed.
        PolicyError: there is no such policy, or it does not know what `repeat` or `goal` needs.
        ConfigError: `rng`, `resume`, `maximize`, `repeat` or `goal` is not of the form expected.
    """

    _open = False

    def __init__(
        self,
        path: str | Path,
        dimensions: Any = None,
        *,
        where: Any = None,
        policy: shipped.Source | None = None,
        rng: int | np.random.Generator | None = None,
        resume: bool = False,
        maximize: bool | None = None,
        directions: Sequence[str] | None = None,
        reference: Sequence[float] | None = None,
        prior: Any = None,
        repeat: int | str = 1,
        goal: str = Goal.BEST.value,
    ) -> None:
        self.path, resume = _as_path(path), as_flag("resume", resume)
        said = Objectives.of(False if maximize is None else maximize, directions, reference)
        asking = Asking.of(repeat, goal)
        shipped.require_asking(policy, asking, said.count)  # before there is a file
        signs = None if maximize is None and directions is None else said.signs
        point = None if said.reference is None else list(said.reference)
        space = None
        if dimensions is not None:
            space = as_space(dimensions, where)
        elif where is not None:
            raise StudyError("where without dimensions; expected a space beside it")
        settings = Settings.of(signs or False, point, _kept(space, prior, signs or False))
        if space is None and not resume:
            raise StudyError(f"study {str(path)!r} without dimensions; expected a space to make it")
        if space is not None and not (resume and _is_there(self.path)):
            file.make(self.path, space, policy, rng, settings, resume=resume)
        try:
            self._file = file.StudyFile(self.path, space, policy, rng, signs, point, asking)
        except UnmadeError:
            if space is None:
                raise StudyError(f"{path} is empty, and no study") from None
            # Whoever was making it has died.
            file.make(self.path, space, policy, rng, settings, resume=resume)
            self._file = file.StudyFile(self.path, space, policy, rng, signs, point, asking)
        self._open = True
        self.space, self.seed = self._file.space, self._file.seed
        self.policy_name, self.signs = self._file.policy_name, self._file.signs
        self.reference = self._file.reference
        self.maximize = self.signs if isinstance(self.signs, bool) else all(self.signs)

    def ask(self) -> Trial:
        """Return the next trial to evaluate: one that its worker gave up, or a new one.

        Returns:
            The trial: `number`, and the point, `x` as a list of n_dims values in user units, and
            `params` as a mapping from name to value.

        Raises:
            StudyError: the file cannot be written; nothing has changed.
        """
        trial = self._file.ask(None)
        assert trial is not None
        return self._named(trial)

    def _named(self, trial: Trial) -> Trial:
        return replace(trial, params=self.space.as_mapping(trial.x))

    def ask_new(self, n_points: int) -> list[Trial]:
        """Return several new trials, for instance a plate; those that wait for somebody stay so.

        Args:
            n_points: how many.

        Raises:
            ConfigError: n_points is no integer of at least 1.
            StudyError: the file cannot be written; those before have been asked for then.
        """
        trials = [self._file.ask(None, new=True) for _ in range(as_count("n_points", n_points))]
        return [self._named(trial) for trial in trials if trial is not None]

    def take_table(self, table: Any) -> Taken:
        """Tell the values of a table, such as a plate that was filled in; all or nothing.

        Columns are the parameters, `value`, or `value_1`, `value_2` and so on of several
        objectives, `constraint_NAME` for each constraint, and `trial` with the numbers of those
        that were asked for. An empty value is not known yet, and "fail" a failed trial. A row
        without a number is a trial of the same point that waits for its value, or a new point. What
        the study knows already changes nothing, so that a table may be taken twice.

        Args:
            table: the path of a CSV file, a data frame, a mapping of columns, a list of mappings.

        Returns:
            What has changed.

        Raises:
            TableError: it cannot be read, or cells are wrong or contradict the study.
            ObservationError: its constraints are not those of the values before.
            PolicyError: the study's policy takes no constraints.
            StudyError: the file cannot be written. Nothing has changed then.
        """
        sheet = as_sheet(self.space, "table", table)
        if sheet is None:
            raise TableError(f"table = {repr_of(table)}; expected a CSV file, or columns by name")
        points = read_points(self.space, sheet)
        for point in points:
            if point.outcome is not None:
                self._file.require_taking(point.outcome.constraints)
        with self._file.transaction() as trials:
            return take_points(trials, self.space, points, sheet.name)

    def tell(
        self,
        trial: Trial | int,
        y: Any,
        *,
        error: str | None = None,
        info: dict[str, Any] | None = None,
        seconds: float | None = None,
        constraints: Mapping[str, float] | None = None,
    ) -> None:
        """Take the value of a trial that was asked for.

        Args:
            trial: the trial, or its number.
            y: its value, lower being better unless it maximizes, or a list of those of several
                objectives; NaN, infinity or None is a failed trial.
            error: why it failed.
            info: what else is worth keeping; what JSON has no form for is kept as text.
            seconds: how long the evaluation took.
            constraints: what has to be at most 0, by name, as for `Optimizer.tell`.

        Raises:
            TrialError: there is no such trial, or it was told before; the message has its value.
            ObservationError: y is not a number, or the constraints are not such a mapping, or not
                those of the values before, or there were as many objectives then.
            PolicyError: the study's policy takes no constraints.
            ConfigError: seconds is no number of at least 0.
            StudyError: the file cannot be written; nothing has changed.
        """
        taken = seconds if seconds is None or seconds == 0 else as_seconds("seconds", seconds)
        outcome = replace(
            outcome_of(y, error),
            info={} if info is None else info,
            seconds=taken,
            constraints=as_constraints(constraints),
        )
        self._file.require_taking(outcome.constraints)
        number = trial.number if isinstance(trial, Trial) else as_count("trial", trial, least=0)
        with self._file.transaction() as trials:
            trials.tell(number, outcome)

    def add(self, x: Any, y: Any, *, constraints: Any = None) -> None:
        """Take a value that is known without having been asked for, or several at once.

        Args:
            x: a point in user units, or a list of points.
            y: its value, or a list of values; NaN, infinity or None is a failed trial.
            constraints: its constraints, as for `Optimizer.tell`, or a list of such mappings.

        Raises:
            PointError: a point is not in the space, or there are not as many as values.
            ObservationError: a value is not a number, or its constraints do not fit.
            PolicyError: the study's policy takes no constraints.
            StudyError: the file cannot be written. Nothing has changed then.
        """
        known = self.known(x, y, constraints)
        for _, outcome in known:
            self._file.require_taking(outcome.constraints)
        with self._file.transaction() as trials:
            trials.add(known)

    def known(self, x: Any, y: Any, constraints: Any = None) -> list[tuple[list[Any], Outcome]]:
        """Return what `add` would write down: points as the file has them, and their outcomes."""
        pairs = as_pairs(x, y)
        return [
            (self.space.encode(point), replace(outcome_of(value), constraints=own))
            for (point, value), own in zip(
                pairs, listed_constraints(constraints, len(pairs)), strict=True
            )
        ]

    @property
    def n_objectives(self) -> int | None:
        """Number of objectives; None before the first value, where nobody said it."""
        with self._file.reading() as trials:
            return trials.n_objectives()

    def trials(self) -> list[Trial]:
        """Return all trials in the order of their numbers; one that is not told has no outcome."""
        return list(map(self._named, self._file.read_trials(told=False)))

    def told(self) -> list[Trial]:
        """Return the trials that were told, in that order."""
        return list(map(self._named, self._file.read_trials(told=True)))

    def recommend(self) -> list[Any] | None:
        """Return the point to take, as `rnnbbo.Optimizer.recommend` does."""
        return self._file.optimizer().recommend()

    @property
    def knows_gain(self) -> bool:
        """Whether a policy that proposes now knows what is left to gain."""
        return self._file.optimizer().knows_gain

    def result(self) -> OptimizeResult:
        """Sum up what was told, as `rnnbbo.minimize` does."""
        told = self.told()
        with self._file.reading() as trials:
            nfev = trials.n_evaluations(told=True)
        optimizer = self._file.optimizer()
        result = make_result(
            self.space,
            [trial.x for trial in told],
            [math.nan if trial.value is None else trial.value for trial in told],
            constraints=[trial.constraints for trial in told],
            policy=optimizer.policy_name,
            policy_why=optimizer.policy_why,
            recommended=optimizer.recommendation(),
            random_state=self.seed,
            maximize=self.maximize,
            directions=self.signs if isinstance(self.signs, tuple) else None,
            reference=self.reference,
            gain_left=optimizer.gain_left(),
            counts_all=optimizer.goal is Goal.CUMULATIVE,
        )
        errors = {i: trial.error for i, trial in enumerate(told) if trial.error is not None}
        result.update(nfev=nfev, errors=errors)
        return result

    @property
    def command(self) -> str:
        """What evaluates it, as `rnnbbo minimize` keeps it; empty where nobody said."""
        return self._file.command

    def keep_command(self, command: str) -> None:
        """Keep in the file what evaluates it, in any words."""
        with self._file.transaction() as trials:
            trials.set_command(command)
        self._file.command = command

    def backup(self, path: str | Path) -> None:
        """Make a study of its own in a new file, of all that was asked and told up to now.

        Others may go on with this one meanwhile. Trials that are being evaluated wait, in the
        copy, for somebody to evaluate them.

        Args:
            path: a file that does not exist.

        Raises:
            StudyError: it exists, or cannot be written.
        """
        self._file.copy_to(_as_path(path))

    def close(self) -> None:
        """Give back what this process has not told, and close the file."""
        if self._open:
            self._file.close()

    def __repr__(self) -> str:
        return f"<Study {str(self.path)!r}: {len(self.space.names)} parameters, {self.policy_name}>"

    def _repr_html_(self) -> str:
        return f"{self.result().in_html(f'rnnbbo study {self.path}')}{self.space._repr_html_()}"

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # A notebook's cell that is run again: its trials are free for the next one.
        with contextlib.suppress(Exception):
            if self._open and depth_of_thread():
                # Collected while this thread has its turn at the file, maybe: it would wait for
                # itself.
                threading.Thread(target=self._file.close, name="rnnbbo-close").start()
            else:
                self.close()


def _kept(space: Space | None, prior: Any, maximize: Maximize) -> tuple[dict[str, Any], ...]:
    """Return what a study keeps of earlier ones."""
    if prior is None or space is None:
        return ()
    from rnnbbo.study.earlier import read_prior  # which opens studies

    studies = read_prior(space, prior, maximize)
    return tuple({"x": one.x.tolist(), "y": one.y.tolist()} for one in studies)


def _as_path(path: str | Path) -> Path:
    """Return the path of a study's file.

    Raises:
        StudyError: it is none, or a URL, as other libraries have them.
    """
    if not isinstance(path, (str, os.PathLike)) or not str(path) or "\0" in str(path):
        raise StudyError(f"study = {repr_of(path)}; expected the path of a file")
    url = _URL.fullmatch(str(path)) if isinstance(path, str) else None
    if url is None:
        return Path(path)
    scheme, rest = url.groups()
    if scheme == "sqlite" and rest:
        # SQLAlchemy's form: three slashes before a relative path, four before an absolute one.
        raise StudyError(f"study = {path!r}; expected the path alone, {rest!r}")
    raise StudyError(f"study = {path!r}; expected the path of a file, for instance 'run.db'")


def _is_there(path: Path) -> bool:
    return os.path.isfile(path) and path.stat().st_size > 0  # also of a name that is too long
