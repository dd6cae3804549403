"""Methods that are told constraints: all that they need, and what they do with it."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks import methods
from rnnbbo.benchmarks.methods import ConstrainedMethod

TOLD = [
    "tpe",
    "gpsampler",
    "kernel",
    "cma-al",
    "cobyqa",
    pytest.param("constrained-logei", marks=pytest.mark.slow),
]


def line(u: np.ndarray) -> tuple[float, dict[str, float]]:
    """A bowl round (.2, .2), where a + b >= .8: the minimum, .08, is at (.4, .4)."""
    values = float(np.sum((u - 0.2) ** 2)), 0.8 - float(u.sum()), 0.3 - float(u[0])
    return values[0], {"c0": values[1], "c1": values[2]}


def corner(u: np.ndarray) -> tuple[float, dict[str, float]]:
    """The bowl, where a + b >= 1.8: a fiftieth of the square."""
    return line(u)[0], {"c0": 1.8 - float(u.sum())}


def run(
    name: str,
    budget: int,
    problem: Callable[[np.ndarray], tuple[float, dict[str, float]]] = line,
    failed: tuple[int, ...] = (),
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, values, and which are feasible."""
    method = methods.make_method(name, 2, budget, seed)
    assert isinstance(method, ConstrainedMethod)
    points, values, feasible = [], [], []
    for t in range(budget):
        u = method.ask()
        assert u.shape == (2,) and np.all((u >= 0.0) & (u <= 1.0))
        y, constraints = problem(u)
        points.append(u)
        values.append(y)
        feasible.append(max(constraints.values()) <= 0.0)
        method.tell_constrained(u, np.nan if t in failed else y, constraints)
    return np.array(points), np.array(values), np.array(feasible)


@pytest.mark.parametrize("name", TOLD)
def test_runs_repeat_and_go_on_after_a_failure(name: str) -> None:
    first, again = (run(name, 12, failed=(0, 3))[0] for _ in range(2))
    assert np.array_equal(first, again)
    assert len(np.unique(first, axis=0)) > 9


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        ("cma-al", 150),
        ("cobyqa", 30),
        pytest.param("constrained-logei", 14, marks=pytest.mark.slow),
    ],
)
def test_constraints_are_met_and_not_kept_clear_of(name: str, budget: int) -> None:
    left = []
    for seed in range(3):
        _, values, feasible = run(name, budget, seed=seed)
        left.append(values[feasible].min() - 0.08)
    uniform = np.random.default_rng(0).random((20, budget, 2))
    met = (uniform.sum(-1) >= 0.8) & (uniform[..., 0] >= 0.3)
    bowl = np.sum((uniform - 0.2) ** 2, axis=-1)
    expected = np.median(np.where(met, bowl, np.inf).min(axis=1)) - 0.08
    assert min(left) >= -1e-12
    assert np.median(left) < 0.5 * expected


@pytest.mark.parametrize("name", ["cma-al", "cobyqa"])
def test_a_feasible_point_is_looked_for_where_there_is_none(name: str) -> None:
    found = [run(name, 60, corner, seed=seed)[2] for seed in range(3)]
    assert all(feasible.any() for feasible in found)
    assert np.mean([feasible[30:].mean() for feasible in found]) > 0.06  # at random .02


@pytest.mark.slow
def test_log_ei_looks_for_a_feasible_point_and_recommends_none_that_is_not() -> None:
    method = methods.make_method("constrained-logei", 2, 10, 0)
    assert isinstance(method, ConstrainedMethod) and isinstance(method, methods.Recommender)
    violations = []
    for _ in range(9):
        u = method.ask()
        y, constraints = corner(u)
        method.tell_constrained(u, y, constraints)
        violations.append(constraints["c0"])
    assert max(violations[5:]) < 0.1 < max(violations[:5])  # it goes along the border
    assert method.recommend().sum() >= 1.8


def test_a_constraint_without_a_value_is_told_as_the_worst() -> None:
    def partly(u: np.ndarray) -> tuple[float, dict[str, float]]:
        y, constraints = line(u)
        return y, {**constraints, "c1": np.nan} if u[0] < 0.1 else constraints

    for name in ("cma-al", "cobyqa"):
        points, _, _ = run(name, 30, partly)
        assert np.isfinite(points).all()


@pytest.mark.parametrize("name", ["cma-al", "cobyqa", "tpe"])
def test_a_run_warns_of_nothing_and_leaves_no_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(name, 30, failed=(2,))
    assert not list(tmp_path.iterdir())


def test_cobyqa_asks_for_no_point_twice_in_a_search() -> None:
    points, _, _ = run("cobyqa", 20)
    assert len(np.unique(points, axis=0)) == 20
