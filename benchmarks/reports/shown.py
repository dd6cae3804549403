"""Which methods a figure shows at first: few enough to tell apart."""

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pool import names
from rnnbbo.benchmarks.reports.ranks import best_first

MOST_LINES = 6
"""Lines of a figure, at most."""

_OURS = 2  # beside the default
_BASELINE = "random"


def shown(records: Records) -> list[str]:
    """Return the methods that figures show until a reader chooses, at most `MOST_LINES`.

    They are the default, our two best others that do not just repeat it, random search, and the
    best peers: of these the best after 30 evaluations, the best of those that go on to the end,
    and the next after 30.
    """
    default = records.default
    same = set(twins(records))
    ours = {method.name for method in records.methods if method.ours}
    early, late = best_first(records), best_first(records, 10**6)
    early += [method.name for method in records.methods if method.name not in early]
    others = [name for name in early if name in ours and name not in {default, *same}]
    chosen = [name for name in (default,) if name]
    chosen += others[: _OURS if default else _OURS + 1]
    baseline = [name for name in early if name == _BASELINE]
    room = MOST_LINES - len(chosen) - len(baseline)
    peers = [name for name in early if name not in ours and name != _BASELINE]
    last = [name for name in late if name in peers and name not in peers[:1]]
    chosen += list(dict.fromkeys([*peers[:1], *last[:1], *peers]))[:room]
    return chosen + baseline


def twins(records: Records) -> list[str]:
    """Return our methods whose regret is the default's, to the last bit, wherever both have some.

    For a budget within its first stage, the default is the policy of that stage.
    """
    found = []
    for method in records.methods:
        pairs = [
            (suite.courses[method.name], suite.courses[records.default])
            for suite in records.suites
            if {method.name, records.default} <= suite.courses.keys()
        ]
        same = all(a.functions == b.functions and np.array_equal(a.log, b.log) for a, b in pairs)
        if method.ours and not method.default and pairs and same:
            found.append(method.name)
    return found


def left_out(records: Records, chosen: list[str]) -> str:
    """Return a phrase that names the methods which are not shown, "" if there are none."""
    same = set(twins(records))
    missing = [
        f"{method.name} (the same as {records.default})" if method.name in same else method.name
        for method in records.methods
        if method.name not in chosen
    ]
    return names(missing)
