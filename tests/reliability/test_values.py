"""Objectives that fail, and calls that are wrong."""

import json
import math
import random
import sys

import pytest
from reliability_support import BOX, POLICIES, bowl, slow

from rnnbbo import Optimizer, minimize
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
