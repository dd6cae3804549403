"""Several objectives at once, as users meet them: values, fronts, rules, results."""

import copy
import json
import math
import pickle

import numpy as np
import pytest

from rnnbbo import Optimizer, Outcome, Study, minimize, minimize_many
from rnnbbo.direction import difference, turned
from rnnbbo.errors import ConfigError, ObservationError
from rnnbbo.evaluation.averaging import average
from rnnbbo.evaluation.evaluator import read_answer
from rnnbbo.incumbents import BestSoFar, best_index
from rnnbbo.integrations.skopt import Optimizer as SkoptOptimizer
from rnnbbo.integrations.skopt import add_model
from rnnbbo.objectives import MOST, Objectives, as_told, read_value
from rnnbbo.result import make_result, signs_of
from rnnbbo.result_front import Front
from rnnbbo.space import as_space
from rnnbbo.trial import Trial, best_of, front_of

BOX = [(-2.0, 3.0), (-2.0, 3.0)]
QUICK = {"policy": "lstm-direct", "rng": 3}


def two(x):
    return [x[0] ** 2 + x[1] ** 2, (x[0] - 2) ** 2 + (x[1] - 1) ** 2]


def scripted(values):
    """Return an objective that has these values, whatever the point."""
    left = iter(values)
    return lambda x: next(left)


def told(*values, constraints=()):
    limits = constraints or [{}] * len(values)
    return [
        Trial(i, [float(i)], Outcome(value, constraints=one))
        for i, (value, one) in enumerate(zip(values, limits, strict=True))
    ]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([1, 2.5], [1.0, 2.5]),
        ((1, np.float32(2.0)), [1.0, 2.0]),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        (np.array([[1.0, 2.0]]), [1.0, 2.0]),
        ([[1.0, 2.0]], [1.0, 2.0]),
        ([3.0], 3.0),
        (4, 4.0),
        ([1.0, "a"], None),
        ([[1.0], [2.0]], None),
        (np.ones((2, 2)), None),
        ([1.0, True], None),
        ([1.0] * (MOST + 1), None),
        ([], None),
        ({"a": 1.0, "b": 2.0}, None),
        ("12", None),
    ],
)
def test_what_a_value_may_be(given, read):
    assert read_value(given) == read
    if read is None:
        with pytest.raises(ObservationError, match="of several objectives a list of 2 to 16"):
            as_told(given)
    else:
        assert as_told(given) == read


def test_a_series_and_a_tensor_are_read():
    torch = pytest.importorskip("torch")
    assert read_value(torch.tensor([1.0, 2.0], requires_grad=True)) == [1.0, 2.0]
    pandas = pytest.importorskip("pandas")
    assert read_value(pandas.Series([1.0, 2.0])) == [1.0, 2.0]
    assert read_value(pandas.DataFrame({"a": [1.0], "b": [2.0]})) is None


def test_what_is_masked_is_missing():
    first, second = read_value(np.ma.array([1.0, 2.0], mask=[False, True]))
    assert first == 1.0
    assert math.isnan(second)


@pytest.mark.parametrize("bad", [math.nan, math.inf, None, np.ma.masked])
def test_one_number_that_is_not_finite_fails_the_trial(bad):
    assert math.isnan(as_told([1.0, bad]))
    outcome = read_answer([1.0, bad], "it returned")
    assert outcome.error.endswith("expected finite numbers")
    with pytest.warns(RuntimeWarning, match="expected finite numbers"):
        result = minimize(scripted([[1.0, bad], [1.0, 2.0]]), BOX, 2, **QUICK, directions=DOWN_UP)
    assert result.n_failed == 1
    np.testing.assert_array_equal(result.func_vals, [[math.inf, -math.inf], [1.0, 2.0]])


DOWN_UP = ["minimize", "maximize"]


def test_an_outcome_and_a_mapping_have_several_values():
    for answer in (
        Outcome([1.0, 2.0], constraints={"c": -1.0}),
        {"value": (1, 2), "constraints": {"c": -1}},
    ):
        outcome = read_answer(answer, "it returned")
        assert (outcome.value, outcome.constraints) == ([1.0, 2.0], {"c": -1.0})


def test_signs_are_turned_each():
    assert turned([1.0, -2.0, 0.0], (True, False, True)) == [-1.0, -2.0, 0.0]
    assert turned([1.0, -2.0], True) == [-1.0, 2.0]
    assert difference((True, False), False) == (
        "directions = ['maximize', 'minimize'], not maximize = False"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"directions": ["up", "down"]}, r"directions = \['up', 'down'\]; expected a list of"),
        ({"directions": []}, r"directions = \[\]"),
        ({"directions": 3}, "directions = 3"),
        ({"directions": ["minimize"] * (MOST + 1)}, "number of directions = 17; expected at most"),
        ({"directions": DOWN_UP, "maximize": True}, "maximize = True beside directions"),
        ({"reference": 3.0}, r"reference = 3.0; expected a list of numbers"),
        ({"reference": [3.0]}, r"reference = \[3.0\]; expected a list of numbers"),
        ({"reference": [3.0, math.inf]}, "reference = inf; expected a finite number"),
        ({"directions": DOWN_UP, "reference": [1.0, 2.0, 3.0]}, "expected a list of numbers, 2 of"),
    ],
)
def test_arguments_are_refused_by_name(arguments, message, tmp_path):
    for call in (
        lambda: minimize(two, BOX, 3, **arguments),
        lambda: Optimizer(BOX, **arguments),
        lambda: Study(tmp_path / "run.db", BOX, **arguments),
    ):
        with pytest.raises(ConfigError, match=message):
            call()
    assert not (tmp_path / "run.db").exists()


def test_a_single_direction_is_that_of_one_objective():
    assert Objectives.of(False, ["maximize"]).signs is True
    up = minimize(lambda x: x[0], BOX, 4, **QUICK, directions=["maximize"])
    assert (up.maximize, up.directions, up.front) == (True, None, None)


def test_the_front_of_a_run():
    result = minimize(two, BOX, 16, **QUICK)
    assert result.func_vals.shape == (16, 2)
    assert result.directions == ["minimize", "minimize"]
    front = result.front
    assert front.points == [result.x_iters[i] for i in front.indices]
    np.testing.assert_array_equal(front.values, result.func_vals[front.indices])
    for own in front.values:
        better = (result.func_vals <= own).all(axis=1) & (result.func_vals < own).any(axis=1)
        assert not better.any()
    assert (np.diff(front.values[:, 0]) > 0).all()
    assert (np.diff(front.values[:, 1]) < 0).all()
    assert result.fun in front.values.tolist()
    assert result.x in front.points
    assert result.best == {"x0": result.x[0], "x1": result.x[1]}
    assert result.hypervolume > 0


def test_directions_and_maximize_turn_signs_and_nothing_else():
    options = {"n_calls": 10, "policy": "kernel", "rng": 5}
    down = minimize(two, BOX, **options)
    mixed = minimize(lambda x: [two(x)[0], -two(x)[1]], BOX, directions=DOWN_UP, **options)
    up = minimize(lambda x: [-one for one in two(x)], BOX, maximize=True, **options)
    assert down.x_iters == mixed.x_iters == up.x_iters
    assert down.front.indices == mixed.front.indices == up.front.indices
    assert down.hypervolume == pytest.approx(mixed.hypervolume) == pytest.approx(up.hypervolume)
    assert mixed.reference == [down.reference[0], -down.reference[1]]
    assert (mixed.directions, up.directions) == (DOWN_UP, ["maximize"] * 2)
    assert (mixed.maximize, up.maximize) == (False, True)
    assert (signs_of(mixed), signs_of(up)) == ((False, True), (True, True))


def test_a_hypervolume_worked_by_hand():
    space, points = as_space([(0.0, 1.0)]), [[i / 10] for i in range(5)]
    values = [[1.0, 5.0], [2.0, 3.0], math.nan, [3.0, 4.0], [0.5, 2.0]]
    options = {"constraints": [{"c": -1.0}] * 4 + [{"c": 1.0}], "directions": (False, False)}
    result = make_result(space, points, values, reference=[4.0, 6.0], **options)
    assert result.front.indices == [0, 1]  # the last one dominates, and is not feasible
    assert result.reference == [4.0, 6.0]
    assert result.hypervolume == (2.0 - 1.0) * (6.0 - 5.0) + (4.0 - 2.0) * (6.0 - 3.0)
    assert make_result(space, points, values, reference=[1.5, 6.0], **options).hypervolume == 0.5
    derived = make_result(space, points, values, **options)
    assert derived.reference == pytest.approx([2.1, 5.2])
    assert derived.hypervolume == pytest.approx(0.2 + 0.1 * 2.2)


def test_hypervolume_of_many_objectives_is_worked_out_when_asked_for():
    space = as_space([(0.0, 1.0)])
    result = make_result(space, [[0.5]], [[1.0] * 5], reference=[3.0] * 5)
    assert "hypervolume" not in result
    assert result.hypervolume == result["hypervolume"] == 32.0
    assert "hypervolume" in result
    with pytest.raises(KeyError):
        result["hyper"]


def test_a_result_is_copied_and_shown():
    result = minimize(two, BOX, 8, **QUICK)
    for clone in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert clone.front.indices == result.front.indices
        assert clone.hypervolume == result.hypervolume
    lines = [line.strip() for line in repr(result).splitlines()]
    assert "directions: ['minimize', 'minimize']" in lines
    assert "func_vals: [16 values]" in lines
    assert max(map(len, lines)) < 250
    json.dumps([result.fun, result.reference, result.directions, result.front.indices])


def test_a_long_front_is_shown_in_part():
    values = np.array([[i, -i] for i in range(9)], dtype=float)
    assert repr(Front([[0]] * 9, values, list(range(9)))) == (
        "Front of 9: [0, 0], [1, -1], [2, -2], [3, -3], [4, -4], ..., [8, -8]"
    )
    assert repr(Front([], np.zeros((0, 2)), [])) == "Front of 0: nothing"


def test_all_failed_or_none_feasible():
    with pytest.warns(RuntimeWarning):
        failed = minimize(lambda x: None, BOX, 2, **QUICK, directions=DOWN_UP)
    assert failed.fun == [math.inf, -math.inf]
    assert (failed.x, failed.success, failed.hypervolume, failed.reference) == (
        None,
        False,
        0,
        None,
    )
    outside = minimize(
        scripted([Outcome([1.0, 1.0], constraints={"c": c}) for c in (3.0, 1.0, 2.0)]),
        BOX,
        3,
        policy="kernel",
        rng=0,
    )
    assert (outside.status, outside.feasible, len(outside.front)) == ("no_feasible", False, 0)
    assert outside.x == outside.x_iters[1]  # the least violating


@pytest.mark.parametrize("policy", ["lstm-direct", "kernel"])
@pytest.mark.parametrize(
    "values", [([1.0, 2.0], [1.0, 2.0, 3.0]), ([1.0, 2.0], 1.0), (1.0, [1, 2])]
)
def test_another_number_of_objectives_fails_a_trial(policy, values):
    first, second = values
    with pytest.warns(RuntimeWarning, match="expected"):
        result = minimize(scripted([first, second, first]), BOX, 3, policy=policy, rng=0)
    assert list(result.errors) == [1]
    assert (result.n_failed, result.success) == (1, True)
    optimizer = Optimizer(BOX, policy=policy, rng=0)
    optimizer.tell([0.0, 0.0], first)
    with pytest.raises(ObservationError):
        optimizer.tell([0.0, 1.0], second)
    assert optimizer.yi == [first]


def test_a_reference_says_how_many_there_are():
    with pytest.warns(RuntimeWarning, match="failed"):
        result = minimize(scripted([1.0, [1.0, 2.0]]), BOX, 2, **QUICK, reference=[3.0, 3.0])
    assert (result.n_failed, result.hypervolume) == (1, 2.0)


def test_bests_of_trials():
    trials = told([0.0, 10.0], [4.0, 4.0], [10.0, 0.0], [4.0, 4.0], [5.0, 9.0])
    assert best_of(trials, maximize=False).number == 1
    assert [trial.number for trial in front_of(trials, maximize=False)] == [0, 1, 2]
    assert [trial.number for trial in front_of(trials, maximize=(True, False))] == [2]
    assert front_of(told(1.0, 2.0), maximize=False) == []
    limits = [{"c": 2.0}, {"c": 1.0}, {"c": 3.0}]
    assert best_of(told([0, 0], [9, 9], [0, 0], constraints=limits), maximize=False).number == 1
    assert best_index([], [], False) is None


def test_the_best_so_far_takes_what_nothing_dominates():
    best = BestSoFar((False, True))
    steps = [
        ([5.0, 5.0], 1.0, True),  # not feasible: the least violating yet
        ([9.0, 0.0], 2.0, False),
        ([5.0, 5.0], 0.5, True),
        ([3.0, 3.0], 0.0, True),  # feasible
        ([3.0, 3.0], 0.0, False),
        ([2.0, 2.0], 0.0, True),
        ([4.0, 2.5], 0.0, False),
        ([1.0, 9.0], 0.2, False),
        ([2.0, 4.0], 0.0, True),  # takes the place of both
    ]
    for value, violation, better in steps:
        assert best.add(value, {"c": violation}) is better
    assert best.front_size == 1
    assert best.reaches([2.0, 4.0])
    assert not best.reaches([2.0, 4.5])


@pytest.mark.parametrize(
    ("rules", "values", "nfev", "status"),
    [
        ({"target": [2, 2]}, [[1, 9], [9, 1], [2, 2], [0, 0]], 3, "target"),
        ({"target": [2, 2], "directions": DOWN_UP}, [[1, 1], [3, 9], [1, 3], [0, 0]], 3, "target"),
        ({"patience": 2}, [[5, 5], [6, 4], [6, 6], [6, 4], [0, 0]], 4, "patience"),
        ({"patience": 2}, [[5, 5], [4, 6], [3, 7], [2, 8]], 4, "ok"),
        ({"patience": 2, "maximize": True}, [[5, 5], [4, 4], [3, 3], [9, 9]], 3, "patience"),
    ],
)
def test_rules_on_fronts(rules, values, nfev, status):
    result = minimize(scripted(values), BOX, len(values), **QUICK, **rules)
    assert (result.nfev, result.status) == (nfev, status)


def test_a_rule_for_another_number_of_objectives_is_refused():
    for rules, message in (
        ({"target": 1.0, "directions": DOWN_UP}, r"target = 1.0; expected a list of 2 finite"),
        ({"target": [1.0, 2.0, 3.0], "directions": DOWN_UP}, "expected a list of 2 finite"),
        ({"until": "exhausted", "directions": DOWN_UP}, "'exhausted' with 2 objectives"),
    ):
        with pytest.raises(ConfigError, match=message):
            minimize(two, BOX, 3, rng=0, **rules)
    # Where only the first value shows how many there are, nothing told is lost.
    for rules in ({"target": 1.0}, {"target": [1.0, 2.0, 3.0]}, {"until": "exhausted"}):
        with pytest.raises(ConfigError, match=r"target = |'exhausted'") as caught:
            minimize(two, BOX, 3, rng=0, policy="kernel", **rules)
        assert len(caught.value.result.front) == 1
    with pytest.raises(ConfigError, match="expected one number"):
        minimize(lambda x: x[0], BOX, 3, **QUICK, target=[1.0, 2.0])


def test_the_mean_of_each_objective_is_told():
    mean = average([Outcome([1.0, 4.0]), Outcome(error="no"), Outcome([3.0, 5.0])])
    assert mean.value == [2.0, 4.5]
    assert mean.info["values"] == [[1.0, 4.0], None, [3.0, 5.0]]
    assert average([Outcome([1.0, 4.0]), Outcome(2.0)]).error.startswith("number of objectives")
    result = minimize(scripted([[1, 2], [3, 6], [0, 9], [0, 9]]), BOX, 2, **QUICK, repeat=2)
    np.testing.assert_array_equal(result.func_vals, [[2, 4], [0, 9]])


def test_known_values_and_tables():
    result = minimize(two, BOX, 4, **QUICK, x0=[[0.0, 0.0], [2.0, 1.0]], y0=[[0, 5], [5, 0]])
    assert result.func_vals[:2].tolist() == [[0, 5], [5, 0]]
    assert (result.nfev, len(result.x_iters)) == (4, 6)
    one = minimize(two, BOX, 1, **QUICK, x0=[0.0, 0.0], y0=[[0, 5]])
    assert one.func_vals[0].tolist() == [0, 5]
    table = {"x0": [0.0, 2.0, 1.0], "x1": [0.0, 1.0, 1.0], "value_1": [0, 5, None]}
    table["value_2"] = [5, 0, None]
    known = minimize(two, BOX, 1, **QUICK, x0=table)
    assert known.func_vals.tolist() == [[0, 5], [5, 0], [2, 1]]


def test_processes_of_their_own_have_several_objectives():
    direct = minimize(two, BOX, 5, **QUICK)
    forked = minimize(two, BOX, 5, **QUICK, workers=1)
    assert forked.func_vals.tolist() == direct.func_vals.tolist()


def test_who_takes_one_objective_says_so():
    optimizer = SkoptOptimizer(BOX, policy="lstm-direct", random_state=0)
    with pytest.raises(ObservationError, match="expected one number: several objectives are told"):
        optimizer.tell([0.0, 0.0], [1.0, 2.0])
    assert optimizer.Xi == []
    with pytest.raises(ConfigError, match="objectives of the result = 2"):
        add_model(minimize(two, BOX, 3, **QUICK))
    with pytest.raises(ObservationError, match=r"several objectives are for rnnbbo.minimize"):
        minimize_many(lambda x: np.ones((4, 2)), [(0.0, 1.0)], 4, 2, rng=0)
    with pytest.raises(ConfigError, match="prior with several objectives"):
        minimize(two, BOX, 3, rng=0, prior=minimize(two, BOX, 3, **QUICK))
    one = minimize(lambda x: x[0], BOX, 3, **QUICK)
    with pytest.raises(ConfigError, match="prior"):
        minimize(two, BOX, 3, rng=0, prior=one, directions=DOWN_UP)


def test_a_callback_sees_the_front():
    seen = []
    minimize(two, BOX, 4, **QUICK, callback=lambda result: seen.append(len(result.front)))
    assert len(seen) == 4
    assert seen[0] == 1
