"""Cumulative regret, and the rules for bandits that it is compared with."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks.measures import cumulative_regret
from rnnbbo.benchmarks.measures.cumulative_regret import Key, compare, deviation, regrets_of
from rnnbbo.benchmarks.measures.registry import measure_command
from rnnbbo.functions.problem import Problem


@pytest.fixture
def line():
    return Problem("line", ((0.0, 12.0**0.5),), lambda x: x[..., 0], 0.0, ((0.0,),))


def test_the_deviation_is_that_over_the_cube(line):
    assert deviation(line) == pytest.approx(1.0, abs=0.02)  # of a uniform variable of that width


def test_regrets_are_without_noise_in_deviations(line):
    key = Key("line", "line", 0.5, "random", 0, 50)
    found = regrets_of(line, 2.0, key)
    assert found.shape == (50,)
    assert (found >= 0.0).all() and found.max() <= 12.0**0.5 / 2.0
    assert np.array_equal(found, regrets_of(line, 2.0, key._replace(noise=0.0)))  # random search


def test_a_table_has_our_regret_over_theirs():
    runs = {}
    for function in ("a", "b", "c"):
        key = Key("s", function, 0.1, "auto", 0, 2)
        runs[key] = np.array([1.0, 1.0])
        runs[key._replace(method="gp-ucb")] = np.array([2.0, 2.0])
    (one,) = compare(runs, ["auto", "gp-ucb"], [1, 2])
    texts = [[cell.text for cell in row] for row in one.tables[0].rows]
    assert texts[0] == ["s", "auto", "1.00 (n = 3)", "2.00 (n = 3)"]
    assert texts[1] == ["s", "gp-ucb", "2.00 (x0.50, 0.50 to 0.50)", "4.00 (x0.50, 0.50 to 0.50)"]


def test_a_stopped_measurement_goes_on_with_its_records(tmp_path, monkeypatch):
    records = tmp_path / "runs.jsonl"
    options = "--methods auto,random --suites gp-2d --functions 1 --n-calls 4 --at 4 --noise .1"
    command = [*options.split(), "--records", str(records)]
    first = CliRunner().invoke(measure_command("cumulative"), command, catch_exceptions=False)
    assert first.exit_code == 0
    assert [json.loads(one)["key"][3] for one in records.read_text().splitlines()] == [
        "auto",
        "random",
    ]
    monkeypatch.setattr(cumulative_regret, "regrets_of", None)  # nothing is run again
    again = CliRunner().invoke(measure_command("cumulative"), command, catch_exceptions=False)
    assert again.output == first.output


def test_gp_ucb_is_as_wide_as_its_authors_say():
    bandits = pytest.importorskip("rnnbbo.benchmarks.methods.botorch_bandits")
    by_hand = 2.0 * math.log(4 * 10**2 * math.pi**2 / 0.6) / 5.0
    assert bandits.beta(4, 10) == pytest.approx(by_hand)


@pytest.mark.parametrize("name", ["GPUCB", "GPThompson", "GPEI"])
def test_rules_for_bandits_find_a_valley_and_stay(name):
    bandits = pytest.importorskip("rnnbbo.benchmarks.methods.botorch_bandits")
    method, seen = getattr(bandits, name)(1, 12, 0), []
    for _ in range(12):
        x = method.ask()
        seen.append(float(x[0]))
        method.tell(x, 4.0 * (seen[-1] - 0.3) ** 2)
    assert all(0.0 <= x <= 1.0 for x in seen)
    assert min(abs(x - 0.3) for x in seen[5:]) < 0.1
