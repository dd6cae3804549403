import gc
from threading import enumerate as threads

import numpy as np
import pytest

from rnnbbo.benchmarks.methods.inverted import CubeFunction, Inverted


def three_points(objective: CubeFunction, rng: np.random.Generator) -> None:
    for _ in range(3):
        objective(rng.random(2))


def points(method: Inverted, count: int) -> np.ndarray:
    asked = []
    for _ in range(count):
        asked.append(method.ask())
        method.tell(asked[-1], 0.0)
    return np.array(asked)


def test_a_search_that_returns_starts_again_elsewhere() -> None:
    asked = points(Inverted(three_points, 0, float), 10)
    assert len(np.unique(asked, axis=0)) == 10
    assert np.array_equal(asked, points(Inverted(three_points, 0, float), 10))
    assert not np.array_equal(asked, points(Inverted(three_points, 1, float), 10))


def test_the_search_gets_the_told_values_and_computes_only_while_asked() -> None:
    log: list[object] = []

    def search(objective: CubeFunction, rng: np.random.Generator) -> None:
        while True:
            log.append(objective(np.zeros(1)))

    method = Inverted(search, 0, lambda y: y if np.isfinite(y) else -1.0)
    for y in (2.0, np.nan, 3.0):
        x = method.ask()
        log.append("asked")
        method.tell(x, y)
    assert log == ["asked", 2.0, "asked", -1.0, "asked"]
    method.ask()
    assert log[-1] == 3.0


def test_what_the_search_raises_is_raised_by_every_ask() -> None:
    def search(objective: CubeFunction, rng: np.random.Generator) -> None:
        objective(np.zeros(1))
        raise ZeroDivisionError("in the search")

    method = Inverted(search, 0, float)
    method.tell(method.ask(), 1.0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="in the search"):
            method.ask()


def test_a_search_without_evaluations_is_refused() -> None:
    method = Inverted(lambda objective, rng: None, 0, float)
    with pytest.raises(RuntimeError, match="without evaluating"):
        method.ask()


@pytest.mark.parametrize("asks", [0, 1, 5])
def test_dropping_a_run_ends_its_thread(asks: int) -> None:
    before = set(threads())
    method = Inverted(three_points, 0, float)
    points(method, asks)
    (started,) = set(threads()) - before or {None}
    assert (started is not None) == (asks > 0)
    del method
    gc.collect()
    if started is not None:
        started.join(timeout=30)
        assert not started.is_alive()


def test_a_search_cannot_hold_on_by_catching_exceptions() -> None:
    def search(objective: CubeFunction, rng: np.random.Generator) -> None:
        while True:
            try:
                objective(np.zeros(1))
            except Exception:
                continue

    before = set(threads())
    method = Inverted(search, 0, float)
    method.ask()
    (started,) = set(threads()) - before
    del method
    gc.collect()
    started.join(timeout=30)
    assert not started.is_alive()
