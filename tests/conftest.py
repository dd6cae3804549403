import os
import sys
from pathlib import Path

# Read when numpy and torch are loaded. The tests' matrices are small: threads would only wait for
# each other, on a busy machine ten times as long as the arithmetic takes.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# What test modules share.
sys.path.insert(0, str(Path(__file__).parent / "own"))
