#!/usr/bin/env bash
# ioh 0.4.2: the column raw_y of the Analyzer's files.
#
# Guess: raw_y is what the problem returned.
# Seen:  it is the distance to the optimum: f(x) is 80.88, and raw_y 1.40, since the optimum is 79.48.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ioh==0.4.2

"$work/venv/bin/python" - "$work" <<'PYTHON'
import pathlib
import sys

import ioh

problem = ioh.get_problem(1, instance=1, dimension=2, problem_class=ioh.ProblemClass.BBOB)
always = [ioh.logger.trigger.ALWAYS]
logger = ioh.logger.Analyzer(root=sys.argv[1], folder_name="log", triggers=always)
problem.attach_logger(logger)
y = problem([0.0, 0.0])
problem.reset()
logger.close()
(path,) = (pathlib.Path(sys.argv[1]) / "log").rglob("*.dat")
header, row = path.read_text().split("\n")[:2]
raw = float(row.split()[1])
print(f"f(x) = {y}, optimum {problem.optimum.y}; {header}: {row}")
assert header == "evaluations raw_y"
assert abs(raw - (y - problem.optimum.y)) < 1e-6
assert abs(raw - y) > 1.0
PYTHON
echo "as written down"
