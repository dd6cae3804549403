"""The dense search of fronts: known ones are found, and what BoTorch states falls short."""

import numpy as np
import pytest
from botorch.test_functions.multi_objective import BraninCurrin
from click.testing import CliRunner

from rnnbbo.benchmarks.suites import front_search
from rnnbbo.benchmarks.suites.front_search import search_front
from rnnbbo.functions.published_fronts import published_front


def search(name: str, steps: int, cells: int) -> tuple[float, float]:
    """Return the hypervolume found, and the one declared."""
    problem = published_front(name)
    rng = np.random.default_rng(0)
    found = search_front(problem, rng, rounds=25, steps=steps, cells=cells)
    return found, -problem.minimum


@pytest.mark.parametrize(
    ("name", "steps", "cells", "rel"),
    [
        ("zdt3-4d", 4000, 2000, 1e-3),
        ("dtlz2-2obj-4d", 4000, 2000, 1e-2),
        ("dtlz2-3obj-6d", 10_000, 150, 5e-2),
        ("vehicle-safety", 10_000, 150, 2e-2),
    ],
)
def test_known_fronts_are_found(name: str, steps: int, cells: int, rel: float) -> None:
    found, declared = search(name, steps, cells)
    assert found == pytest.approx(declared, rel=rel)


def test_the_front_of_branin_and_currin_is_larger_than_botorch_states() -> None:
    found, declared = search("branin-currin", 10_000, 5000)
    assert BraninCurrin()._max_hv + 0.02 < found < declared * (1.0 + 1e-4)


def test_the_command_prints_what_is_found_beside_what_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front_search, "pin_threads", lambda: None)
    run = CliRunner().invoke
    done = run(front_search.main, ["zdt1-4d", "--rounds", "2", "--steps", "1000"])
    assert done.exit_code == 0
    name, found, declared, share = done.output.split()
    assert name == "zdt1-4d" and float(declared) == pytest.approx(120.6666667)
    assert float(found) / float(declared) == pytest.approx(float(share), abs=1e-5)
    wrong = run(front_search.main, ["--biobj", "2"])
    assert wrong.exit_code == 2 and "expected a dimension and an instance" in wrong.output
