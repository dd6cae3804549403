"""Training on an accelerator: gradients as on the CPU, and weights that the CPU goes on with."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from device_support import device_of_tests
from torch import Tensor

from rnnbbo import checkpoint
from rnnbbo.functions.gp import GPDistribution
from rnnbbo.meta import config, trainer, validation
from rnnbbo.meta.curves import read_log
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.network import Network

pytestmark = pytest.mark.cuda

VALUES = {
    "train": {
        "name": "tiny",
        "updates": 4,
        "batch": 4,
        "warmup": 2,
        "dims": [1, 2],
        "horizon": [3, 5],
        "workers": [2],
        "sequential": 0.5,
        "candidates": 8,
        "checkpoint_every": 2,
        "validate_every": 4,
    },
    "policy": {"hidden": 6, "layer": 8, "forms": 3, "kernel_heads": 2},
}


@pytest.fixture(scope="module")
def device() -> str:
    return device_of_tests()


@pytest.fixture
def small_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DIMS": (2,),
        "FUNCTIONS_PER_DIM": 3,
        "PATH_FEATURES": 32,
        "CANDIDATES": 8,
    }.items():
        monkeypatch.setattr(validation, name, value)


def gradients(recurrence: str, head: str, device: str) -> dict[str, Tensor]:
    """Of what a policy makes of a few values, the same on every device."""
    policy = Network(NetworkConfig(recurrence, head, hidden=8, layer=12, forms=4))
    weights = policy.init_params(np.random.default_rng(0))
    params = {k: torch.tensor(v, device=device, requires_grad=True) for k, v in weights.items()}
    rng = np.random.default_rng(1)
    batch, dim, steps = 5, 2, 4
    points = torch.tensor(rng.random((steps, batch, dim), dtype=np.float32), device=device)
    values = torch.tensor(rng.standard_normal((steps, batch)), device=device)
    candidates = torch.tensor(rng.random((batch, 12, dim), dtype=np.float32), device=device)
    state = policy.start(points[0], values[0])
    for x, y in zip(points, values, strict=True):
        state = policy.step(params, state, Observation(x, y, x, True))
    out = policy.score(params, state, candidates) if policy.scores else policy.point(params, state)
    found = torch.autograd.grad((out.double() ** 2).sum(), list(params.values()), allow_unused=True)
    return {k: g.cpu() for k, g in zip(params, found, strict=True) if g is not None}


@pytest.mark.parametrize("recurrence", ["lstm", "dnc"])
@pytest.mark.parametrize("head", ["scored", "direct"])
def test_gradients_are_those_of_the_cpu(device: str, recurrence: str, head: str) -> None:
    here, there = (gradients(recurrence, head, where) for where in ("cpu", device))
    assert here.keys() == there.keys()
    assert len(here) > 4
    for name, expected in here.items():
        scale = float(expected.abs().max()) + 1e-6
        assert float((there[name] - expected).abs().max()) < 1e-3 * scale, name


@pytest.mark.usefixtures("small_validation")
def test_what_a_device_trained_the_cpu_goes_on_with(device: str, tmp_path: Path) -> None:
    settings, functions = config.parse(VALUES), GPDistribution()
    out = tmp_path / "run"
    options = {"progress_bar": False}
    trainer.train(settings, functions, out, device=device, stop_after=2, **options)
    weights = trainer.train(settings, functions, out, device="cpu", **options)
    log = read_log(out / "log.jsonl")
    assert len(log) == 4
    assert all(math.isfinite(record["loss"]) for record in log)
    trained = checkpoint.load_file(weights).params
    fresh = Network(settings.policy).init_params(np.random.default_rng(settings.train.seed))
    assert any(not np.array_equal(trained[name], fresh[name]) for name in fresh)
    assert all(np.isfinite(array).all() for array in trained.values())
