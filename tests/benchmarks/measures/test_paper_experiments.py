"""What is said of the paper's claims: ahead, tied, behind, and on how many functions."""

import numpy as np
import pytest

from rnnbbo.benchmarks.measures.paper_experiments import (
    loss_table,
    loss_verdicts,
    own_time,
    regrets,
    verdicts,
)
from rnnbbo.benchmarks.reports.data import ComparedMethod, Course, Records, Suite
from rnnbbo.benchmarks.reports.section import NONE


def _course(regret: np.ndarray) -> Course:
    functions = tuple(f"f{i}" for i in range(len(regret)))
    seconds = np.cumsum(np.full(regret.shape, 0.25), axis=1)
    logs = np.log(regret)
    return Course(functions, len(regret), regret, logs, regret, seconds, regret, regret, regret)


def _records(**suites: dict[str, np.ndarray]) -> Records:
    names = dict.fromkeys(name for courses in suites.values() for name in courses)
    made = []
    for name, courses in suites.items():
        dims = {f"f{i}": 2 for i in range(N)}
        made.append(Suite(name, "", dims, {m: _course(r) for m, r in courses.items()}))
    methods = tuple(ComparedMethod(name, "", ours=name != "tpe", horizon=None) for name in names)
    return Records(methods, tuple(made), (), {}, (), {}, (), 0, 0)


N = 8
LESS, MORE = np.full((N, 30), 0.2), np.full((N, 30), 0.6)


def _row(table, name: str) -> list[str]:
    return next([c.text for c in row[1:]] for row in table.rows if row[0].text == name)


def test_an_experiment_is_ahead_tied_or_behind_and_says_where() -> None:
    crossing = np.where(np.arange(1, 31) >= 25, 0.2, 0.9) * np.ones((N, 1))
    mixed = np.where(np.arange(N) % 2, 0.1, 1.1)[:, None] * np.ones(30)
    records = _records(
        a={"lstm": LESS, "tpe": MORE},
        b={"lstm": MORE, "tpe": LESS},
        c={"lstm": crossing, "tpe": MORE},
        d={"lstm": mixed, "tpe": MORE},
        e={"lstm": LESS},
        f={"lstm": LESS[:1], "tpe": MORE},
        g={"lstm": LESS[:, :15], "tpe": MORE},
    )
    table = verdicts(records, ["lstm"], ["tpe"], [10, 20, 30])
    assert [_row(table, name)[0] for name in "abcdefg"] == [
        "ahead (8)",
        "behind (8)",
        "ahead at 30; behind at 10, 20 (8)",
        "tied (8)",
        NONE,
        f"{NONE} (1)",
        "ahead (8)",
    ]
    assert _row(table, "all together")[0].endswith("(41)")


def test_regret_is_shown_where_it_is_known_and_fewer_functions_are_said() -> None:
    records = _records(a={"lstm": LESS, "tpe": MORE[:2, :15]})
    table = regrets(records, ["lstm", "tpe", "smac"], [10, 20, 60])
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["a", "10", "0.20", "0.60 (2)", NONE],
        ["a", "20", "0.20", NONE, NONE],
    ]


def test_losses_are_compared_on_the_functions_that_all_have() -> None:
    records = _records(
        a={"lstm-direct": LESS, "lstm-direct-sum": MORE[:3], "tpe": LESS},
        b={"lstm-direct": MORE},
    )
    table = loss_table(records, [10])
    assert table is not None and "over the 3 functions" in table.caption
    assert _row(table, "lstm-direct") == ["LSTM", "L_EI", "0.20"]
    assert _row(table, "lstm-direct-sum") == ["LSTM", "L_sum", "0.60"]
    assert _row(table, "dnc-direct-oi") == ["DNC", "L_OI", NONE]
    assert loss_table(_records(b={"lstm-direct": MORE}), [10]) is None


def test_a_loss_is_judged_by_the_networks_that_differ_in_it_alone() -> None:
    records = _records(
        a={"lstm-direct": LESS, "lstm-direct-sum": MORE, "dnc-direct-oi": LESS},
        b={"lstm-direct": LESS, "dnc-direct": MORE},
    )
    table = loss_verdicts(records, [10, 30])
    assert table.head[1:] == ["L_EI : L_sum", "L_EI : L_OI", "L_OI : L_sum"]
    assert _row(table, "LSTM") == ["ahead (8)", NONE, NONE]
    assert _row(table, "DNC") == [NONE, NONE, NONE]


def test_time_is_that_of_an_ask_and_its_tell() -> None:
    table = own_time(_records(a={"lstm": LESS}))
    assert _row(table, "lstm") == ["250 ms"]
    assert table.rows[0][1].value == pytest.approx(0.25)
