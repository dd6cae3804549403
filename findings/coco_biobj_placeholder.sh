#!/usr/bin/env bash
# coco-experiment 2.8.2: against what hypervolume a run of bbob-biobj is measured.
#
# Guess: every instance of the suite has the hypervolume of the best front known, as those of the first ten do, and a precision
#        of the indicator means the same everywhere.
# Seen:  the suite has fifteen instances; of those from the eleventh on the logger's reference value is 1, which is that of the whole
#        box between the ideal point and the nadir: no front reaches it, and a run that has found the front is still far from
#        its target. Nothing is said of it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet coco-experiment==2.8.2

cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import re
from pathlib import Path

import cocoex
import numpy as np

references = {}
for instance in (1, 10, 11, 15):
    observer = cocoex.Observer("bbob-biobj", f"result_folder: r{instance} log_nondominated: none")
    suite = cocoex.Suite("bbob-biobj", "", f"dimensions:2 function_indices:1 instance_indices:{instance}")
    problem = suite[0]
    problem.observe_with(observer)
    problem(np.zeros(2))
    problem.free()
    (file,) = Path(observer.result_folder).glob("*/*_hyp.dat")
    references[instance] = float(re.search(r"reference value = (\S+)", file.read_text())[1])
    print("instance", instance, "reference value", references[instance])
assert references[1] < 0.99 and references[10] < 0.99
assert references[11] == references[15] == 1.0
PYTHON
echo "as written down"
