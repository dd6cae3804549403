"""The sweeper for Hydra: overrides, jobs, and sweeps by the command line."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

pytest.importorskip("hydra")

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import OverrideParseException
from hydra.plugins.sweeper import Sweeper
from omegaconf import OmegaConf

from rnnbbo import Study
from rnnbbo.dimensions import Categorical, Integer, Ordinal, Real
from rnnbbo.errors import ConfigError, SpaceError, StudyError, TooManyFailuresError
from rnnbbo.integrations.hydra.overrides import read_overrides
from rnnbbo.integrations.hydra.sweep import RESULTS, Jobs, SweepSettings, run_sweep

ROOT = Path(__file__).parents[2]
DEFAULTS: dict[str, Any] = {
    "n_trials": 6,
    "n_jobs": 1,
    "direction": "minimize",
    "seed": 0,
    "policy": None,
    "study": None,
    "max_failures": None,
    "where": None,
    "params": None,
}


def swept(*arguments: str, where: Any = None, **params: str) -> Any:
    return read_overrides(params, arguments, where, None)


def dimension(sweep: str) -> Any:
    (found,) = swept(f"x={sweep}").space.dimensions
    return found


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [
        ("interval(1,10)", Real(1.0, 10.0, name="x")),
        ("float(interval(1,10))", Real(1.0, 10.0, name="x")),
        ("int(interval(1,10))", Integer(1, 10, name="x")),
        ("tag(log,interval(1e-5,1))", Real(1e-5, 1.0, "log-uniform", "x")),
        ("tag(log,int(interval(1,10)))", Integer(1, 10, "log-uniform", "x")),
        ("range(1,10)", Integer(1, 9, name="x")),
        ("tag(log,range(1,10))", Integer(1, 9, "log-uniform", "x")),
        ("range(1,10,3)", Integer(1, 7, name="x", step=3)),
        ("range(10,1,-3)", Integer(4, 10, name="x", step=3)),
        ("shuffle(range(1,5))", Integer(1, 4, name="x")),
        ("a,b", Categorical(["a", "b"], "x")),
        ("shuffle(c,a,b)", Categorical(["c", "a", "b"], "x")),
        (
            "a,null,true,2,[1,2],{y:3}",
            Categorical(["a", None, True, 2, [1, 2], {"y": 3}], "x"),
        ),
        ("tag(ordered,choice(16,32,64))", Ordinal([16, 32, 64], "x")),
    ],
)
def test_a_sweep_becomes_a_dimension(sweep: str, expected: Any) -> None:
    assert dimension(sweep) == expected


def test_a_range_of_floats_has_the_values_that_hydra_gives_it() -> None:
    # Its steps add up: the third value is not .3.
    (override,) = OverridesParser.create().parse_overrides(["x=range(0.1,0.5,0.1)"])
    given = list(override.sweep_string_iterator())
    found = swept("x=range(0.1,0.5,0.1)")
    assert given[2] == "0.30000000000000004"
    assert [found.overrides([value]) for value in found.space.dimensions[0].values] == [
        [f"x={text}"] for text in given
    ]


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ("interval(10,1)", "low = 10.0, high = 1.0; expected low < high"),
        ("interval(1,inf)", "high = inf; expected a finite number"),
        ("5,5", "5 twice"),
        ("1,1.0", "1.0 twice"),
        ("tag(log,interval(0,1))", "low"),
        ("tag(lgo,interval(1,2))", "tag = 'lgo'; expected 'log'"),
        ("tag(log,choice(1,2))", "tag = 'log'; expected 'log' for an interval"),
        ("range(5,5)", "without a value"),
        ("range(1,10,0)", "step = 0"),
        ("range(0.0,1.0,0.00001)", "more than 10000 floats"),
        ("tag(log,range(1,10,3))", "step"),
    ],
)
def test_what_has_no_form_is_refused_by_name(sweep: str, words: str) -> None:
    with pytest.raises(SpaceError) as error:
        swept("y=a,b", f"x={sweep}")
    assert words in str(error.value)
    assert f"x={sweep}" in str(error.value)


@pytest.mark.parametrize("sweep", ["choice(interval(0,1),interval(2,3))", "choice(a,null)"])
def test_some_choices_are_refused_by_hydra_itself(sweep: str) -> None:
    with pytest.raises(OverrideParseException, match="choice"):
        swept(f"x={sweep}")


def test_without_a_sweep_there_is_nothing_to_optimize() -> None:
    with pytest.raises(SpaceError, match="none of them a sweep"):
        swept("x=3", "+y=a")


def test_arguments_come_after_params_and_the_last_one_counts() -> None:
    found = swept("+b=int(interval(1,3))", "~c", "e@g=u,v", "d=3", a="interval(0,1)", d="x,y")
    assert found.space.names == ["a", "b", "e@g"]
    # What is fixed stays as it was written, also a deletion.
    assert found.overrides([0.25, 2, "v"]) == ["d=3", "~c", "a=0.25", "+b=2", "e@g=v"]
    assert swept("a=5", "b=1,2", a="interval(0,1)").space.names == ["b"]


@pytest.mark.parametrize("sweep", ["'a b',\"it's\",c", "[1,'a,b'],[2]", "null,true,2", "1e-3,2.5"])
def test_a_choice_comes_back_from_its_override_as_it_was(sweep: str) -> None:
    found = swept(f"x={sweep}")
    parser = OverridesParser.create()
    for value in found.space.dimensions[0].categories:
        (text,) = found.overrides([value])
        assert parser.parse_override(text).value() == value


def test_a_number_that_was_made_a_text_stays_one() -> None:
    (override,) = OverridesParser.create().parse_overrides(["x=str(1,2)"])
    assert list(override.sweep_string_iterator()) == ["1", "2"]  # numbers, to the job
    assert swept("x=str(1,2)").overrides(["2"]) == ["x='2'"]


def test_every_value_of_a_choice_is_tried_to_be_composed_before_the_first_job() -> None:
    probes = swept("a=x,y,z", "b=u,v", "c=interval(0,1)").probes()
    assert probes == [
        ["a=x", "b=u", "c=0.0"],
        ["a=y", "b=v", "c=0.0"],
        ["a=z", "b=v", "c=0.0"],
    ]


class Launcher:
    """Runs jobs as a launcher of Hydra does: what one raises is in what comes of it."""

    def __init__(self, job: Any) -> None:
        self._job = job
        self.batches: list[tuple[int, list[list[str]]]] = []

    def launch(self, job_overrides: Any, initial_job_idx: int) -> list[JobReturn]:
        self.batches.append((initial_job_idx, [list(one) for one in job_overrides]))
        return [self._run(one) for one in job_overrides]

    def _run(self, overrides: list[str]) -> JobReturn:
        values = yaml.safe_load("\n".join(one.replace("=", ": ", 1) for one in overrides))
        done = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
        try:
            done.return_value = self._job(**values)
        except Exception as error:
            done.status, done.return_value = JobStatus.FAILED, error
        return done


def sweep(job: Any, folder: Path, *arguments: str, **settings: Any) -> tuple[Any, Launcher]:
    launcher = Launcher(job)
    config = OmegaConf.create({"hydra": {"sweep": {"dir": str(folder)}}})
    result = run_sweep(
        SimpleNamespace(config_loader=None),
        config,
        Jobs(launcher, lambda batch: None),
        SweepSettings.of(**{**DEFAULTS, **settings}),
        arguments or ("x=interval(-1,1)",),
    )
    return result, launcher


def results(folder: Path) -> Any:
    return yaml.safe_load((folder / RESULTS).read_text())


def test_jobs_are_launched_in_batches_and_numbered_as_trials(tmp_path: Path) -> None:
    _, launcher = sweep(lambda x: x**2, tmp_path, n_trials=5, n_jobs=2)
    assert [(first, len(batch)) for first, batch in launcher.batches] == [(0, 2), (2, 2), (4, 1)]
    flat = [one for _, batch in launcher.batches for job in batch for one in job]
    assert len(set(flat)) == 5
    assert (tmp_path / "multirun.yaml").exists()


def test_the_best_is_written_in_the_form_of_other_sweepers(tmp_path: Path) -> None:
    result, _ = sweep(
        lambda x, k: -(x**2) + len(k),
        tmp_path,
        "x=interval(-1,1)",
        "k=a,bb",
        direction="maximize",
        n_trials=12,
    )
    found = results(tmp_path)
    assert found["name"] == "rnnbbo"
    assert found["best_params"] == result.best
    assert found["best_params"]["k"] == "bb"
    assert found["best_value"] == result.fun == max(result.func_vals)
    assert (found["n_trials"], found["n_failed"]) == (12, 0)


def test_a_failed_job_is_a_failed_trial(tmp_path: Path) -> None:
    def job(x: float) -> float:
        if x > 0:
            raise RuntimeError("diverged")
        return (x + 0.5) ** 2

    result, _ = sweep(job, tmp_path, n_trials=12)
    assert 0 < results(tmp_path)["n_failed"] == result.n_failed < 12
    assert set(result.errors.values()) == {"RuntimeError: diverged"}
    assert result.x[0] <= 0


def test_more_failures_than_are_allowed_end_the_sweep_with_its_results(tmp_path: Path) -> None:
    def job(x: float) -> float:
        return float("nan") if x != 0 else 1.0

    with pytest.raises(TooManyFailuresError, match=r"max_failures = 1; the last one: .*nan"):
        sweep(job, tmp_path, max_failures=1)
    assert results(tmp_path) == {
        "name": "rnnbbo",
        "best_params": {"x": 0.0},
        "best_value": 1.0,
        "n_trials": 3,
        "n_failed": 2,
    }


def test_a_sweep_of_which_every_job_fails_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(TooManyFailuresError, match="3 of 3 jobs failed; the last one: "):
        sweep(lambda x: "text", tmp_path, n_trials=3)
    assert results(tmp_path)["best_params"] is None


def test_several_objectives_have_solutions(tmp_path: Path) -> None:
    result, _ = sweep(lambda x: [x**2, x], tmp_path, direction=["minimize", "maximize"], n_trials=8)
    found = results(tmp_path)
    assert "best_params" not in found
    assert [one["values"] for one in found["solutions"]] == result.front.values.tolist()
    assert all(one["values"][0] == one["params"]["x"] ** 2 for one in found["solutions"])


def test_constraints_are_in_what_a_job_returns(tmp_path: Path) -> None:
    def job(x: float) -> dict[str, Any]:
        return {"value": x, "constraints": {"enough": 0.25 - x}}

    sweep(job, tmp_path, n_trials=15)
    found = results(tmp_path)
    assert found["feasible"] is True
    assert found["best_params"]["x"] >= 0.25
    assert found["constraints"]["enough"] <= 0


def test_known_constraints_hold_for_every_job(tmp_path: Path) -> None:
    result, _ = sweep(
        lambda **xs: sum(xs.values()),
        tmp_path,
        "model.a=interval(0,1)",
        "b=interval(0,1)",
        where=["`model.a` + b <= 1"],
        n_trials=8,
    )
    assert all(sum(x) <= 1 for x in result.x_iters)


def test_the_same_seed_is_the_same_sweep(tmp_path: Path) -> None:
    first, second = (
        sweep(lambda x: x**2, tmp_path / name, seed=3)[0].x_iters for name in ("one", "two")
    )
    assert first == second


def test_a_study_is_gone_on_with_and_numbers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    points: list[float] = []

    def interrupted(x: float) -> float:
        points.append(x)
        if len(points) == 4:
            raise KeyboardInterrupt
        return x**2

    with pytest.raises(KeyboardInterrupt):
        sweep(interrupted, tmp_path / "one", study="run.db", n_jobs=2)
    assert results(tmp_path / "one")["n_trials"] == 2
    result, launcher = sweep(lambda x: x**2, tmp_path / "two", study="run.db", n_jobs=2)
    # The batch that was lost comes again under its numbers.
    assert [first for first, _ in launcher.batches] == [2, 4]
    assert len(result.x_iters) == 6
    with Study("run.db", resume=True) as study:
        assert study.result().x_iters == result.x_iters
    with pytest.raises(StudyError, match="another space"):
        sweep(lambda x: x, tmp_path / "two", "x=interval(0,1)", study="run.db")


def test_numbers_with_a_gap_are_launched_apart(tmp_path: Path) -> None:
    file = tmp_path / "run.db"
    with Study(file, {"x": (-1.0, 1.0)}, rng=0) as study:
        trials = study.ask_new(3)
        study.tell(trials[1], 0.5)  # the others wait once it is closed
    _, launcher = sweep(lambda x: x**2, tmp_path / "out", study=str(file), n_trials=5, n_jobs=2)
    # What is after the gap is filled up.
    assert [(first, len(batch)) for first, batch in launcher.batches] == [(0, 1), (2, 2), (4, 1)]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"direction": "max"}, "direction = 'max'; expected 'minimize'"),
        ({"direction": []}, "direction = []"),
        ({"n_trials": 0}, "n_trials = 0"),
        ({"n_jobs": 0}, "n_jobs = 0"),
        ({"max_failures": -1}, "max_failures = -1"),
    ],
)
def test_settings_are_refused_by_name(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as error:
        SweepSettings.of(**{**DEFAULTS, **setting})
    assert words in str(error.value)


def test_a_sweeper_from_elsewhere_would_be_refused_also_when_it_is_registered() -> None:
    class Elsewhere(Sweeper):
        setup = sweep = None  # type: ignore[assignment]

    Plugins.instance().register(Elsewhere)
    name = f"{Elsewhere.__module__}.{Elsewhere.__name__}"
    config = OmegaConf.create({"hydra": {"sweeper": {"_target_": name}}})
    with pytest.raises(RuntimeError, match="not the hydra_plugins package"):
        Plugins.instance().instantiate_sweeper(
            hydra_context=None, task_function=None, config=config
        )


APP = """
import hydra

@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    return (cfg.x - 0.3) ** 2 + (cfg.db.name == "b") + (not isinstance(cfg.text, str))

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A program that uses Hydra, and the plugin as an install puts it."""
    plugins = tmp_path / "site"
    plugins.mkdir()
    source = ROOT / "rnnbbo" / "integrations" / "hydra" / "hydra_plugins"
    (plugins / "hydra_plugins").symlink_to(source)
    groups = tmp_path / "conf" / "db"
    groups.mkdir(parents=True)
    for name in "ab":
        (groups / f"{name}.yaml").write_text(f"name: {name}\n")
    (tmp_path / "conf" / "config.yaml").write_text(
        "defaults: [db: a, override hydra/sweeper: rnnbbo, _self_]\n"
        "x: 0.1\n"
        "text: '0'\n"
        "hydra: {sweeper: {seed: 0, params: {x: 'interval(0,1)'}}, sweep: {dir: out}}\n"
    )
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def run(app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=app,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{app / 'site'}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_sweep_by_the_command_line(app: Path) -> None:
    done = run(
        app,
        "-m",
        "db=glob(*)",
        "text=str(1,2)",
        "hydra.sweeper.n_trials=6",
        "hydra.sweeper.n_jobs=2",
    )
    assert done.returncode == 0, done.stderr
    assert "best value: " in done.stdout
    found = yaml.safe_load((app / "out" / RESULTS).read_text())
    assert found["best_params"]["db"] == "a"
    assert found["best_value"] < 0.5  # else a text came as a number
    # The folder of a job is named by the number of its trial.
    assert {path.name for path in (app / "out").iterdir() if path.is_dir()} == set("012345")
    written = (app / "out" / "0" / ".hydra" / "overrides.yaml").read_text()
    assert "text='" in written


def test_what_is_refused_is_said_without_a_traceback(app: Path) -> None:
    done = run(app, "-m", "x=interval(3,1)")
    assert done.returncode == 1
    assert "SpaceError: override 'x=interval(3,1)'" in done.stderr
    assert "Traceback" not in done.stderr
    # An option that is not there is found before the first job.
    done = run(app, "-m", "db=a,typo")
    assert done.returncode == 1
    assert "typo" in done.stderr
    assert "Launching" not in done.stdout
