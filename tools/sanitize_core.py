"""Runs the tests of the compiled core with the sanitizers of addresses and of undefined behaviour.

python tools/sanitize_core.py                  # tests/core, which try every level of this processor
python tools/sanitize_core.py tests/policies   # others

The core is built in a copy of the tree, so that the one in use stays. What a sanitizer finds ends
the run with its report: the line in C, and how it came there. It needs gcc, and what tests need.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "benchmarks", "cli", "configs", "functions", "rnnbbo", "tests", "tools",
    "LICENSE", "README.md", "pyproject.toml", "setup.py",
)  # fmt: skip
LIBRARY = "rnnbbo/core/_compiled.so"
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=all"
BUILT = {
    "CC": "gcc",
    "LDSHARED": f"gcc -shared {SANITIZERS}",
    "RNNBBO_CFLAGS": f"-O1 -g -fno-omit-frame-pointer {SANITIZERS}",
}
RUN = {
    # Python keeps memory to its end.
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # Python's own allocator hands out parts of what the sanitizer takes for one array.
    "PYTHONMALLOC": "malloc",
}


def build(tree: Path) -> None:
    """Build the core with the sanitizers in a copy of the tree.

    Args:
        tree: an empty folder.
    """
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tree)
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=tree, env={**os.environ, **BUILT}, check=True)
    if b"__asan_" not in (tree / LIBRARY).read_bytes():
        sys.exit(f"{LIBRARY} was built without the sanitizers")


def main() -> int:
    """Build, run the tests, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tests", nargs="*", default=["tests/core"], help="what pytest runs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        build(tree)
        found = ["gcc", "-print-file-name=libasan.so"]
        library = subprocess.run(found, check=True, stdout=subprocess.PIPE, text=True).stdout
        environment = {
            **os.environ,
            **RUN,
            "LD_PRELOAD": library.strip(),
            "PYTHONPATH": str(tree),
        }
        command = [sys.executable, "-c", "from rnnbbo import core; assert core.library()"]
        subprocess.run(command, cwd=tree, env=environment, check=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"]
        command += arguments.tests  # what a sanitizer finds ends a worker, and so its test fails
        return subprocess.run(command, cwd=tree, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
