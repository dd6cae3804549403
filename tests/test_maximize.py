"""Larger values are better: turned once, at the border."""

import math
import warnings

import numpy as np
import pytest

from rnnbbo import Optimizer, Space, Study, minimize
from rnnbbo.errors import ConfigError, StudyError
from rnnbbo.pictures.run_data import RunData
from rnnbbo.status import TrialState
from rnnbbo.trial import Outcome, Trial, best_of

SPACE = [(-1.0, 2.0), (1, 9)]


def hill(x):
    if x[1] == 9:
        raise ValueError("too far")
    return 5.0 - (x[0] - 0.5) ** 2 - abs(x[1] - 4)


def valley(x):
    return -hill(x)


def noisy(x):
    return 3.0 - x[0] ** 2 + 0.5 * math.sin(1e4 * x[0])


@pytest.mark.parametrize("policy", ["kernel", "lstm-direct"])
def test_it_proposes_what_minimizing_the_turned_values_does(policy):
    options = {"n_calls": 14, "policy": policy, "rng": 5}
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        up = minimize(hill, SPACE, maximize=True, **options)
        down = minimize(valley, SPACE, **options)
    assert up.x_iters == down.x_iters
    np.testing.assert_array_equal(up.func_vals, -down.func_vals)
    assert (up.x, up.fun, up.maximize, down.maximize) == (down.x, -down.fun, True, False)
    assert up.fun == max(up.func_vals)
    assert up.recommended == down.recommended


def test_failures_are_the_worst():
    with pytest.warns(RuntimeWarning):
        result = minimize(lambda x: math.nan, [(0.0, 1.0)], 2, maximize=True, policy="lstm-direct")
    assert (result.fun, result.x, result.success, result.n_failed) == (-math.inf, None, False, 2)
    assert list(result.func_vals) == [-math.inf, -math.inf]


def test_an_estimate_has_the_sign_of_the_values():
    up, down = (
        Optimizer([(-1.0, 1.0)], policy="kernel", rng=3, maximize=flag) for flag in (True, False)
    )
    for _ in range(16):
        (x,) = up.ask()
        assert down.ask() == [x]
        up.tell([x], noisy([x]))
        down.tell([x], -noisy([x]))
    mine, theirs = up.recommendation(), down.recommendation()
    assert mine.value is not None
    assert (mine.x, mine.value, mine.noise) == (theirs.x, -theirs.value, theirs.noise)
    assert up.yi == [noisy(x) for x in up.Xi]


def test_a_copy_and_a_restored_one_go_on_with_it():
    first = Optimizer(SPACE, policy="lstm-direct", rng=1, maximize=True)
    history = []
    for _ in range(5):
        x = first.ask()
        first.tell(x, valley(x) if x[1] < 9 else None)
        history += [(x,), (x, first.yi[-1])]
    second = Optimizer(SPACE, policy="lstm-direct", rng=1, maximize=True)
    second.restore(history, first.snapshot())
    assert second.yi == first.yi
    assert second.ask() == first.copy().ask() == first.ask()


def test_a_study_keeps_the_direction(tmp_path):
    path = tmp_path / "run.db"
    quick = {"policy": "lstm-direct", "rng": 3}

    def smooth(x):
        return 5.0 - (x[0] - 0.5) ** 2

    whole = minimize(smooth, SPACE, 9, maximize=True, **quick)
    minimize(smooth, SPACE, 4, study=path, maximize=True, **quick)
    result = minimize(smooth, SPACE, 9, study=path, resume=True)
    assert result.x_iters == whole.x_iters
    assert (result.fun, result.maximize) == (whole.fun, True)
    with Study(path, resume=True, maximize=True) as study:
        assert study.maximize
        assert [trial.value for trial in study.told()] == list(whole.func_vals)
        study.backup(tmp_path / "copy.db")
    with Study(tmp_path / "copy.db", resume=True) as study:
        assert study.result().fun == whole.fun
    with pytest.raises(StudyError, match="another direction: maximize = True, not False"):
        minimize(smooth, SPACE, 12, study=path, resume=True, maximize=False)
    Study(tmp_path / "down.db", SPACE, **quick).close()
    with pytest.raises(StudyError, match="another direction: maximize = False, not True"):
        Study(tmp_path / "down.db", SPACE, resume=True, maximize=True)


@pytest.mark.parametrize("call", [minimize, Optimizer, Study])
def test_it_is_a_switch(call, tmp_path):
    first = {minimize: (hill, SPACE), Optimizer: (SPACE,), Study: (tmp_path / "run.db", SPACE)}
    with pytest.raises(ConfigError, match=r"maximize = 'yes'; expected True or False"):
        call(*first[call], maximize="yes")
    assert not (tmp_path / "run.db").exists()


def test_the_best_of_trials_is_the_first_of_the_highest():
    values = [1.0, 2.0, 2.0]
    trials = [Trial(i, [], Outcome(value)) for i, value in enumerate(values)]
    failed = Trial(8, [], Outcome(error="no"))
    assert failed.state is TrialState.FAILED
    assert best_of([failed, *trials], maximize=True).number == 1


@pytest.mark.parametrize(
    ("maximize", "expected"),
    [(False, [math.nan, 2.0, 2.0, 1.0]), (True, [math.nan, 2.0, 3.0, 3.0])],
)
def test_a_picture_has_the_best_so_far_in_the_users_sign(maximize, expected):
    values = np.array([[math.nan], [2.0], [3.0], [1.0]])
    data = RunData(Space([(0.0, 1.0)]), [[0.5]] * 4, values, (maximize,))
    np.testing.assert_array_equal(data.running_best, expected)
