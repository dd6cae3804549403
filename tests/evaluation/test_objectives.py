"""Objectives that fork, that leave by sys.exit, and what is raised past them."""

import asyncio
import os
import signal
import sys

import pytest

from rnnbbo import minimize, minimize_many
from rnnbbo.evaluation.evaluator import evaluate
from rnnbbo.status import Status

BOX = [(0.0, 1.0)]


def run(func, n_calls=6, **options):
    return minimize(func, BOX, n_calls, policy="lstm-direct", rng=0, **options)


def returns(x):
    return -100.0


def raises(x):
    raise ValueError("in the copy")


def leaves(x):
    sys.exit(3)


def is_interrupted(x):
    raise KeyboardInterrupt


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("in_the_copy", [returns, raises, leaves, is_interrupted])
def test_a_copy_that_comes_back_from_the_objective_ends_there(in_the_copy, workers, tmp_path):
    here = os.getpid()

    def forks(x):
        child = os.fork()
        if child == 0:
            return in_the_copy(x)
        os.waitpid(child, 0)
        return x[0]

    result = run(forks, workers=workers)
    assert os.getpid() == here
    assert list(result.func_vals) == [x[0] for x in result.x_iters]
    assert (result.nfev, result.errors) == (6, {})


def test_leaving_by_sys_exit_is_a_failure():
    assert evaluate(leaves, [1.0]).error == "the objective called sys.exit(3)"
    assert evaluate(lambda x: sys.exit(), [1.0]).error == "the objective called sys.exit(None)"
    for workers in (None, 1):
        with pytest.warns(RuntimeWarning, match="sys.exit"):
            result = run(leaves, workers=workers)
        assert set(result.errors.values()) == {"the objective called sys.exit(3)"}


def test_a_coroutine_that_is_cancelled_is_a_failure():
    async def cancelled():
        raise asyncio.CancelledError

    assert "CancelledError" in evaluate(lambda x: asyncio.run(cancelled()), [1.0]).error


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_what_is_no_failure_ends_the_run_with_its_result(error):
    def func(x):
        if len(calls) == 3:
            raise error
        calls.append(x)
        return x[0]

    calls = []
    with pytest.raises(error) as raised:
        run(func)
    assert raised.value.result.x_iters == calls
    assert len(calls) == 3


class Strict(Exception):
    __slots__ = ()


@pytest.mark.parametrize("error", [RuntimeError, Strict, SystemExit, StopIteration])
@pytest.mark.parametrize("workers", [None, 2])
def test_an_exception_of_a_callback_keeps_what_was_told(error, workers):
    def callback(result):
        if result.nfev >= 3:
            raise error("enough")

    with pytest.raises(error, match="enough") as raised:
        run(lambda x: x[0], n_calls=20, callback=callback, workers=workers)
    result = raised.value.result
    assert 3 <= result.nfev <= 4  # two may have finished together
    assert result.status == Status.ERROR
    assert result.fun == min(result.func_vals)


def test_a_warning_that_is_an_error_keeps_what_was_told(recwarn):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning) as raised:
            run(raises)
    assert raised.value.result.nfev == 1


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_in_many_problems_keeps_what_was_told(error):
    steps = []

    def func(x):
        if len(steps) == 2:
            raise error
        steps.append(x)
        return x[:, 0]

    with pytest.raises(error) as raised:
        minimize_many(func, BOX, 3, 5, policy="lstm-direct", rng=0)
    assert raised.value.result.func_vals.shape == (3, 2)


def test_workers_whose_caller_ignores_how_children_end():
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.warns(RuntimeWarning, match="failed"):
            result = run(lambda x: os._exit(3) if x[0] > 0.5 else x[0], workers=2)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert set(result.errors.values()) <= {"the objective's process died: exit status unknown"}
    assert result.nfev == 6
