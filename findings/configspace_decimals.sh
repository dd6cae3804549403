#!/usr/bin/env bash
# ConfigSpace 1.2.2: how many digits of a float are kept.
#
# Guess: a configuration has the value that it was made with, and a float the bounds that it was given.
# Seen:  both are rounded to 13 decimals, not digits: 1.2345678901234e-09 becomes 1.2346e-09, and a lower bound of
#        1e-14 becomes 0. An optimizer that compares what it asked for with what it is told finds another point.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ConfigSpace==1.2.2

"$work/venv/bin/python" - <<'PYTHON'
import ConfigSpace as cs

rate = cs.Float("rate", (1e-9, 1.0), log=True)
space = cs.ConfigurationSpace()
space.add(rate)
value = cs.Configuration(space, values={"rate": 1.2345678901234e-09})["rate"]
print("value", value, "lower bound", cs.Float("x", (1e-14, 1.0)).lower)
assert value == 1.2346e-09
assert cs.Float("x", (1e-14, 1.0)).lower == 0.0
PYTHON
echo "as written down"
