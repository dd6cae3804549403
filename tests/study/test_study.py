import json
import math
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rnnbbo import Optimizer, Space, Study, minimize
from rnnbbo.errors import (
    ConfigError,
    ObservationError,
    PointError,
    StudyError,
    TooManyFailuresError,
    TrialError,
)
from rnnbbo.study import StudyHistory, participants, schema
from rnnbbo.trial import Outcome

SPACE = [(-1.0, 1.0), (1e-3, 1e3, "log-uniform"), (1, 9), ("a", "b", None)]
QUICK = {"policy": "lstm-direct", "rng": 3}


def value(x):
    return x[0] ** 2 + abs(math.log10(x[1])) + x[2] + (x[3] == "a")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


def sql(path, statement, *values):
    with sqlite3.connect(path) as connection:
        rows = connection.execute(statement, values).fetchall()
    connection.close()
    return rows


def rewrite(path, table, change):
    """Change rows as the package does, with their checksums."""
    columns = schema.COLUMNS[table]
    rows = sql(path, f"SELECT {', '.join(columns)} FROM {table}")
    with sqlite3.connect(path) as connection:
        for row in rows:
            new = change(dict(zip(columns, row, strict=True)))
            schema.write_row(connection, table, [new[name] for name in columns])
    connection.close()


def advance(study, steps):
    for _ in range(steps):
        trial = study.ask()
        study.tell(trial, value(trial.x))


@pytest.mark.parametrize("policy", ["kernel", "dnc"])
def test_a_study_proposes_what_an_optimizer_does_also_after_it_was_closed(path, policy):
    optimizer = Optimizer(SPACE, policy=policy, rng=5)
    study = Study(path, SPACE, policy=policy, rng=5)
    for step in range(12):
        trial, x = study.ask(), optimizer.ask()
        assert trial.x == x
        assert trial.number == step
        y = math.nan if step == 4 else value(x)
        study.tell(trial, y)
        optimizer.tell(x, y)
        if step % 3 == 2:
            study.close()
            study = Study(path, resume=True)
    mine, theirs = study.result(), optimizer.result()
    assert mine.x_iters == theirs.x_iters
    np.testing.assert_array_equal(mine.func_vals, theirs.func_vals)
    assert (mine.x, mine.fun, mine.policy) == (theirs.x, theirs.fun, policy)
    assert list(mine.errors) == [4]
    assert (study.seed, study.policy_name, study.space) == (5, policy, Space(SPACE))
    study.close()


def test_trials_keep_what_was_told(path):
    with Study(path, SPACE, **QUICK) as study:
        first, second, third = study.ask(), study.ask(), study.ask()
        study.tell(second, 0.1 + 0.2, info={"epochs": 3}, seconds=1.5)
        study.tell(third.number, None, error="out of memory")
        study.add([0.5, 1.0, 2, None], np.float64(7.0))
        trials = study.trials()
    assert [trial.state for trial in trials] == ["running", "ok", "failed", "ok"]
    assert [trial.value for trial in trials] == [None, 0.1 + 0.2, None, 7.0]
    assert [trial.error for trial in trials] == [None, None, "out of memory", None]
    assert trials[1].outcome == Outcome(0.1 + 0.2, info={"epochs": 3}, seconds=1.5)
    assert trials[0].x == first.x
    assert trials[3].x == [0.5, 1.0, 2, None]
    with Study(path, resume=True) as study:
        assert [trial.number for trial in study.told()] == [1, 2, 3]
        assert study.trials()[0].state == "waiting"
        assert study.result().nfev == 2
        again = study.ask()
        assert (again.number, again.x) == (0, first.x)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda study: study.tell(7, 1.0), TrialError, "trial = 7; expected one of the study's 2"),
        (lambda study: study.tell(0, 1.0), TrialError, "told before, with the value 2.5"),
        (lambda study: study.tell(-1, 1.0), ConfigError, "trial = -1"),
        (lambda study: study.tell("1", 1.0), ConfigError, "trial = '1'"),
        (lambda study: study.tell(1, "text"), ObservationError, "y = 'text'"),
        (lambda study: study.add([0.0], 1.0), PointError, "expected 4"),
        (lambda study: study.add([0.0, 1.0, 2, "c"], 1.0), PointError, "'c'"),
        (lambda study: study.add([0.0, 1.0, 2, "a"], "text"), ObservationError, "y = 'text'"),
    ],
)
def test_wrong_calls_are_refused_and_change_nothing(path, call, error, words):
    with Study(path, SPACE, **QUICK) as study:
        study.tell(study.ask(), 2.5)
        study.ask()
        before = study.trials()
        with pytest.raises(error, match=words):
            call(study)
        assert study.trials() == before
        study.tell(1, 1.0)


def other(**changes):
    return {"dimensions": SPACE, **changes}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (other(dimensions=SPACE[:2]), r"it has 4 dimensions \(x0, x1, x2, x3\), not 2"),
        (other(dimensions=[(-1.0, 2.0), *SPACE[1:]]), r"x0 = Real\(-1.0, 1.0, 'uniform'\), not"),
        (other(dimensions=[*SPACE[:3], ("a", "b")]), r"Categorical\(\['a', 'b', None\]\), not"),
        (other(policy="lstm"), "another policy: 'lstm-direct', not 'lstm'"),
        (other(rng=4), "another seed: 3, not 4"),
    ],
)
def test_a_study_made_for_something_else_names_the_difference(path, wanted, words):
    Study(path, SPACE, **QUICK).close()
    with pytest.raises(StudyError, match=words):
        Study(path, **wanted, resume=True)
    Study(path, SPACE, **QUICK, resume=True).close()


def test_other_weights_of_the_same_name(path):
    Study(path, SPACE, **QUICK).close()
    rewrite(path, "study", lambda row: row | {"weights": "other"})
    words = "another version of the weights of 'lstm-direct'"
    with pytest.raises(StudyError, match=words):
        Study(path, SPACE, resume=True)
    with Study(path, resume=True) as study:  # to look at
        assert study.told() == []
        for call in (study.ask, study.recommend, study.result):
            with pytest.raises(StudyError, match=words):
                call()


def test_an_existing_study_is_not_overwritten(path):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 2)
    with pytest.raises(StudyError, match="already; expected a new one, or resume=True"):
        Study(path, SPACE, **QUICK)
    with Study(path, resume=True) as study:
        assert len(study.told()) == 2


def test_files_that_are_no_study(path):
    with pytest.raises(StudyError, match="there is no study"):
        Study(path, resume=True)
    with pytest.raises(StudyError, match="expected a space"):
        Study(path)
    path.write_text("x0,value\n" * 1000)
    for dimensions in (None, SPACE):
        with pytest.raises(StudyError, match="not a database"):
            Study(path, dimensions, resume=True)
    path.unlink()
    sql(path, "CREATE TABLE mine (x REAL)")
    with pytest.raises(StudyError, match="no study of rnnbbo"):
        Study(path, resume=True)
    assert sql(path, "PRAGMA journal_mode") == [("delete",)]  # left as it was
    with pytest.raises(StudyError, match="cannot be used"):
        Study(path.parent / "no" / "such" / "folder.db", SPACE)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///run.db", "expected the path alone, 'run.db'"),
        ("sqlite:////tmp/run.db", "expected the path alone, '/tmp/run.db'"),
        ("postgresql://me@host/db", "expected the path of a file"),
        ("sqlite://", "expected the path of a file"),
    ],
)
def test_the_url_of_another_library_is_no_path(url, words):
    with pytest.raises(StudyError, match=f"study = '{url}'; {words}"):
        Study(url, SPACE)


def test_a_result_says_who_proposed_and_why(path):
    alone = minimize(value, SPACE, 3, rng=0)
    kept = minimize(value, SPACE, 3, rng=0, study=path)
    assert kept.policy_why
    assert (kept.policy, kept.policy_why) == (alone.policy, alone.policy_why)
    with Study(path, resume=True) as study:
        assert study.policy_name == "auto"
        assert study.result().policy_why == alone.policy_why
    named = minimize(value, SPACE, 3, study=path.with_name("named.db"), **QUICK)
    assert (named.policy, named.policy_why) == ("lstm-direct", "")


def test_an_empty_file_becomes_a_study(path):
    path.touch()
    with pytest.raises(StudyError, match="is empty"):
        Study(path, resume=True)
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 1)


def test_categories_of_any_kind(path):
    space = [(len, sum, ("a", 1)), (0.5, 0.25, 2)]
    with Study(path, space, **QUICK) as study:
        trial = study.ask()
        assert trial.x[0] in space[0]
        study.tell(trial, 1.0)
    with Study(path, space, resume=True) as study:
        assert study.trials()[0].x == trial.x
        study.ask()
    # Without the categories themselves one can look, but not go on.
    with Study(path, resume=True) as study:
        assert isinstance(study.trials()[0].x[0], str)
        with pytest.raises(StudyError, match="expected dimensions="):
            study.ask()


def test_the_file_says_what_it_holds_without_this_package(path):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 3)
    (header,) = sql(path, "SELECT space, policy, seed FROM study")
    assert json.loads(header[0])[1] == {
        "name": "x1",
        "type": "Real",
        "low": 1e-3,
        "high": 1e3,
        "prior": "log-uniform",
    }
    assert header[1:] == ("lstm-direct", "3")
    places = sql(path, "SELECT asked, told FROM trial ORDER BY number")
    assert places == [(1, 2), (3, 4), (5, 6)]


# Several who work on one study.


def test_nobody_gets_what_another_one_evaluates(path):
    with Study(path, SPACE, **QUICK) as one, Study(path, resume=True) as two:
        trials = [study.ask() for study in (one, two, two, one)]
        assert [trial.number for trial in trials] == [0, 1, 2, 3]
        two.tell(trials[0], 1.0)  # who tells does not matter
        one.tell(trials[1], 2.0)
        alone = Optimizer(SPACE, **QUICK)
        for trial in trials:
            assert alone.ask() == trial.x
        alone.tell(trials[0].x, 1.0)
        alone.tell(trials[1].x, 2.0)
        assert two.ask().x == alone.ask()


def test_threads_share_a_study(path):
    with Study(path, SPACE, **QUICK) as study:

        def work(_):
            trial = study.ask()
            study.tell(trial, value(trial.x))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(40)))
        assert [trial.state for trial in study.trials()] == ["ok"] * 40
        assert len({str(trial.x) for trial in study.trials()}) == 40


DIES = """
import os, sys
from rnnbbo import Study
study = Study(sys.argv[1], resume=True)
print(study.ask().number, flush=True)
os.kill(os.getpid(), 9)
"""


def test_the_trial_of_a_killed_worker_is_given_out_again_at_once(path):
    with Study(path, SPACE, **QUICK) as study:
        mine = study.ask()
        dead = subprocess.run(
            [sys.executable, "-c", DIES, str(path)], capture_output=True, check=False
        )
        assert dead.stdout == b"1\n", dead.stderr
        assert dead.returncode == -9
        assert study.ask().number == 1
        study.tell(mine, 1.0)
        study.tell(1, 2.0)
        assert [trial.state for trial in study.trials()] == ["ok", "ok"]


@pytest.mark.parametrize(("silent_s", "given"), [(5.0, 1), (1000.0, 0)])
def test_heartbeats_of_other_machines(path, silent_s, given, monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(participants, "_place", lambda path: "elsewhere")
        far = Study(path, SPACE, **QUICK)
        theirs = far.ask()
    rewrite(path, "worker", lambda row: row | {"beat": row["beat"] - silent_s})
    with Study(path, resume=True) as study:
        assert study.ask().number == given
        # A late answer is taken, and the second one of a trial is one more value at its point.
        StudyHistory(far).finish(type(theirs)(0, theirs.x, Outcome(1.0)))
        if given == 0:
            StudyHistory(study).finish(type(theirs)(0, theirs.x, Outcome(3.0)))
            assert [trial.value for trial in study.told()] == [1.0, 3.0]
            assert study.result().nfev == 1
    far.close()


def test_a_heart_beats(path, monkeypatch):
    monkeypatch.setattr(participants, "BEAT_S", 0.01)
    with Study(path, SPACE, **QUICK) as study:
        study.ask()
        ((first,),) = sql(path, "SELECT beat FROM worker")
        waited = threading.Event()
        for _ in range(1000):
            waited.wait(0.01)
            if sql(path, "SELECT beat FROM worker") > [(first,)]:
                return
    pytest.fail("no heartbeat")


def test_what_is_dropped_is_given_back(path):
    study = Study(path, SPACE, **QUICK)
    assert study.ask().number == 0
    del study  # as a notebook does whose cell is run again
    with Study(path, resume=True) as study:
        assert study.ask().number == 0


def test_no_study_over_a_fork(path):
    study = Study(path, SPACE, **QUICK)
    trial = study.ask()

    def child(pipe):
        try:
            study.tell(trial, 1.0)
        except StudyError as error:
            pipe.send(str(error))
        study.close()
        os._exit(0)

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
    process.start()
    assert "before a fork; open it again" in ours.recv()
    process.join()
    study.tell(trial, 1.0)
    study.close()


# By minimize.


@pytest.mark.parametrize("first", [1, 7])
def test_a_run_that_was_resumed_equals_one_that_was_not(path, first):
    whole = minimize(value, SPACE, 15, rng=1)
    minimize(value, SPACE, first, rng=1, study=path)
    resumed = minimize(value, SPACE, 15, study=path, resume=True)
    assert resumed.x_iters == whole.x_iters
    assert resumed.nfev == 15
    done = minimize(lambda x: pytest.fail("evaluated"), SPACE, 15, study=path, resume=True)
    assert done.fun == whole.fun


def test_an_interrupted_evaluation_comes_first(path):
    seen = []

    def func(x):
        seen.append(x)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return value(x)

    with pytest.raises(KeyboardInterrupt) as hit:
        minimize(func, SPACE, 8, study=path, **QUICK)
    assert hit.value.result.nfev == 3
    result = minimize(func, SPACE, 8, study=path, resume=True)
    assert seen[4] == seen[3]
    assert result.x_iters == minimize(value, SPACE, 8, **QUICK).x_iters


def test_initial_points_and_known_values_are_taken_once(path):
    x0, x1 = [0.5, 1.0, 2, "a"], [0.25, 1.0, 3, "b"]
    result = minimize(value, SPACE, 3, x0=[x0, x1], study=path, **QUICK)
    assert result.x_iters[:2] == [x0, x1]
    assert result.x_iters == minimize(value, SPACE, 3, x0=[x0, x1], **QUICK).x_iters
    again = minimize(value, SPACE, 4, x0=[x0, x1], study=path, resume=True)
    assert again.x_iters[:3] == result.x_iters
    assert again.nfev == 4
    known = path.with_name("known.db")
    result = minimize(value, SPACE, 2, x0=[x0, x1], y0=[7.0, None], study=known, **QUICK)
    assert list(result.func_vals[:2]) == [7.0, math.inf]
    assert (len(result.x_iters), result.nfev) == (4, 2)


def test_failures_count_over_the_whole_study(path):
    def bad(x):
        raise ValueError("no")

    with pytest.warns(RuntimeWarning, match="no"):
        minimize(bad, SPACE, 3, study=path, **QUICK)
    with pytest.raises(TooManyFailuresError) as hit:
        minimize(bad, SPACE, 9, study=path, resume=True, max_failures=2)
    assert hit.value.result.n_failed == 3


def test_workers_and_a_study(path):
    result = minimize(value, SPACE, 20, study=path, workers=3, **QUICK)
    assert result.nfev == 20
    with Study(path, resume=True) as study:
        assert [trial.value for trial in study.trials()] == [value(t.x) for t in study.trials()]


def test_texts_of_any_kind_are_kept_safe(path):
    with Study(path, SPACE, **QUICK) as study:
        study.tell(
            study.ask(), math.nan, error="bad \udcff\x1b[31m", info={"a": object, 1: {"\udcff"}}
        )
        study.tell(study.ask(), np.ma.masked, info=[1, np.int64(2)])
        study.tell(study.ask(), [1.5], error=None, info={"curve": np.arange(3)})
        study.tell(study.ask(), 1.0, error=ValueError("diverged"))
    with Study(path, resume=True) as study:
        outcomes = [trial.outcome for trial in study.trials()]
    assert outcomes[0].error == r"bad \udcff\x1b[31m"
    assert outcomes[0].info == {"a": "<class 'object'>", "1": [r"\udcff"]}
    assert outcomes[1].error == "its value is masked; expected a finite number"
    assert outcomes[1].info == {"info": [1, 2]}
    assert (outcomes[2].value, outcomes[2].info) == (1.5, {"curve": [0, 1, 2]})
    assert outcomes[3].error == "ValueError: diverged"


def test_all_nans_are_one_category(path):
    for category in (math.nan, np.float64("nan"), np.float32("nan")):
        with Study(path, [(0.0, 1.0), (category, "median")], resume=True, **QUICK) as study:
            trial = study.ask()
            study.tell(trial, 1.0)
            assert trial.x[1] == "median" or math.isnan(trial.x[1])
    with Study(path, resume=True) as study:
        assert len(study.told()) == 3
    with pytest.raises(StudyError, match="another space"):
        Study(path, [(0.0, 1.0), (0.0, "median")], resume=True)
