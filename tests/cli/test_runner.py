import threading

import pytest

from rnnbbo.cli.outcome import Outcome
from rnnbbo.cli.runner import Limits, run_trials


class Counter:
    """Proposes 0, 1, 2, ...; no point is asked for twice."""

    def __init__(self):
        self.asked = 0
        self.told = []

    def ask(self):
        self.asked += 1
        return [self.asked - 1]

    def tell(self, x, y):
        self.told.append((x[0], y))


class Evaluator:
    """Evaluates by a function of the point; counts how often it is stopped."""

    def __init__(self, func):
        self.func = func
        self.stopped = threading.Event()

    def evaluate(self, trial, point):
        assert point == [trial]
        return self.func(self, trial)

    def stop(self):
        self.stopped.set()


def square(evaluator, trial):
    return Outcome(value=trial**2)


def run(func, jobs, **limits):
    optimizer, evaluator, trials = Counter(), Evaluator(func), []
    status = run_trials(optimizer, evaluator, Limits(**limits), jobs=jobs, on_trial=trials.append)
    return status, optimizer, evaluator, trials


@pytest.mark.parametrize("jobs", [0, 1, 3, 20])
def test_every_point_is_told_once_with_its_own_value(jobs):
    status, optimizer, _, trials = run(square, jobs, n_calls=10)
    assert status == "ok"
    assert optimizer.asked == 10
    assert sorted(optimizer.told) == [(i, i**2) for i in range(10)]
    assert [(trial.point[0], trial.outcome.value) for trial in trials] == optimizer.told


def test_jobs_are_in_flight_together():
    barrier = threading.Barrier(3)

    def together(evaluator, trial):
        barrier.wait(timeout=30)
        return Outcome(value=0.0)

    assert run(together, 3, n_calls=6)[0] == "ok"


def test_a_slow_evaluation_holds_up_no_other():
    others = threading.Semaphore(0)

    def func(evaluator, trial):
        if trial == 0:  # waits for all others
            for _ in range(9):
                assert others.acquire(timeout=30)
        else:
            others.release()
        return Outcome(value=0.0)

    _, optimizer, _, _ = run(func, 2, n_calls=10)
    # The very last one may finish together with it.
    assert [x for x, _ in optimizer.told].index(0) >= 8


@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_too_many_failures(jobs):
    def func(evaluator, trial):
        return Outcome(error="bad") if trial >= 2 else Outcome(value=1.0)

    status, _, _, trials = run(func, jobs, n_calls=50, max_failures=3)
    assert status == "too_many_failures"
    assert sum(trial.outcome.error is not None for trial in trials) >= 4
    assert len(trials) <= 6 + jobs
    assert run(func, jobs, n_calls=5, max_failures=3)[0] == "ok"


def test_timeout_ends_what_is_running_and_does_not_tell_it():
    def func(evaluator, trial):
        if trial >= 3:
            assert evaluator.stopped.wait(timeout=30)
            return Outcome(error="interrupted")
        return Outcome(value=1.0)

    status, optimizer, evaluator, _ = run(func, 2, n_calls=100, timeout=0.2)
    assert status == "timeout"
    assert evaluator.stopped.is_set()
    assert sorted(x for x, _ in optimizer.told) == [0, 1, 2]


def test_timeout_between_evaluations_in_line():
    def func(evaluator, trial):
        threading.Event().wait(0.05)
        return Outcome(value=1.0)

    status, optimizer, _, _ = run(func, 0, n_calls=100, timeout=0.01)
    assert status == "timeout"
    assert len(optimizer.told) == 1


def test_an_interrupt_stops_the_evaluator():
    evaluator = Evaluator(square)

    def interrupt(trial):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trials(Counter(), evaluator, Limits(5), jobs=2, on_trial=interrupt)
    assert evaluator.stopped.is_set()
