#!/usr/bin/env bash
# ConfigSpace 1.2.2: the order of an ordinal's values in forbidden clauses.
#
# Guess: clauses (o < 20) and relations (o < p) go by the same order.
# Seen:  a clause goes by the place in the sequence, a relation by the value: of the sequence 30, 10, 20 the clause
#        "o > 10" forbids 20 and allows 30, and the relation "o > p" forbids 30 beside p = 15, and not 10.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ConfigSpace==1.2.2

"$work/venv/bin/python" - <<'PYTHON'
import ConfigSpace as cs


def allowed(make, **values):
    o = cs.OrdinalHyperparameter("o", [30, 10, 20], default_value=10)
    p = cs.OrdinalHyperparameter("p", [15])
    space = cs.ConfigurationSpace()
    space.add(o, p)
    space.add(make(o, p))
    try:
        cs.Configuration(space, values={"p": 15, **values})
    except cs.exceptions.ForbiddenValueError:
        return False
    return True


clause = [o for o in (30, 10, 20) if allowed(lambda o, p: cs.ForbiddenGreaterThanClause(o, 10), o=o)]
relation = [o for o in (30, 10, 20) if allowed(lambda o, p: cs.ForbiddenGreaterThanRelation(o, p), o=o)]
print("o > 10 forbidden, left:", clause, "; o > p = 15 forbidden, left:", relation)
assert clause == [30, 10]
assert relation == [10]
PYTHON
echo "as written down"
