#!/usr/bin/env bash
# optuna 5.0.0: a trial of several objectives, one of which is infinite.
#
# Guess: it is failed, as one that is not a number is, or at least none of the best: an infinite value is what an objective returns
#        that has no value there.
# Seen:  it is complete, and where its other objective is the least of all it is one of `best_trials`; not a number fails the trial.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet optuna==5.0.0

"$work/venv/bin/python" - <<'PYTHON'
import math

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(directions=["minimize", "minimize"])
values = {0: (1.0, 1.0), 1: (math.inf, 0.5), 2: (math.nan, 0.1)}
study.optimize(lambda trial: values[trial.number], n_trials=3)
states = [trial.state.name for trial in study.trials]
best = sorted(trial.number for trial in study.best_trials)
print("states:", states, "best trials:", best)
assert states == ["COMPLETE", "COMPLETE", "FAIL"]
assert best == [0, 1]
PYTHON
echo "as written down"
