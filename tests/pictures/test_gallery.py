"""Pictures are drawn of any run, and what cannot be drawn is said."""

import math

import numpy as np
import pytest

from rnnbbo import (
    Categorical,
    ConfigError,
    MissingExtraError,
    Optimizer,
    PointError,
    Real,
    minimize,
)
from rnnbbo.pictures import gallery
from rnnbbo.pictures.appearance import fenced, log_helps, tick_label

pytest.importorskip("matplotlib")

SPACE = {
    "x": (-3.0, 4.0),
    "$x_{\\frac$": ["a", "<b>", "$c$"],
    "l": (1e-4, 1.0, "log-uniform"),
    "n": (1, 9),
    "m": Real(0, 4, when={"$x_{\\frac$": "<b>"}),
    "one": Categorical(["here"]),
}


def rough(p):
    if p["x"] > 3:
        raise RuntimeError("nothing here")
    value = (p["x"] - 1) ** 2 + abs(math.log10(p["l"]) + 1) + 0.1 * abs(p["n"] - 4)
    return {"value": value, "constraints": {"c": -p["x"]}}


@pytest.fixture(scope="module")
def runs():
    with pytest.warns(RuntimeWarning, match="failed"):
        everything = minimize(rough, SPACE, n_calls=20, rng=0)
    both = minimize(lambda x: [x[0] ** 2, (x[0] - 1) ** 2], [(-1.0, 2.0)], n_calls=10, rng=0)
    three = minimize(
        lambda x: [x[0], -x[0], x[1]],
        [(0.0, 1.0)] * 2,
        n_calls=9,
        rng=0,
        directions=["minimize", "maximize", "minimize"],
    )
    return {"everything": everything, "both": both, "three": three}


@pytest.fixture(autouse=True)
def _closed():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def rendered(axes, path):
    """Draw to a file, which is when labels are parsed."""
    first = np.ravel(axes)[0]
    first.figure.savefig(path / "picture.png", dpi=30)
    return first


@pytest.mark.parametrize("name", ["everything", "both", "three"])
@pytest.mark.parametrize("kind", ["convergence", "slices", "parallel", "importance", "places"])
def test_every_kind_of_every_run(runs, kind, name, tmp_path):
    rendered(runs[name].plot(kind), tmp_path)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_front(runs, tmp_path):
    axes = rendered(runs["both"].plot("front"), tmp_path)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("value_1 (minimize)", "value_2 (minimize)")
    shown = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    np.testing.assert_array_equal(shown["front"].get_xdata(), runs["both"].front.values[:, 0])
    assert len(runs["three"].plot("front")) == 2


def test_convergence_shows_every_trial(runs):
    axes = runs["everything"].plot()
    shown = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    result = runs["everything"]
    assert len(shown["failed"].get_xdata()) == result.n_failed > 0
    known = np.isfinite(result.func_vals)
    outside = known & (result.constraint_vals["c"] > 0)
    np.testing.assert_array_equal(shown["not feasible"].get_ydata(), result.func_vals[outside])
    best = shown["best so far"].get_ydata()
    assert np.nanmin(best) == result.fun


def test_what_was_drawn_into_is_returned(runs):
    from matplotlib import pyplot

    _, axes = pyplot.subplots()
    assert runs["both"].plot("importance", ax=axes) is axes
    with pytest.raises(ConfigError, match="ax, with plot = 'slices'"):
        runs["both"].plot("slices", ax=axes)


def test_slices_through_a_point_of_ones_own(runs):
    axes = runs["both"].plot("slices", at=[0.5], objective=1)
    assert axes[0].get_ylabel() == "value_2 (minimize)"
    assert axes[0].lines[-1].get_xdata()[0] == 0.5
    with pytest.raises(PointError, match="x0"):
        runs["both"].plot("slices", at=[7.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "contour"}, "plot = 'contour'; expected one of convergence, slices"),
        ({"kind": "front"}, "of a run without several objectives"),
        ({"objective": 1}, "objective = 1, counted from 0; expected one of the 1"),
        ({"objective": "x"}, "objective = 'x'"),
    ],
)
def test_what_is_not_there_is_said(runs, arguments, message):
    with pytest.raises(ConfigError, match=message):
        runs["everything"].plot(**arguments)


def test_a_run_without_success_or_trials():
    optimizer = Optimizer([(0.0, 1.0)], rng=0)
    for kind in ("convergence", "slices", "parallel", "importance", "places"):
        with pytest.raises(ConfigError, match=f"plot = '{kind}', of a run without"):
            optimizer.result().plot(kind)
    optimizer.tell([0.5], math.nan)
    for kind in ("convergence", "parallel", "places"):
        optimizer.result().plot(kind)
    for kind in ("slices", "importance"):
        with pytest.raises(ConfigError, match=f"plot = '{kind}', of a run without"):
            optimizer.result().plot(kind)


def test_matplotlib_is_asked_for(runs, monkeypatch):
    monkeypatch.setattr(gallery, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install matplotlib"):
        runs["both"].plot()


def test_scales_that_help():
    assert log_helps(np.array([1e-3, 1.0, math.nan, 0.5]))
    assert not log_helps(np.array([0.0, 1.0, 1e6]))
    assert not log_helps(np.array([1.0, 2.0, 3.0]))
    values = np.append(np.linspace(0.0, 1.0, 20), 1e9)
    assert 1.0 < fenced(values, maximize=False) < 5.0
    assert fenced(values, maximize=True) is None
    assert -5.0 < fenced(-values, maximize=True) < -1.0
    assert fenced(values[:20], maximize=False) is None


def test_labels_are_short_and_plain():
    assert tick_label("a" * 100) == "a" * 23 + "…"
    assert tick_label("$x$") == r"\$x\$"
    assert tick_label(0.1 + 0.2) == "0.3"
