import copy
import math
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.result import OptimizeResult, make_result
from rnnbbo.space import Categorical, Integer, Real, Space

SPACE = Space(
    [
        Real(1e-5, 1e-1, "log-uniform", name="lr"),
        Integer(1, 64, name="n"),
        Categorical(["relu", "tanh"], name="act"),
    ]
)
POINTS = [[1e-3, 4, "relu"], [1e-2, 8, "tanh"], [1e-4, 16, "relu"], [1e-5, 32, "tanh"]]
VALUES = [math.nan, 2.0, -math.inf, 3.0]


def result() -> OptimizeResult:
    return make_result(SPACE, POINTS, VALUES, policy="dnc", random_state=0)


def test_failed_trials_are_infinite_and_never_the_best():
    res = result()
    assert res.func_vals.tolist() == [math.inf, 2.0, math.inf, 3.0]
    assert (res.x, res.fun) == ([1e-2, 8, "tanh"], 2.0)
    assert (res.n_failed, res.nfev, res.success) == (2, 4, True)
    assert int(np.argmin(res.func_vals)) == 1


@pytest.mark.parametrize("values", [[], [math.nan, math.inf]])
def test_without_a_success(values):
    res = make_result(SPACE, POINTS[: len(values)], values)
    assert (res.success, res.x, res.fun) == (False, None, math.inf)
    assert res.n_failed == len(values)


def test_first_of_equal_minima_wins():
    assert make_result(SPACE, POINTS, [1.0, 0.0, 0.0, 1.0]).x == POINTS[1]


def test_keys_are_attributes():
    res = result()
    assert res.fun == res["fun"]
    res.extra = 1
    assert res["extra"] == 1
    assert "extra" in dir(res)
    del res.extra
    for access in (lambda: res.extra, lambda: delattr(res, "extra")):
        with pytest.raises(AttributeError, match="extra"):
            access()


def test_the_result_owns_its_points():
    points = [list(point) for point in POINTS]
    res = make_result(SPACE, points, VALUES)
    points[1][0] = 0.5
    assert res.x == res.x_iters[1] == POINTS[1]


def test_repr_has_a_line_a_key_and_no_history():
    text = repr(result())
    keys = [line.split(":")[0].strip() for line in text.splitlines()]
    of_several = {"directions", "front", "reference", "hypervolume"}
    assert all(result()[key] is None for key in of_several)
    assert not {*of_several, "errors", "models", "specs"} & set(keys)
    assert {"x", "fun", "best", "n_failed", "policy", "x_iters", "func_vals"} <= set(keys)
    assert "fun: 2.0" in text
    assert "[4 points]" in text
    assert repr(OptimizeResult()) == "OptimizeResult()"


def test_copies_and_pickles():
    pytest.importorskip("scipy.optimize")
    for clone in (copy.deepcopy(result()), pickle.loads(pickle.dumps(result())), result().copy()):
        assert clone["x"] == [1e-2, 8, "tanh"]
        assert clone["space"] == SPACE
    assert type(pickle.loads(pickle.dumps(result()))) is OptimizeResult


# In a process of its own: the result exists before SciPy and scikit-optimize are imported.
PLOTS = """
import sys, warnings
from rnnbbo.result import OptimizeResult
from tests_result import result
before = result()
assert isinstance(before, OptimizeResult)
assert not {"skopt", "scipy", "sklearn"} & set(sys.modules)
import matplotlib
matplotlib.use("Agg")
import skopt
from skopt.plots import plot_convergence, plot_evaluations, plot_histogram
assert isinstance(before, OptimizeResult)
lines = plot_convergence(("ours", before)).get_lines()
assert list(lines[0].get_ydata()) == [float("inf"), 2.0, 2.0, 2.0], lines[0].get_ydata()
matplotlib.pyplot.figure()
plot_evaluations(before, bins=5)
matplotlib.pyplot.gcf().canvas.draw()
plot_evaluations(before, plot_dims=["lr", "act"])
matplotlib.pyplot.figure()
plot_histogram(before, "act")
path = sys.argv[1]
skopt.dump(before, path)
after = skopt.load(path)
assert after.x == before.x and after.space == before.space
skopt.dump(before, path, store_objective=False)
print("all drawn")
"""


def test_scikit_optimize_takes_the_result(tmp_path):
    pytest.importorskip("skopt")
    (tmp_path / "tests_result.py").write_text(Path(__file__).read_text())
    done = subprocess.run(
        [sys.executable, "-c", PLOTS, str(tmp_path / "result.gz")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join([".", *sys.path[1:]]), "MPLBACKEND": "Agg"},
    )
    assert done.stdout.strip() == "all drawn", done.stderr


def test_the_best_is_feasible_or_violates_least():
    limits = [{"a": -1.0, "b": 0.5}, {}, {"a": 0.0, "b": -2.0}, {"a": 3.0, "b": math.nan}]
    res = make_result(SPACE, POINTS, [1.0, math.nan, 7.0, 0.0], constraints=limits)
    assert (res.x, res.fun, res.feasible, res.success) == (POINTS[2], 7.0, True, True)
    assert res.constraints == limits[2]
    np.testing.assert_array_equal(res.constraint_vals["b"], [0.5, math.nan, -2.0, math.nan])
    assert "constraint_vals: {'a': [4 values], 'b': [4 values]}" in repr(res)
    res = make_result(SPACE, POINTS[2:], [9.0, 0.0], constraints=[{"a": 2.0}, {"a": 3.0}])
    assert (res.x, res.fun, res.feasible, res.success) == (POINTS[2], 9.0, False, False)


def test_without_constraints_what_succeeds_is_feasible():
    res = result()
    assert (res.feasible, res.constraints, res.constraint_vals) == (True, {}, {})
    assert make_result(SPACE, [], []).feasible is None
