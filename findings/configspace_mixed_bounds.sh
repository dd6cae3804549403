#!/usr/bin/env bash
# ConfigSpace 1.2.2: what a pair of bounds in a mapping is.
#
# Guess: ConfigurationSpace({"a": (0, 1.0)}) has a float, as one of the bounds is one.
# Seen:  the first bound decides: it is the integer 0 or 1, without a warning; (0.0, 1) is a float.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ConfigSpace==1.2.2

"$work/venv/bin/python" - <<'PYTHON'
import ConfigSpace as cs

space = cs.ConfigurationSpace({"a": (0, 1.0), "b": (0.0, 1)})
print({name: type(one).__name__ for name, one in space.items()})
assert type(space["a"]).__name__ == "UniformIntegerHyperparameter"
assert type(space["b"]).__name__ == "UniformFloatHyperparameter"
PYTHON
echo "as written down"
