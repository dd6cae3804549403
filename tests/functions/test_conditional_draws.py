import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.conditional_draws import LEVELS, SHAPES, conditional_draw
from rnnbbo.functions.declared_points import values_that_count


def draw(shape: str, seed: int = 0):
    return conditional_draw(shape, np.random.default_rng(seed), 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_minimum_is_taken_where_it_is_declared_and_nowhere_undercut(shape: str) -> None:
    for seed in range(4):
        problem = draw(shape, seed)
        (best,) = problem.minimizers
        assert problem(best) == pytest.approx(0.0, abs=1e-9)
        near = np.clip(
            best + 1e-3 * np.random.default_rng(1).standard_normal((50, len(best))), 0, 1
        )
        far = np.random.default_rng(2).random((200, len(best)))
        values = problem.func(np.concatenate([near, far]))
        assert values.min() >= 0.0
        assert len(set(values)) > 200
        assert pickle.loads(pickle.dumps(problem)).func(far).tolist() == values[50:].tolist()


@pytest.mark.parametrize("shape", SHAPES)
def test_only_what_counts_has_an_effect(shape: str) -> None:
    problem, space = draw(shape), SHAPES[shape]
    idle = {name: 0 for name in space.names}
    for u in np.random.default_rng(3).random((30, space.n_dims)):
        active = values_that_count(space, u)
        for i, name in enumerate(space.names):
            moved = u.copy()
            moved[i] = (u[i] + 0.37) % 1.0
            same = problem.unit(moved) == problem.unit(u)
            assert name in active or same
            idle[name] += name not in active
    assert {name for name in idle if idle[name]} == {
        dimension.name for dimension in space.dimensions if dimension.when is not None
    }


def test_every_branch_has_a_level_and_one_has_none() -> None:
    levels = [function.level for function in draw("families").func.functions]
    assert levels.count(0.0) == 1
    assert all(LEVELS[0] <= level <= LEVELS[1] for level in levels if level)
    assert draw("families", 1).minimizers != draw("families", 2).minimizers


def test_a_condition_two_deep_counts_only_where_both_hold() -> None:
    space = SHAPES["nested"]
    u = np.full(space.n_dims, 0.25)
    assert set(values_that_count(space, u)) == {"family", "shared", "kind", "p1", "p2"}
    u[space.names.index("family")] = 0.75  # where the kind is still p, but idle
    assert set(values_that_count(space, u)) == {"family", "shared", "b1", "b2", "b3"}


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(ConfigError, match="shape = 'ring'; expected one of families, layers"):
        draw("ring")
