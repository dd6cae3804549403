"""The callback for MLflow, with a store in a file, and with a server that is not there."""

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    mlflow = pytest.importorskip("mlflow", minversion="3")

from mlflow.exceptions import MlflowException

import rnnbbo
from rnnbbo import Study, minimize
from rnnbbo.errors import ConfigError
from rnnbbo.integrations.mlflow import MlflowCallback
from rnnbbo.integrations.mlflow.accepted_names import LONGEST_PARAM, clean_names
from rnnbbo.trial import Outcome


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store whose tables are made once, and an experiment whose artefacts lie beside it."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    client = mlflow.MlflowClient(uri)
    client.create_experiment("tests", artifact_location=(folder / "artefacts").as_uri())
    return uri


@pytest.fixture
def client(uri: str) -> Any:
    return mlflow.MlflowClient(uri)


def children(client: Any, run_id: str) -> list[Any]:
    place = client.get_run(run_id).info.experiment_id
    runs = client.search_runs([place], f"tags.mlflow.parentRunId = '{run_id}'")
    return sorted(runs, key=lambda run: int(run.data.tags["rnnbbo.trial"]))


def history(client: Any, run_id: str, metric: str) -> list[tuple[int, float]]:
    return [(one.step, one.value) for one in client.get_metric_history(run_id, metric)]


def artefact(client: Any, run_id: str, folder: Path) -> Any:
    return json.loads(Path(client.download_artifacts(run_id, "result.json", folder)).read_text())


def objective(x: float, k: str) -> float:
    if x > 0.6:
        raise RuntimeError("diverged")
    return (x - 0.3) ** 2 + (k == "b")


SPACE = {"x": (0.0, 1.0), "k": ["a", "b"]}


def test_a_run_with_a_nested_run_for_each_trial(uri: str, client: Any, tmp_path: Path) -> None:
    known = {"x0": [[0.9, "a"], [0.5, "b"]]}
    with (
        pytest.warns(RuntimeWarning, match="diverged"),
        MlflowCallback(uri, experiment="tests", run_name="bowl", tags={"team": "a"}) as log,
    ):
        result = minimize(objective, SPACE, n_calls=6, rng=0, callback=log, **known)
    assert log.run_id is not None
    run = client.get_run(log.run_id)
    assert (run.info.run_name, run.info.status) == ("bowl", "FINISHED")
    assert run.data.tags["team"] == "a"
    assert run.data.tags["best.x"] == str(result.x[0])
    # Each value has the step of its trial; that of a failed one is missing.
    values = enumerate(result.func_vals.tolist())
    assert history(client, log.run_id, "value") == [one for one in values if np.isfinite(one[1])]
    best = np.minimum.accumulate(result.func_vals)
    assert history(client, log.run_id, "best") == [*enumerate(best.tolist())][1:]
    trials = children(client, log.run_id)
    assert [run.info.status for run in trials] == [
        "FINISHED" if np.isfinite(value) else "FAILED" for value in result.func_vals
    ]
    assert [run.data.params for run in trials] == [{"x": str(x), "k": k} for x, k in result.x_iters]
    assert trials[0].data.tags["rnnbbo.error"] == "RuntimeError: diverged"
    assert trials[0].data.metrics == {}
    assert trials[1].data.metrics == {"value": result.func_vals[1]}
    found = artefact(client, log.run_id, tmp_path)
    assert found["fun"] == result.fun
    assert found["trials"][0] == {
        "x": {"x": 0.9, "k": "a"},
        "value": None,
        "error": "RuntimeError: diverged",
    }
    assert len(found["trials"]) == 6


def test_the_metrics_alone(uri: str, client: Any) -> None:
    with MlflowCallback(uri, experiment="tests", nested=False) as log:
        minimize(lambda x: x[0], [(0.0, 1.0)], n_calls=3, rng=0, callback=log)
    assert children(client, log.run_id) == []
    assert len(history(client, log.run_id, "value")) == 3


def test_a_study_goes_on_in_its_run_and_nothing_is_logged_twice(
    uri: str, client: Any, tmp_path: Path
) -> None:
    file = tmp_path / "run.db"
    first = MlflowCallback(uri, experiment="tests")
    with Study(file, [(0.0, 1.0)], rng=0, maximize=True) as study:
        for value in (1.0, 3.0):
            study.tell(study.ask(), value)
            first(study)
    assert client.get_run(first.run_id).info.status == "RUNNING"
    with MlflowCallback(uri, run_id=first.run_id) as log:
        minimize(
            lambda x: 2.0, [(0.0, 1.0)], 4, study=file, resume=True, maximize=True, callback=log
        )
    assert log.n_logged == 4
    steps = [(0, 1.0), (1, 3.0), (2, 2.0), (3, 2.0)]
    assert history(client, log.run_id, "value") == steps
    assert history(client, log.run_id, "best") == [(0, 1.0), (1, 3.0), (2, 3.0), (3, 3.0)]
    assert len(children(client, log.run_id)) == 4


def test_several_objectives_and_constraints(uri: str, client: Any) -> None:
    def both(x: list[float]) -> Outcome:
        limit = float("nan") if x[0] > 0.5 else x[0] - 0.4
        return Outcome([x[0], -x[0]], constraints={"at most [kg]": limit})

    with MlflowCallback(uri, experiment="tests") as log:
        result = minimize(both, [(0.0, 1.0)], 4, x0=[[0.2], [0.9]], rng=0, callback=log)
    name = "constraint.at most _kg_"
    low, high, *_ = children(client, log.run_id)
    assert low.data.metrics == {"value_1": 0.2, "value_2": -0.2, name: 0.2 - 0.4}
    # What is not finite is a tag: MLflow would make 1.8e308 of infinity.
    assert high.data.metrics == {"value_1": 0.9, "value_2": -0.9}
    assert high.data.tags[name] == "nan"
    assert history(client, log.run_id, "hypervolume")[-1] == (3, result.hypervolume)


def test_what_mlflow_does_with_values_and_names(uri: str, client: Any) -> None:
    run = client.create_run("0").info.run_id
    client.log_metric(run, "inf", float("inf"))
    assert client.get_run(run).data.metrics["inf"] == sys.float_info.max
    client.log_param(run, "p", 1)
    with pytest.raises(MlflowException, match="Changing param values"):
        client.log_param(run, "p", 1.0)
    for name in ("a[0]", "f(x)", "a=b", "a,b", "50%", "a//b", "../a", "", "x" * 300):
        with pytest.raises(MlflowException):
            client.log_param(run, name, 1)
    cleaned = clean_names(["a[0]", "f(x)", "a=b", "a,b", "50%", "a//b", "../a", "", "x" * 300])
    for name in cleaned.values():
        client.log_param(run, name, 1)


def test_names_stay_distinct() -> None:
    long = ["x" * 300, "x" * 300 + "y"]
    names = clean_names(["a[b", "a(b", "a_b", "lr", *long])
    assert names["lr"] == "lr"
    assert len(set(names.values())) == 6
    assert max(map(len, names.values())) <= 250


def test_a_long_value_is_cut_and_whole_in_the_artefact(
    uri: str, client: Any, tmp_path: Path
) -> None:
    text = "x" * (LONGEST_PARAM + 1000)
    with MlflowCallback(uri, experiment="tests") as log:
        minimize(lambda x: 1.0, [[text, "b"]], 1, x0=[[text]], rng=0, callback=log)
    (trial,) = children(client, log.run_id)
    assert len(trial.data.params["x0"]) == LONGEST_PARAM
    assert artefact(client, log.run_id, tmp_path)["x"] == {"x0": text}


def test_it_is_nested_in_the_active_run_and_leaves_it_alone(
    uri: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        mlflow.set_experiment("tests")
        with mlflow.start_run() as outer:
            with MlflowCallback() as log:
                minimize(lambda x: x[0], [(0.0, 1.0)], 1, rng=0, callback=log)
            assert mlflow.active_run().info.run_id == outer.info.run_id
        run = client.get_run(log.run_id)
        assert run.data.tags["mlflow.parentRunId"] == outer.info.run_id
        assert run.info.experiment_id == outer.info.experiment_id
        assert client.get_run(outer.info.run_id).data.metrics == {}
    finally:
        mlflow.set_tracking_uri(before)


def test_an_error_of_the_run_is_the_status_of_its_run(uri: str, client: Any) -> None:
    def interrupts(result: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), MlflowCallback(uri, experiment="tests") as log:
        minimize(lambda x: x[0], [(0.0, 1.0)], 5, rng=0, callback=[log, interrupts])
    assert client.get_run(log.run_id).info.status == "FAILED"
    assert history(client, log.run_id, "n_trials") == [(0, 1.0)]


def test_a_server_that_is_not_there_ends_nothing_and_is_warned_of_once() -> None:
    log = MlflowCallback("http://127.0.0.1:9")
    with pytest.warns(RuntimeWarning) as caught:
        result = minimize(lambda x: x[0] ** 2, [(-1.0, 1.0)], 4, rng=0, callback=log)
    said = [str(one.message) for one in caught]
    assert len([one for one in said if "nothing can be logged to MLflow" in one]) == 1
    assert len(result.x_iters) == 4
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ
    with pytest.warns(RuntimeWarning, match="MLflow lacks 4 of 4 trials"):
        log.end()


def test_what_is_missing_is_logged_when_the_server_answers_again(
    uri: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = MlflowCallback(uri, experiment="tests")
    real, calls = mlflow.MlflowClient.log_batch, []

    def fails_at_times(self: Any, *arguments: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:  # of the second trial that of the run, after its own
            raise ConnectionError("gone")
        return real(self, *arguments, **more)

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", fails_at_times)
    optimizer = rnnbbo.Optimizer([(0.0, 1.0)], rng=0)
    optimizer.tell([0.5], 3.0)
    log(optimizer.result())
    optimizer.tell([0.25], 1.0)
    with pytest.warns(RuntimeWarning, match="gone"):
        log(optimizer.result())
    optimizer.tell([0.75], 2.0)
    log(optimizer.result())  # too soon after the failure
    assert log.n_logged == 1
    log.end()
    assert history(client, log.run_id, "value") == [(0, 3.0), (1, 1.0), (2, 2.0)]
    # Of the trial that was logged in part no second run was made.
    assert [run.info.status for run in children(client, log.run_id)] == ["FINISHED"] * 3


@pytest.mark.parametrize(
    "arguments",
    [
        {"tracking_uri": ""},
        {"experiment": 3},
        {"run_name": ["a"]},
        {"run_id": b"a"},
        {"nested": 1},
        {"tags": ["a"]},
    ],
)
def test_arguments_are_refused_by_name(arguments: dict[str, Any]) -> None:
    (name,) = arguments
    with pytest.raises(ConfigError, match=re.escape(f"{name} = ")):
        MlflowCallback(**arguments)
    with pytest.raises(ConfigError, match="result = 3; expected a result, or a study"):
        MlflowCallback()(3)


SKINNY = """
import sys
for name in ("sqlalchemy", "alembic"):
    sys.modules[name] = None  # as mlflow-skinny alone comes
import warnings
from rnnbbo import minimize
from rnnbbo.integrations.mlflow import MlflowCallback
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    result = minimize(lambda x: x[0], [(0.0, 1.0)], 2, callback=MlflowCallback("sqlite:///m.db"))
print(len(result.x_iters), *(one.message for one in caught))
"""


def test_without_what_a_local_store_needs_the_run_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SKINNY],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(rnnbbo.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 nothing can be logged to MLflow: ")
