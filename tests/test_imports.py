"""The base package proposes points without the heavy libraries."""

import subprocess
import sys

import pytest

HEAVY = ["torch", "scipy", "skopt", "sklearn", "matplotlib", "botorch", "gpytorch", "optuna"]

ASK = """
from rnnbbo import Optimizer
optimizer = Optimizer([(0.0, 1.0), (1e-3, 1.0, "log-uniform"), (1, 8), ("a", "b")], rng=0)
for value in range(3):
    optimizer.tell(optimizer.ask(), float(value))
optimizer.ask(n_points=2)
optimizer.result()
"""
MINIMIZE = """
from rnnbbo import minimize
minimize(lambda x: x[0] ** 2, [(-1.0, 1.0)], n_calls=3, rng=0)
"""
COMMANDS = """
from rnnbbo.cli.main import main
for arguments in (["--help"], ["minimize", "--help"], ["train", "--help"], ["policies"]):
    try:
        main(arguments)
    except SystemExit as stop:
        assert not stop.code, arguments
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import rnnbbo", id="import"),
        pytest.param("import rnnbbo.errors, rnnbbo.policies", id="submodules"),
        pytest.param(ASK, id="ask-and-tell"),
        pytest.param(MINIMIZE, id="minimize"),
        pytest.param(COMMANDS, id="commands"),
    ],
)
def test_heavy_libraries_stay_out(code: str) -> None:
    program = f"{code}\nimport sys\nprint('loaded:', *sorted(sys.modules.keys() & set({HEAVY})))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_every_public_name_can_be_imported() -> None:
    import rnnbbo

    assert {"Optimizer", "minimize"} <= set(rnnbbo.__all__) <= set(dir(rnnbbo))
    for name in rnnbbo.__all__:
        assert getattr(rnnbbo, name) is not None
