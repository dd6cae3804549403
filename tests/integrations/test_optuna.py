"""The Optuna sampler: the proposals of an Optimizer, from whatever the storage holds."""

import datetime
import math
import pickle
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from rnnbbo import Optimizer
from rnnbbo.errors import ConfigError, PolicyError
from rnnbbo.integrations.optuna import RnnSampler
from rnnbbo.integrations.optuna.constraints import (
    constraint_matrix,
    stand_ins,
    step_inside,
)
from rnnbbo.integrations.optuna.distributions import ProposedTogether
from rnnbbo.integrations.optuna.trials import CommonSpace

PLANE = {"x": FloatDistribution(-5.0, 10.0), "y": FloatDistribution(0.0, 15.0)}
ALL_KINDS: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "dropout": FloatDistribution(0.0, 0.5, step=0.1),
    "momentum": FloatDistribution(0.0, 0.99),
    "width": IntDistribution(16, 512, step=16),
    "depth": IntDistribution(1, 8),
    "batch": IntDistribution(1, 1024, log=True),
    "seed": IntDistribution(0, 2**60),
    "odd": IntDistribution(-(2**59), 2**59, step=2),
    "act": CategoricalDistribution(["relu", "tanh"]),
    "flag": CategoricalDistribution([True, 1, None, "1"]),
}


@pytest.fixture(autouse=True)
def quiet() -> Any:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def ask(study: optuna.Study, space: dict[str, Any]) -> tuple[optuna.Trial, list[Any]]:
    """A trial and its values in the order of the space."""
    trial = study.ask(space)
    return trial, [trial.params[name] for name in space]


def bowl(point: list[Any]) -> float:
    return sum((v - 2.0) ** 2 for v in point)


def objective(trial: optuna.Trial) -> float:
    return bowl([trial.suggest_float("x", -5.0, 10.0), trial.suggest_float("y", 0.0, 15.0)])


def points(study: optuna.Study) -> list[list[Any]]:
    return [list(trial.params.values()) for trial in study.trials]


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("policy", [None, "lstm-direct"])
def test_proposals_are_those_of_an_optimizer(policy: str | None, workers: int) -> None:
    study = optuna.create_study(sampler=RnnSampler(policy, seed=3, search_space=PLANE))
    optimizer = Optimizer(
        [(-5.0, 10.0), (0.0, 15.0)], rng=3, **({} if policy is None else {"policy": policy})
    )
    order = np.random.default_rng(0)
    running: list[tuple[optuna.Trial, list[Any]]] = []
    for t in range(20):
        while len(running) < workers:
            trial, x = ask(study, PLANE)
            assert x == optimizer.ask()
            running.append((trial, x))
        trial, x = running.pop(int(order.integers(workers)))
        if t % 6 == 4:
            study.tell(trial, state=TrialState.FAIL)
            optimizer.tell(x, None)
        else:
            study.tell(trial, bowl(x))
            optimizer.tell(x, bowl(x))


@pytest.mark.slow
def test_the_cache_changes_nothing(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(storage=storage, sampler=RnnSampler(seed=0, search_space=PLANE))
    order = np.random.default_rng(0)
    running = []
    for _ in range(12):
        while len(running) < 3:
            expected = optimizer_after(study).ask()
            trial, x = ask(study, PLANE)
            assert x == expected
            running.append(trial)
        trial = running.pop(int(order.integers(3)))
        study.tell(trial, bowl(list(trial.params.values())))
    again = optuna.load_study(
        study_name=study.study_name,
        storage=storage,
        sampler=pickle.loads(pickle.dumps(study.sampler)),
    )
    expected = optimizer_after(study).ask()
    assert ask(again, PLANE)[1] == expected


def optimizer_after(study: optuna.Study) -> Optimizer:
    """What the documentation of the sampler promises, from the study's own times."""
    events = []
    for trial in study.trials:
        x = list(trial.params.values())
        events.append((trial.datetime_start, x, None))
        if trial.state == TrialState.COMPLETE:
            events.append((trial.datetime_complete, x, trial.value))
    optimizer = Optimizer([(-5.0, 10.0), (0.0, 15.0)], rng=0)
    for _, x, value in sorted(events, key=lambda event: event[0]):
        optimizer.add_pending(x) if value is None else optimizer.tell(x, value)
    return optimizer


def test_every_kind_of_distribution() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=ALL_KINDS))
    for value in range(30):
        trial, _ = ask(study, ALL_KINDS)
        study.tell(trial, float(value % 7))
    for trial in study.trials:
        assert set(trial.params) == set(ALL_KINDS)
        for name, d in ALL_KINDS.items():
            assert d._contains(d.to_internal_repr(trial.params[name])), (name, trial.params)
    assert len({trial.params["width"] for trial in study.trials}) > 3
    assert {type(trial.params["flag"]) for trial in study.trials} <= {bool, int, type(None), str}


def test_points_and_parameters_are_one_to_one() -> None:
    parameters = ProposedTogether(ALL_KINDS)
    optimizer = Optimizer(parameters.space, rng=0)
    for point in optimizer.ask(n_points=50):
        params = parameters.params(point)
        again = parameters.point(params)
        assert again is not None
        assert parameters.params(again) == params
    assert parameters.point({**params, "dropout": 0.15}) is None
    assert parameters.point({**params, "depth": 9}) is None
    assert parameters.point({**params, "act": "gelu"}) is None
    assert parameters.point({"lr": 1e-3}) is None


def test_maximising_is_minimising_the_negative() -> None:
    low = optuna.create_study(sampler=RnnSampler(seed=0))
    high = optuna.create_study(direction="maximize", sampler=RnnSampler(seed=0))
    low.optimize(objective, n_trials=15)
    high.optimize(lambda trial: -objective(trial), n_trials=15)
    assert points(low) == points(high)
    assert low.best_value < 2.0


def test_a_pruned_trial_counts_with_its_last_value() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=PLANE))
    optimizer = Optimizer([(-5.0, 10.0), (0.0, 15.0)], rng=0)
    for t in range(12):
        trial, x = ask(study, PLANE)
        assert x == optimizer.ask()
        if t % 3:
            study.tell(trial, bowl(x))
            optimizer.tell(x, bowl(x))
            continue
        if t % 2:  # and one without a value is a failed one
            trial.report(2 * bowl(x), step=1)
            trial.report(bowl(x) + 1, step=2)
        study.tell(trial, state=TrialState.PRUNED)
        optimizer.tell(x, bowl(x) + 1 if t % 2 else None)


def test_infinite_values_do_no_harm() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0))
    study.optimize(lambda t: objective(t) + (0.0 if t.number % 3 else math.inf), n_trials=12)
    assert math.isfinite(study.best_value)


@pytest.mark.parametrize(
    "pruner", [optuna.pruners.MedianPruner(2), optuna.pruners.HyperbandPruner()]
)
def test_pruners(pruner: optuna.pruners.BasePruner) -> None:
    def learning(trial: optuna.Trial) -> float:
        final = objective(trial)
        for step in range(1, 10):
            trial.report(final + 10.0 / step, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return final

    study = optuna.create_study(sampler=RnnSampler(seed=0), pruner=pruner, study_name="pruned")
    study.optimize(learning, n_trials=16)
    for x in (-4.9, -4.5, 9.5, 9.9):  # some that any pruner cuts short
        study.enqueue_trial({"x": x, "y": 14.9})
    study.optimize(learning, n_trials=4)
    assert {TrialState.PRUNED, TrialState.COMPLETE} == {trial.state for trial in study.trials}
    assert len({tuple(x) for x in points(study)}) == 20


def test_parameters_that_come_and_go_are_drawn_at_random_with_one_warning() -> None:
    def fickle(trial: optuna.Trial) -> float:
        more = trial.suggest_float("more", 0.0, 1.0) if trial.number % 3 else 0.0
        return objective(trial) + more + trial.suggest_int("n", 1, 8 + trial.number % 2)

    study = optuna.create_study(sampler=RnnSampler("dnc", seed=0))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        study.optimize(fickle, n_trials=12)
    assert len([w for w in caught if "independently" in str(w.message)]) == 1


def test_a_single_value_and_a_first_trial_are_no_reason_to_warn() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.optimize(lambda t: objective(t) + t.suggest_int("one", 3, 3), n_trials=4)
        only = optuna.create_study(sampler=RnnSampler(seed=0))
        only.optimize(lambda t: t.suggest_categorical("one", ["a"]) == "a", n_trials=3)


def two(trial: optuna.Trial) -> tuple[float, float]:
    a, b = trial.suggest_float("a", -2.0, 3.0), trial.suggest_float("b", -2.0, 3.0)
    return a**2 + b**2, -((a - 2.0) ** 2 + (b - 1.0) ** 2)


def pairs_of(study: optuna.Study) -> list[list[float]]:
    return [list(trial.params.values()) for trial in study.trials]


@pytest.mark.parametrize("policy", [None, "lstm-direct"])
def test_several_objectives_are_those_of_the_optimizer(policy: str | None) -> None:
    box = {name: FloatDistribution(-2.0, 3.0) for name in "ab"}
    sampler = RnnSampler(policy, seed=4, search_space=box)
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
    optimizer = Optimizer(
        [(-2.0, 3.0)] * 2, policy=policy, rng=4, directions=["minimize", "maximize"]
    )
    study.optimize(two, n_trials=8)
    for x in pairs_of(study):
        assert optimizer.ask() == x
        optimizer.tell(x, list(two(optuna.trial.FixedTrial(dict(zip("ab", x, strict=True))))))
    front = optimizer.result().front
    assert sorted(front.values.tolist()) == sorted(trial.values for trial in study.best_trials)


def test_constraints_stand_beside_several_objectives() -> None:
    box = {name: FloatDistribution(-2.0, 3.0) for name in "ab"}

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        first, second = two(trial)
        if trial.number % 3 != 1:
            trial.set_constraint("half", 0.5 - trial.params["a"])
        return first, -second

    study = optuna.create_study(
        directions=["minimize"] * 2, sampler=RnnSampler(seed=0, search_space=box)
    )
    optimizer = Optimizer([(-2.0, 3.0)] * 2, rng=0)
    study.optimize(objective, n_trials=8)
    for number, x in enumerate(pairs_of(study)):
        assert optimizer.ask() == x
        half = 0.0 if number % 3 == 1 else 0.5 - x[0]  # Optuna takes one without for feasible
        optimizer.tell(x, study.trials[number].values, constraints={"0": half})
    refused = optuna.create_study(
        directions=["minimize"] * 2, sampler=RnnSampler("lstm-direct", seed=0)
    )
    with pytest.raises(PolicyError, match="constraints"):
        refused.optimize(objective, n_trials=12)


def test_an_infinite_value_of_several_objectives_is_a_failure_here() -> None:
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        first, second = two(trial)
        return first, math.inf if trial.number == 2 else second

    box = {name: FloatDistribution(-2.0, 3.0) for name in "ab"}
    directions = ["minimize", "maximize"]
    study = optuna.create_study(directions=directions, sampler=RnnSampler(seed=0, search_space=box))
    study.optimize(objective, n_trials=6)
    assert 2 in [trial.number for trial in study.best_trials]  # Optuna takes it for the best
    optimizer = Optimizer([(-2.0, 3.0)] * 2, rng=0, directions=directions)
    for number, x in enumerate(pairs_of(study)):
        assert optimizer.ask() == x
        optimizer.tell(x, None if number == 2 else study.trials[number].values)


def test_several_objectives_have_no_intermediate_values() -> None:
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        trial.report(1.0, 0)
        return two(trial)

    study = optuna.create_study(directions=["minimize"] * 2, sampler=RnnSampler(seed=0))
    with pytest.raises(NotImplementedError, match="multi-objective"):
        study.optimize(objective, n_trials=1)


def test_wrong_arguments_are_refused_at_once() -> None:
    with pytest.raises(PolicyError):
        RnnSampler("no such policy")
    with pytest.raises(ConfigError):
        RnnSampler(seed=-1)


def test_enqueued_trials_are_pending_at_their_own_points() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=PLANE))
    study.enqueue_trial({"x": 1.0, "y": 1.0})
    assert ask(study, PLANE)[1] == [1.0, 1.0]
    optimizer = Optimizer([(-5.0, 10.0), (0.0, 15.0)], rng=0)
    optimizer.add_pending([1.0, 1.0])
    assert ask(study, PLANE)[1] == optimizer.ask()


def test_two_workers_that_do_not_see_each_other_get_different_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = optuna.create_study(sampler=RnnSampler(seed=0, search_space=PLANE))
    second = optuna.load_study(
        study_name=first.study_name,
        storage=first._storage,
        sampler=RnnSampler(seed=0, search_space=PLANE),
    )
    stale = first.get_trials()  # both look before either writes
    get_trials = optuna.Study.get_trials
    looked: Counter[int] = Counter()

    def late(self: optuna.Study, *args: Any, **kwargs: Any) -> Any:
        looked[id(self)] += 1
        return stale if looked[id(self)] == 1 else get_trials(self, *args, **kwargs)

    monkeypatch.setattr(optuna.Study, "get_trials", late)
    one, two = ask(first, PLANE)[1], ask(second, PLANE)[1]
    assert one == Optimizer([(-5.0, 10.0), (0.0, 15.0)], rng=0).ask()
    assert two != one


def test_threads_share_a_small_space_without_repeating() -> None:
    space = {"a": IntDistribution(0, 6), "b": CategoricalDistribution(["u", "v", "w", "x"])}
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=space))

    def first_of_two(trial: optuna.Trial) -> float:
        a = trial.suggest_int("a", 0, 6)
        return a + 0.0 * len(trial.suggest_categorical("b", ["u", "v", "w", "x"]))

    study.optimize(first_of_two, n_trials=24, n_jobs=4)
    assert len({tuple(x) for x in points(study)}) == 24


WORKER = """
import sys, optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from rnnbbo.integrations.optuna import RnnSampler
optuna.logging.set_verbosity(optuna.logging.ERROR)
url, n_trials, small = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "small"
n = n_trials + 1  # one point a worker more than there are trials, of four workers
space = {"a": IntDistribution(1, n), "b": CategoricalDistribution("pqrs")}
def objective(trial):
    if small:
        b = trial.suggest_categorical("b", "pqrs")
        return (trial.suggest_int("a", 1, n) - 5) ** 2 + (b == "q")
    x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
    return (x - 2) ** 2 + (y - 2) ** 2
storage = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})
study = optuna.load_study(
    study_name="shared",
    storage=storage,
    sampler=RnnSampler(seed=0, search_space=space if small else None),
)
study.optimize(objective, n_trials=n_trials)
"""


@pytest.mark.parametrize(
    ("processes", "n_trials", "kind"),
    [
        (2, 10, "small"),
        pytest.param(4, 40, "small", marks=pytest.mark.slow),
        pytest.param(4, 40, "continuous", marks=pytest.mark.slow),
    ],
)
def test_processes_on_one_storage_get_unique_points(
    tmp_path: Path, processes: int, n_trials: int, kind: str
) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(storage=url, study_name="shared")
    command = [sys.executable, "-c", WORKER, url, str(n_trials), kind]
    workers = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    failures = [error for error in (w.communicate()[1] for w in workers) if "Error" in error]
    assert not failures
    trials = study.get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * (processes * n_trials)
    repeated = {x: n for x, n in Counter(tuple(t.params.values()) for t in trials).items() if n > 1}
    assert not repeated
    if kind == "continuous":
        assert study.best_value < 1.0


def constrained(trial: optuna.Trial) -> float:
    x, y = trial.suggest_float("x", -5.0, 5.0), trial.suggest_float("y", -5.0, 5.0)
    trial.set_constraint("line", 1.0 - x - y)
    return x**2 + y**2


def test_constraints_are_honoured() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0))
    study.optimize(constrained, n_trials=40)
    feasible = [t for t in study.trials if t.constraints["line"] <= 0.0]
    assert study.best_trial.constraints["line"] <= 0.0
    # The best is 1/2; at random about 1.3 are found.
    assert 0.5 <= study.best_value < 0.51
    assert len(feasible) > 10


def test_constraints_count_when_maximizing_too() -> None:
    low = optuna.create_study(sampler=RnnSampler(seed=0))
    high = optuna.create_study(direction="maximize", sampler=RnnSampler(seed=0))
    low.optimize(constrained, n_trials=12)
    high.optimize(lambda trial: -constrained(trial), n_trials=12)
    assert points(low) == points(high)


def test_without_a_feasible_trial_the_violation_is_reduced() -> None:
    def never(trial: optuna.Trial) -> float:
        x, y = trial.suggest_float("x", -5.0, 5.0), trial.suggest_float("y", -5.0, 5.0)
        trial.set_constraint("near", 1.0 + (x - 3.0) ** 2 + (y + 2.0) ** 2)
        return -x + y**2 * 100.0  # which leads elsewhere

    study = optuna.create_study(sampler=RnnSampler(seed=0))
    study.optimize(never, n_trials=25)
    assert min(t.constraints["near"] for t in study.trials) < 1.1


@pytest.mark.filterwarnings("ignore:Constraints should be")
def test_infinite_constraints_and_constraints_of_some_trials_do_no_harm() -> None:
    def now_and_then(trial: optuna.Trial) -> float:
        value = objective(trial)
        if trial.number % 3:
            distance = trial.params["x"] - 4.0
            trial.set_constraint("far", math.inf if distance > 2.0 else distance)
        if trial.number % 4 == 3:
            trial.set_constraint("free", -math.inf)
        return value

    study = optuna.create_study(sampler=RnnSampler(seed=0))
    study.optimize(now_and_then, n_trials=16)
    assert len({tuple(x) for x in points(study)}) == 16


def test_a_constraint_that_is_not_a_number_is_refused_by_optuna_and_fails_the_trial() -> None:
    def undefined(trial: optuna.Trial) -> float:
        value = objective(trial)
        trial.set_constraint("c", math.nan if trial.number == 1 else -1.0)
        return value

    study = optuna.create_study(sampler=RnnSampler(seed=0))
    study.optimize(undefined, n_trials=4, catch=ValueError)
    assert [t.state == TrialState.FAIL for t in study.trials] == [False, True, False, False]


def test_what_stands_in_for_values_beside_constraints() -> None:
    values = np.array([3.0, 1.0, 0.0, -5.0])
    feasible = np.full((4, 1), -1.0)
    assert np.array_equal(stand_ins(values, feasible), values)
    # None is feasible: only the violations count, each in its own unit.
    order = stand_ins(
        values, np.array([[3.0, 1e6], [1.0, 3e6], [0.5, -1.0], [0.25, -1.0]])
    ).argsort()
    assert list(order[:2]) == [3, 2]
    # However good it is and whatever the units, what is infeasible is no better than the best.
    for unit in (1e-9, 1.0, 1e9):
        c = unit * np.array([[-1.0], [-0.5], [1.0], [2.0]])
        told = stand_ins(values, c)
        assert told[2:].min() > told[:2].min()
        np.testing.assert_allclose(told, stand_ins(values, c / unit), rtol=1e-9)
    # It is not out of proportion either.
    assert stand_ins(values, np.array([[-1.0], [-1.0], [1.0], [1e12]])).max() < 1e3
    assert constraint_matrix([{"a": math.inf}, {"a": 3.0, "b": 1.0}]).tolist()[0][0] == 6.0


def test_a_step_inside_is_short_and_only_where_trials_tell() -> None:
    known = np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.5, 0.5], [0.6, 0.5], [0.5, 0.6]])
    line = 1.1 - known.sum(axis=1, keepdims=True)
    moved = step_inside(np.array([0.5, 0.55]), known, line)
    assert 1.1 < moved.sum() < 1.101
    np.testing.assert_allclose(moved - [0.5, 0.55], 0.025, atol=1e-3)
    inside = np.array([0.6, 0.6])
    assert step_inside(inside, known, line) is inside
    rough = np.array([[1.0], [-1.0], [1.0], [-1.0], [1.0], [-1.0]])
    start = np.array([0.55, 0.55])
    assert step_inside(start, known, rough) is start


LONG: dict[str, BaseDistribution] = {
    "log": IntDistribution(1, 2**41, log=True),
    "shifted": IntDistribution(2**60, 2**60 + 100),
    "wide": IntDistribution(-(2**62), 2**62),
    "even": IntDistribution(0, 2**60, step=2),
}


@pytest.mark.parametrize("name", [*LONG])
def test_integers_of_any_size_are_exact_and_distinct(name: str) -> None:
    space = {name: LONG[name]}
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=space))
    low, high = LONG[name].low, LONG[name].high  # type: ignore[attr-defined]
    seen = []
    for _ in range(30):
        trial, (n,) = ask(study, space)
        assert type(n) is int
        assert low <= n <= high
        assert (n - low) % LONG[name].step == 0  # type: ignore[attr-defined]
        seen.append(n)
        study.tell(trial, float(abs(n - low)))  # the best are close together
    assert len(set(seen)) == 30


@pytest.mark.parametrize("name", [*LONG])
def test_long_ranges_have_both_ends_and_come_back(name: str) -> None:
    parameters = ProposedTogether({name: LONG[name]})
    ends = [LONG[name].low, LONG[name].high]  # type: ignore[attr-defined]
    for n in ends:
        point = parameters.point({name: n})
        assert point is not None
        assert parameters.params(point) == {name: n}
        assert parameters.point({name: int(float(n))}) is not None  # as Optuna keeps it
    rng = np.random.default_rng(0)
    for u in rng.random(200):
        point = parameters.settle(parameters.space.from_cube([u]), [])
        params = parameters.params(point)
        assert parameters.point(params) == point


def test_a_data_frame_of_trials_has_no_duplicates() -> None:
    pytest.importorskip("pandas")
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=ALL_KINDS))
    for value in range(3):
        trial, _ = ask(study, ALL_KINDS)
        study.tell(trial, float(value))
    assert len(study.trials_dataframe().drop_duplicates()) == 3


def test_what_a_trial_keeps_is_text() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=ALL_KINDS))
    trial, _ = ask(study, ALL_KINDS)
    attrs = study.trials[trial.number].system_attrs
    assert [type(value) for name, value in attrs.items() if "rnnbbo" in name] == [str]


def test_notes_of_an_older_version_are_read() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=PLANE))
    trial = study.ask()
    note = {"x": 1.0, "y": 1.0}
    study._storage.set_trial_system_attr(trial._trial_id, "rnnbbo:proposed", note)
    optimizer = Optimizer([(-5.0, 10.0), (0.0, 15.0)], rng=0)
    optimizer.add_pending([1.0, 1.0])
    assert ask(study, PLANE)[1] == optimizer.ask()


def test_times_with_and_without_a_zone() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0))
    for zone in (None, datetime.UTC):
        trial = optuna.trial.create_trial(
            value=1.0, params={"x": 1.0, "y": 2.0}, distributions=PLANE
        )
        trial.datetime_start = trial.datetime_complete = datetime.datetime.now(zone)
        study.add_trial(trial)
    study.optimize(objective, n_trials=3)
    assert [t.state for t in study.trials] == [TrialState.COMPLETE] * 5


def test_known_trials_are_told_and_not_asked_for() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0))
    optimizer = Optimizer([(-5.0, 10.0), (0.0, 15.0)], rng=0)
    rng = np.random.default_rng(0)
    for _ in range(12):
        x = [float(rng.uniform(-5.0, 10.0)), float(rng.uniform(0.0, 15.0))]
        params = dict(zip("xy", x, strict=True))
        study.add_trial(
            optuna.trial.create_trial(value=bowl(x), params=params, distributions=PLANE)
        )
        optimizer.tell(x, bowl(x))
    assert ask(study, PLANE)[1] == optimizer.ask()


def test_what_trials_have_in_common_is_what_optuna_says() -> None:
    rng = np.random.default_rng(0)
    common = CommonSpace()
    for _ in range(2):  # a second study, too
        study = optuna.create_study()
        for _ in range(30):
            trial = study.ask()
            trial.suggest_float("x", 0.0, 1.0)
            if rng.random() < 0.95:
                trial.suggest_int("n", 1, 9 if rng.random() < 0.9 else 8)
            if rng.random() < 0.9:
                study.tell(trial, 1.0, state=TrialState.COMPLETE)
            trials = study.get_trials(deepcopy=False)
            assert common.of(trials) == optuna.search_space.intersection_search_space(trials)


@pytest.mark.parametrize("n_jobs", [1, 8])
def test_each_result_is_told_about_once(n_jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told = 0
    replay = Optimizer.replay

    def counted(self: Optimizer, history: Any) -> None:
        nonlocal told
        events = list(history)
        told += sum(len(event) == 2 for event in events)
        replay(self, events)

    monkeypatch.setattr(Optimizer, "replay", counted)
    study = optuna.create_study(sampler=RnnSampler("lstm-direct", seed=0, search_space=PLANE))
    study.optimize(objective, n_trials=60, n_jobs=n_jobs)
    assert told < 3 * 60  # replayed anew for every ask it would be 1,800


def test_the_order_is_that_of_the_proposals() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=PLANE))
    optimizer = Optimizer([(-5.0, 10.0), (0.0, 15.0)], rng=0)
    first, second = study.ask(), study.ask()  # Optuna asks the sampler with the first suggestion
    for trial in (second, first):
        x = [trial.suggest_float("x", -5.0, 10.0), trial.suggest_float("y", 0.0, 15.0)]
        assert x == optimizer.ask()


def test_a_retried_trial_is_proposed_where_the_dead_one_was() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0, search_space=PLANE))
    dead, x = ask(study, PLANE)
    dead.set_constraint("c", 5.0)
    study.tell(dead, state=TrialState.FAIL)
    kept = study.trials[0]
    attrs = {**kept.system_attrs, "fixed_params": kept.params}
    # What RetryFailedTrialCallback adds: it begins with all that the dead one kept.
    study.add_trial(optuna.trial.create_trial(state=TrialState.WAITING, system_attrs=attrs))
    again, point = ask(study, PLANE)
    assert point == x
    study.tell(again, 1.0)
    assert study.trials[1].constraints == {"c": 5.0}
    assert ask(study, PLANE)[1] != x


@pytest.mark.slow
def test_stand_ins_of_many_trials_seldom_change() -> None:
    rng = np.random.default_rng(0)
    values, c = rng.normal(size=300), rng.normal(size=(300, 2))
    changes = 0
    for n in range(64, 300):
        before, after = stand_ins(values[:n], c[:n]), stand_ins(values[: n + 1], c[: n + 1])
        changes += not np.array_equal(before, after[:n])
    assert changes < 20  # each costs a replay of all
