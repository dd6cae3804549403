"""The device of tests marked `cuda`."""

import os

import pytest


def device_of_tests() -> str:
    """Return its name in torch: a CUDA device, or what RNNBBO_TEST_DEVICE names; skip without."""
    torch = pytest.importorskip("torch")
    name = os.environ.get("RNNBBO_TEST_DEVICE", "cuda")
    if name.startswith("cuda") and not torch.cuda.is_available():
        pytest.skip("no CUDA device is here")
    return name
