#!/usr/bin/env bash
# Optuna 5.0.0: integers beyond 2**53.
#
# Guess: an integer that a trial suggests is the integer that the study keeps: IntDistribution takes bounds of any
#        size, and Python's integers are exact.
# Seen:  the storage keeps a float. A trial gets 2**60 + 77, evaluates it, and the study has 2**60; an upper bound may
#        come back as an integer above it. So what is read from a study and evaluated again is another point.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet optuna==5.0.0

"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import optuna

low, high = 2**60, 2**60 + 200
space = {"n": optuna.distributions.IntDistribution(low, high)}
study = optuna.create_study()
for given in (low + 77, high):
    study.enqueue_trial({"n": given})
    trial = study.ask(space)
    kept = study.trials[-1].params["n"]
    print(f"given low + {given - low}, evaluated low + {trial.params['n'] - low}, kept low + {kept - low}")
    assert trial.params["n"] == given
    assert kept == int(float(given)) != given
assert kept > high
PYTHON
echo "as written down"
