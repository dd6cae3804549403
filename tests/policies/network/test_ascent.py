"""Points that the heads propose: their gradient, and where it leads."""

from typing import Any

import array_api_compat.torch as torch
import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo import Optimizer, shipped
from rnnbbo.policies.candidates import Candidates
from rnnbbo.policies.network import ascent, process_heads
from rnnbbo.policies.network.state import NetworkState

D = 4


def as_torch(tree: Any) -> Any:
    """The arrays of named tuples as tensors."""
    if isinstance(tree, tuple):
        parts = [as_torch(one) for one in tree]
        return tuple(parts) if type(tree) is tuple else type(tree)(*parts)
    return torch.asarray(np.ascontiguousarray(tree)) if hasattr(tree, "shape") else tree


@pytest.fixture(scope="module", params=["lstm", "dnc"])
def state(request: pytest.FixtureRequest) -> NetworkState:
    """After 20 values of a bowl with noise."""
    rng = np.random.default_rng(0)
    optimizer = Optimizer([(0.0, 1.0)] * D, policy=request.param, rng=0)
    for x in rng.random((20, D)):
        optimizer.tell(x.tolist(), float(((x - 0.4) ** 2).sum() + 0.1 * rng.standard_normal()))
    return optimizer.state


def improvement(xp: Any, fit: Any, evidence: Any, x: Any) -> Any:
    """The heads' averaged improvement at x (B, C, D), as scores take it in."""
    params = {"process.pace": np.zeros((3, fit.root.shape[1])), "process.gain": 1.0}
    return process_heads.predict_candidates(xp, params, fit, evidence, x.mT, None)[1]


def test_the_gradient_is_that_of_the_averaged_improvement(state: NetworkState) -> None:
    x = np.random.default_rng(1).random((1, 6, D)).astype(np.float32)
    fit = state.processes.fit
    value, gradient = ascent.ascent(np, fit, state.evidence)(x)
    assert_allclose(value, improvement(np, fit, state.evidence, x), rtol=1e-5)
    moving = torch.asarray(x).requires_grad_(True)
    there = improvement(torch, as_torch(fit), as_torch(state.evidence), moving)
    there.sum().backward()
    assert np.abs(gradient).max() > 0.1
    assert_allclose(gradient, moving.grad.numpy(), rtol=1e-3, atol=1e-4)


def test_climbers_get_above_the_best_of_either_kind(state: NetworkState) -> None:
    rng = np.random.default_rng(2)
    near = state.evidence.best_x[:, None] + 0.05 * rng.standard_normal((1, 16, D))
    choices = np.concatenate([rng.random((1, 16, D)), np.clip(near, 0.0, 1.0)], axis=1)
    choices = choices.astype(np.float32)
    fit, evidence = state.processes.fit, state.evidence
    before = improvement(np, fit, evidence, choices)
    found = ascent.climb_from(np, fit, evidence, Candidates(choices, 16), before)
    assert found.shape == (1, 2, D) and found.dtype == np.float32
    assert ((found >= 0.0) & (found <= 1.0)).all()
    wide, close = improvement(np, fit, evidence, found)[0]
    assert wide > before[0, :16].max() and close > before[0, 16:].max()
    given = Candidates(torch.asarray(choices), 16)
    there = ascent.climb_from(
        torch, as_torch(fit), as_torch(evidence), given, torch.asarray(before)
    )
    assert_allclose(there.numpy(), found, atol=0.01)


def test_a_policy_without_values_proposes_nothing_itself() -> None:
    optimizer = Optimizer([(0.0, 1.0)] * D, policy="lstm", rng=0)
    policy = shipped.load("lstm").policy
    assert not policy.climbs(optimizer.state)
