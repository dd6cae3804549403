import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from rnnbbo.evaluation.futures import Futures
from rnnbbo.loop import Limits, run_trials
from rnnbbo.run_history import RunHistory
from rnnbbo.trial import Outcome


class Counter:
    """Proposes 0, 1, 2, ...; no point is asked for twice."""

    def __init__(self):
        self.asked = 0
        self.pending = []
        self.told = []

    def ask(self):
        self.asked += 1
        return [self.asked - 1]

    def add_pending(self, x):
        self.pending.append(x)

    def tell(self, x, y):
        self.told.append((x[0], y))

    def result(self):
        return {}


class Inline:
    """Evaluates at once, by a function of the evaluator and the trial's number."""

    def __init__(self, func):
        self.func = func
        self.finished = []
        self.stopped = threading.Event()

    @property
    def free(self):
        return not self.finished

    def start(self, trial):
        self.finished.append(replace(trial, outcome=self.func(self, trial.number)))

    def wait(self, seconds):
        finished, self.finished = self.finished, []
        return finished

    def stop(self):
        self.stopped.set()


def pooled(func, jobs):
    pool = ThreadPoolExecutor(jobs)

    def close():
        evaluator.stopped.set()
        pool.shutdown()

    evaluator = Futures(lambda trial: pool.submit(func, evaluator, trial.number), jobs, close=close)
    evaluator.stopped = threading.Event()
    return evaluator


def run(func, jobs, points=(), **limits):
    optimizer, trials = Counter(), []
    evaluator = pooled(func, jobs) if jobs else Inline(func)
    history = RunHistory(optimizer, points)
    status = run_trials(history, evaluator, Limits(**limits), on_trial=trials.append)
    return status, optimizer, evaluator, trials


def square(evaluator, number):
    return Outcome(value=number**2)


@pytest.mark.parametrize("jobs", [0, 1, 3, 20])
def test_every_point_is_told_once_with_its_own_value(jobs):
    status, optimizer, evaluator, trials = run(square, jobs, n_calls=10)
    assert status == "ok"
    assert optimizer.asked == 10
    assert sorted(optimizer.told) == [(i, i**2) for i in range(10)]
    assert [(trial.x[0], trial.value) for trial in trials] == optimizer.told
    assert evaluator.stopped.is_set()


def test_points_that_wait_come_first_and_are_pending_from_the_start():
    points = [["a"], ["b"]]
    _, optimizer, _, trials = run(square, 0, points, n_calls=5)
    assert optimizer.pending == points
    assert [trial.x for trial in trials] == [["a"], ["b"], [0], [1], [2]]
    assert [trial.number for trial in trials] == list(range(5))


def test_jobs_are_in_flight_together():
    barrier = threading.Barrier(3)

    def together(evaluator, number):
        barrier.wait(timeout=30)
        return Outcome(value=0.0)

    assert run(together, 3, n_calls=6)[0] == "ok"


def test_a_slow_evaluation_holds_up_no_other():
    others = threading.Semaphore(0)

    def func(evaluator, number):
        if number == 0:  # waits for all others
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
    def func(evaluator, number):
        return Outcome(error="bad") if number >= 2 else Outcome(value=1.0)

    status, _, _, trials = run(func, jobs, n_calls=50, max_failures=3)
    assert status == "too_many_failures"
    assert sum(trial.failed for trial in trials) >= 4
    assert len(trials) <= 6 + jobs
    assert run(func, jobs, n_calls=5, max_failures=3)[0] == "ok"


def test_timeout_ends_what_is_running_and_does_not_tell_it():
    def func(evaluator, number):
        if number >= 3:
            assert evaluator.stopped.wait(timeout=30)
            return Outcome(error="interrupted")
        return Outcome(value=1.0)

    status, optimizer, evaluator, _ = run(func, 2, n_calls=100, timeout=0.2)
    assert status == "timeout"
    assert evaluator.stopped.is_set()
    assert sorted(x for x, _ in optimizer.told) == [0, 1, 2]


def test_timeout_between_evaluations_in_line():
    def func(evaluator, number):
        threading.Event().wait(0.05)
        return Outcome(value=1.0)

    status, optimizer, _, _ = run(func, 0, n_calls=100, timeout=0.01)
    assert status == "timeout"
    assert len(optimizer.told) == 1


def test_an_evaluation_without_a_time_of_its_own_gets_the_one_seen_from_here():
    assert all(trial.outcome.seconds >= 0.0 for trial in run(square, 0, n_calls=3)[3])
    timed = run(lambda *_: Outcome(value=1.0, seconds=7.0), 0, n_calls=3)[3]
    assert [trial.outcome.seconds for trial in timed] == [7.0] * 3


class Recorded(RunHistory):
    """Remembers what is given back, and has a worker besides us."""

    def __init__(self, optimizer, others=()):
        super().__init__(optimizer)
        self.others = list(others)
        self.given_back = []

    def begin(self, n_calls):
        return super().begin(n_calls - len(self.others))

    def is_over(self, n_calls):
        self.others = self.others[1:]
        return not self.others

    def give_back(self, trials):
        self.given_back += trials


def test_an_interrupt_stops_the_evaluator_and_gives_back():
    begun = threading.Semaphore(0)

    def func(evaluator, number):
        begun.release()
        if number == 0:
            assert begun.acquire(timeout=30)
            assert begun.acquire(timeout=30)
            return Outcome(value=0.0)
        assert evaluator.stopped.wait(timeout=30)
        return Outcome(error="interrupted")

    def interrupt(trial):
        raise KeyboardInterrupt

    evaluator, history = pooled(func, 2), Recorded(Counter())
    with pytest.raises(KeyboardInterrupt):
        run_trials(history, evaluator, Limits(5), on_trial=interrupt)
    assert evaluator.stopped.is_set()
    assert [trial.number for trial in history.given_back] == [1]


def test_the_last_evaluations_of_others_are_waited_for():
    history = Recorded(Counter(), others=["theirs", "theirs too"])
    assert run_trials(history, Inline(square), Limits(5), on_trial=lambda trial: None) == "ok"
    assert history.others == []


def test_a_true_answer_ends_the_run():
    history = RunHistory(Counter())
    evaluator = Inline(square)
    status = run_trials(history, evaluator, Limits(5), on_trial=lambda trial: trial.number == 2)
    assert status == "stopped"
    assert history.begin(100).number == 3
