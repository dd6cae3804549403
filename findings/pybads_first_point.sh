#!/usr/bin/env bash
# PyBADS 1.5.1: the first evaluations, and the root logger.
#
# Guess: the starting point is evaluated once, and as given; display="off" prints nothing.
# Seen:  it is moved to the mesh, and evaluated twice, to find out whether there is noise, before any other point; and
#        a handler on the root logger prints to standard output, from then on, what any library logs.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pybads==1.5.1

"$work/venv/bin/python" - <<'PYTHON'
import logging

import numpy as np
from pybads import BADS

asked = []


def bowl(x):
    asked.append(np.array(x))
    return float(np.sum((x - 0.3) ** 2))


start, low, high = np.array([0.512, 0.951]), np.zeros(2), np.ones(2)
run = BADS(bowl, start, low, high, low, high, options={"display": "off", "random_seed": 1})
run.optimize()
print(asked[:3], logging.getLogger().handlers)
assert np.array_equal(asked[0], asked[1]) and not np.array_equal(asked[1], asked[2])
assert 0 < np.abs(asked[0] - start).max() < 1e-3
assert len(logging.getLogger().handlers) == 1
PYTHON
echo "as written down"
