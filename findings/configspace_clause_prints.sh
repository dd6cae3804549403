#!/usr/bin/env bash
# ConfigSpace 1.2.2: what ForbiddenGreaterThanEqualsClause does besides.
#
# Guess: a forbidden clause is looked at in silence.
# Seen:  this one prints the vector, the parameter's position and the value to standard output, each time a configuration
#        is checked: whatever reads a program's output finds lines of numbers in it. The other five kinds do not.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ConfigSpace==1.2.2

"$work/venv/bin/python" - <<'PYTHON'
import contextlib
import io

import ConfigSpace as cs

for kind in ("GreaterThanEquals", "GreaterThan", "LessThanEquals", "LessThan", "Equals"):
    fine = 7 if kind.startswith("Less") else 2
    n = cs.Integer("n", (0, 9), default=fine)
    space = cs.ConfigurationSpace(seed=0)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        space.add(n, getattr(cs, f"Forbidden{kind}Clause")(n, 5))
        cs.Configuration(space, values={"n": fine})
    print(kind, repr(printed.getvalue()))
    assert bool(printed.getvalue()) == (kind == "GreaterThanEquals")
PYTHON
echo "as written down"
