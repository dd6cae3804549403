"""Many problems on an accelerator: the same points as on the CPU, and everything stays there."""

import math

import numpy as np
import pytest
from device_support import device_of_tests

from rnnbbo import minimize_many

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.cuda

N, DIM, STEPS = 300, 3, 4
CENTRES = np.random.default_rng(0).uniform(0.2, 0.8, (N, DIM))


@pytest.fixture(scope="module")
def device() -> str:
    return device_of_tests()


def bowls(x):
    if isinstance(x, np.ndarray):
        return ((x - CENTRES) ** 2).sum(axis=1)
    return ((x - torch.as_tensor(CENTRES, dtype=x.dtype, device=x.device)) ** 2).sum(dim=1)


def run(f=bowls, policy="dnc", **options):
    return minimize_many(f, [(0.0, 1.0)] * DIM, N, STEPS, policy=policy, rng=0, **options)


@pytest.mark.parametrize("policy", ["dnc", "lstm", "dnc-direct", "lstm-direct", "snail-direct"])
def test_a_device_asks_for_the_points_of_the_cpu(device: str, policy: str) -> None:
    there = run(policy=policy, device=device)
    here = run(policy=policy)
    apart = np.abs(there.x_iters.cpu().numpy() - here.x_iters).max(axis=(1, 2))
    # Single precision: where two candidates score alike, rounding decides, and points differ.
    assert np.mean(apart < 1e-3) > 0.95
    assert np.abs(there.x_iters.cpu().numpy() - here.x_iters)[:, 0].max() < 1e-5
    better = there.fun.cpu().numpy() - here.fun
    assert abs(better.mean()) < 3.0 * better.std() / math.sqrt(N) + 1e-3


def test_problems_worked_on_together_do_not_change_them(device: str) -> None:
    whole = run(device=device).x_iters
    parts = run(device=device, chunk=70).x_iters
    apart = (whole - parts).abs().amax(dim=(1, 2))
    assert (apart < 1e-3).double().mean() > 0.95


def test_everything_stays_on_the_device(device: str) -> None:
    asked = []

    def f(x):
        asked.append(x.device)
        return bowls(x)

    result = run(f, device=device)
    kind = torch.device(device).type
    for array in (result.x, result.fun, result.x_iters, result.func_vals, result.success):
        assert array.device.type == kind
    assert {one.type for one in asked} == {kind}


def test_bounds_on_the_device_take_the_run_there(device: str) -> None:
    bounds = torch.tensor([[0.0, 1.0]] * DIM, device=device)
    result = minimize_many(bowls, bounds, N, 2, rng=0)
    assert result.x.device == bounds.device
    assert result.x.dtype == bounds.dtype


def test_failures_on_the_device(device: str) -> None:
    calls = []

    def f(x):
        calls.append(1)
        y = bowls(x)
        y[: N // 3] = math.nan if len(calls) < 3 else y[: N // 3]
        return y

    result = run(f, device=device)
    failed = result.n_failed.cpu().numpy()
    assert (failed[: N // 3] == 2).all()
    assert not failed[N // 3 :].any()
    assert result.success.all()
    assert torch.isfinite(result.x_iters).all()
