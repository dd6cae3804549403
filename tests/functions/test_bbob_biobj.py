import pickle

import numpy as np
import pytest

from rnnbbo import pareto
from rnnbbo.errors import ConfigError
from rnnbbo.functions.bbob import bbob_problem
from rnnbbo.functions.bbob_biobj import bbob_biobj_problem

pytest.importorskip("cocoex")


def test_two_spheres_have_the_front_between_their_optima(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    problem = bbob_biobj_problem(1, 2, 1)  # of f1, instances 2 and 4
    first, second = bbob_problem(1, 2, 2), bbob_problem(1, 2, 4)
    x = np.random.default_rng(0).uniform(-5.0, 5.0, (20, 2))
    assert problem.objectives is not None
    found = problem.objectives(x)
    assert np.allclose(found, np.stack([first.func(x), second.func(x)], axis=-1))
    # The squared distances s^2 and (1 - s)^2 of a segment: 1 - 1/6 of the box up to the nadir.
    width = np.linalg.norm(np.subtract(first.minimizers[0], second.minimizers[0])) ** 2
    nadir = np.array([first.minimum, second.minimum]) + width
    assert problem.reference_point == pytest.approx(nadir)
    assert -problem.minimum == pytest.approx(5.0 / 6.0 * width**2, rel=1e-5)
    share = np.linspace(0.0, 1.0, 2001)[:, None]
    line = (1.0 - share) * first.minimizers[0] + share * second.minimizers[0]
    dense = pareto.hypervolume(problem.objectives(line), np.array(problem.reference_point))
    assert dense == pytest.approx(-problem.minimum, rel=1e-3)
    assert not list(tmp_path.iterdir())  # type: ignore[attr-defined]
    again = pickle.loads(pickle.dumps(problem))
    assert (
        again.unit_objectives([0.2, 0.7]).tolist() == problem.unit_objectives([0.2, 0.7]).tolist()
    )


@pytest.mark.parametrize(("function", "dim"), [(1, 3), (26, 2), (55, 5)])
def test_the_best_front_known_is_no_placeholder(function: int, dim: int) -> None:
    for instance in (1, 10):
        problem = bbob_biobj_problem(function, dim, instance)
        points = np.random.default_rng(0).random((200, dim))
        values = np.array([problem.unit_objectives(point) for point in points])
        found = pareto.hypervolume(values, np.array(problem.reference_point))
        assert found < -problem.minimum


def test_coco_knows_no_front_of_later_instances() -> None:
    from rnnbbo.functions import bbob_biobj

    assert bbob_biobj._best_known(1, 2, 10) == pytest.approx(5.0 / 6.0, rel=1e-4)
    assert bbob_biobj._best_known(1, 2, 11) == 1.0


@pytest.mark.parametrize("which", [(0, 2, 1), (56, 2, 1), (1, 4, 1), (1, 2, 11)])
def test_there_is_no_other(which: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="expected one of"):
        bbob_biobj_problem(*which)
