from pathlib import Path

import pytest

from rnnbbo.benchmarks import Comparison, Plan
from rnnbbo.benchmarks.plan import load_plan, planned_runs, shipped_plans
from rnnbbo.errors import ConfigError


def test_shipped_plans_are_valid_and_say_what_they_are_for() -> None:
    assert {"quick", "full"} <= set(shipped_plans())
    for name in shipped_plans():
        plan = load_plan(name)
        assert plan.about
        assert plan.split == "test"
        assert planned_runs(plan)


def test_tasks_are_every_combination_once() -> None:
    plan = Plan(
        [
            Comparison(["gp-2d", "classic"], ["random", "cma"], budget=5, functions=3, seeds=2),
            Comparison(["gp-2d"], ["random", "tpe"], budget=5, functions=4),
        ]
    )
    made = [planned.key for planned in planned_runs(plan)]
    assert len(made) == len(set(made)) == 2 * 3 * 2 * 2 + 4 + 1
    assert plan.methods == ("random", "cma", "tpe")
    assert plan.suites == ("gp-2d", "classic")


def test_a_stopped_plan_is_an_even_sample() -> None:
    compare = Comparison(["gp-2d", "gp-4d"], ["random", "cma"], budget=5, functions=3, seeds=2)
    made = [planned.key for planned in planned_runs(Plan([compare]))]
    assert {(key.suite, key.method) for key in made[:4]} == {
        (suite, method) for suite in compare.suites for method in compare.methods
    }
    assert [key.seed for key in made] == sorted(key.seed for key in made)


def test_one_run_with_two_budgets_is_refused() -> None:
    compare = [Comparison(["gp-2d"], ["random"], budget=n) for n in (5, 6)]
    with pytest.raises(ConfigError, match=r"compare\.budget = 5 and 6 for gp-2d"):
        planned_runs(Plan(compare))


def test_splits_are_named_apart() -> None:
    compare = [Comparison(["gp-2d"], ["random"], budget=5, functions=2)]
    tune = {planned.key for planned in planned_runs(Plan(compare, split="tune"))}
    assert {key.suite for key in tune} == {"gp-2d-tune"}
    assert not {key.function for key in tune} & {
        planned.key.function for planned in planned_runs(Plan(compare))
    }


FINE = '[[compare]]\nsuites = ["gp-2d"]\nmethods = ["random"]\nbudget = 5\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "compare"),
        ("compare = []", "at least one table"),
        ("split = 'train'\n" + FINE, "split = 'train'; expected one of test, tune"),
        ("time_limit = 0\n" + FINE, "time_limit = 0; expected a number of seconds"),
        ("speed = 1\n" + FINE, "speed"),
        (FINE.replace("gp-2d", "gp-2"), "compare.suites = ['gp-2']; expected some of .*gp-2d"),
        (FINE.replace("5", "0"), "compare.budget = 0; expected an integer >= 1"),
        (FINE.replace("5", "true"), "compare.budget"),
        (FINE.replace('["random"]', '"random"'), "compare.methods"),
        (FINE + "seeds = 1.5\n", "compare.seeds = 1.5; expected an integer >= 1"),
        (FINE + "seed = 1\n", "seed"),
        ("[[compare", "not TOML"),
        ("about = " + "[" * 1200 + "]" * 1200, "brackets nest too deep"),
        ("about = " + "9" * 5000, "not TOML"),
        ("time_limit = inf\n" + FINE, "time_limit = inf; expected a number of seconds"),
        ("time_limit = 1" + "0" * 400 + "\n" + FINE, "expected a number of seconds"),
        ("split = ['tune']\n" + FINE, "split = ['tune']; expected one of test, tune"),
        ('"a\\u001b" = 1\n' + FINE, "unknown key plan.a.x1b"),
    ],
)
def test_malformed_plans_are_refused(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=expected.replace("[", r"\[")):
        load_plan(path)


def test_a_missing_plan_is_refused_with_the_names_of_those_that_ship() -> None:
    with pytest.raises(ConfigError, match=r"'speedy'.*quick"):
        load_plan("speedy")
