#!/usr/bin/env bash
# pymoo 0.6.2: the optimum that get_problem("pressure_vessel") declares.
#
# Guess: pareto_front() is the value at pareto_set(), and no feasible point is better.
# Seen:  pareto_front() says 5885.3, its own pareto_set() evaluates to 6059.7: a gap to the declared optimum never
#        closes, even at the declared solution.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pymoo==0.6.2

"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
from pymoo.problems import get_problem

problem = get_problem("pressure_vessel")
declared = float(problem.pareto_front()[0, 0])
values, constraints = problem.evaluate(problem.pareto_set())
print(f"declared {declared:.1f}, its solution {float(values[0, 0]):.1f}, {constraints.max():.1e} of violation")
assert abs(declared - 5885.3) < 0.1
assert abs(float(values[0, 0]) - 6059.7) < 0.1
PYTHON
echo "as written down"
