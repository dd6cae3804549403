"""Conditional parameters of Optuna's studies: the tree that trials show, and what is made of it."""

import math
import pickle
import warnings
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from rnnbbo.integrations.optuna import RnnSampler
from rnnbbo.integrations.optuna.distributions import ProposedTogether
from rnnbbo.integrations.optuna.trial_tree import Condition, TreeReader, TrialTree


@pytest.fixture(autouse=True)
def quiet() -> Any:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def pipeline(trial: optuna.Trial) -> float:
    """A choice of models, one with layers whose number decides which units there are."""
    model = trial.suggest_categorical("model", ["svm", "forest", "net"])
    lr = trial.suggest_float("lr", 1e-4, 1.0, log=True)
    if model == "svm":
        return 0.5 + abs(math.log10(trial.suggest_float("C", 1e-3, 1e3, log=True)))
    if model == "forest":
        return 0.3 + abs(trial.suggest_int("trees", 8, 64, step=8) - 24) / 64
    layers = trial.suggest_int("layers", 1, 3)
    units = [trial.suggest_int(f"units{i}", 1, 32) for i in range(layers)]
    return sum(abs(n - 8) for n in units) / 32 + abs(layers - 2) + abs(math.log10(lr) + 2)


def tree_of(study: optuna.Study) -> TrialTree:
    return TreeReader().of(study.get_trials(deepcopy=False))


def random_study(objective: Any, n_trials: int) -> optuna.Study:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=n_trials)
    return study


def test_the_tree_is_that_of_the_objective() -> None:
    tree = tree_of(random_study(pipeline, 60))
    assert list(tree.distributions) == [
        "C", "layers", "lr", "model", "trees", "units0", "units1", "units2",
    ]  # fmt: skip
    assert tree.conditions == {
        "C": {"model": Condition((0,))},
        "trees": {"model": Condition((1,))},
        "layers": {"model": Condition((2,))},
        "units0": {"model": Condition((2,))},
        "units1": {"layers": Condition(least=2)},
        "units2": {"layers": Condition(least=3)},
    }


def test_two_ancestors_together_are_found() -> None:
    def both(trial: optuna.Trial) -> float:
        a = trial.suggest_categorical("a", [1, 2, 3])
        b = trial.suggest_categorical("b", ["x", "y"])
        flag = trial.suggest_categorical("flag", [True, False])
        if a != 2 and b == "y":
            return trial.suggest_float("c", 0.0, 1.0)
        return float(flag)

    tree = tree_of(random_study(both, 60))
    assert tree.conditions == {"c": {"a": Condition((0, 2)), "b": Condition((1,))}}


def test_what_no_values_explain_is_left_out_with_its_descendants() -> None:
    rng = np.random.default_rng(0)

    def fickle(trial: optuna.Trial) -> float:
        trial.suggest_float("x", 0.0, 1.0)
        trial.suggest_categorical("a", ["p", "q"])
        trial.suggest_int("range", 1, 3 + trial.number % 2)
        if rng.random() < 0.5 and trial.suggest_categorical("sometimes", ["p", "q"]) == "p":
            trial.suggest_float("below", 0.0, 1.0)
        return 0.0

    tree = tree_of(random_study(fickle, 40))
    assert list(tree.distributions) == ["a", "x"]
    assert tree.conditions == {}


def test_a_reader_reads_each_trial_once_and_another_study_anew() -> None:
    study, reader = random_study(pipeline, 20), TreeReader()
    assert reader.of([]) == TrialTree()
    for n in (3, 9, 20):
        trials = study.get_trials(deepcopy=False)[:n]
        assert reader.of(trials) == TreeReader().of(trials)
    other = random_study(lambda trial: trial.suggest_float("x", 0.0, 1.0), 4)
    assert reader.of(other.get_trials(deepcopy=False)) == tree_of(other)


def test_points_are_trees_too() -> None:
    distributions = {
        "kind": CategoricalDistribution(["p", "q"]),
        "n": IntDistribution(8, 64, step=8),
        "x": FloatDistribution(0.0, 1.0),
    }
    conditions = {"n": {"kind": Condition((1,))}, "x": {"n": Condition(least=24)}}
    together = ProposedTogether(distributions, conditions)
    for params in ({"kind": "p"}, {"kind": "q", "n": 16}, {"kind": "q", "n": 24, "x": 0.5}):
        point = together.point(params)
        assert point is not None
        assert together.params(point) == params
        assert together.external(together.internal(params)) == params
    assert together.point({"kind": "q"}) is None
    assert together.point({"kind": "p", "n": 16}) == together.point({"kind": "p"})
    largest = ProposedTogether(distributions, {"x": {"n": Condition(largest=16)}})
    assert largest.point({"kind": "p", "n": 24}) == [0, 2, None]


def test_conditional_parameters_are_proposed_without_a_warning() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.optimize(pipeline, n_trials=40)
    assert {trial.params["model"] for trial in study.trials} == {"svm", "forest", "net"}
    assert study.best_value < 0.5
    last = tree_of(study)
    assert set(last.conditions) >= {"C", "trees", "layers", "units0"}


def test_proposals_follow_from_the_trials() -> None:
    """Also after pickling, and by a sampler that has seen nothing of the study."""
    whole = optuna.create_study(sampler=RnnSampler(seed=1))
    whole.optimize(pipeline, n_trials=14)
    resumed = optuna.create_study(sampler=RnnSampler(seed=1))
    for _ in range(14):
        resumed.sampler = pickle.loads(pickle.dumps(RnnSampler(seed=1)))
        resumed.optimize(pipeline, n_trials=1)
    assert [t.params for t in whole.trials] == [t.params for t in resumed.trials]


def test_threads_share_a_conditional_study() -> None:
    study = optuna.create_study(sampler=RnnSampler(seed=0))
    study.optimize(pipeline, n_trials=20, n_jobs=4)
    assert len(study.trials) == 20
    assert all(trial.value is not None for trial in study.trials)
