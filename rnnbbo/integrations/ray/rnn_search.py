"""The searcher: an optimizer that is asked and told by trials of Ray Tune."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from ray.tune.search import Searcher

from rnnbbo.arguments import as_entropy, as_list
from rnnbbo.direction import MAXIMIZE, MINIMIZE
from rnnbbo.errors import ConfigError, ObservationError, PointError
from rnnbbo.escaping import one_line, repr_of
from rnnbbo.integrations.ray.domains import Domains
from rnnbbo.objectives import is_finite, read_value
from rnnbbo.optimizer import Optimizer
from rnnbbo.result import OptimizeResult
from rnnbbo.violations import as_constraints

log = logging.getLogger(__name__)

_FORMAT = "rnnbbo search 1"
_DIRECTIONS = {"min": MINIMIZE, "max": MAXIMIZE}


class RnnSearch(Searcher):
    """A search algorithm of Ray Tune that proposes configurations with a policy of rnnbbo.

    What a trial reported last is its value. One that ends without it, with an error, or with a
    value that is not finite has failed: the search goes on, with regard to where that was.

    Args:
        space: a `param_space` with domains of `ray.tune`, nested as one likes, or a
            `rnnbbo.Space`; None to take that of the `Tuner`.
        metric: the metric whose value counts, or a list of those of several objectives; None for
            that of the `TuneConfig`, which takes one.
        mode: "min" or "max", or a list of these; likewise.
        points_to_evaluate: configurations to try first, nested or flat ("a/b").
        evaluated_rewards: values of these, if they are known: they are told, and not tried.
        constraints: names of metrics that have to be at most 0.
        where: known constraints over parameters, such as "a + b <= 1", as for `rnnbbo.Space`.
        policy: as for `rnnbbo.Optimizer`.
        seed: a seed; None for a random one.

    Raises:
        SpaceError: a domain has no form here.
        PointError: one of the points is not in the space.
        ConfigError: another argument is not of the form expected.
    """

    _metric: Any
    _mode: Any

    def __init__(
        self,
        space: Any = None,
        metric: str | Sequence[str] | None = None,
        mode: str | Sequence[str] | None = None,
        points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
        evaluated_rewards: Sequence[Any] | None = None,
        *,
        constraints: Sequence[str] = (),
        where: Any = None,
        policy: Any = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self._metric, self._mode = _checked(metric, mode)
        self._where, self._policy = where, policy
        self._constraints = list(constraints)
        self._seed = as_entropy(seed)
        self._points = list(points_to_evaluate or [])
        self._rewards = None if evaluated_rewards is None else list(evaluated_rewards)
        if self._rewards is not None and len(self._rewards) != len(self._points):
            raise ConfigError(
                f"{len(self._rewards)} evaluated_rewards for {len(self._points)} points; expected "
                "one for each of points_to_evaluate"
            )
        self._events: list[list[Any]] = []  # in the form of JSON, by which the state is saved
        self._live: dict[str, list[Any]] = {}  # codes of points by trial
        self._waiting: list[list[Any]] = []  # codes of points to try first
        self._ended: dict[str, list[Any] | None] = {}  # the code where a trial has failed
        self._saved: dict[str, Any] | None = None
        self._optimizer: Optimizer | None = None
        self._domains: Domains | None = None
        self._own_space = space is not None
        Optimizer([(0.0, 1.0)], policy=policy)  # refused now, and not in the first trial
        if space is not None:
            self._domains = Domains(space, where, whole=True)
            self._begin()

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """Take metric, mode and space of a `Tuner`.

        Returns:
            False where the searcher has another space already.

        Raises:
            SpaceError: a domain has no form here.
            PointError: one of the points to evaluate is not in the space.
            ConfigError: metric and mode do not fit.
        """
        if self._optimizer is None:
            self._metric, self._mode = _checked(metric or self._metric, mode or self._mode)
        if self._own_space:
            self._begin()
            return False
        domains = Domains(config, self._where)
        if self._domains is not None:  # of a run before, which this one goes on from
            return self._domains.space == domains.space
        self._domains = domains
        self._begin()
        return True

    def _begin(self) -> None:
        """Make the optimizer once space, metric and mode are known."""
        if (
            self._optimizer is not None
            or self._domains is None
            or not (self._metric and self._mode)
        ):
            return
        modes = self._mode if isinstance(self._mode, list) else [self._mode]
        self._optimizer = Optimizer(
            self._domains.space.listed,
            policy=self._policy,
            rng=self._seed,
            directions=[_DIRECTIONS[one] for one in modes],
        )
        self._try_telling(self._optimizer.copy(), len(modes))
        if self._saved is not None:
            self._take_up(self._saved)
            return
        points = [self._domains.point(one) for one in self._points]
        codes = list(map(self._domains.space.encode, points))
        if self._rewards is None:
            self._waiting = codes
            return
        for code, reward in zip(codes, self._rewards, strict=True):
            self._tell(code, reward, {})

    def _try_telling(self, optimizer: Optimizer, count: int) -> None:
        """Make sure, before the first trial, that the policy takes what trials will have.

        Raises:
            PolicyError: it takes no constraints, or not several objectives.
        """
        if count > 1 or self._constraints:
            value = [0.0] * count if count > 1 else 0.0
            limits = dict.fromkeys(self._constraints, 0.0)
            optimizer.tell(optimizer.ask(), value, constraints=limits or None)

    def _require(self) -> tuple[Optimizer, Domains]:
        """Return what is there once the search has begun.

        Raises:
            ConfigError: it has not.
        """
        if self._optimizer is None or self._domains is None:
            lacking = "space" if self._domains is None else "metric and mode"
            raise ConfigError(
                f"{lacking} = None; expected them in RnnSearch(...), or in the Tuner: param_space, "
                "and TuneConfig(metric=..., mode=...), which Tune passes on only with a param_space"
            )
        return self._optimizer, self._domains

    def suggest(self, trial_id: str) -> dict[str, Any]:
        """Return the configuration of a trial.

        Raises:
            ConfigError: space, metric or mode is not known.
        """
        optimizer, domains = self._require()
        if trial_id not in self._live:
            if self._waiting:
                code = self._waiting.pop(0)
                optimizer.add_pending(domains.space.decode(code))
            else:
                code = domains.space.encode(optimizer.ask())
            self._events.append([code])
            self._live[trial_id] = code
        return domains.config(domains.space.decode(self._live[trial_id]))

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Do nothing: what a trial reports last is told when it ends."""

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Take the value of a trial that has ended, or that there is none.

        `Repeater` says that there was an error, and gives the mean of the others: that counts.
        """
        _, domains = self._require()
        value, limits = self._read(result or {})
        if trial_id in self._ended and (value is None or self._ended[trial_id] is None):
            return
        # A failed one may come again: Tune runs it once more where a run that is restored says so.
        code = self._live.pop(trial_id, None) or self._ended.get(trial_id)
        if code is None:  # begun after the state was saved that this one was restored from
            try:
                code = domains.space.encode(domains.point((result or {}).get("config")))
            except PointError as unknown:
                log.warning("the value of trial %s is not told: %s", trial_id, unknown)
                return
        self._ended[trial_id] = code if value is None else None
        self._tell(code, value, limits)

    def _read(self, result: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the value of a result, None for none, and its constraints."""
        several = isinstance(self._metric, list)
        metrics = self._metric if several else [self._metric]
        values = [result.get(name) for name in metrics]
        value = read_value(values if several else values[0])
        if value is None or not is_finite(value):
            return None, {}
        return value, {name: result.get(name, math.nan) for name in self._constraints}

    def _tell(self, code: list[Any], value: Any, limits: dict[str, Any]) -> None:
        """Tell a value; one that does not fit to those before is that of a failed trial."""
        optimizer, domains = self._require()
        point = domains.space.decode(code)
        try:
            optimizer.tell(point, value, constraints=limits or None)
        except ObservationError as error:
            log.warning("a trial counts as failed: %s", one_line(error))
            value, limits = None, {}
            optimizer.tell(point, None)
        told = optimizer.yi[-1]
        failed = value is None or not is_finite(told)
        kept = {} if failed else as_constraints(limits)
        self._events.append([code, None if failed else told, kept])

    def add_evaluated_point(
        self,
        parameters: dict[str, Any],
        value: Any,
        error: bool = False,
        pruned: bool = False,
        intermediate_values: list[float] | None = None,
    ) -> None:
        """Take the value of a configuration that was evaluated elsewhere.

        Raises:
            PointError: the configuration is not in the space.
            ConfigError: space, metric or mode is not known.
        """
        _, domains = self._require()
        self._tell(domains.space.encode(domains.point(parameters)), None if error else value, {})

    def result(self) -> OptimizeResult:
        """Sum up what was told, as `rnnbbo.minimize` does."""
        optimizer, _ = self._require()
        return optimizer.result()

    def save(self, checkpoint_path: str) -> None:
        """Write down what was asked and told, as JSON."""
        state = self._saved if self._optimizer is None else self._state()
        with open(checkpoint_path, "w", encoding="utf-8") as file:
            json.dump(state, file)

    def _state(self) -> dict[str, Any]:
        _, domains = self._require()
        return {
            "format": _FORMAT,
            "space": repr(domains.space),
            "metric": self._metric,
            "mode": self._mode,
            "seed": self._seed,
            "events": self._events,
            "live": self._live,
            "waiting": self._waiting,
            "ended": self._ended,
        }

    def restore(self, checkpoint_path: str) -> None:
        """Go on from what `save` wrote; without a space yet, as soon as there is one.

        Raises:
            ConfigError: it is no such file, or one of another space, metric or mode.
        """
        try:
            with open(checkpoint_path, encoding="utf-8") as file:
                state = json.load(file)
            known = state is None or state["format"] == _FORMAT
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"checkpoint_path = {str(checkpoint_path)!r}: {one_line(error)}; expected a file "
                "that RnnSearch.save wrote"
            ) from None
        if not known:
            raise ConfigError(
                f"format = {repr_of(state['format'])} in {str(checkpoint_path)!r}; expected "
                f"{_FORMAT!r}"
            )
        if state is None:  # saved before it had begun
            return
        self._saved, self._optimizer = state, None
        self._seed = state["seed"]
        self._metric, self._mode = state["metric"], state["mode"]
        self._begin()

    def _take_up(self, state: dict[str, Any]) -> None:
        optimizer, domains = self._require()
        if state["space"] != repr(domains.space):
            raise ConfigError(
                f"space = {repr_of(domains.space)}; expected that of the file, {state['space']}"
            )
        decode = domains.space.decode
        optimizer.replay((decode(code), *told) for code, *told in state["events"])
        self._events, self._live = state["events"], state["live"]
        self._waiting, self._ended = state["waiting"], state["ended"]


def _checked(metric: Any, mode: Any) -> tuple[Any, Any]:
    """Return metric and mode, texts or lists of as many; None for what is not known.

    Raises:
        ConfigError: they are something else.
    """
    metrics, modes = (
        [one] if isinstance(one, str) else [] if one is None else as_list(one)
        for one in (metric, mode)
    )
    if modes is None or any(one not in _DIRECTIONS for one in modes):
        raise ConfigError(
            f"mode = {repr_of(mode)}; expected 'min' or 'max', or a list of these, one a metric"
        )
    if metrics is None or not all(isinstance(one, str) and one for one in metrics):
        raise ConfigError(f"metric = {repr_of(metric)}; expected the name of a metric, or a list")
    fits = isinstance(metric, str) == isinstance(mode, str) and len(metrics) == len(modes)
    if metrics and modes and not fits:
        raise ConfigError(
            f"metric = {repr_of(metric)} with mode = {repr_of(mode)}; expected a mode a metric"
        )
    return (
        metric if isinstance(metric, str) else metrics or None,
        mode if isinstance(mode, str) else modes or None,
    )
