#!/usr/bin/env bash
# hyperopt 0.3.0: hp.uniformint(label, low, high).
#
# Guess: every integer from low to high is as probable as any other.
# Seen:  the two ends are half as probable as what lies between: a real number in [low, high] is rounded.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet hyperopt==0.3.0

"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import numpy as np
from hyperopt import hp
from hyperopt.pyll.stochastic import sample

rng = np.random.default_rng(0)
drawn = [sample(hp.uniformint("n", 1, 5), rng=rng) for _ in range(8000)]
share = {n: drawn.count(n) / len(drawn) for n in sorted(set(drawn))}
print({n: round(s, 3) for n, s in share.items()})
assert set(share) == {1, 2, 3, 4, 5}
assert all(abs(share[n] - 1 / 8) < 0.02 for n in (1, 5))
assert all(abs(share[n] - 1 / 4) < 0.02 for n in (2, 3, 4))
PYTHON
echo "as written down"
