"""Without the other library, an integration says how to get it; with it, `rnnbbo` stays light."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
sys.modules[{library!r}] = None  # as if it were not installed
from rnnbbo.errors import MissingExtraError
try:
    import rnnbbo.integrations.{library}
except MissingExtraError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("optuna", "'optuna>=4'"),
        ("sklearn", "'scikit-learn>=1.6'"),
        ("hydra", "'hydra-core>=1.3'"),
        ("ray", "-c constraints.txt 'ray[tune]>=2.60'"),
        ("mlflow", "-c constraints.txt 'mlflow>=3.17'"),
    ],
)
def test_a_missing_library_is_named_with_its_command(library: str, package: str) -> None:
    program = PROGRAM.format(library=library)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"pip install {package}" in done.stdout


def test_the_stand_in_for_scikit_optimize_needs_no_library() -> None:
    program = (
        "import sys\n"
        "from rnnbbo.integrations.skopt import Optimizer\n"
        "Optimizer([(0.0, 1.0)], random_state=0).run(lambda x: x[0], 3)\n"
        "assert not {'skopt', 'sklearn', 'scipy', 'optuna'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
