"""One thread for every numerical library, so that timings are those of one core."""

import os
import sys

from rnnbbo.errors import MissingExtraError

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""What the libraries read when they are loaded."""


def pin_threads() -> None:
    """Hold numerical libraries to one thread in this process and in those that it starts.

    Those that are loaded are told, numpy's among them, and those to come read the environment.

    Raises:
        MissingExtraError: threadpoolctl is not installed.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtraError(
            "timings on one thread need threadpoolctl, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    threadpool_limits(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
