#!/usr/bin/env bash
# ConfigSpace 1.2.2: a log integer is drawn by another law than it is decoded by.
#
# Guess: Integer("n", (1, 10), log=True) has one law: a configuration that is drawn has n = 1 as often as a uniform
#        number in [0, 1] is decoded to 1.
# Seen:  drawn, 1 has a probability of .28; decoded, .18. An optimizer that draws its vectors itself, and random
#        search by sample_configuration, search different distributions.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ConfigSpace==1.2.2

"$work/venv/bin/python" - <<'PYTHON'
import ConfigSpace
import numpy as np

space = ConfigSpace.ConfigurationSpace(seed=0)
n = ConfigSpace.Integer("n", (1, 10), log=True)
space.add(n)
drawn = np.mean([one["n"] == 1 for one in space.sample_configuration(10000)])
uniform = np.random.default_rng(0).random(10000)
decoded = np.mean([n.to_value(float(u)) == 1 for u in uniform])
print(f"n = 1: drawn {drawn:.3f}, decoded {decoded:.3f}")
assert 0.26 < drawn < 0.30
assert 0.16 < decoded < 0.20
PYTHON
echo "as written down"
