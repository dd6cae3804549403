import pytest

from rnnbbo.loop import Limits
from rnnbbo.progress.tally import Tally
from rnnbbo.stopping import StopRules, ToldValue
from rnnbbo.trial import Outcome, Trial


class Run:
    """A run by hand: `n` evaluations begin and end at given times."""

    def __init__(self, n_calls=20, maximize=False, **limits):
        self.tally = Tally(Limits(n_calls, **limits), maximize, 0.0)
        self.tally.take([], None)
        self.begun = {}

    def begin(self, number, now):
        self.begun[number] = now
        self.tally.begun(Trial(number, [0.0]), now)

    def end(self, number, now, value=1.0, **constraints):
        failed = {} if value is not None else {"error": "lost"}
        outcome = Outcome(
            value=1.0 if value is None else value, seconds=now - self.begun[number], **failed
        )
        self.tally.ended(Trial(number, [0.0], outcome))
        return self.tally.take([ToldValue(value, True, constraints)], now)


def test_best_failed_and_since():
    run = Run()
    values = [None, 3.0, 5.0, 2.0, 2.0, None]
    better = []
    for number, value in enumerate(values):
        run.begin(number, number)
        better.append(bool(run.end(number, number + 1.0, value)))
    assert better == [False, True, False, True, False, False]
    now = run.tally.standing(6.0)
    assert (now.done, now.failed, now.running) == (6, 2, 0)
    assert (now.best, now.since, now.feasible, now.passed) == (2.0, 2, True, 6.0)


def test_larger_values_fronts_and_constraints():
    run = Run(maximize=True)
    run.begin(0, 0.0)
    assert run.end(0, 1.0, 3.0, room=1.0)
    assert run.tally.standing(1.0).feasible is False
    run.begin(1, 1.0)
    assert run.end(1, 2.0, 1.0, room=-1.0)
    assert (run.tally.standing(2.0).best, run.tally.standing(2.0).feasible) == (1.0, True)
    several = Tally(Limits(9), (True, False), 0.0)
    several.take([ToldValue([1.0, 1.0], True), ToldValue([2.0, 2.0], False)], None)
    now = several.standing(0.0)
    assert (now.done, now.front_size, now.best, now.since) == (1, 2, None, 0)


def test_known_values_are_no_evaluations_and_take_no_time():
    tally = Tally(Limits(4), False, 100.0)
    tally.take([ToldValue(1.0, False), ToldValue(2.0, True)], None)
    now = tally.standing(107.0)
    assert (tally.count, now.done, now.best, now.left, now.passed) == (2, 1, 1.0, None, 7.0)


def test_the_time_left_is_unknown_until_one_has_ended_and_follows_the_places_then():
    run = Run(n_calls=20)
    for number in range(4):
        run.begin(number, 0.0)
    assert run.tally.standing(30.0).left is None
    run.end(0, 60.0)
    run.begin(4, 60.0)
    now = run.tally.standing(60.0)
    assert (now.each, now.running) == (60.0, 4)
    assert now.left == pytest.approx(19 * 60.0 / 4)  # four at once
    for number in range(1, 8):
        at = 60.0 if number < 4 else 120.0
        run.end(number, at)
        run.begin(number + 4, at)
    assert run.tally.standing(120.0).left == pytest.approx(12 * 15.0)
    assert run.tally.standing(127.0).left == pytest.approx(12 * 15.0 - 7.0)


def test_the_last_evaluation_takes_its_time_however_many_ran_at_once():
    run = Run(n_calls=5)
    for number in range(4):
        run.begin(number, 0.0)
    for number in range(4):
        run.end(number, 60.0)
    run.begin(4, 60.0)
    assert run.tally.standing(60.0).left == pytest.approx(60.0)
    assert run.tally.standing(100.0).left == pytest.approx(20.0)
    assert run.tally.standing(200.0).left is None  # longer than any before: nobody knows
    run.end(4, 300.0)
    assert run.tally.standing(300.0).left == 0.0


def test_asking_and_other_processes_count():
    run = Run(n_calls=50)
    for number in range(4):
        run.begin(number, 20.0 * number)
        run.tally.take([ToldValue(1.0, True)], 20.0 * number + 5.0)  # by another process
        run.end(number, 20.0 * number + 10.0)  # and 10 seconds pass before the next
    now = run.tally.standing(70.0)
    assert (now.done, now.each) == (8, 10.0)
    assert now.left == pytest.approx(42 * 70.0 / 8)


def test_a_timeout_and_rules_bound_it():
    run = Run(n_calls=100, timeout=90.0)
    now = run.tally.standing(30.0)
    assert (now.left, now.at_most) == (60.0, True)
    run.begin(0, 30.0)
    run.end(0, 30.5)
    run.begin(1, 30.5)
    now = run.tally.standing(30.5)
    assert (now.left, now.at_most) == (pytest.approx(49.5), False)
    assert Run(rules=StopRules(patience=3)).tally.standing(0.0).at_most
