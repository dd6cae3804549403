"""Objectives that fail, and calls that are wrong."""

import json
import math
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from reliability_support import BOX, POLICIES, bowl, slow

from rnnbbo import Optimizer, Study, minimize, minimize_many
from rnnbbo.errors import ObservationError, PointError

BAD = [math.nan, math.inf, -math.inf, None, "text"]
BRACES = str.maketrans({"{": "{{", "}": "}}"})  # that stand for themselves


def inside(x):
    return len(x) == 6 and all(-1.0 <= v <= 1.0 for v in x)


@pytest.mark.fault(
    "NaN, ±inf, None, text in place of a value", holds="best always finite; the next ask in bounds"
)
@pytest.mark.parametrize("policy", [*POLICIES[:2], *map(slow, POLICIES[2:])])
@pytest.mark.parametrize("positions", [(0, 1, 7), slow(tuple(range(20)))])
def test_told(policy, positions, figure):
    for bad in BAD:
        for position in positions:
            optimizer, values = Optimizer(BOX, policy=policy, rng=0), []
            for step in range(max(positions) + 3):
                x = optimizer.ask()
                assert inside(x)
                y = bad if step == position else bowl(x)
                if y == "text":
                    with pytest.raises(ObservationError, match="'text'"):
                        optimizer.tell(x, y)
                    y = math.nan
                else:
                    optimizer.tell(x, y)
                values += [y] if y is not None and math.isfinite(y) else []
                best = optimizer.result().fun
                assert best == (min(values) if values else math.inf)
    figure(f"{policy}: bad values x positions", f"{len(BAD)} x {len(positions)}")


@pytest.mark.fault(
    "NaN, ±inf, None, text in place of a value", holds="best always finite; the next ask in bounds"
)
@pytest.mark.parametrize("bad", BAD, ids=str)
def test_returned(bad, figure):
    seen = []

    def func(x):
        assert inside(x)
        seen.append(x)
        return bad if len(seen) in (1, 2, 6) else bowl(x)

    with pytest.warns(RuntimeWarning, match="failed"):
        result = minimize(func, BOX, 8, rng=0)
    assert list(result.errors) == [0, 1, 5]
    assert math.isfinite(result.fun)
    figure(f"minimize, {bad}", "3 of 8 trials failed")


@pytest.mark.fault(
    "NaN, ±inf, None, text in place of a value", holds="best always finite; the next ask in bounds"
)
@pytest.mark.parametrize(
    "said", ["nan", "inf", "-inf", "", "text", "1 2", '{"value": null}', '{"value": 1e999}']
)
def test_printed(said, tmp_path, capsys, figure):
    from rnnbbo.cli.main import run_command

    script = tmp_path / "objective.sh"
    script.write_text(
        'echo >> "$2"\n'
        'case $(wc -l < "$2" | tr -d " ") in 1|2|6) printf "%s\\n" "$3";; *) echo "$1";; esac\n'
    )
    command = ["sh", str(script), "{x}", str(tmp_path / "count"), said.translate(BRACES)]
    options = ["-n", "8", "--seed", "0", "--param", "x=float:0:1", "--json"]
    assert run_command(["minimize", *options, "--", *command]) == 0
    result = json.loads(capsys.readouterr().out)
    trials = result["trials"]
    assert [i for i, trial in enumerate(trials) if trial["state"] == "failed"] == [0, 1, 5]
    points = [trial["x"]["x"] for trial in trials]
    assert all(0.0 <= x <= 1.0 for x in points)
    assert result["fun"] == min(points[i] for i in (2, 3, 4, 6, 7))
    figure(f"the command, {said!r}", "3 of 8 trials failed")


MASKED = "a masked value, in every interface"


@pytest.mark.fault(MASKED, holds="a failed trial, never the best")
@pytest.mark.parametrize("way", ["inline", "workers", "executor", "study"])
def test_masked(way, tmp_path, figure):
    def func(x):
        return np.ma.array([bowl(x)], mask=[x[0] < 0]).mean()

    options = {"workers": {"workers": 2}, "study": {"study": tmp_path / "run.db"}}.get(way, {})
    with ThreadPoolExecutor(2) as pool:
        options |= {"executor": pool} if way == "executor" else {}
        with pytest.warns(RuntimeWarning, match="masked"):
            result = minimize(func, BOX, 12, rng=0, policy="lstm-direct", **options)
    failed = [i for i, x in enumerate(result.x_iters) if x[0] < 0]
    assert failed
    assert list(result.errors) == failed
    assert result.fun == min(map(bowl, (x for x in result.x_iters if x[0] >= 0)))
    figure(f"minimize, {way}", f"{len(failed)} of 12 trials failed")


@pytest.mark.fault(MASKED, holds="a failed trial, never the best")
def test_masked_tells(figure):
    optimizer = Optimizer(BOX, policy="lstm-direct", rng=0)
    points = optimizer.ask(n_points=4)
    optimizer.tell(points[0], np.ma.masked)
    optimizer.tell(points[1:3], np.ma.array([0.0, 2.0], mask=[True, False]))
    optimizer.tell([points[3]], [np.ma.masked])
    assert [math.isnan(y) for y in optimizer.yi] == [True, True, False, True]
    assert optimizer.result().fun == 2.0
    many = minimize_many(
        lambda x: np.ma.array(x.sum(1), mask=[True, False]), BOX, 2, 3, policy="dnc-direct"
    )
    assert np.isinf(many.func_vals[0]).all()
    assert np.isfinite(many.func_vals[1]).all()
    figure("ask and tell, minimize_many", "6 of 10 values masked, all failed")


class Silent:
    """Raises where it is shown."""

    def __repr__(self):
        raise RuntimeError("no")


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


ODD = {
    "a lone surrogate": lambda: ValueError("\udcff"),
    "escape codes": lambda: ValueError("\x1b[31m\x9b\x00"),
    "8 MB": lambda: ValueError("x" * 8_000_000),
    "a str that raises": type("Odd", (Exception,), {"__str__": Silent.__repr__}),
    "a repr that raises": Silent,
    "a million numbers": lambda: list(range(10**6)),
    "5,000 brackets": lambda: nested(5000),
    "a number of 5,000 digits": lambda: 10**5000,
}


@pytest.mark.fault(
    "odd texts and values of an objective", holds="a failed trial; short, escaped, kept by a study"
)
@pytest.mark.parametrize("way", ["inline", "workers", "executor"])
def test_odd_texts(way, tmp_path, figure):
    odd = list(ODD.values())
    seen = tmp_path / "seen"
    seen.write_text("")

    def func(x):
        with seen.open("a") as file:
            file.write("x")
        what = odd[seen.stat().st_size % len(odd)]()
        if isinstance(what, Exception):
            raise what
        return what

    options = {"workers": 1} if way == "workers" else {}
    options |= {"policy": "lstm-direct", "study": tmp_path / "run.db"}
    with ThreadPoolExecutor(1) as pool:
        options |= {"executor": pool} if way == "executor" else {}
        with pytest.warns(RuntimeWarning, match="failed"):
            result = minimize(func, BOX, len(odd), rng=0, **options)
    with Study(tmp_path / "run.db", resume=True) as study:
        errors = [trial.error for trial in study.told()]
    assert errors == list(result.errors.values())
    assert len(errors) == len(odd)
    assert all(error.isprintable() and len(error) <= 1000 for error in errors)
    figure(way, f"{len(odd)} failed trials, {max(map(len, errors))} characters at most")


@pytest.mark.fault("30 % random exceptions", holds="the run completes, failures counted")
@pytest.mark.parametrize("n_calls", [40, slow(300)])
@pytest.mark.parametrize("workers", [None, 2])
def test_exceptions(n_calls, workers, figure):
    def func(x):
        if random.Random(repr(x)).random() < 0.3:
            raise OSError("the licence server is down")
        return bowl(x)

    with pytest.warns(RuntimeWarning, match="licence server"):
        result = minimize(func, BOX, n_calls, rng=0, workers=workers)
    failed = [random.Random(repr(x)).random() < 0.3 for x in result.x_iters]
    assert (result.nfev, result.n_failed) == (n_calls, sum(failed))
    assert list(result.errors) == [i for i, bad in enumerate(failed) if bad]
    assert result.fun == min(
        map(bowl, (x for x, bad in zip(result.x_iters, failed, strict=True) if not bad))
    )
    figure(f"workers={workers}", f"{result.n_failed} of {n_calls} failed")


@pytest.mark.fault("30 % random exceptions", holds="the run completes, failures counted")
def test_failing_program(tmp_path, capsys, figure):
    from rnnbbo.cli.main import run_command

    script = tmp_path / "flaky.py"
    script.write_text(
        "import random, sys\n"
        "sys.exit(3) if random.Random(sys.argv[1]).random() < 0.3 else print(sys.argv[1])\n"
    )
    command = [sys.executable, str(script), "{x}"]
    code = run_command(
        ["minimize", "-n", "30", "--seed", "0", "--param", "x=float:0:1", "--json", "--", *command]
    )
    result = json.loads(capsys.readouterr().out)
    assert code == 0
    failed = [trial for trial in result["trials"] if trial["state"] == "failed"]
    assert result["n_trials"] == 30
    assert result["n_failed"] == len(failed) > 0
    assert all(random.Random(repr(trial["x"]["x"])).random() < 0.3 for trial in failed)
    figure("program", f"{len(failed)} of 30 failed")


WRONG = [
    ([1.0], 0.0, PointError, "of 1 values; expected 6"),
    ([0.0] * 7, 0.0, PointError, "of 7 values; expected 6"),
    ([99.0] + [0.0] * 5, 0.0, PointError, "x0 = 99.0"),
    (["a"] + [0.0] * 5, 0.0, PointError, "x0 = 'a'"),
    ([0.0] * 5 + [math.nan], 0.0, PointError, "x5 = nan"),
    (3.0, 0.0, PointError, "expected a list of 6 values"),
    ([0.0] * 6, "low", ObservationError, "y = 'low'; expected a number"),
    ([0.0] * 6, True, ObservationError, "y = True"),
    ([0.0] * 6, 1j, ObservationError, "y = 1j"),
    ([0.0] * 6, 10**400, ObservationError, "expected a number"),
    ([[0.0] * 6], [0.0, 1.0], PointError, "2 values for 1 points"),
    ([[0.0] * 6, [0.5] * 6], [0.0, "x"], ObservationError, "y = 'x'"),
]


@pytest.mark.fault("wrong dimension or type, out of bounds", holds="a named error; state unchanged")
@pytest.mark.parametrize("policy", POLICIES)
def test_wrong_tells(policy, figure):
    optimizer, undisturbed = (Optimizer(BOX, policy=policy, rng=0) for _ in range(2))
    for x, y, error, words in WRONG:
        for one in (optimizer, undisturbed):
            point = one.ask()
            one.tell(point, bowl(point))
        with pytest.raises(error, match=words):
            optimizer.tell(x, y)
        with pytest.raises(PointError):
            optimizer.add_pending([2.0] * 6)
        assert optimizer.Xi == undisturbed.Xi
    assert optimizer.ask() == undisturbed.ask()
    figure(policy, f"{len(WRONG)} wrong tells refused")
