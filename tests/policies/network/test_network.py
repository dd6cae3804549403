"""Properties that every policy has, whatever its weights."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnnbbo.errors import ConfigError
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.network.architecture import RECURRENCES, NetworkConfig
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.network.state import NetworkState

# A scored head reads the observations by regression, too, or does not.
READERS = {"direct": 0, "scored": 0, "scored by regression": 3}
KINDS = [(recurrence, head) for recurrence in RECURRENCES for head in READERS]
every_kind = pytest.mark.parametrize(("recurrence", "head"), KINDS)


def make(recurrence: str, head: str) -> tuple[Network, dict[str, Any]]:
    config = NetworkConfig(
        recurrence,
        head.partition(" ")[0],
        hidden=12,
        layer=16,
        forms=6,
        max_rows=20,
        process_heads=READERS[head],
    )
    policy = Network(config)
    return policy, policy.init_params(np.random.default_rng(0))


def feed(
    policy: Network,
    params: dict[str, Any],
    x: Any,
    y: Any,
    q: Any,
    dummies: int = 1,
) -> NetworkState:
    """Feed (B, T, D) points with (B, T) values, after some dummies."""
    state = policy.start(x[:, 0], y[:, 0])
    for _ in range(dummies):
        state = policy.step(params, state, Observation(x[:, 0] * 0 + 0.5, y[:, 0], q, False))
    for t in range(x.shape[1]):
        state = policy.step(params, state, Observation(x[:, t], y[:, t], q, True))
    return state


def output(policy: Network, params: dict[str, Any], state: NetworkState, c: Any, p: Any) -> Any:
    return policy.score(params, state, c, p) if policy.scores else policy.point(params, state)


def data(dim: int, steps: int = 9, batch: int = 3, seed: int = 0) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    x = rng.random((batch, steps, dim)).astype(np.float32)
    y = rng.standard_normal((batch, steps))
    q = rng.random((batch, dim)).astype(np.float32)
    c = rng.random((batch, 11, dim)).astype(np.float32)
    return x, y, q, c, c[:, :2]


# Two ways to one number are compared in double precision. A head's log improvement is as
# sensitive as this: a variance is a difference of numbers up to 10, held to 1e-6 at least, so that
# rounding of one part in 4e15 becomes one in 4e8; its quotient, at most 30, and the logarithm's
# slope, at most 30 too, make that 2e-7 of what is usual, and the tolerance is above.
# In single precision the same bound is 100, and what rounding leaves depends on the processor.
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def double(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(np.asarray(array, np.float64) for array in arrays)


def make_double(recurrence: str, head: str) -> tuple[Network, dict[str, Any]]:
    policy, params = make(recurrence, head)
    return policy, dict(zip(params, double(tuple(params.values())), strict=True))


@every_kind
@pytest.mark.parametrize("dim", [1, 2, 7, 20, 50])
def test_one_set_of_weights_serves_every_dimension(recurrence: str, head: str, dim: int) -> None:
    policy, params = make(recurrence, head)
    x, y, q, c, p = data(dim)
    out = output(policy, params, feed(policy, params, x, y, q), c, p)
    assert out.shape == (c.shape[:2] if policy.scores else q.shape)
    assert np.isfinite(out).all()
    assert out.dtype == np.float32
    if not policy.scores:
        assert ((out >= 0) & (out <= 1)).all()


@every_kind
def test_permuting_the_dimensions_permutes_the_proposals(recurrence: str, head: str) -> None:
    policy, params = make_double(recurrence, head)
    x, y, q, c, p = double(data(5))
    order = np.array([3, 0, 4, 2, 1])
    plain = output(policy, params, feed(policy, params, x, y, q), c, p)
    turned = feed(policy, params, x[..., order], y, q[..., order])
    turned = output(policy, params, turned, c[..., order], p[..., order])
    assert_allclose(turned, plain if policy.scores else plain[..., order], **CLOSE)


@every_kind
def test_shift_and_scale_of_the_values_do_not_matter(recurrence: str, head: str) -> None:
    policy, params = make_double(recurrence, head)
    x, y, q, c, p = double(data(3))
    plain = output(policy, params, feed(policy, params, x, y, q), c, p)
    for shift, scale in ((1e4, 1.0), (0.0, 1e-9), (-3e8, 1e6)):
        moved = output(policy, params, feed(policy, params, x, scale * y + shift, q), c, p)
        # The shift itself takes four digits of the values.
        assert_allclose(moved, plain, rtol=1e-5, atol=1e-5)


@every_kind
def test_numpy_and_torch_take_the_same_step(recurrence: str, head: str) -> None:
    policy, params = make_double(recurrence, head)
    arrays = double(data(4, steps=30))  # more than max_rows: eviction too
    got = output(policy, params, feed(policy, params, *arrays[:3]), *arrays[3:])
    tensors = [torch.tensor(a) for a in arrays]
    weights = {k: torch.tensor(v) for k, v in params.items()}
    other = output(policy, weights, feed(policy, weights, *tensors[:3]), *tensors[3:])
    assert_allclose(got, other.numpy(), **CLOSE)


@every_kind
def test_single_precision_stays_near_double(recurrence: str, head: str) -> None:
    policy, params = make(recurrence, head)
    arrays = data(4, steps=25)
    # By regression, at random places a thousandth is usual; a fault costs whole units.
    near = 3e-2 if READERS[head] else 1e-5
    _, exactly = make_double(recurrence, head)
    state = feed(policy, exactly, *double(arrays)[:3])
    expected = output(policy, exactly, state, *double(arrays)[3:])
    tensors = [torch.tensor(a, dtype=torch.float32) for a in arrays]
    weights = {k: torch.tensor(v) for k, v in params.items()}
    for w, a in ((params, arrays), (weights, tensors)):
        got = output(policy, w, feed(policy, w, *a[:3]), *a[3:])
        assert got.dtype == a[0].dtype
        assert_allclose(np.asarray(got), expected, rtol=near, atol=near)


@every_kind
def test_a_batch_is_a_stack_of_single_runs(recurrence: str, head: str) -> None:
    policy, params = make_double(recurrence, head)
    x, y, q, c, p = double(data(3, steps=25))
    together = output(policy, params, feed(policy, params, x, y, q), c, p)
    for b in range(3):
        s = slice(b, b + 1)
        alone = output(policy, params, feed(policy, params, x[s], y[s], q[s]), c[s], p[s])
        assert_allclose(alone[0], together[b], **CLOSE)


@every_kind
def test_step_returns_a_new_value_and_leaves_the_old_one(recurrence: str, head: str) -> None:
    policy, params = make(recurrence, head)
    x, y, q, _, _ = data(2)
    state = feed(policy, params, x, y, q)
    before = repr(state)
    policy.step(params, state, Observation(x[:, 0], y[:, 0] - 5, q, True))
    assert repr(state) == before


@every_kind
def test_dummies_count_as_steps_and_move_the_next_proposal(recurrence: str, head: str) -> None:
    policy, params = make(recurrence, head)
    x, y, q, c, p = data(2, steps=1)
    one, two = (feed(policy, params, x, y, q, dummies=n) for n in (1, 2))
    assert (one.evidence.steps, two.evidence.steps) == (2, 3)
    assert one.evidence.told == two.evidence.told == 1
    assert np.abs(output(policy, params, one, c, p) - output(policy, params, two, c, p)).max() > 0


@pytest.mark.parametrize("recurrence", RECURRENCES)
@pytest.mark.parametrize("head", [head for head in READERS if head != "direct"])
def test_pending_points_change_the_scores(recurrence: str, head: str) -> None:
    policy, params = make(recurrence, head)
    x, y, q, c, p = data(2)
    state = feed(policy, params, x, y, q)
    empty = policy.score(params, state, c, p[:, :0])
    assert_allclose(empty, policy.score(params, state, c, None))
    assert np.abs(empty - policy.score(params, state, c, p)).max() > 0


@pytest.mark.parametrize(("noise", "lucky"), [(1e-3, True), (0.3, False)])
def test_a_lucky_value_is_recommended_only_where_there_is_no_noise(
    noise: float, lucky: bool
) -> None:
    policy, params = make("lstm", "scored by regression")
    # The first of a head's shared numbers is the logarithm of its noise.
    params["process.shared_bias"][::4] = np.log(noise)
    params["process.shared"] *= 0.0
    x, _, q, _, _ = data(2, steps=20, batch=1)
    y = ((x - 0.3) ** 2).sum(axis=2).astype(float)
    far = int(((x[0] - 0.6) ** 2).sum(axis=1).argmin())  # neighbours on all sides
    y[0, far] = y.min() - 0.05
    found = policy.recommend(feed(policy, params, x, y, q))
    assert (found.x == x[0, far]).all() == lucky
    assert (found.x == x[0]).all(axis=1).any()
    assert (found.noise is None) == (found.value is None) == lucky


def test_only_regression_recommends() -> None:
    for recurrence, head in KINDS:
        policy, params = make(recurrence, head)
        x, y, q, _, _ = data(2)
        state = feed(policy, params, x, y, q)
        assert (policy.recommend(state) is None) == ("regression" not in head)
        assert policy.recommend(policy.start(x[:, 0], y[:, 0])) is None


def test_every_weight_gets_a_gradient() -> None:
    for recurrence, head in KINDS:
        policy, params = make(recurrence, head)
        weights = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
        x, y, q, c, p = (torch.tensor(a, dtype=torch.float32) for a in data(3))
        output(policy, weights, feed(policy, weights, x, y, q), c, p).square().sum().backward()
        for name, weight in weights.items():
            assert weight.grad is not None, name
            assert torch.isfinite(weight.grad).all(), name
            assert weight.grad.abs().max() > 0, name


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recurrence": "gru"}, "policy.recurrence = 'gru'; expected one of lstm, dnc, snail"),
        ({"head": None}, "policy.head = None; expected one of direct, scored"),
        ({"hidden": 0}, "policy.hidden = 0; expected an integer of at least 1"),
        ({"layer": 2.5}, "policy.layer = 2.5"),
        ({"process_heads": -1}, "policy.process_heads = -1; expected an integer of at least 0"),
        ({"width": 3}, "unknown key policy.width; expected one of recurrence, head"),
    ],
)
def test_bad_configurations_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        NetworkConfig.from_dict(values)


def test_configurations_round_trip() -> None:
    config = NetworkConfig("lstm", "direct", hidden=7)
    assert NetworkConfig.from_dict(config.to_dict()) == config
