#!/usr/bin/env bash
# summit 0.8.4: the kinetics of its benchmark of a nucleophilic aromatic substitution (SNAr).
#
# Guess: as in the kinetics that it cites (Hone et al. 2017), two products are formed from the reactants at
#        the rates k_a and k_b, so that what goes of the starting material comes as products: 0 = the
#        sum of the rates of change of it, both products, and the one that is made of these.
# Seen:  the second product, too, is formed at k_a, which is 21 times k_b at 90 C. There appears nearly
#        twice as much as goes. And 0 C is taken as 273.71 K, not as 273.15 K.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
# What it requires is older than Python 3.11: the function is run by itself.
"$work/venv/bin/pip" install --quiet --no-deps --ignore-requires-python summit==0.8.4
"$work/venv/bin/pip" install --quiet numpy==2.4.6

"$work/venv/bin/python" - <<'PYTHON'
import ast
import math
from importlib.metadata import files
from types import SimpleNamespace

import numpy as np

(file,) = (f for f in files("summit") if str(f) == "summit/benchmarks/snar.py")
tree = ast.parse(file.read_text())
(rates,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "_integrand")
scope = {"np": np}
exec(compile(ast.Module([rates], []), "snar", "exec"), scope)

start = [0.2, 0.4, 0.0, 0.0, 0.0]  # mol/l
change = scope["_integrand"](SimpleNamespace(C_i=start), 0.0, list(start), 90.0)
gone, made = -change[0], change[2] + change[3] + change[4]
print(f"goes {gone:.4f} mol/l/min, comes {made:.4f}")
assert math.isclose(change[2], change[3])
assert math.isclose(made / gone, 2 * 57.9 / (57.9 + 2.70), rel_tol=1e-9)
assert "273.71" in ast.unparse(rates)
PYTHON
echo "as written down"
