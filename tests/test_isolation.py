"""Proposals do not depend on what numpy and its BLAS are set to, and leave that as it was."""

import math
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from rnnbbo import Optimizer, minimize_many
from rnnbbo.isolation import BlasThreads, OneThread, find_blas, isolated
from rnnbbo.shipped import available

POLICIES = ("auto", *available())
MIXED = [(-1.0, 1.0), (1e-4, 1.0, "log-uniform"), (1, 16), ("p", "q")]

FILE = """
import sys
from rnnbbo import Optimizer
for policy in sys.argv[1:]:
    optimizer = Optimizer([(0.0, 1.0)] * 3, policy=policy, rng=1)
    for _ in range(14):
        x = optimizer.ask()
        optimizer.tell(x, sum((v - 0.3) ** 2 for v in x))
    print(optimizer.Xi)
"""


def mixture(x: list[Any]) -> float:
    a, b, c, d = x
    return (a - 0.4) ** 2 + (math.log10(b) + 2.0) ** 2 + abs(c - 7) / 8 + {"p": 0.3, "q": 0.0}[d]


def proposed(policy: str) -> list[Any]:
    optimizer = Optimizer(MIXED, policy=policy, rng=0)
    for t in range(13):
        x = optimizer.ask()
        optimizer.tell(x, math.nan if t in (0, 5) else mixture(x))
    pair = optimizer.ask(2)
    twin = Optimizer(MIXED, policy=policy, rng=0)
    twin.replay([(x, y) for x, y in zip(optimizer.Xi, optimizer.yi, strict=True)])
    return [optimizer.Xi, pair, optimizer.recommend(), twin.ask(), optimizer.result().fun]


@pytest.fixture
def hostile() -> Iterator[list[str]]:
    """Make numpy call whatever may be called, and warnings raise."""
    called: list[str] = []
    before = np.seterrcall(lambda kind, _: called.append(kind))
    with np.errstate(all="call"), warnings.catch_warnings(), np.printoptions(precision=1):
        warnings.simplefilter("error")
        yield called
    np.seterrcall(before)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_error_state_of_numpy_changes_no_proposal(policy: str, hostile: list[str]) -> None:
    called = proposed(policy)
    with np.errstate(all="raise"):
        raised = proposed(policy)
        assert set(np.geterr().values()) == {"raise"}
    with np.errstate(all="warn"):  # a warning is an error here
        warned = proposed(policy)
    with np.errstate(all="ignore"):
        quiet = proposed(policy)
    assert called == raised == warned == quiet
    assert hostile == []


@pytest.mark.parametrize("policy", available(batched=True))
@pytest.mark.parametrize("threads", [1, 2])
def test_many_problems_are_proposed_for_in_any_error_state(
    policy: str, threads: int, hostile: list[str]
) -> None:
    def run() -> np.ndarray:
        return minimize_many(
            lambda x: ((x - 0.4) ** 2).sum(axis=1), [(0.0, 1.0)] * 2, 6, 8,
            policy=policy, rng=0, threads=threads, chunk=3,
        ).x_iters  # fmt: skip

    with np.errstate(all="raise"):
        raised = run()
    with np.errstate(all="warn"):
        warned = run()
    assert np.array_equal(raised, run()) and np.array_equal(warned, raised)
    assert hostile == []


@pytest.fixture(scope="module")
def of_threads() -> list[dict[str, str]]:
    """What processes with one thread and with two propose, by policy."""

    def run(threads: int) -> dict[str, str]:
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        env = os.environ | dict.fromkeys(names, str(threads))
        command = [sys.executable, "-c", FILE, *POLICIES]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return dict(zip(POLICIES, done.stdout.splitlines(), strict=True))

    return [run(1), run(2)]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_number_of_threads_changes_no_proposal(
    policy: str, of_threads: list[dict[str, str]]
) -> None:
    one, two = (proposed[policy] for proposed in of_threads)
    assert one.count("[") == 1 + 14
    assert one == two


def fake(threads: int) -> tuple[list[int], OneThread]:
    """Return the settings that a BLAS of so many threads goes through, and what holds it."""
    settings = [threads]
    return settings, OneThread(lambda: (BlasThreads(lambda: settings[-1], settings.append),))


def test_one_thread_inside_and_what_it_was_afterwards() -> None:
    settings, one = fake(8)
    with one.held():
        assert settings[-1] == 1
        with one.held():
            assert settings[-1] == 1
        assert settings[-1] == 1
    assert settings == [8, 1, 8]


def test_restored_after_an_error() -> None:
    settings, one = fake(8)
    with pytest.raises(ZeroDivisionError), one.held():
        1 / 0  # noqa: B018
    assert settings[-1] == 8


def test_the_last_of_several_threads_restores() -> None:
    settings, one = fake(8)
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one.held():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with one.held():
        thread.start()
        assert inside.wait(10)
    assert settings[-1] == 1
    leave.set()
    thread.join()
    assert settings == [8, 1, 8]


def test_a_number_that_somebody_else_sets_meanwhile_stays() -> None:
    settings, one = fake(8)
    with one.held():
        settings.append(4)
    assert settings[-1] == 4


def test_one_thread_stays_one_without_a_call() -> None:
    settings, one = fake(1)
    with one.held():
        pass
    assert settings == [1]


def test_a_child_of_a_fork_begins_anew() -> None:
    settings, one = fake(8)
    with one.held():
        one.forked()  # what the child runs
        assert settings[-1] == 8
    with one.held():
        assert settings[-1] == 1
    assert settings[-1] == 8


def test_no_blas_that_is_known_is_no_harm() -> None:
    with OneThread(tuple).held():
        pass


@pytest.mark.skipif(not find_blas(), reason="a BLAS of numpy that nobody can ask")
def test_the_blas_of_numpy_is_held() -> None:
    blas = find_blas()[0]
    before = blas.get()
    blas.set(2)
    try:
        if blas.get() != 2:
            pytest.skip("a BLAS of one thread")
        with isolated():
            assert blas.get() == 1
        assert blas.get() == 2
    finally:
        blas.set(before)


def test_a_policy_of_ones_own_is_isolated_too() -> None:
    from rnnbbo.policies.protocol import Policy

    class Divides(Policy):
        def init(self, dim: int) -> Any:
            return np.full((1, dim), 0.5)

        def step(self, params: Any, state: Any, observation: Any) -> Any:
            return np.abs(state * (observation.y / 0.0)) % 1.0 if observation.told else state

        def choices(self, params: Any, state: Any, *_: Any) -> np.ndarray:
            return np.nan_to_num(state, nan=0.25)

    with np.errstate(all="raise"):
        optimizer = Optimizer([(0.0, 1.0)], policy=Divides())
        optimizer.tell(optimizer.ask(), 1.0)
        assert optimizer.ask() == [0.25]
