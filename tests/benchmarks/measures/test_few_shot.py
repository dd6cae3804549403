"""Adapting weights to a few known functions."""

from collections import Counter

import numpy as np
import pytest
import torch

from rnnbbo.benchmarks.measures.few_shot import Shots, adapt
from rnnbbo.meta import finetune
from rnnbbo.meta.family import FamilyDistribution, Member, Members
from rnnbbo.meta.schedule import Episode
from rnnbbo.meta.unroll import run_policy
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.network import Network

POLICY = Network(NetworkConfig("lstm", "scored", hidden=8, layer=8, forms=2))
DIM = 2


def weights() -> dict[str, torch.Tensor]:
    drawn = POLICY.init_params(np.random.default_rng(0))
    return {key: torch.from_numpy(value) for key, value in drawn.items()}


def corner(rng: np.random.Generator, dim: int) -> Member:
    centre = rng.uniform(0.05, 0.15, dim)
    return lambda u: np.square(u - centre).sum(axis=1)


def loss(params: dict[str, torch.Tensor]) -> float:
    """The loss on members that no call here adapts to."""
    generator = torch.Generator().manual_seed(123)
    members = FamilyDistribution(corner).sample(64, DIM, generator)
    run = run_policy(POLICY, params, members, Episode(DIM, 8, 1), finetune.DEFAULTS, generator)
    return float(run.loss)


def test_ten_functions_tell_where_the_minima_of_others_are() -> None:
    generator = torch.Generator().manual_seed(0)
    known = FamilyDistribution(corner).sample(10, DIM, generator)
    start = weights()
    before = {key: value.clone() for key, value in start.items()}
    found = adapt(POLICY, start, known, Shots(15, 10, 2e-2, horizon=6), generator)
    assert loss(found) < loss(start) - 0.05
    assert all(torch.equal(start[key], before[key]) for key in start)
    assert found.keys() == start.keys()
    assert not any(value.requires_grad for value in found.values())


@pytest.mark.parametrize(("updates", "batch", "each"), [(4, 3, 2), (3, 6, 3), (1, 12, 2)])
def test_each_known_function_counts_as_often_as_any_other(
    updates: int, batch: int, each: int
) -> None:
    calls: Counter[int] = Counter()

    def member(i: int) -> Member:
        def values(u: np.ndarray) -> np.ndarray:
            calls[i] += 1
            return u.sum(axis=1) + i

        return values

    known = Members(tuple(member(i) for i in range(6)), DIM)
    adapt(POLICY, weights(), known, Shots(updates, batch, 1e-3, horizon=3), torch.Generator())
    assert len(calls) == 6
    assert len(set(calls.values())) == 1
    assert calls[0] % each == 0
