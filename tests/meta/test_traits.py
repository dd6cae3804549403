"""Traits of a family of functions, and a network that is told them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.testing import assert_allclose, assert_array_equal

import rnnbbo.core.network
from rnnbbo import minimize, shipped
from rnnbbo.checkpoint import Checkpoint, digest_of, load_file, read_tensors, save_policy
from rnnbbo.cli.train import train
from rnnbbo.errors import ConfigError, PolicyError
from rnnbbo.meta import validation
from rnnbbo.meta.embedding import RECOGNISER, matrix_file
from rnnbbo.meta.family import Member, Members
from rnnbbo.meta.traits import traits_of, with_traits
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.lstm import TRAITS
from rnnbbo.policies.network.network import Network

DIM = 3


def bowls(centre: Any, count: int = 5, seed: int = 0) -> Members:
    rng = np.random.default_rng(seed)

    def member(shift: np.ndarray) -> Member:
        return lambda u: 7.0 + 1e3 * np.square(u - centre - shift).sum(axis=1)

    return Members(tuple(member(s) for s in rng.uniform(-0.03, 0.03, (count, DIM))), DIM)


def test_traits_say_where_minima_lie_and_which_dimension_counts() -> None:
    found = traits_of(bowls(np.array([0.1, 0.5, 0.9])))
    assert found.shape == (DIM, TRAITS)
    assert found.dtype == np.float32
    assert_allclose(found[:, 0], [-0.8, 0.0, 0.8], atol=0.35)
    assert (found[:, 1] < 0.2).all()
    assert found[0, 3] > 0.3 > -0.3 > found[2, 3]
    assert found[1, 4] > 0.05
    ridge = traits_of(Members((lambda u: np.square(u[:, 1] - 0.2),), DIM))
    assert ridge[1, 2] > 5 * max(ridge[0, 2], ridge[2, 2])


def test_traits_do_not_depend_on_order_shift_or_scale() -> None:
    known = bowls(0.3)
    turned = Members(known.functions[::-1], DIM)
    scaled = Members(
        tuple((lambda u, f=f: 1e-6 * f(u) - 4.0) for f in known.functions),  # type: ignore[misc]
        DIM,
    )
    assert_allclose(traits_of(turned), traits_of(known), atol=1e-6)
    assert_allclose(traits_of(scaled), traits_of(known), atol=1e-5)


def test_a_constant_function_says_nothing_and_constants_alone_are_refused() -> None:
    known = bowls(0.3)
    more = Members((*known.functions, lambda u: np.full(len(u), 2.0)), DIM)
    assert_array_equal(traits_of(more), traits_of(known))
    with pytest.raises(ConfigError, match="1 functions of the family, all of them constant"):
        traits_of(Members(more.functions[-1:], DIM))


def _told(scale: float) -> tuple[Network, dict[str, np.ndarray], Checkpoint]:
    parent = shipped.load("lstm")
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((TRAITS, 4 * parent.policy.config.hidden)).astype(np.float32)
    policy, params = with_traits(
        parent.policy.config, parent.params, scale * matrix, traits_of(bowls(0.3))
    )
    return policy, params, parent


def _hidden(policy: Network, params: Any, points: Any, values: Any) -> np.ndarray:
    state = policy.start(points[:, 0], values[:, 0])
    for t in range(points.shape[1]):
        x = points[:, t]
        state = policy.step(params, state, Observation(x, values[:, t], x, t > 0))
    return np.asarray(state.recurrent.h)


def _data(dim: int = DIM) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random((2, 8, dim)).astype(np.float32), rng.standard_normal((2, 8))


def test_a_network_that_is_told_nothing_new_is_what_it_was() -> None:
    policy, params, parent = _told(0.0)
    assert isinstance(parent.policy, Network)
    was = _hidden(parent.policy, parent.params, *_data())
    assert_allclose(_hidden(policy, params, *_data()), was, atol=1e-5)


@pytest.mark.parametrize("build", ["", "0"])
def test_what_it_is_told_counts_and_torch_agrees(
    build: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, params, parent = _told(0.3)
    assert isinstance(parent.policy, Network)
    if build:
        monkeypatch.setattr(rnnbbo.core.network, "library", lambda: None)
    found = _hidden(policy, params, *_data())
    assert np.abs(found - _hidden(parent.policy, parent.params, *_data())).max() > 0.05
    tensors = {key: torch.from_numpy(value) for key, value in params.items()}
    other = _hidden(policy, tensors, *map(torch.from_numpy, _data()))
    assert_allclose(found, other, atol=1e-4)


def test_weights_that_know_a_family_are_a_policy_of_its_dimensions(tmp_path: Any) -> None:
    policy, params, _ = _told(0.1)
    path = tmp_path / "told.safetensors"
    save_policy(path, Checkpoint("told", policy, params, {}))
    assert load_file(path).policy.config.family_dims == DIM
    res = minimize(sum, [(0.0, 1.0)] * DIM, 6, policy=str(path), rng=0)
    assert len(res.func_vals) == 6
    with pytest.raises(PolicyError, match="a space of 2 dimensions; expected 3, those of the"):
        minimize(sum, [(0.0, 1.0)] * 2, 6, policy=str(path), rng=0)
    with pytest.raises(ConfigError, match=r"policy.family_dims = 2 with policy.recurrence = 'dnc'"):
        NetworkConfig("dnc", family_dims=2)


FAMILY = """
import numpy as np

def bowls(rng, dim):
    centre = rng.uniform(0.05, 0.15, dim)
    return lambda u: np.square(u - centre).sum(axis=1)

def flat(rng, dim):
    return lambda u: np.zeros(len(u))
"""


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(FAMILY)
    monkeypatch.setattr(validation, "FUNCTIONS_PER_DIM", 4)
    return path


def test_the_command_writes_weights_that_recognise_a_family(family: Path) -> None:
    run = ["--from", "lstm", "--functions", "./mine.py:bowls", "--dims", "2", "--shots", "3"]
    done = CliRunner().invoke(train, run, catch_exceptions=False)
    assert done.exit_code == 0
    assert "weights: runs/lstm-bowls/lstm-bowls.safetensors" in done.output
    assert "change" in done.output
    found = load_file("runs/lstm-bowls/lstm-bowls.safetensors")
    assert found.provenance["shots"] == 3
    assert found.params["cell.traits"].shape == (2, TRAITS)
    lower = shipped.load("lstm").params
    assert all(np.array_equal(found.params[key], lower[key]) for key in lower if key != "cell.x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--dims": "2,3"}, "--dims = 2,3; expected, with --shots, one number of dimensions"),
        ({"--dims": None}, "--dims is missing"),
        ({"--updates": "5"}, "--updates = 5, with --shots 3; expected one of the two"),
        ({"--stop-after": "5"}, "--stop-after = 5, with --shots 3"),
        ({"--from": "dnc"}, "--from dnc with --shots; expected lstm, as shipped"),
        ({"--functions": None}, "--functions is missing"),
        ({"--functions": "./mine.py:flat"}, "all of them constant"),
    ],
)
def test_what_does_not_go_with_shots_is_refused(
    family: Path, change: dict[str, str | None], message: str
) -> None:
    given = {"--from": "lstm", "--functions": "./mine.py:bowls", "--dims": "2", "--shots": "3"}
    options = [part for pair in (given | change).items() if pair[1] for part in pair]
    done = CliRunner().invoke(train, options)
    assert isinstance(done.exception, ConfigError)
    assert message in str(done.exception)
    assert not Path("runs").exists()


def test_the_matrix_is_that_of_the_shipped_weights() -> None:
    tensors, header = read_tensors(matrix_file())
    parent = shipped.load(RECOGNISER)
    assert header["sha256"] == digest_of(parent.params)
    assert not header["commit"].endswith("-dirty")
    assert tensors["matrix"].shape == (TRAITS, 4 * parent.policy.settings["hidden"])
