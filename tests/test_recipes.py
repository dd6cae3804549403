"""Two recipes of CONTRIBUTING, followed: one new file, and one line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, minimize, minimize_many, shipped
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.errors import PolicyError, StudyError
from rnnbbo.policies.network import archive
from rnnbbo.policies.network.architecture import RECURRENCES, NetworkConfig
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.ops import dense

BOX = [(0.0, 1.0)] * 2
OWN = """
import numpy as np
from rnnbbo.policies.evidence import no_evidence, update_evidence
from rnnbbo.policies.protocol import Policy

class Corners(Policy):
    about = "the corners of the cube, in turn"
    def init(self, dim):
        return no_evidence(np, np.zeros((1, dim)), np.zeros(1))
    def step(self, params, state, observation):
        return update_evidence(np, state, observation)
    def choices(self, params, state, pending, space, rng):
        dim = space.cube_dim
        return np.array(np.meshgrid(*[[0.0, 1.0]] * dim)).reshape(dim, -1).T

corners = Corners()
number = 3
"""
CORNERS = {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}


def bowl(x: Any) -> float:
    return float(np.sum((np.asarray(x) - 0.3) ** 2))


@pytest.fixture
def own(tmp_path: Path) -> str:
    file = tmp_path / "own_corners.py"
    file.write_text(OWN)
    return str(file)


@pytest.mark.parametrize("attribute", ["Corners", "corners"])
def test_a_policy_of_ones_own_is_taken_wherever_a_name_is(
    own: str, attribute: str, tmp_path: Path
) -> None:
    target = f"{own}:{attribute}"
    loaded = shipped.load(target)
    for policy in (target, loaded, loaded.policy):
        result = minimize(bowl, BOX, 6, policy=policy, rng=0)
        assert {tuple(x) for x in result.x_iters[:4]} == CORNERS
        # Every choice was asked before: what follows is new all the same.
        assert not {tuple(x) for x in result.x_iters[4:]} & CORNERS
    assert result.policy == "Corners"
    optimizer = Optimizer(BOX, policy=target, rng=0)
    first = optimizer.ask()
    optimizer.tell(first, bowl(first))
    assert optimizer.policy_name == target
    assert optimizer.recommend() == first
    with pytest.raises(PolicyError, match="does not run in batches; expected one of dnc, "):
        minimize_many(lambda x: x.sum(axis=1), BOX, 3, 2, policy=target)


def test_a_study_goes_on_with_a_policy_of_ones_own(own: str, tmp_path: Path) -> None:
    def go_on(path: Path, policy: Any, **options: Any) -> set[tuple[float, ...]]:
        with Study(path, policy=policy, rng=0, **options) as study:
            for _ in range(2):
                trial = study.ask()
                study.tell(trial, bowl(trial.x))
            return {tuple(trial.x) for trial in study.told()}

    named, held = tmp_path / "named.db", tmp_path / "held.db"
    policy = shipped.load(f"{own}:corners").policy
    go_on(named, f"{own}:corners", dimensions=BOX)
    assert go_on(named, None, resume=True) == CORNERS
    go_on(held, policy, dimensions=BOX)
    with pytest.raises(StudyError, match="made with a policy object, Corners; expected policy="):
        go_on(held, None, resume=True)
    assert go_on(held, policy, resume=True) == CORNERS


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "{own}:nothing",
            "has no 'nothing'; it has np, no_evidence, ",
        ),
        ("{own}:number", "= 3; expected an rnnbbo.policies.protocol.Policy or a Checkpoint"),
        ("nowhere_at_all:policy", "there is no module 'nowhere_at_all'"),
        ("./nowhere.py:policy", "there is no file"),
    ],
)
def test_what_is_no_policy_is_named(own: str, name: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Optimizer(BOX, policy=name.format(own=own))


@pytest.mark.parametrize(
    "choices",
    [np.zeros(2), np.zeros((0, 2)), np.zeros((3, 1)), np.full((1, 2), np.nan), [[0, 1.1]]],
)
def test_choices_that_are_no_points_of_the_cube_are_named(own: str, choices: Any) -> None:
    class Wrong(type(shipped.load(f"{own}:corners").policy)):  # type: ignore[misc]
        def choices(self, *_: Any) -> Any:
            return choices

    with pytest.raises(
        PolicyError, match=r"choices of policy 'Wrong' = .*; expected an array \(C, 2"
    ):
        Optimizer(BOX, policy=Wrong(), rng=0).ask()


def test_a_policy_is_one_line_of_the_catalogue(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shipped.load(f"{own}:corners")
    monkeypatch.setitem(shipped._MADE, "corners", lambda: made)
    shipped._shipped.cache_clear()
    assert "corners" in shipped.available()
    assert "corners" not in shipped.available(batched=True)
    assert {tuple(x) for x in minimize(bowl, BOX, 4, policy="corners").x_iters} == CORNERS


@dataclass(frozen=True)
class Average:
    """A recurrence that remembers the average of its inputs, and candidates read the nearest."""

    hidden: int
    extra: int
    reads = archive.NEAREST_FEATURES

    @property
    def context(self) -> int:
        return self.hidden

    def init_params(self, rng: np.random.Generator) -> dict[str, Any]:
        width = 7 + self.extra
        return {"average.in": dense(rng, width, (width, self.hidden))}

    def init_state(self, xp: Any, x: Any) -> Any:
        return xp.zeros((*x.shape, self.hidden), dtype=x.dtype, device=x.device)

    def step(self, xp: Any, params: Any, state: Any, inputs: Any, more: Any = None) -> Any:
        own = inputs.per_dim if more is None else xp.concat([inputs.per_dim, more], axis=-1)
        return 0.9 * state + 0.1 * xp.matmul(own, params["average.in"])

    def context_of(self, xp: Any, state: Any) -> Any:
        return state

    def init_reading(self, rng: np.random.Generator) -> dict[str, Any]:
        return {}

    def read(self, xp: Any, params: Any, context: Any, state: Any, keys: Any) -> list[Any]:
        return [archive.read_nearest(xp, state.evidence, state.archive, keys)]


@pytest.mark.parametrize(("head", "heads"), [("direct", 0), ("scored", 0), ("scored", 2)])
def test_a_recurrence_is_one_line(head: str, heads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECURRENCES, "average", lambda c, extra: Average(c.hidden, extra))
    config = NetworkConfig("average", head, hidden=4, layer=6, forms=3, process_heads=heads)
    policy = Network(config)
    mine = Checkpoint("mine", policy, policy.init_params(np.random.default_rng(0)), {})
    result = minimize(bowl, BOX, 12, policy=mine, rng=0)
    assert len({tuple(x) for x in result.x_iters}) == 12
    many = minimize_many(lambda x: x.sum(axis=1), BOX, 5, 4, policy=mine, rng=0)
    assert many.x_iters.shape == (5, 4, 2)
