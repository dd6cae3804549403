"""Each point evaluated several times, and the mean told."""

import json
import math
import threading

import pytest

from rnnbbo import Study, minimize
from rnnbbo.cli.main import run_command
from rnnbbo.errors import ConfigError, TooManyFailuresError
from rnnbbo.evaluation.averaging import average, partly_failed
from rnnbbo.trial import Outcome, Trial

QUICK = {"policy": "lstm-direct", "rng": 3}
SPACE = [(-1.0, 2.0)]


def counting(values):
    """Return an objective with these values one after another, NaN for a failure."""
    left = iter(values)
    return lambda x: next(left)


@pytest.mark.parametrize("workers", [None, 2])
def test_the_mean_is_told(workers, tmp_path):
    calls = []
    func = counting([1.0, 2.0, 6.0, 4.0, 5.0, 9.0]) if workers is None else (lambda x: x[0] ** 2)
    path = tmp_path / "run.db"
    result = minimize(func, SPACE, 2, study=path, repeat=3, workers=workers, **QUICK)
    assert result.nfev == 2
    with Study(path, resume=True) as study:
        calls = [trial.outcome.info["values"] for trial in study.told()]
        points = [trial.x for trial in study.told()]
    if workers is None:
        assert list(result.func_vals) == [3.0, 6.0]
        assert calls == [[1.0, 2.0, 6.0], [4.0, 5.0, 9.0]]
    else:
        assert calls == [[x**2] * 3 for (x,) in points]
        assert list(result.func_vals) == pytest.approx([x**2 for (x,) in points], rel=1e-15)


def test_it_proposes_what_the_means_alone_would():
    single = minimize(lambda x: x[0] ** 2, SPACE, 6, **QUICK)
    several = minimize(lambda x: x[0] ** 2, SPACE, 6, repeat=2, **QUICK)
    assert several.x_iters == single.x_iters


def test_an_executor_takes_repetitions_one_after_the_other():
    from concurrent.futures import ThreadPoolExecutor

    lock, running, seen = threading.Lock(), [], []

    def func(x):
        with lock:
            seen.append((tuple(x), tuple(x) in running))
            running.append(tuple(x))
        with lock:
            running.remove(tuple(x))
        return x[0]

    with ThreadPoolExecutor(2) as pool:
        result = minimize(func, SPACE, 5, executor=pool, workers=2, repeat=3, **QUICK)
    assert result.nfev == 5
    assert len(seen) == 15
    assert not any(twice for _, twice in seen)


def test_some_failures_leave_the_mean_of_the_others():
    with pytest.warns(RuntimeWarning, match="1 of 3 evaluations failed, and its value is the mean"):
        result = minimize(
            counting([1.0, math.nan, 3.0, 4.0, 5.0, math.nan]), SPACE, 2, repeat=3, **QUICK
        )
    assert list(result.func_vals) == [2.0, 4.5]
    assert result.n_failed == 0


def test_a_trial_fails_if_all_of_its_evaluations_do():
    func = counting([1.0, 1.0, math.nan, math.nan, math.nan, math.nan])
    with pytest.warns(RuntimeWarning), pytest.raises(TooManyFailuresError) as hit:
        minimize(func, SPACE, 9, repeat=2, max_failures=1, **QUICK)
    assert hit.value.result.errors[1].startswith("all 2 evaluations failed; the last one: ")
    assert hit.value.result.n_failed == 2


def test_what_is_kept_of_the_single_evaluations():
    one, two = Outcome(1.0, info={"epochs": 3}, seconds=1.0), Outcome(2.0, seconds=2.0)
    failed = Outcome(error="lost", stderr="why", seconds=0.5)
    mean = average([one, failed, two])
    assert (mean.value, mean.error, mean.seconds) == (1.5, None, 3.5)
    assert mean.info == {
        "values": [1.0, None, 2.0],
        "errors": [None, "lost", None],
        "infos": [{"epochs": 3}, {}, {}],
    }
    assert partly_failed(Trial(0, [], mean)).startswith("1 of 3 evaluations failed")
    assert partly_failed(Trial(0, [], average([one, two]))) is None
    lost = average([failed, failed])
    assert (lost.error, lost.stderr) == ("all 2 evaluations failed; the last one: lost", "why")
    assert math.isnan(lost.value)
    assert partly_failed(Trial(0, [], lost)) is None
    assert average([Outcome(1.0), Outcome(2.0, seconds=1.0)]).seconds is None
    assert average([Outcome(1.6e308), Outcome(1.6e308)]).value == 1.6e308


@pytest.mark.parametrize("repeat", [0, 1.5, True])
def test_wrong_numbers(repeat):
    with pytest.raises(ConfigError, match=f"repeat = {repeat}; expected an integer of at least 1"):
        minimize(lambda x: x[0], SPACE, 3, repeat=repeat, **QUICK)


def test_a_program_knows_its_repetition_and_has_a_seed_for_each(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    script = 'echo "$RNNBBO_TRIAL $RNNBBO_REPEAT $RNNBBO_SEED" >> seen; echo {a}'
    options = ["-p", "a=float:0:1", "--policy", "lstm-direct", "--seed", "4", "--study", "run.db"]
    command = ["minimize", *options, "-n", "2", "--repeat", "2", "--", "sh", "-c", script]
    assert run_command(command) == 0
    assert "each point is evaluated 2 times" in capsys.readouterr().err
    assert run_command(["resume", "run.db", "-n", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [len(trial["info"]["values"]) for trial in document["trials"]] == [2, 2, 2]
    rows = [line.split() for line in (tmp_path / "seen").read_text().splitlines()]
    assert [row[:2] for row in rows] == [[str(i), str(k)] for i in range(3) for k in range(2)]
    assert len({row[2] for row in rows}) == 6
    # The first has the seed of a trial that is evaluated once.
    (tmp_path / "seen").unlink()
    once = ["minimize", *options[:-2], "-n", "1", "--", "sh", "-c", script]
    assert run_command(once) == 0
    assert (tmp_path / "seen").read_text().split() == rows[0]
