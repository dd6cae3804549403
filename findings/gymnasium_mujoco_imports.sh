#!/usr/bin/env bash
# gymnasium 1.4.0 with mujoco 4.0.0: what a MuJoCo task imports.
#
# Guess: with gymnasium and mujoco installed, a MuJoCo task can be made and stepped without a picture.
# Seen:  making it imports the renderer, which imports packaging and imageio: ModuleNotFoundError.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet mujoco==4.0.0 gymnasium==1.4.0 packaging

"$work/venv/bin/python" - <<'PYTHON'
import gymnasium

try:
    gymnasium.make("Hopper-v5")
except ModuleNotFoundError as error:
    assert error.name == "imageio", error
else:
    raise SystemExit("it was made")
PYTHON
"$work/venv/bin/pip" install --quiet imageio==2.38.1
"$work/venv/bin/python" -c 'import gymnasium; gymnasium.make("Hopper-v5").reset(seed=0)'
echo "as written down"
