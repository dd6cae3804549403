#!/usr/bin/env bash
# mujoco 4.0.0 with gymnasium 1.4.0: warnings while a model is loaded.
#
# Guess: a warning of the model's compiler goes to Python's warnings or to stderr, and to nothing else.
# Seen:  it is printed, and a line is appended to MUJOCO_LOG.TXT in the working directory, whichever that is.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet mujoco==4.0.0 'gymnasium[mujoco]==1.4.0'

mkdir "$work/here"
cd "$work/here"
"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import warnings
from pathlib import Path

import gymnasium

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    gymnasium.make("Hopper-v5")
    assert not Path("MUJOCO_LOG.TXT").exists()
    gymnasium.make("HalfCheetah-v5")
print(Path("MUJOCO_LOG.TXT").read_text())
assert "settotalmass" in Path("MUJOCO_LOG.TXT").read_text()
assert not any("settotalmass" in str(warning.message) for warning in caught)
PYTHON
echo "as written down"
