"""The package for OptunaHub's registry, loaded as OptunaHub loads one."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna")

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = ROOT / "examples" / "optunahub" / "package"
FOLDER = REGISTRY / "samplers" / "rnnbbo"


def test_the_folder_has_what_the_registry_asks_for():
    names = {path.name for path in FOLDER.iterdir() if not path.name.startswith("__pyc")}
    assert names == {"LICENSE", "README.md", "__init__.py", "example.py", "requirements.txt"}
    assert (FOLDER / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    readme = (FOLDER / "README.md").read_text()
    front = re.match(r"---\n(.*?)\n---\n", readme, re.DOTALL)[1]
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    assert list(fields) == ["author", "title", "description", "tags", "optuna_versions", "license"]
    assert fields["license"] == "MIT License"
    assert "sampler" in fields["tags"].strip("[]").split(", ")
    headings = re.findall(r"^## (.*)$", readme, re.MULTILINE)
    assert headings == ["Abstract", "Class or Function Names", "Installation", "Example", "Others"]
    constraints = (ROOT / "constraints.txt").read_text()
    tested = re.search(r"^optuna==(.*)$", constraints, re.MULTILINE)[1]
    assert fields["optuna_versions"] == f"[{tested}]"


class TestWithOptunaHub:
    @pytest.fixture(autouse=True)
    def hub(self):
        self.hub = pytest.importorskip("optunahub")
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def load(self):
        return self.hub.load_local_module("samplers/rnnbbo", registry_root=str(REGISTRY))

    def test_it_is_the_sampler_of_the_package(self):
        from rnnbbo.integrations.optuna import RnnSampler

        module = self.load()
        assert module.__name__ == "optunahub_registry.package.samplers.rnnbbo"
        assert module.__all__ == ["RnnSampler"]
        # A second load executes the module anew, and would make another class of one defined there.
        assert module.RnnSampler is self.load().RnnSampler is RnnSampler

    def test_a_sampler_is_unpickled_where_nothing_was_loaded(self, tmp_path):
        path = tmp_path / "sampler.pickle"
        path.write_bytes(pickle.dumps(self.load().RnnSampler(seed=3)))
        program = (
            "import pickle, sys\n"
            f"sampler = pickle.loads(open({str(path)!r}, 'rb').read())\n"
            "assert 'optunahub' not in sys.modules\n"
            "print(type(sampler).__name__)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout == "RnnSampler\n"

    def test_a_problem_of_optunahub_with_constraints_is_solved_in_its_feasible_part(self):
        class Line(self.hub.benchmarks.BaseProblem):
            search_space = {  # noqa: RUF012
                name: optuna.distributions.FloatDistribution(-5, 5) for name in "xy"
            }
            directions = [optuna.study.StudyDirection.MINIMIZE]  # noqa: RUF012

            def evaluate(self, params):
                return params["x"] ** 2 + params["y"] ** 2

            def evaluate_constraints(self, params):
                return {"enough": 1 - params["x"] - params["y"]}

        problem = Line()
        sampler = self.load().RnnSampler(seed=0, search_space=problem.search_space)
        study = optuna.create_study(directions=problem.directions, sampler=sampler)
        study.optimize(problem, n_trials=25)
        assert 0.5 <= study.best_value < 0.7

    def test_the_first_trial_has_no_relative_space_unless_one_is_given(self):
        seen = []
        sampler = self.load().RnnSampler(seed=0)
        relative = sampler.sample_relative
        sampler.sample_relative = lambda *given: seen.append(given[2]) or relative(*given)
        study = optuna.create_study(sampler=sampler)
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
        assert [list(space) for space in seen] == [[], ["x"]]

    @pytest.mark.slow
    def test_it_is_loaded_from_a_repository(self, tmp_path, monkeypatch):
        """As `load_module` fetches it from the registry; here the address leads to a folder."""
        served = tmp_path / "optuna" / "optunahub-registry"
        target = served / "package" / "samplers" / "rnnbbo"
        target.mkdir(parents=True)
        for path in FOLDER.glob("*.*"):
            (target / path.name).write_bytes(path.read_bytes())
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "a"]):
            subprocess.run(["git", *command], cwd=served, check=True)
        monkeypatch.setenv("OPTUNAHUB_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{tmp_path}/.insteadOf")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
        module = self.hub.load_module("samplers/rnnbbo")
        assert Path(module.__file__).is_relative_to(tmp_path / "cache")
        assert module.RnnSampler(seed=0) is not None

    def test_the_example_runs(self):
        done = subprocess.run(
            [sys.executable, FOLDER / "example.py"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )
        assert done.returncode == 0, done.stderr
        assert float(done.stdout.split(" at ")[0]) < 0.1
