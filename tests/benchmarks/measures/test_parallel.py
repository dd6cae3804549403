import numpy as np

from rnnbbo import minimize
from rnnbbo.benchmarks.measures.parallel_evaluation import Simulated, simulated_regret
from rnnbbo.benchmarks.suites import get_suite
from rnnbbo.loop import Limits, run_trials
from rnnbbo.optimizer import Optimizer
from rnnbbo.run_history import RunHistory

SPACE = [(0.0, 1.0)] * 2


def bowl(x):
    return float(np.sum((np.array(x) - 0.4) ** 2))


def run(slots):
    optimizer = Optimizer(SPACE, policy="lstm-direct", rng=0)
    evaluator = Simulated(bowl, slots, np.random.default_rng(1))
    order = []
    history = RunHistory(optimizer)
    run_trials(history, evaluator, Limits(20), on_trial=lambda trial: order.append(trial.number))
    return history.result(), order


def test_one_slot_is_a_plain_run():
    result, order = run(1)
    assert order == list(range(20))
    assert result.x_iters == minimize(bowl, SPACE, 20, policy="lstm-direct", rng=0).x_iters


def test_several_slots_end_out_of_order_and_never_later_than_the_pace_allows():
    result, order = run(4)
    assert sorted(order) == list(range(20)) != order
    # An evaluation takes at most three times as long as another: 3 x 3 may end while it runs.
    assert max(place - number for place, number in enumerate(order)) <= 9
    assert result.nfev == 20
    assert run(4)[1] == order


def test_regret_falls():
    (entry,) = get_suite("gp-2d", 1, "tune")
    curve = simulated_regret("gp-2d", entry, 3, 15, seeds=2)
    assert curve.shape == (15,)
    assert np.all(np.diff(curve) <= 0.0)


def test_a_row_a_suite_and_one_of_all(measured, refused):
    options = "--workers 2 --n-calls 20 --sleep 0.01 --functions 2 --split tune"
    (subsection,) = measured("parallel", *options.split(), "--suites", "gp-2d")
    assert "times as fast" in subsection.text[0]
    assert "2 functions of the tune split, 1 seed each" in subsection.text[1]
    (table,) = subsection.tables
    assert table.head == ("suite", "t = 20")
    assert [row[0].text for row in table.rows] == ["gp-2d", "all"]
    assert "'gp-0d'; expected some of gp-1d" in refused("parallel", "--suites", "gp-2d,gp-0d")
