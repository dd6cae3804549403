#!/usr/bin/env bash
# coco-experiment 2.8.2: which evaluations are counted.
#
# Guess: every call of a problem is an evaluation, and `evaluations` goes up by one.
# Seen:  a point with NaN or infinity in it is not counted: an optimizer that asks for such points has a larger budget
#        than one that does not, and a loop on `evaluations` may never end.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet coco-experiment==2.8.2

"$work/venv/bin/python" - <<'PYTHON'
import cocoex
import numpy as np

problem = cocoex.Suite("bbob", "", "dimensions:2 function_indices:1 instance_indices:1")[0]
counted = []
for x in ([0.0, 0.0], [np.nan, 0.0], [np.inf, 0.0], [9.0, 0.0]):
    value = problem(np.array(x))
    counted.append(problem.evaluations)
    print(x, value, "evaluations:", problem.evaluations)
assert counted == [1, 1, 1, 2]
PYTHON
echo "as written down"
