"""One thread for every numerical library, so that timings are those of one core."""

import os
import sys

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def pin_threads() -> None:
    """Restart this program with one thread a library, unless it runs so already.

    The libraries read these variables once, when they are loaded, and numpy is loaded by the
    time that a module of this package runs. Only for the start of a program.
    """
    pinned = dict.fromkeys(VARIABLES, "1")
    if any(os.environ.get(name) != "1" for name in VARIABLES):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **pinned})
