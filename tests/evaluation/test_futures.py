import contextlib
import os
import threading
import time
from concurrent.futures import Future, InvalidStateError, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from rnnbbo import minimize
from rnnbbo.errors import ConfigError, ObjectiveError

SPACE = [(-1.0, 1.0), (-1.0, 1.0)]


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def die(x):
    os._exit(1)


@pytest.mark.parametrize("make", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_the_pools_of_the_standard_library(make):
    with make(3) as pool:
        result = minimize(bowl, SPACE, 20, rng=0, executor=pool)
        assert pool.submit(bowl, [0.0, 1.0]).result() == 1.0  # it stays open
    assert result.nfev == 20
    assert result.fun == min(map(bowl, result.x_iters)) < 0.01


def test_loky():
    loky = pytest.importorskip("joblib.externals.loky")
    with loky.ProcessPoolExecutor(2) as pool:
        result = minimize(lambda x: x[0] ** 2, SPACE, 6, rng=0, executor=pool)
    assert result.nfev == 6
    assert result.n_failed == 0


class Bare:
    """The least that an executor can be."""

    def __init__(self):
        self.submitted, self.at_once, self.most = 0, 0, 0
        self.lock = threading.Lock()
        self.first = threading.Barrier(4)

    def submit(self, function, *args):
        future = Future()
        self.submitted += 1
        meets = self.submitted <= 4

        def work():
            with self.lock:
                self.at_once += 1
                self.most = max(self.most, self.at_once)
            if meets:
                self.first.wait(60)
            with self.lock:
                self.at_once -= 1
            future.set_result(function(*args))

        threading.Thread(target=work).start()
        return future


def test_any_executor_with_a_number_of_workers():
    executor = Bare()
    assert minimize(bowl, SPACE, 12, rng=0, executor=executor, workers=4).nfev == 12
    assert executor.most == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"executor": Bare()}, "expected workers="),
        ({"executor": 3}, "executor = 3"),
        ({"workers": 0}, "workers = 0"),
        ({"eval_timeout": 1.0}, "expected workers=1"),
        ({"workers": 1, "eval_timeout": -1}, "eval_timeout = -1"),
        ({"timeout": "soon"}, "timeout = 'soon'"),
        ({"resume": True}, "expected study="),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ConfigError, match=words):
        minimize(bowl, SPACE, 3, **arguments)


def test_a_broken_executor_ends_the_run_with_what_was_found():
    with ProcessPoolExecutor(1) as pool, pytest.raises(ObjectiveError, match="broke") as hit:
        minimize(die, SPACE, 9, x0=[0.0, 0.0], y0=5.0, executor=pool)
    assert hit.value.result.fun == 5.0


def test_an_executor_that_is_shut_down():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(ObjectiveError, match="takes no work"):
        minimize(bowl, SPACE, 9, executor=pool)


def test_a_function_that_cannot_be_sent():
    with ProcessPoolExecutor(1) as pool, pytest.raises(ObjectiveError, match="top of a module"):
        minimize(lambda x: 1.0, SPACE, 9, executor=pool)


def test_what_times_out_fails_and_keeps_its_place():
    gate = threading.Event()

    def func(x):
        if x == [0.0, 0.0]:
            gate.wait(60)
        return bowl(x)

    with ThreadPoolExecutor(2) as pool:
        result = minimize(func, SPACE, 5, x0=[0.0, 0.0], rng=0, executor=pool, eval_timeout=0.3)
        gate.set()
    assert list(result.errors.values()) == ["timed out after 0.3 s"]
    assert result.nfev == 5
    assert result.fun > 0.0  # what came too late is not told


def test_when_everything_hangs_the_run_ends():
    gate = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        with pytest.raises(ObjectiveError, match="all 2 evaluations") as hit:
            minimize(lambda x: gate.wait(60), SPACE, 9, executor=pool, eval_timeout=0.2)
        gate.set()
    assert hit.value.result.n_failed == 2


class Scripted:
    """An executor of threads whose futures say nothing of when a call begins."""

    _max_workers = 2

    def __init__(self, bring=None):
        self.futures = []
        self.bring = bring

    def submit(self, function, *args):
        future = Future()
        self.futures.append(future)
        bring = self.bring or self._call
        threading.Thread(target=bring, args=(future, function, args), daemon=True).start()
        return future

    @staticmethod
    def _call(future, function, args):
        value = function(*args)
        with contextlib.suppress(InvalidStateError):  # cancelled when the run ended
            future.set_result(value)


def test_a_call_that_is_overdue_keeps_its_place_though_its_future_can_be_cancelled():
    gate, most, running, lock = threading.Event(), 0, 0, threading.Lock()

    def func(x):
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        try:
            if x == [0.0, 0.0]:
                gate.wait(60)
            return bowl(x)
        finally:
            with lock:
                running -= 1

    executor = Scripted()
    result = minimize(func, SPACE, 6, x0=[0.0, 0.0], rng=0, executor=executor, eval_timeout=0.3)
    gate.set()
    assert list(result.errors.values()) == ["timed out after 0.3 s"]
    assert result.nfev == 6
    assert most == 2


def test_waiting_for_a_worker_is_not_evaluating():
    # Two at once are wanted of a pool that has one thread: every other call waits.
    with ThreadPoolExecutor(1) as pool:
        result = minimize(
            lambda x: time.sleep(0.3) or bowl(x),
            SPACE,
            6,
            rng=0,
            executor=pool,
            workers=2,
            eval_timeout=0.5,
        )
    assert (result.nfev, result.n_failed) == (6, 0)


def test_calls_that_are_all_overdue_and_end_are_no_reason_to_give_up():
    with ThreadPoolExecutor(2) as pool:
        result = minimize(
            lambda x: time.sleep(0.6) or bowl(x), SPACE, 4, executor=pool, eval_timeout=0.4
        )
    assert (result.nfev, result.n_failed) == (4, 4)


@pytest.mark.parametrize(
    "error", [RuntimeError("shut down"), ValueError("no"), OSError("gone"), Exception()]
)
def test_whatever_submit_raises_ends_the_run_with_what_was_found(error):
    executor = Scripted()
    submit = executor.submit

    def some(function, *args):
        if len(executor.futures) == 3:
            raise error
        return submit(function, *args)

    executor.submit = some
    with pytest.raises(ObjectiveError, match="takes no work") as hit:
        minimize(bowl, SPACE, 9, rng=0, executor=executor, workers=1)
    assert hit.value.result.nfev == 3
    assert hit.value.result.n_failed == 0


def test_a_submit_that_returns_no_future():
    executor = Scripted()
    executor.submit = lambda function, *args: function(*args)
    with pytest.raises(ObjectiveError, match=r"expected a concurrent\.futures\.Future"):
        minimize(bowl, SPACE, 9, executor=executor)


@pytest.mark.parametrize("brought", [None, 3.0, {"value": 3.0}])
def test_a_future_that_brings_something_else(brought):
    executor = Scripted(lambda future, function, args: future.set_result(brought))
    with pytest.raises(ObjectiveError, match="future of the executor brought") as hit:
        minimize(bowl, SPACE, 9, x0=[0.0, 0.0], y0=5.0, executor=executor)
    assert hit.value.result.fun == 5.0


def test_a_future_that_others_cancel_is_no_failed_trial():
    def cancel(future, function, args):
        if len(executor.futures) < 4:
            future.set_result(function(*args))
        else:
            future.cancel()
            future.set_running_or_notify_cancel()

    executor = Scripted(cancel)
    with pytest.raises(ObjectiveError, match="cancelled an evaluation") as hit:
        minimize(bowl, SPACE, 9, rng=0, executor=executor, workers=1)
    assert hit.value.result.nfev == 3
    assert hit.value.result.n_failed == 0


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), SystemExit(3)])
def test_what_a_call_raises_in_another_thread_fails_its_trial(raised):
    executor = Scripted(lambda future, function, args: future.set_exception(raised))
    result = minimize(bowl, SPACE, 3, executor=executor)
    assert result.n_failed == 3
