import os
import signal
import sys
from pathlib import Path

import pytest

# Read when numpy and torch are loaded. The tests' matrices are small: threads would only wait for
# each other, on a busy machine ten times as long as the arithmetic takes.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Where Python is kept from writing bytecode, each of some hundred processes that tests start would
# compile the package anew, which takes longer than the rest of what it does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What test modules share.
sys.path.insert(0, str(Path(__file__).parent / "support"))

# A background job of a shell ignores Ctrl-C, and so would whatever tests start to interrupt it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Where rounding, which differs from processor to processor, could decide what a test finds.
NUMERICAL = (
    "benchmarks/test_spearmint.py",
    "functions/",
    "many/",
    "meta/",
    "policies/",
    "test_auto.py",
    "test_examples.py",
    "test_minimize.py",
    "test_optimizer.py",
    "test_recommend.py",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    inside = item.path.relative_to(Path(__file__).parent).as_posix()
    if inside.startswith(NUMERICAL):
        item.add_marker(pytest.mark.numerical)
