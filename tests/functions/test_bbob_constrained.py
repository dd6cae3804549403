import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.bbob_constrained import bbob_constrained_problem, value_to_begin_with

pytest.importorskip("cocoex")


@pytest.mark.parametrize(("function", "dim", "count"), [(1, 2, 1), (15, 5, 9), (54, 2, 9)])
def test_the_optimum_is_feasible_and_nothing_feasible_is_lower(
    function: int, dim: int, count: int, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    problem = bbob_constrained_problem(function, dim, 2)
    (best,) = problem.minimizers
    assert problem(best) == problem.minimum < value_to_begin_with(function, dim, 2)
    assert problem.constraints is not None
    assert problem.constraints(np.array(best)).max() == pytest.approx(0.0, abs=1e-9)
    rng = np.random.default_rng(0)
    for spread in (3.0, 0.1, 0.001):
        x = np.clip(np.array(best) + spread * rng.standard_normal((200, dim)), -5.0, 5.0)
        found = problem.constraints(x)
        assert found.shape == (200, len(problem.unit_constraints(np.zeros(dim))))
        values = problem.func(x)[(found <= 0.0).all(axis=1)]
        assert not len(values) or values.min() >= problem.minimum - 1e-9 * abs(problem.minimum)
    assert found.shape[1] >= count
    assert not list(tmp_path.iterdir())  # type: ignore[attr-defined]
    again = pickle.loads(pickle.dumps(problem))
    assert again(best) == problem.minimum


@pytest.mark.parametrize("which", [(0, 2, 1), (55, 2, 1), (1, 4, 1), (1, 2, 16)])
def test_there_is_no_other(which: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="expected one of"):
        bbob_constrained_problem(*which)
