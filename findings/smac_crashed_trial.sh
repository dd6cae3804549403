#!/usr/bin/env bash
# SMAC3 2.4.1: a target function that raises once.
#
# Guess: the trial is noted as crashed, with the crash cost of the scenario, and the run goes on.
# Seen:  that cost is infinity by default; it becomes NaN where costs are scaled for the random forest, and the run
#        ends with ValueError when the model is next trained. It goes on if the scenario has a finite `crash_cost`.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet smac==2.4.1

cd "$work"
"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
from ConfigSpace import ConfigurationSpace, Float
from smac import HyperparameterOptimizationFacade, Scenario


def run(name, **options):
    """Return how many evaluations of twelve are made, and the error, if any."""
    space = ConfigurationSpace(seed=0)
    space.add([Float("a", (0.0, 1.0)), Float("b", (0.0, 1.0))])
    made = 0

    def bowl(config, seed=0):
        nonlocal made
        made += 1
        if made == 3:
            raise RuntimeError("an evaluation that fails")
        return (config["a"] - 0.3) ** 2 + (config["b"] - 0.3) ** 2

    scenario = Scenario(space, name=name, deterministic=True, n_trials=12, seed=0, **options)
    try:
        HyperparameterOptimizationFacade(scenario, bowl, logging_level=False).optimize()
    except ValueError as error:
        return made, str(error).splitlines()[0]
    return made, ""


infinite, finite = run("infinite"), run("finite", crash_cost=1.0)
print(infinite, finite)
assert infinite[0] < 12 and "NaN" in infinite[1]
assert finite == (12, "")
PYTHON
echo "as written down"
