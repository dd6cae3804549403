"""What a page says and shows of a study."""

import json
import math
import time
from pathlib import Path

import numpy as np
import pytest

from rnnbbo import Study
from rnnbbo.study.observer import StudyObserver
from rnnbbo.webpage.model_view import ModelView
from rnnbbo.webpage.page_content import page_content, status_text
from rnnbbo.webpage.parallel_chart import parallel_chart
from rnnbbo.webpage.run_answer import make_run_answer
from rnnbbo.webpage.run_facts import RunFacts
from rnnbbo.webpage.time_line import time_line_chart
from rnnbbo.webpage.trial_table import trial_table
from rnnbbo.webpage.value_charts import convergence_chart


def study_of(path: Path, values: list, space=((0.0, 1.0), ("a", "b")), **more) -> Study:
    study = Study(path, list(space), rng=0, policy="kernel", **more)
    rng = np.random.default_rng(0)
    points = [study.space.from_cube(rng.random(study.space.cube_dim)) for _ in values]
    for x, value in zip(points, values, strict=True):
        study.add(x, value)
    return study


def facts_of(path: Path, values: list, **more) -> RunFacts:
    study_of(path, values, **more).close()
    return RunFacts(StudyObserver(path).look())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "my run.db"


def words(answer) -> str:
    return json.dumps(answer.document)


def test_the_answer_names_the_best_point_and_how_long_it_stands(path):
    facts = facts_of(path, [3.0, 1.0, 2.0])
    answer = make_run_answer(facts, None)
    assert (
        answer.headline == "Take the point of trial 1: its value, 1, is the smallest of 3 trials:"
    )
    assert [name for name, _ in answer.point] == ["x0", "x1"]
    assert answer.sure == ["1 trial has come since, and none was better."]
    assert "3 values are few for 2 parameters: less than 5 of each." in answer.limits
    assert answer.further[-1] == f"$ rnnbbo study ask '{path}' -n 8"


def test_the_answer_of_a_maximisation_is_the_largest(path):
    answer = make_run_answer(facts_of(path, [3.0, 1.0], maximize=True), None)
    assert answer.headline == "Take the point of trial 0: its value, 3, is the largest of 2 trials:"


def test_without_a_success_the_failures_are_the_answer(path):
    answer = make_run_answer(facts_of(path, [math.nan, math.nan]), None)
    assert answer.headline == "None of 2 trials has succeeded."
    assert answer.limits[0].startswith("2 of 2 trials failed, all with:")


def test_before_any_value_there_is_a_way_to_begin(path):
    answer = make_run_answer(facts_of(path, []), None)
    assert answer.headline == "Nothing was told yet."
    assert answer.further


def test_a_bound_is_named_with_what_to_do(path):
    with Study(path, [(0.0, 1.0), (1, 9)], rng=0, policy="kernel") as study:
        study.add([[1.0, 5], [0.5, 4]], [0.0, 1.0])
    answer = make_run_answer(RunFacts(StudyObserver(path).look()), None)
    assert answer.limits[0] == "x0 is at its upper bound, 1: a better point may lie beyond."
    assert f"--from-study '{path}'" in answer.further[0]
    assert "x1" not in words(answer).partition("limits")[2]


def test_while_nothing_is_feasible_the_nearest_is_said_to_be_that(path):
    with Study(path, [(0.0, 1.0)], rng=0, policy="kernel") as study:
        for x, own in ((0.2, 3.0), (0.6, 0.5)):
            study.add([x], 1.0, constraints={"mem": own})
    answer = make_run_answer(RunFacts(StudyObserver(path).look()), None)
    assert answer.headline.startswith(
        "No trial meets all constraints yet. Nearest to it is trial 1"
    )
    assert (
        "Constraint mem: not met here (0.5, at most 0 is met), and not met in 2 of 2 trials."
        in (answer.limits)
    )


def test_what_the_model_knows_is_said_where_it_is_of_the_same_best_trial(path):
    facts = facts_of(path, [3.0, 1.0, 2.0, 1.5])
    model = ModelView(4, 1, 3, 1.2, 0.31, 1e-5, ["outliers"], [1.1, 1.3])
    answer = make_run_answer(facts, model)
    assert answer.number == 3
    assert "without noise its value is probably 1.2" in answer.headline
    assert "between 1.1 and 1.3" in words(answer)
    assert "differs by about 0.31" in words(answer)
    assert "Measure this point again" in words(answer)
    of_another = ModelView(2, 0, 3, 1.2, 0.31, 1e-5, [], [1.1, 1.3])
    assert make_run_answer(facts, of_another).number == 1


def test_a_value_that_the_model_does_not_believe_is_not_called_free_of_noise(path):
    facts = facts_of(path, [3.0, 1.0, 2.0, 1.5])
    within = make_run_answer(facts, ModelView(4, 1, gain_left=0.1, band=[0.9, 1.1]))
    assert "No noise shows in the values." in within.sure
    outside = make_run_answer(facts, ModelView(4, 1, gain_left=0.1, band=[1.2, 1.4]))
    assert "No noise" not in words(outside)
    assert "The value told lies outside of that: a part of it is probably noise." in outside.sure
    assert "Measure this point again" in words(outside)
    narrow = make_run_answer(facts, ModelView(4, 1, gain_left=0.1, band=[1.0 - 1e-9, 1.0 + 1e-9]))
    assert "at 1, to within 1e-09" in words(narrow)


def test_a_search_that_has_converged_says_stop(path):
    facts = facts_of(path, [5.0, 4.0, 0.0, *np.linspace(1.0, 3.0, 12).tolist()])
    model = ModelView(15, 2, gain_left=1e-6)
    assert make_run_answer(facts, model).further == [
        "Stop here: little more is expected to be gained in this space."
    ]
    more = make_run_answer(facts, ModelView(15, 2, gain_left=1.0)).further
    assert more[0] == "Go on: better values are expected."


def test_several_objectives_have_a_front_and_a_compromise(path):
    values = [[0.0, 4.0], [1.0, 1.0], [4.0, 0.0], [5.0, 5.0]]
    facts = facts_of(path, values, directions=("minimize", "minimize"))
    answer = make_run_answer(facts, None)
    assert "the front has 3 points" in answer.headline
    assert "trial 1, with value_1 = 1, value_2 = 1" in answer.headline
    content = page_content(facts.view, None, time.time())
    assert [part["id"] for part in content["parts"]] == ["convergence", "parallel", "front"]
    (front,) = (part for part in content["parts"] if part["id"] == "front")
    traces = {trace["name"]: trace for trace in front["charts"][0]["data"]}
    assert (traces["front"]["x"], traces["front"]["y"]) == ([0.0, 1.0, 4.0], [4.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("values", "kind"), [([1e-6, 1.0, 1e3], "log"), ([-1.0, 0.5, 1e3], "linear")]
)
def test_a_logarithmic_axis_where_it_helps_and_can_be(path, values, kind):
    chart = convergence_chart(facts_of(path, values))
    assert chart.layout["yaxis"]["type"] == kind
    assert chart.log is (kind == "log")


def test_failures_are_marked_and_the_best_so_far_steps(path):
    chart = convergence_chart(facts_of(path, [3.0, math.nan, 1.0, 2.0]))
    traces = {trace["name"]: trace for trace in chart.data}
    assert traces["failed"]["x"] == [2.0]
    assert traces["failed"]["marker"]["symbol"] == "x"
    assert (traces["best so far"]["x"], traces["best so far"]["y"]) == (
        [1.0, 3.0, 4.0],
        [3.0, 1.0, 1.0],
    )


def test_values_far_off_leave_room_for_the_others(path):
    values = [*np.linspace(-1.0, 1.0, 20).tolist(), 1e6]
    chart = convergence_chart(facts_of(path, values))
    assert chart.layout["yaxis"]["range"][1] < 10.0
    assert chart.note.startswith("1 values far above the others are outside")


def test_of_ten_thousand_trials_some_are_drawn_and_all_are_in_the_table(path):
    rng = np.random.default_rng(0)
    facts = facts_of(path, [])
    values = rng.random(10_000)
    from dataclasses import replace

    from rnnbbo.study.store import Span
    from rnnbbo.trial import Outcome, Trial

    told = [
        Trial(i, [float(u), "a"], Outcome(float(v)), params={"x0": float(u), "x1": "a"})
        for i, (u, v) in enumerate(zip(rng.random(10_000), values, strict=True))
    ]
    spans = {i: Span(None, None, None) for i in range(10_000)}
    large = RunFacts(replace(facts.view, told=told, spans=spans))
    chart = convergence_chart(large)
    steps = next(trace for trace in chart.data if trace["name"] == "best so far")
    improved = np.flatnonzero(np.diff(np.minimum.accumulate(values), prepend=np.inf) < 0.0) + 1
    assert steps["x"][:-1] == improved.tolist()
    assert "of 10,000 trials are drawn" in chart.note
    assert sum(len(trace["x"]) for trace in chart.data) < 2_200
    parallel = parallel_chart(large)
    assert int(values.argmin()) in parallel.layout["meta"]["rows"]
    assert len(trial_table(large)["columns"][0]["values"]) == 10_000


def test_inactive_parameters_lie_below_their_axis_and_categories_have_their_names(hostile_study):
    facts = RunFacts(StudyObserver(hostile_study).look())
    chart = parallel_chart(facts)
    axes = chart.data[0]["dimensions"]
    share = axes[3]
    assert share["ticktext"][0] == "inactive"
    rows = chart.layout["meta"]["rows"]
    for height, row in zip(share["values"], rows, strict=True):
        assert (height < 0.0) == (facts.view.told[row].x[3] is None)
    assert axes[2]["ticktext"] == ["plain", "<u>under</u>", "a & b", "1e5"]
    assert axes[2]["label"].startswith("&lt;b title=")
    assert axes[-1]["ticktext"] == ["no", "yes"]


def test_the_time_line_has_a_lane_for_what_is_evaluated_at_once(path):
    study = Study(path, [(0.0, 1.0)], rng=0, policy="lstm")
    first, second = study.ask(), study.ask()
    study.tell(first, 1.0)
    study.tell(second, None, error="gone")
    study.ask()
    view = StudyObserver(path).look()
    study.close()
    chart = time_line_chart(RunFacts(view), time.time())
    assert len(chart.layout["yaxis"]["ticktext"]) == 2
    assert {trace["name"] for trace in chart.data} == {"evaluated", "failed", "running"}
    assert "process" in chart.layout["yaxis"]["ticktext"][0]


def test_who_is_dead_is_not_at_work_for_ever(path):
    study = Study(path, [(0.0, 1.0)], rng=0, policy="lstm")
    study.ask()
    view = StudyObserver(path).look()
    study.close()
    beat = view.participants[0].beat
    assert status_text(view, beat + 1.0) == "0 trials told, 1 running, 1 process at work."
    assert status_text(view, beat + 3600.0) == "0 trials told, 1 running, nobody at work."
    chart = time_line_chart(RunFacts(view), beat + 3600.0)
    assert max(x for x in chart.data[0]["x"] if x is not None) < 60.0


def test_the_content_is_json(hostile_study):
    content = page_content(StudyObserver(hostile_study).look(), None, time.time())
    json.dumps(content, allow_nan=False)
    states = next(c for c in content["table"]["columns"] if c["name"] == "state")["values"]
    assert {"ok", "failed", "not feasible", "waiting"} == set(states)
