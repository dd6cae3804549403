#!/usr/bin/env bash
# egobox 1.0.0: what becomes of a point whose evaluation failed.
#
# Guess: a NaN is taken note of, by the default FailsafeStrategy.REJECTION too, and the next point is another one.
# Seen:  the point is left out of the data, so that the next one is the same: where the most promising point fails,
#        `minimize` spends all that is left of its budget there.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet egobox==1.0.0

"$work/venv/bin/python" - <<'PYTHON'
import egobox
import numpy as np

asked = []


def bowl(x):
    """Fail where the minimum is."""
    asked.extend(map(tuple, x.round(6)))
    y = np.sum((x - 0.3) ** 2, axis=1, keepdims=True)
    y[x[:, 0] < 0.5] = np.nan
    return y


egobox.Egor([[0.0, 1.0]] * 2, seed=3).minimize(bowl, max_iters=12)
print(f"{len(asked)} points asked for, {len(set(asked))} different, the last at {asked[-1]}")
assert len(set(asked)) < len(asked) - 8
PYTHON
echo "as written down"
