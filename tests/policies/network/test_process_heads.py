"""Hyper-parameters that follow the observations, and what candidates read."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo.policies.evidence import Evidence, Observation, no_evidence, update_evidence
from rnnbbo.policies.network import process_heads
from rnnbbo.policies.network.archive import Archive

HEADS, CONTEXT = 4, 6


def run(
    x: np.ndarray, y: np.ndarray, seed: int = 0
) -> tuple[dict[str, Any], process_heads.ProcessState, Evidence]:
    """Steps through points (n, D), with a context that says nothing."""
    params = process_heads.init_heads(np.random.default_rng(seed), CONTEXT, HEADS)
    state = process_heads.no_fit(np, HEADS, x[:1].astype(np.float32))
    evidence = no_evidence(np, x[:1].astype(np.float32), y[:1])
    context = np.zeros((1, x.shape[1], CONTEXT), dtype=np.float32)
    for n in range(1, len(x) + 1):
        one = x[n - 1 : n].astype(np.float32)
        evidence = update_evidence(np, evidence, Observation(one, y[n - 1 : n], one, True))
        rows = Archive(x[None, :n].astype(np.float32), y[None, :n])
        state = process_heads.refit(np, params, state, context, evidence, rows)
    return params, state, evidence


def test_length_scales_grow_where_nothing_depends_on_the_coordinate() -> None:
    x = np.random.default_rng(0).random((40, 3))
    _, state, _ = run(x, np.sin(8.0 * x[:, 0]))
    for head in range(HEADS):
        relevant, *others = state.shift[0, head]
        assert min(others) > relevant + 0.5


def test_hyper_parameters_stay_in_their_range_whatever_the_context() -> None:
    params = process_heads.init_heads(np.random.default_rng(0), CONTEXT, HEADS)
    shift = np.full((1, HEADS, 2), 1e6, dtype=np.float32)
    for size in (1e8, -1e8):
        h = process_heads.emit(np, params, np.full((1, 2, CONTEXT), size, dtype=np.float32), shift)
        for field in h:
            assert np.isfinite(field).all()
        assert h.inverse.min() > 1e-3 and h.noise.max() < 0.5


def test_the_average_improvement_prefers_the_valley() -> None:
    x = np.random.default_rng(1).random((20, 2))
    params, state, evidence = run(x, ((x - 0.3) ** 2).sum(axis=1))
    keys = np.array([[[0.3, 0.9, 0.05], [0.3, 0.9, 0.95]]], dtype=np.float32)
    features, score = process_heads.predict_candidates(np, params, state.fit, evidence, keys, None)
    assert score.argmax() == 0
    assert features.shape == (
        1,
        process_heads.FEATURES_PER_HEAD * HEADS + process_heads.FEATURES_SHARED,
        3,
    )


def test_nothing_is_read_before_the_first_observation() -> None:
    params = process_heads.init_heads(np.random.default_rng(0), CONTEXT, HEADS)
    keys = np.random.default_rng(0).random((1, 2, 5)).astype(np.float32)
    evidence = no_evidence(np, keys[..., 0], np.zeros(1))
    features, score = process_heads.predict_candidates(np, params, None, evidence, keys, None)
    assert not features.any() and not score.any()


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_scale_and_shift_of_the_values_do_not_matter(scale: float) -> None:
    x = np.random.default_rng(2).random((12, 3))
    y = np.cos(4.0 * x).sum(axis=1)
    keys = np.random.default_rng(3).random((1, 3, 8)).astype(np.float32)
    found = []
    for values in (y, scale * (y + 5.0)):
        params, state, evidence = run(x, values)
        found.append(
            process_heads.predict_candidates(np, params, state.fit, evidence, keys, None)[0]
        )
    assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-3)


def test_many_pending_points_that_coincide_leave_finite_scores() -> None:
    x = np.random.default_rng(4).random((5, 2))
    params, state, evidence = run(x, x[:, 0])
    keys = np.random.default_rng(5).random((1, 2, 6)).astype(np.float32)
    pending = np.repeat(keys[:, :, :1].transpose(0, 2, 1), 64, axis=1)
    features, score = process_heads.predict_candidates(
        np, params, state.fit, evidence, keys, pending
    )
    assert np.isfinite(features).all() and np.isfinite(score).all()
    free = process_heads.predict_candidates(np, params, state.fit, evidence, keys, None)[1]
    assert score[0, 0] < free[0, 0]
