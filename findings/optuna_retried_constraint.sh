#!/usr/bin/env bash
# Optuna 5.0.0: the constraint of a trial that is retried.
#
# Guess: a trial that RetryFailedTrialCallback enqueues again, after its process died, begins with the parameters of
#        the dead one and nothing else, so that the constraint it sets is its own.
# Seen:  it begins with the dead run's constraint, too; what it sets itself is ignored, with a warning. A point that
#        was infeasible when the process died stays so for ever.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet optuna==5.0.0

cd "$work"
"$work/venv/bin/python" - 2>warnings <<'PYTHON'
import time

import optuna

retry = optuna.storages.RetryFailedTrialCallback()
storage = optuna.storages.RDBStorage(
    "sqlite:///study.db", heartbeat_interval=1, grace_period=2, failed_trial_callback=retry
)
study = optuna.create_study(storage=storage)
dead = study.ask()  # as a process does that dies after this
dead.suggest_float("x", 0.0, 1.0)
dead.set_constraint("c", 5.0)
storage.record_heartbeat(dead._trial_id)
time.sleep(4)


def objective(trial):
    x = trial.suggest_float("x", 0.0, 1.0)
    trial.set_constraint("c", -1.0)
    return x


study.optimize(objective, n_trials=2)
seen = [(trial.state.name, trial.constraints) for trial in study.trials]
print(seen)
assert seen == [("FAIL", {"c": 5.0}), ("COMPLETE", {"c": 5.0}), ("COMPLETE", {"c": -1.0})]
PYTHON
grep -q "is ignored because this constraint" warnings
echo "as written down"
