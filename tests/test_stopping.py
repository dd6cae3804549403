"""Rules that end a run before all of its evaluations are made, and what they need."""

import math

import pytest

from rnnbbo import Optimizer, Study, minimize
from rnnbbo.errors import ConfigError, PolicyError
from rnnbbo.status import Status
from rnnbbo.stopping import (
    EXHAUSTED,
    IN_TURN,
    NOISE_SHARE,
    SHARE,
    Left,
    Stopping,
    StopRules,
    ToldValue,
)

QUICK = {"policy": "lstm-direct", "rng": 3}
SPACE = [(-1.0, 2.0)]


def bowl(x):
    return (x[0] - 0.3) ** 2 + 1.0


def scripted(values):
    """Return an objective that has these values, whatever the point, and fails at None."""
    left = iter(values)

    def func(x):
        value = next(left)
        return math.nan if value is None else value

    return func


@pytest.mark.filterwarnings("ignore:the trial at:RuntimeWarning")
@pytest.mark.parametrize(
    ("rules", "values", "nfev", "status"),
    [
        ({"target": 3.0}, [5.0, 3.5, None, 3.0, 1.0], 4, "target"),
        ({"target": 3.0, "maximize": True}, [1.0, 2.5, None, 4.0, 1.0], 4, "target"),
        ({"target": 0.0}, [5.0, 3.5, 2.0], 3, "ok"),
        ({"patience": 2}, [5.0, 4.0, 4.0, 4.5, 1.0], 4, "patience"),
        ({"patience": 3}, [5.0, None, 5.0, None, 1.0], 4, "patience"),
        ({"patience": 2, "maximize": True}, [5.0, 5.5, 5.0, 4.0, 9.0], 4, "patience"),
        ({"patience": 2}, [None, None, 1.0], 2, "patience"),
        ({"patience": 2, "target": 3.0}, [5.0, 3.0, 4.0], 2, "target"),
    ],
)
def test_rules_on_values(rules, values, nfev, status):
    result = minimize(scripted(values), SPACE, len(values), **QUICK, **rules)
    assert (result.nfev, result.status) == (nfev, status)
    assert result.message.startswith(Status(status).message)


def test_a_known_value_counts_for_the_target_and_not_for_patience():
    known = {"x0": [[0.0], [1.0], [1.5]], "y0": [2.0, 3.0, 3.0]}
    result = minimize(bowl, SPACE, 9, **QUICK, **known, target=2.0)
    assert (result.nfev, result.status, len(result.x_iters)) == (0, "target", 3)
    result = minimize(scripted([3.0, 3.0]), SPACE, 9, **QUICK, **known, patience=2)
    assert (result.nfev, result.status) == (2, "patience")


def test_what_is_left_to_gain_ends_a_run():
    result = minimize(bowl, SPACE, 80, policy="kernel", rng=3, until="exhausted")
    assert result.status == "exhausted"
    assert result.nfev < 80
    assert 0.0 <= result.gain_left < SHARE * (result.func_vals.max() - result.func_vals.min())
    assert result.fun - 1.0 < 1e-3


def test_little_is_a_share_of_the_range_or_of_the_noise():
    assert Left(SHARE * 0.9, None, 1.0).little
    assert not Left(SHARE * 1.1, None, 1.0).little
    assert Left(SHARE * 1.1, 1.2 * SHARE / NOISE_SHARE, 1.0).little
    assert not Left(None, 1.0, 1.0).little


def test_little_has_to_be_left_several_times_in_turn():
    stopping = Stopping(StopRules(exhausted=True), maximize=False)
    stopping.add([ToldValue(1.0, True)])
    little, much = Left(0.0, None, 1.0), Left(1.0, None, 1.0)
    assert [stopping.judge(one) for one in [little] * (IN_TURN - 1)] == [None] * (IN_TURN - 1)
    assert stopping.judge(much) is None
    assert [stopping.judge(little) for _ in range(IN_TURN)][-1] is Status.EXHAUSTED
    assert stopping.status() is None


@pytest.mark.parametrize("policy", ["lstm", "dnc-direct"])
def test_a_policy_that_does_not_know_the_gain_says_so_before_there_is_a_file(policy, tmp_path):
    words = rf"policy '{policy}' does not know .*; expected 'auto' or 'kernel'"
    for study in (None, tmp_path / "run.db"):
        with pytest.raises(PolicyError, match=words):
            minimize(bowl, SPACE, 5, policy=policy, study=study, until=EXHAUSTED)
    assert list(tmp_path.iterdir()) == []
    Study(tmp_path / "run.db", SPACE, policy=policy).close()
    with pytest.raises(PolicyError, match=words):
        minimize(bowl, SPACE, 5, study=tmp_path / "run.db", resume=True, until=EXHAUSTED)
    assert minimize(bowl, SPACE, 2, policy=policy).gain_left is None


def told(values, *, maximize=False, policy="kernel"):
    optimizer = Optimizer(SPACE, policy=policy, rng=1, maximize=maximize)
    for value in values:
        x = optimizer.ask()
        optimizer.tell(x, bowl(x) if value is None else value)
    return optimizer


def test_the_gain_is_in_the_unit_of_the_values():
    first = told([None] * 4)
    second, third = (Optimizer(SPACE, policy="kernel", rng=1, maximize=up) for up in (False, True))
    for x, y in zip(first.Xi, first.yi, strict=True):
        assert second.ask() == third.ask() == x
        second.tell(x, 1024 * y)
        third.tell(x, 7.0 - 1024 * y)
    assert 0.0 < first.gain_left() < max(first.yi) - min(first.yi)
    assert second.gain_left() == pytest.approx(1024 * first.gain_left(), rel=1e-9)
    assert third.gain_left() == pytest.approx(second.gain_left(), rel=1e-6)


def test_looking_at_the_gain_changes_nothing():
    looked, other = told([]), told([])
    for _ in range(6):
        x = looked.ask()
        assert other.ask() == x
        for one in (looked, other):
            one.tell(x, bowl(x))
        looked.gain_left()


def test_the_gain_is_not_known_before_values_differ():
    assert told([]).gain_left() is None
    assert told([2.0, 2.0, 2.0]).gain_left() is None
    assert told([math.nan]).gain_left() is None
    assert told([2.0, 3.0], policy="lstm").gain_left() is None
    assert told([2.0, 3.0]).result().gain_left == told([2.0, 3.0]).gain_left() > 0.0


def test_nothing_is_left_where_every_point_was_told():
    optimizer = Optimizer([(1, 3)], policy="kernel", rng=0)
    for _ in range(3):
        (x,) = optimizer.ask()
        optimizer.tell([x], float(x))
    assert optimizer.gain_left() < 1e-6


def test_rules_look_at_the_whole_study(tmp_path):
    path = tmp_path / "run.db"
    minimize(scripted([3.0, 4.0]), SPACE, 2, study=path, **QUICK)
    result = minimize(scripted([5.0]), SPACE, 9, study=path, resume=True, patience=2)
    assert (result.nfev, result.status) == (3, "patience")
    result = minimize(scripted([]), SPACE, 9, study=path, resume=True, target=3.5)
    assert (result.nfev, result.status) == (3, "target")


def test_an_exhausted_study(tmp_path):
    whole = minimize(bowl, SPACE, 80, policy="kernel", rng=3, until="exhausted")
    result = minimize(
        bowl, SPACE, 80, policy="kernel", rng=3, study=tmp_path / "run.db", until="exhausted"
    )
    assert (result.nfev, result.status) == (whole.nfev, "exhausted")
    assert result.gain_left == pytest.approx(whole.gain_left)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"target": "low"}, r"target = 'low'; expected a finite number"),
        ({"target": math.inf}, r"target = inf; expected a finite number"),
        ({"patience": 0}, r"patience = 0; expected an integer of at least 1"),
        ({"until": "bored"}, r"until = 'bored'; expected 'exhausted' or None"),
    ],
)
def test_wrong_rules(rules, words):
    with pytest.raises(ConfigError, match=words):
        minimize(bowl, SPACE, 5, **QUICK, **rules)
