#!/usr/bin/env bash
# cma 4.5.0: option integer_variables.
#
# Guess: with integer_variables=[0], whatever cma gives back has a whole number there: what ask() returns, and what
#        the functions fmin2 and fmin_con2 return as the solution.
# Seen:  ask() and fmin2 do; fmin_con2 returns a point with a fraction, which was never evaluated.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet cma==4.5.0

"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import cma

seen = set()


def f(x):
    seen.add(float(x[0]))
    return (x[0] - 2.4) ** 2 + (x[1] - 1.2) ** 2


options = {"integer_variables": [0], "verbose": -9, "seed": 1, "maxfevals": 600}
asked = cma.CMAEvolutionStrategy([3.3, 2.7], 1.0, options).ask()
plain, _ = cma.fmin2(f, [3.3, 2.7], 1.0, options)
constrained, _ = cma.fmin_con2(f, [3.3, 2.7], 1.0, constraints=lambda x: [x[1] - 5], options=options)
print("ask", [float(x[0]) for x in asked], "fmin2", plain, "fmin_con2", constrained)
assert all(x[0] == round(x[0]) for x in asked)
assert plain[0] == 2.0
assert constrained[0] != round(constrained[0])
assert all(x == round(x) for x in seen)
PYTHON
echo "as written down"
