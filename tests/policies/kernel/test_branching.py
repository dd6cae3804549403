"""Turns in other branches of a space with conditions."""

from typing import Any

import numpy as np

from rnnbbo import Categorical, Optimizer, Real, Space
from rnnbbo.policies.kernel import branching

SPACE = Space(
    [
        Categorical(["direct", "iterative", "hybrid"], "solver"),
        Real(0.0, 1.0, name="shared"),
        Real(0.0, 1.0, name="size", when={"solver": "iterative"}),
        Real(0.0, 1.0, name="depth", when={"solver": "hybrid"}),
    ]
)


def told(*points: tuple[list[Any], float]) -> Any:
    """Return the state after values at points."""
    optimizer = Optimizer(SPACE, policy="kernel", rng=0)
    for x, y in points:
        optimizer.tell(x, y)
    return optimizer.state


def direct(count: int) -> list[tuple[list[Any], float]]:
    return [(["direct", (i + 0.5) / count, None, None], float(i)) for i in range(count)]


def solver_of(branch: branching.OtherBranch) -> str:
    solver: str = SPACE.from_cube(branch.best)[0]
    return solver


def test_a_branch_that_was_never_tried_comes_first() -> None:
    points = [*direct(branching.EVERY + 3), (["iterative", 0.5, 0.5, None], 9.0)]
    state = told(*points)
    assert state.evidence.told % branching.EVERY == branching.EVERY - 1
    found = branching.choose(state, SPACE, np.random.default_rng(0))
    assert found is not None
    branch, drawn = found
    assert solver_of(branch) == "hybrid" and len(branch.rows) == 0
    assert all(SPACE.from_cube(u)[0] == "hybrid" for u in drawn)


def test_of_branches_tried_as_often_the_better_one_has_its_turn() -> None:
    points = [
        *direct(branching.EVERY),
        (["iterative", 0.5, 0.5, None], 2.0),
        (["iterative", 0.1, 0.5, None], 8.0),
        (["hybrid", 0.5, None, 0.5], 3.0),
        (["hybrid", 0.1, None, 0.5], 4.0),
    ]
    state = told(*points)
    found = branching.choose(state, SPACE, np.random.default_rng(0))
    assert found is not None
    branch, drawn = found
    assert SPACE.from_cube(branch.best) == ["iterative", 0.5, 0.5, None]
    assert branch.rows.tolist() == [branching.EVERY, branching.EVERY + 1]
    assert branch.holds(SPACE, drawn).all()


def test_no_turn_at_first_nor_at_other_asks() -> None:
    few = told(*direct(branching.EVERY - 1))
    assert branching.choose(few, SPACE, np.random.default_rng(0)) is None
    another = told(*direct(branching.EVERY * 2))
    assert branching.choose(another, SPACE, np.random.default_rng(0)) is None


def test_a_run_goes_to_other_branches_though_one_is_better() -> None:
    optimizer = Optimizer(SPACE, policy="kernel", rng=0)
    solvers = []
    for _ in range(25):
        x = optimizer.ask()
        solvers.append(x[0])
        level = {"direct": 0.0, "iterative": 1.0, "hybrid": 1.0}[x[0]]
        optimizer.tell(x, level + (x[1] - 0.3) ** 2)
    late = solvers[10:]
    assert late.count("direct") > len(late) // 2
    assert len(set(late)) == 3
