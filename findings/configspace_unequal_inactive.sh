#!/usr/bin/env bash
# ConfigSpace 1.2.2: a condition `!=` on a parent that is inactive.
#
# Guess: a parameter whose parent is inactive is inactive, whatever the condition says.
# Seen:  under NotEqualsCondition it is active: y, which asks for x != .25, is in the configurations that have no x.
#        Where the default configuration has no x, the space cannot be made: ActiveHyperparameterNotSetError.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ConfigSpace==1.2.2

"$work/venv/bin/python" - <<'PYTHON'
import ConfigSpace as cs


def drawn(condition, value):
    kind = cs.Categorical("kind", ["a", "b"], default="a")
    x, y = cs.Float("x", (0.0, 1.0)), cs.Float("y", (0.0, 1.0))
    space = cs.ConfigurationSpace(seed=0)
    space.add(kind, x, y, cs.EqualsCondition(x, kind, value))
    space.add(condition(y, x, 0.25))
    return space.sample_configuration(50)


for condition in (cs.NotEqualsCondition, cs.LessThanCondition, cs.GreaterThanCondition):
    alone = sum("y" in one and "x" not in one for one in drawn(condition, "a"))
    print(f"{condition.__name__}: {alone} of 50 have y without its parent x")
    assert (alone > 0) == (condition is cs.NotEqualsCondition)
try:
    drawn(cs.NotEqualsCondition, "b")
except cs.exceptions.ActiveHyperparameterNotSetError as error:
    print("ActiveHyperparameterNotSetError:", str(error).splitlines()[0])
else:
    raise AssertionError("the space was made")
PYTHON
echo "as written down"
