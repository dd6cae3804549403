"""Forms of problems that meet: directions, constraints, repetitions, rules to stop, and tables."""

import csv
import io
import json
import math

import pytest

from rnnbbo import Fixed, Integer, Optimizer, Ordinal, Space, Study, minimize
from rnnbbo.cli.main import run_command
from rnnbbo.errors import ObservationError, PolicyError, TableError
from rnnbbo.given import read_x0
from rnnbbo.study.plate import plate_csv, plate_rows

SQUARE = [(0.0, 1.0)] * 2


def limited(x):
    """Return x + y, of which 1 is the most where x + y <= 1."""
    return {"value": x[0] + x[1], "constraints": {"sum": x[0] + x[1] - 1.0}}


def turned(x):
    """Return the same to minimize."""
    return {**limited(x), "value": -limited(x)["value"]}


def test_maximizing_under_constraints_is_minimizing_the_turned_values():
    most = minimize(limited, SQUARE, 12, policy="kernel", maximize=True, rng=1)
    least = minimize(turned, SQUARE, 12, policy="kernel", rng=1)
    assert most.x_iters == least.x_iters and most.x == least.x
    assert most.fun == -least.fun <= 1.0 and most.feasible
    assert most.recommended == least.recommended
    assert most.fun < most.func_vals.max()  # which is not feasible


def test_the_best_feasible_one_of_an_optimizer_that_maximizes():
    optimizer = Optimizer(SQUARE, policy="kernel", maximize=True, rng=0)
    points = [[0.1, 0.1], [0.9, 0.9], [0.2, 0.2]]
    limits = [{"c": -1.0}, {"c": 1.0}, {"c": 0.0}]
    optimizer.tell(points, [1.0, 5.0, 3.0], constraints=limits)
    assert optimizer.result().x == optimizer.recommend() == points[2]


def test_a_study_that_maximizes_under_constraints_goes_on_as_one_run_would(tmp_path):
    path = tmp_path / "run.db"
    kind = {"policy": "kernel", "rng": 1}
    minimize(limited, SQUARE, 6, study=path, maximize=True, **kind)
    both = minimize(limited, SQUARE, 10, study=path, resume=True, **kind)
    at_once = minimize(limited, SQUARE, 10, maximize=True, study=tmp_path / "other.db", **kind)
    assert both.x_iters == at_once.x_iters
    assert both.feasible and both.maximize and both.fun == at_once.fun <= 1.0


def test_the_target_is_one_of_feasible_points():
    values = iter([(9.0, 1.0), (2.0, -1.0), (5.0, 0.0), (7.0, -1.0)])

    def func(x):
        value, limit = next(values)
        return {"value": value, "constraints": {"c": limit}}

    found = minimize(func, SQUARE, 20, policy="kernel", maximize=True, target=4.0, rng=0)
    assert (found.nfev, found.status, found.fun) == (3, "target", 5.0)


def test_patience_waits_for_less_violation_while_nothing_is_feasible():
    limits = iter([3.0, 2.0, 1.0, 0.5, 0.7, 0.6, 0.9])
    found = minimize(
        lambda x: {"value": 0.0, "constraints": {"c": next(limits)}},
        SQUARE,
        20,
        policy="kernel",
        patience=2,
        rng=0,
    )
    assert (found.nfev, found.status, found.feasible) == (6, "patience", False)


def test_what_is_left_to_gain_counts_where_it_is_feasible():
    def told(limit):
        optimizer = Optimizer([(0.0, 1.0)], policy="kernel", rng=0)
        for i in range(9):
            x = i / 8
            optimizer.tell([x], -x, constraints=None if limit is None else {"c": x - limit})
        return optimizer.gain_left()

    assert told(-1.0) is None  # there is nothing to improve on
    assert 0.0 <= told(0.5) < 1.0


def test_repeated_constraints_are_averaged_and_kept(tmp_path):
    answers = iter([1.0, 3.0, -5.0, 1.0, math.nan, -1.0])
    path = tmp_path / "run.db"
    found = minimize(
        lambda x: {"value": 2.0, "constraints": {"c": next(answers)}},
        SQUARE,
        3,
        policy="kernel",
        repeat=2,
        maximize=True,
        study=path,
        rng=0,
    )
    assert found.constraint_vals["c"][:2].tolist() == [2.0, -2.0]
    assert math.isnan(found.constraint_vals["c"][2])
    assert found.x == found.x_iters[1] and found.feasible
    with Study(path, resume=True) as study:
        assert study.trials()[0].outcome.info["constraints"] == [{"c": 1.0}, {"c": 3.0}]


@pytest.fixture
def bench(tmp_path):
    path = tmp_path / "bench.db"
    options = ["--param", "temp=float:20:90", "--param", "buffer=cat:tris,hepes", "--maximize"]
    run_command(["study", "new", str(path), *options, "--policy", "kernel", "--seed", "0"])
    return path


def test_constraints_at_a_bench(bench, tmp_path, capsys):
    run_command(["study", "ask", str(bench), "-n", "2"])
    assert run_command(["study", "tell", str(bench), "0", "7", "--constraint", "mem=0.5"]) == 0
    assert "no point is feasible yet" in capsys.readouterr().out
    plate = tmp_path / "plate.csv"
    run_command(["study", "ask", str(bench), "--waiting", "-o", str(plate)])
    header, row = plate.read_text("utf-8-sig").splitlines()
    assert header == "trial,temp,buffer,value,constraint_mem" and row.endswith(",,")
    plate.write_text(f"{header}\n{row[:-2]},3,-0.25\n")
    assert run_command(["study", "import", str(bench), str(plate)]) == 0
    assert "best value 3.0, at trial 1" in capsys.readouterr().out
    assert run_command(["study", "import", str(bench), str(plate)]) == 0
    assert "1 known before" in capsys.readouterr().out
    plate.write_text(f"{header}\n{row[:-2]},3,-0.75\n")
    assert run_command(["study", "import", str(bench), str(plate)]) == 2
    assert "row 2, constraint_mem = -0.75; expected -0.25" in capsys.readouterr().err


def test_an_export_with_constraints_is_a_start_for_another_run(bench, tmp_path, capsys):
    with Study(bench, resume=True) as study:
        points = [[25.0, "tris"], [35.0, "hepes"], [45.0, "tris"]]
        limits = [{"mem": 1.0}, {"mem": math.nan}, {"mem": -2.0}]
        study.add(points, [9.0, 5.0, 3.0], constraints=limits)
        space = study.space
    table = tmp_path / "table.csv"
    run_command(["study", "export", str(bench), "-o", str(table)])
    rows = list(csv.reader(io.StringIO(table.read_text())))
    assert rows[0][-2:] == ["feasible", "constraint_mem"]
    assert [row[-2:] for row in rows[1:]] == [["false", "1.0"], ["false", ""], ["true", "-2.0"]]

    def same(x):
        return {"value": 0.0, "constraints": {"mem": 1.0}}

    def other(x):
        return {"value": 9.0, "constraints": {"time": 1.0}}

    found = minimize(same, space, 1, policy="kernel", x0=table, maximize=True, rng=0)
    assert (found.x, found.fun, found.nfev) == ([45.0, "tris"], 3.0, 1)
    with pytest.warns(RuntimeWarning, match="expected those of the values before, 'mem'"):
        again = minimize(other, space, 1, policy="kernel", x0=bench, maximize=True, rng=0)
    assert (again.fun, again.n_failed) == (3.0, 1)
    with pytest.raises(PolicyError):
        minimize(other, space, 1, policy="lstm", x0=table, rng=0)


def test_tables_with_wrong_constraints_are_refused(bench, tmp_path):
    with Study(bench, resume=True) as study:
        study.add([[25.0, "tris"]], [9.0], constraints=[{"mem": 1.0}])
        row = {"temp": 30.0, "buffer": "tris", "value": 1.0}
        with pytest.raises(ObservationError, match="names of constraints = none"):
            study.take_table([row])
        with pytest.raises(TableError, match="row 0, constraint_mem = 'much'; expected a number"):
            study.take_table([{**row, "constraint_mem": "much"}])
        with pytest.raises(TableError, match="value = nothing; expected a number, or fail, beside"):
            study.take_table([{**row, "value": "", "constraint_mem": 1.0}])
        assert len(study.trials()) == 1


TREE = Space(
    {
        "kind": ["p", "q"],
        "n": Integer(1, 9, when={"kind": "p"}),
        "size": Ordinal(["s", "m", "l"]),
        "x": (0.0, 1.0),
        "lab": Fixed("north"),
    },
    where="x <= .8",
)
POINTS = [
    {"kind": "p", "n": 3, "size": "m", "x": 0.25, "lab": "north"},
    {"kind": "q", "size": "l", "x": 0.5, "lab": "north"},
]
ROWS = [["p", 3, "m", 0.25, "north"], ["q", None, "l", 0.5, "north"]]


def test_a_mapping_with_conditions_and_both_kinds_of_constraints_is_maximized():
    asked = []

    def func(kind, size, x, lab, n=0):
        asked.append((kind, n, x))
        return {"value": x + n, "constraints": {"cost": x + n - 5.5}}

    found = minimize(func, TREE, 16, policy="kernel", maximize=True, rng=0)
    assert found.feasible and not found.n_failed
    assert all(x <= 0.8 and (n > 0) == (kind == "p") for kind, n, x in asked)
    assert found.fun <= 5.5 < found.func_vals.max()
    assert found.best == TREE.as_mapping(found.x) and ("n" in found.best) == (found.x[0] == "p")


def test_inactive_and_fixed_parameters_are_empty_cells(tmp_path):
    path, table = tmp_path / "run.db", tmp_path / "table.csv"
    table.write_text("kind,n,size,x,value\np,3,m,.25,1\nq,,l,.5,2\n")
    with Study(path, TREE, policy="kernel", rng=0) as study:
        assert study.take_table(table).told == [0, 1]
        assert [trial.x for trial in study.told()] == ROWS
        assert study.take_table(table).unchanged == 2
        trials = study.ask_new(4)
        assert [trial.params for trial in trials] == [TREE.as_mapping(one.x) for one in trials]
        rows = plate_rows(study.space, trials)
        assert {row[1]: row[2] != "" for row in rows[1:]}.items() <= {("p", True), ("q", False)}
        table.write_text(plate_csv([rows[0], *([*row[:-1], "7"] for row in rows[1:])]))
        assert study.take_table(table).told == [trial.number for trial in trials]
        kept = study.told()
    export = tmp_path / "export.csv"
    run_command(["study", "export", str(path), "-o", str(export)])
    assert read_x0(TREE, export, None) == ([], [(one.x, one.outcome) for one in kept])
    begun = minimize(lambda **x: 9.0, TREE, 1, policy="lstm-direct", x0=path, rng=0)
    assert begun.x_iters[:6] == [trial.x for trial in kept]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("p,,m,.25,1", "row 2, .*n = None"),
        ("q,,m,.9,1", "row 2, .*expected one where x <= .8"),
        ("q,,,.5,1", "row 2, size = nothing; expected one of 's', 'm', 'l'"),
    ],
)
def test_cells_that_do_not_fit_conditions_or_constraints(row, words, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(f"kind,n,size,x,value\n{row}\n")
    with pytest.raises(TableError, match=words):
        read_x0(TREE, table, None)


def test_mappings_to_begin_with_are_points_or_columns():
    assert read_x0(TREE, POINTS[0], None) == ([ROWS[0]], [])
    assert read_x0(TREE, POINTS, None) == (ROWS, [])
    assert [x for x, _ in read_x0(TREE, POINTS, [1.0, 2.0])[1]] == ROWS
    columns = {"kind": ["p", "q"], "n": [3, None], "size": ["m", "l"], "x": [0.25, 0.5]}
    assert read_x0(TREE, columns, None) == (ROWS, [])
    told = read_x0(TREE, [{**point, "value": 1.0} for point in POINTS], None)[1]
    assert [x for x, _ in told] == ROWS


def test_a_bench_with_conditions(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = ["-p", "kind=cat:p,q", "-p", "n=int:1:9:when=kind=p", "-p", "x=float:0:1"]
    more = ["--where", "x <= .5", "--policy", "lstm-direct", "--seed", "0"]
    assert run_command(["study", "new", "run.db", *options, *more]) == 0
    printed = capsys.readouterr().out
    assert "when" in printed and "  where x <= .5\n" in printed
    assert run_command(["study", "ask", "run.db", "-n", "5", "--json"]) == 0
    points = [trial["x"] for trial in json.loads(capsys.readouterr().out)["trials"]]
    assert all(x["x"] <= 0.5 and ("n" in x) == (x["kind"] == "p") for x in points)
