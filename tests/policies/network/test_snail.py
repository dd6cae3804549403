"""SNAIL's recurrence, step by step, against its definition over a whole sequence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from rnnbbo import checkpoint, shipped
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.policies.evidence import FEATURES_GLOBAL, FEATURES_PER_DIM, Inputs
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.network.snail import Snail, SnailState

BATCH, DIM = 2, 3


def weights(snail: Snail) -> dict[str, np.ndarray]:
    drawn = snail.init_params(np.random.default_rng(0))
    return {name: value.astype(np.float64) for name, value in drawn.items()}


def sequence(steps: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((steps, BATCH, DIM, FEATURES_PER_DIM))
    return own, rng.standard_normal((steps, BATCH, FEATURES_GLOBAL))


def states(snail: Snail, own: np.ndarray, shared: np.ndarray) -> list[SnailState]:
    params = weights(snail)
    found = [snail.init_state(np, own[0, ..., 0])]
    for now in zip(own, shared, strict=True):
        found.append(snail.step(np, params, found[-1], Inputs(*now)))
    return found[1:]


def whole(snail: Snail, own: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """The features (T, B, D, X) of a sequence at once: figure 2 of Mishra et al. 2018."""
    w, steps = weights(snail), len(own)

    def attend(name: str, z: np.ndarray) -> np.ndarray:
        query = z @ w[f"{name}.query"] + w[f"{name}.query_bias"]
        key, value = z @ w[f"{name}.key"], z @ w[f"{name}.value"]
        logits = np.einsum("tbdk,sbdk->bts", query, key) / np.sqrt(DIM * snail.width)
        ahead = np.arange(steps)[None, :] - np.arange(steps)[:, None]
        logits[:, (ahead > 0) | (ahead <= -snail.rows)] = -np.inf
        share = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
        return np.concatenate([z, np.einsum("bts,sbdk->tbdk", share, value)], axis=-1)

    def convolve(dilation: int, z: np.ndarray) -> np.ndarray:
        before = np.concatenate([np.zeros((dilation, *z.shape[1:])), z])[:steps]
        both = np.concatenate([before, z], axis=-1)
        mean = both.mean(axis=2, keepdims=True)
        name = f"conv{dilation}"
        gates = both @ w[f"{name}.x"] + mean @ w[f"{name}.shared"] + w[f"{name}.bias"]
        filters, gate = np.split(gates, 2, axis=-1)
        return np.concatenate([z, np.tanh(filters) / (1.0 + np.exp(-gate))], axis=-1)

    z = own @ w["embed.x"] + (shared @ w["embed.shared"] + w["embed.bias"])[:, :, None, :]
    z = attend("attend.first", np.tanh(z))
    for dilation in snail.dilations:
        z = convolve(dilation, z)
    return attend("attend.last", z)


@pytest.mark.parametrize(("rows", "dilations"), [(1, (1,)), (5, (1, 2, 4)), (8, (1, 2, 4))])
def test_steps_give_what_causal_blocks_give_of_the_whole_sequence(
    rows: int, dilations: tuple[int, ...]
) -> None:
    snail = Snail(hidden=4, rows=rows, width=3)
    assert snail.dilations == dilations
    own, shared = sequence(20)
    stepped = np.stack([state.context for state in states(snail, own, shared)])
    assert stepped.shape == (20, BATCH, DIM, snail.context)
    assert_allclose(stepped, whole(snail, own, shared), rtol=1e-12, atol=1e-12)


def test_what_comes_later_changes_nothing_before() -> None:
    snail = Snail(hidden=4, rows=5, width=3)
    own, shared = sequence(12)
    other_own, other_shared = sequence(12, seed=2)
    changed = np.concatenate([own[:7], other_own[7:]])
    changed_shared = np.concatenate([shared[:7], other_shared[7:]])
    first, second = states(snail, own, shared), states(snail, changed, changed_shared)
    for t in range(7):
        assert_array_equal(first[t].context, second[t].context)
    assert np.abs(first[7].context - second[7].context).max() > 0.01


def test_what_is_too_old_is_forgotten_and_the_state_stops_growing() -> None:
    snail = Snail(hidden=4, rows=4, width=3)
    reach = 2 * (snail.rows - 1) + sum(snail.dilations)  # two attentions, and the convolutions
    assert reach == 9
    for age, forgotten in ((reach, False), (reach + 1, True)):
        own, shared = sequence(30)
        before = states(snail, own, shared)
        own[29 - age] += 1.0
        after = states(snail, own, shared)[-1]
        assert np.array_equal(before[-1].context, after.context) is forgotten
        sizes = [sum(part.size for part in flat(state)) for state in before]
        assert max(sizes) == sizes[-1] == sizes[snail.rows]


def flat(tree: Any) -> list[np.ndarray]:
    return (
        [tree] if isinstance(tree, np.ndarray) else [leaf for part in tree for leaf in flat(part)]
    )


def test_weights_come_back_from_a_file(tmp_path: Path) -> None:
    policy = Network(NetworkConfig("snail", "direct", hidden=5, memory_rows=6, memory_width=3))
    params = policy.init_params(np.random.default_rng(0))
    path = tmp_path / "mine.safetensors"
    checkpoint.save_policy(path, Checkpoint("mine", policy, params, {"seed": 5}))
    loaded = shipped.load(path)
    assert loaded.policy.config == policy.config
    assert loaded.params.keys() == params.keys()
    for name, value in params.items():
        assert_array_equal(loaded.params[name], value)
