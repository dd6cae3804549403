"""Runs that know of earlier studies of like problems."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnbbo import ConfigError, Optimizer, PolicyError, Space, Study, minimize
from rnnbbo.cli.main import run_command
from rnnbbo.transfer_data import as_earlier

SPACE = [(-1.0, 1.0), (0.0, 5.0)]


def func(x: list[float]) -> float:
    return 10.0 * (x[0] - 0.3) ** 2 + abs(x[1] - 2.0)


@pytest.fixture(scope="module")
def earlier() -> Any:
    """Points over the space, one of them far better than the others."""
    rng = np.random.default_rng(0)
    drawn = [[float(rng.uniform(low, high)) for low, high in SPACE] for _ in range(60)]
    points, best = [x for x in drawn if func(x) > 1.0][:14], [0.3, 2.0]
    return minimize(func, SPACE, n_calls=15, x0=[*points[:7], best, *points[7:]], rng=0)


def test_the_first_point_is_the_best_of_the_earlier_study(earlier: Any) -> None:
    opt = Optimizer(SPACE, rng=1, prior=earlier)
    assert opt.ask() == pytest.approx(earlier.x)
    plain = Optimizer(SPACE, rng=1)
    assert plain.ask() == [0.0, 2.5]


def test_other_bounds_are_the_same_parameters(earlier: Any) -> None:
    wider = Optimizer([(-2.0, 2.0), (0.0, 5.0)], rng=1, prior=[earlier])
    assert wider.ask() == pytest.approx(earlier.x)
    x, y = as_earlier(Space([(0.5, 1.0), (0.0, 5.0)]), earlier, False)[0]
    assert len(y) == 15
    assert x[:, 0].min() < 0.0  # beyond the bounds, and still worth knowing


def test_what_the_space_does_not_have_is_left_out() -> None:
    space = Space({"a": (1, 4), "kind": ["x", "y"], "lr": (1e-3, 1.0, "log-uniform")})
    rows = [
        ({"a": 2, "kind": "x", "lr": 0.1}, 1.0),
        ({"a": 9, "kind": "x", "lr": 0.1}, 2.0),  # no such integer
        ({"a": 2, "kind": "z", "lr": 0.1}, 3.0),  # no such category
        ({"a": 3, "kind": "y", "lr": 10.0}, 4.0),  # beyond a bound
        ({"a": 3, "kind": "y", "lr": 1e-3}, float("nan")),  # failed
        ({"a": 1, "lr": 1e-2}, 6.0),  # says nothing of kind
    ]
    points, values = zip(*rows, strict=True)
    (kept,) = as_earlier(space, (list(points), list(values)), False)
    assert kept.y.tolist() == [1.0, 4.0, 6.0]
    assert kept.x[1, -1] == pytest.approx(4.0 / 3.0)


def test_larger_is_better_where_a_run_maximizes(earlier: Any) -> None:
    negative = ([list(x) for x in earlier.x_iters], [-y for y in earlier.func_vals])
    opt = Optimizer(SPACE, rng=1, prior=negative, maximize=True)
    assert opt.ask() == pytest.approx(earlier.x)


def test_a_study_keeps_what_it_learnt_from_and_goes_on_with_it(tmp_path: Path) -> None:
    with Study(tmp_path / "old.db", SPACE, rng=0) as old:
        for _ in range(8):
            trial = old.ask()
            old.tell(trial, func(trial.x))
        best = min(old.told(), key=lambda trial: trial.outcome.value)
    whole = minimize(func, SPACE, n_calls=6, rng=2, prior=tmp_path / "old.db")
    assert whole.x_iters[0] == pytest.approx(best.x)
    kept = {"prior": str(tmp_path / "old.db"), "study": tmp_path / "new.db"}
    minimize(func, SPACE, n_calls=3, rng=2, **kept)
    (tmp_path / "old.db").unlink()
    parts = minimize(func, SPACE, n_calls=6, study=tmp_path / "new.db", resume=True)
    assert parts.x_iters == whole.x_iters


def test_the_command_takes_files_of_studies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = Space({"a": (-1.0, 1.0), "b": (0.0, 5.0)})
    points = [{"a": 0.3, "b": 2.0}, {"a": -0.5, "b": 4.0}, {"a": 0.9, "b": 0.5}]
    with Study(tmp_path / "old.db", space, rng=0) as old:
        old.add(points, [func([p["a"], p["b"]]) for p in points])
    module = tmp_path / "own.py"
    module.write_text("def func(a, b):\n    return (a - 0.3) ** 2 + abs(b - 2)\n")
    command = ["minimize", f"{module}:func", "-n", "2", "--seed", "0", "--json"]
    bounds = ["--param", "a=float:-1:1", "--param", "b=float:0:5"]
    prior = ["--prior", str(tmp_path / "old.db")]
    assert run_command([*command, *bounds, *prior]) == 0
    first = json.loads(capsys.readouterr().out)["trials"][0]
    assert first["x"] == pytest.approx(points[0])
    assert run_command([*command, *bounds, "--prior", str(tmp_path / "no.db")]) == 4
    assert "no.db" in capsys.readouterr().err


def test_policies_that_cannot_learn_say_so(earlier: Any) -> None:
    for policy in ("lstm", "dnc-direct"):
        with pytest.raises(PolicyError, match=r"learns nothing from earlier studies .*'kernel'"):
            Optimizer(SPACE, policy=policy, prior=earlier)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("old.db", "prior = 'old.db'; expected earlier studies"),
        (3, "prior = 3; expected earlier studies"),
        (([[0.0, 1.0]], [1.0, 2.0]), "expected as many values as points"),
        (([[0.0]] * 3, [1.0, 2.0, 3.0]), r"point of prior = \[0.0\]; expected 2 values"),
        (([[0.0, 1.0]], [1.0]), "prior with 1 values, 1 of them in dimensions of this space"),
    ],
)
def test_anything_else_is_refused(prior: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Optimizer(SPACE, prior=prior)


def test_a_study_of_other_parameters_is_refused(earlier: Any) -> None:
    with pytest.raises(ConfigError, match="prior with parameters x0, x1; expected some of lr"):
        Optimizer({"lr": (0.0, 1.0)}, prior=earlier)


def test_without_a_prior_nothing_changes() -> None:
    one, other = Optimizer(SPACE, rng=5), Optimizer(SPACE, rng=5, prior=None)
    for _ in range(4):
        x = one.ask()
        assert other.ask() == x
        for opt in (one, other):
            opt.tell(x, func(x))
    assert np.array_equal(one.result().func_vals, other.result().func_vals)
