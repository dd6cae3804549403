"""Every example runs, and finds what it says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
FAMILIES = {"fibre_alignment.py"}
SCRIPTS = sorted({path.name for path in EXAMPLES.glob("*.py")} - FAMILIES)


def output(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(pattern, text):
    match = re.search(pattern, text, re.MULTILINE)
    assert match, text
    return float(match[1])


# What each must print as the best value at most.
BOUNDS = {
    "branin.py": (r"^(\S+) at \[", 0.7),
    "tune_sklearn.py": (r"after 25 evaluations: +(\S+)$", 0.03),
    "ask_tell.py": (r"^(\S+) at \[", 1.0),
    "plants.py": (r"evaluations of each +(\S+) ", 1.5),
    "sensors.py": (r"^lstm, 30 calls +(\S+) C", 2.0),
    "plates.py": (r"yield of 0.857: (\S+)$", 0.1),
    "many_problems.py": (r"after 40 evaluations: (\S+)$", 0.05),
    "optuna_sampler.py": (r"^(\S+) at {", 1.0),
    "sklearn_search.py": (r"error on unseen data: +(\S+)$", 0.1),
    "hydra_sweep.py": (r"best value: (\S+), at {", 1.0),
    "ray_tune.py": (r"^(\S+) at {", 1.0),
    "mlflow_run.py": (r"^(\S+) at {", 1.0),
    "at_work.py": (r"^tuned at work .* in all (\S+)$", 45.0),
    "own_policy.py": (r"^(\S+) at \[", 1.0),
    "skopt_optimizer.py": (r"^(\S+) at \[", 1.0),
    "configspace_loop.py": (r"^(\S+) at {", 0.1),
    "cartpole.py": (r"^steps missed: (\S+)$", 25.0),
    "pendulum.py": (r"^mean cost of 10 fresh episodes: (\S+)$", 250.0),
    "walker.py": (r"^seconds a metre: (\S+)$", 1.0),
    "repellers.py": (r"^loss: (\S+)$", -0.05),
    "coco_run.py": (r"^bbob_f001_i01_d02: 20 evaluations, best (\S+)$", 79.49),
    "ioh_run.py": (r"^Sphere 1, seed 0: (\S+) above the optimum$", 0.01),
}


def test_every_script_is_tried():
    assert set(BOUNDS) == set(SCRIPTS)


# What stands in extras, or is found where rnnbbo is installed only.
NEEDS = {
    "hydra_sweep.py": "hydra_plugins.rnnbbo_sweeper",
    "ray_tune.py": "ray.tune",
    "mlflow_run.py": "mlflow.tracking",
    "configspace_loop.py": "ConfigSpace",
    "coco_run.py": "cocoex",
    "ioh_run.py": "ioh",
    "cartpole.py": "gymnasium, matplotlib",
    "pendulum.py": "gymnasium, matplotlib",
    "walker.py": "mujoco, gymnasium, matplotlib",
    "repellers.py": "matplotlib",
}
LONG = {"ray_tune.py", "mlflow_run.py"}  # to start, with what they stand on
LONG |= {"pendulum.py", "walker.py"}  # episodes

# What is smaller where a script would take long; as it stands it is tried with the slow tests.
SMALLER = {
    "many_problems.py": ("PATIENTS = 500", "PATIENTS = 40"),
    "at_work.py": ("HOURS = 240", "HOURS = 96"),
    "plants.py": ("PLANTS, CALLS, ALONE = 1000, 30, 10", "PLANTS, CALLS, ALONE = 30, 12, 1"),
    "sensors.py": ("else 10_000", "else 40"),
    "repellers.py": ("n_calls=80", "n_calls=30"),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in SCRIPTS],
)
def test_script(name, tmp_path):
    if name in NEEDS:
        check = [sys.executable, "-c", f"import {NEEDS[name]}"]
        if subprocess.run(check, capture_output=True, check=False, cwd=tmp_path).returncode:
            pytest.skip(f"{NEEDS[name]} is not installed")
    whole = (EXAMPLES / name).read_text()
    few, fewer = SMALLER.get(name, ("", ""))
    assert few in whole
    (tmp_path / name).write_text(whole.replace(few, fewer))
    pattern, bound = BOUNDS[name]
    assert number(pattern, output([sys.executable, name], cwd=tmp_path)) <= bound


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLER)
def test_script_as_it_stands(name, tmp_path):
    pattern, bound = BOUNDS[name]
    assert number(pattern, output([sys.executable, EXAMPLES / name], cwd=tmp_path)) <= bound


def test_the_notebook_runs_and_shows_everything():
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("pandas")
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", 4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    few = [cell for cell in notebook.cells if "n_calls=25" in cell.source]
    few[0].source = few[0].source.replace("n_calls=25", "n_calls=8")
    nbclient.NotebookClient(notebook, timeout=200).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [one for one in outputs if one.output_type in ("stream", "error")]
    shown = "".join(one.get("data", {}).get("text/html", "") for one in outputs)
    assert "Space of 4 parameters" in shown
    assert "8 trials" in shown
    assert sum("image/png" in one.get("data", {}) for one in outputs) == 3


def test_external_program():
    readme = (EXAMPLES / "README.md").read_text()
    block = re.search(r"```bash\n(.*?)```", readme, re.DOTALL)[1]
    assert "external_program.sh" in block
    command = shlex.split(block.replace("\\\n", " "))
    assert command[0] == "rnnbbo"
    text = output([sys.executable, "-m", "rnnbbo.cli.main", *command[1:]], cwd=ROOT)
    best = number(r"^best value (\S+), at", text)
    assert best <= 5.0
    # The last line is the best command, to be run as it stands.
    again = output(shlex.split(text.splitlines()[-1]), cwd=ROOT)
    assert float(again.splitlines()[-1]) == best


def test_a_member_of_the_family_is_minimized():
    readme = (EXAMPLES / "README.md").read_text()
    block = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)[1]
    _, minimize = block.replace("\\\n", " ").strip().splitlines()
    assert "runs/dnc-fibre/dnc-fibre.safetensors" in minimize
    command = shlex.split(minimize.replace("runs/dnc-fibre/dnc-fibre.safetensors", "dnc"))
    text = output([sys.executable, "-m", "rnnbbo.cli.main", *command[1:]], cwd=ROOT)
    assert number(r"^best value (\S+), at", text) < 10.0


@pytest.mark.slow
def test_a_policy_is_adapted_to_the_family_and_minimizes_a_member(tmp_path):
    readme = (EXAMPLES / "README.md").read_text()
    block = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)[1]
    lines = block.replace("\\\n", " ").strip().splitlines()
    train, minimize = (shlex.split(line.replace("runs/", f"{tmp_path}/")) for line in lines)
    # One update shows that the commands fit together; what hundreds gain, docs/training.md says.
    train += ["--updates", "1", "--out", str(tmp_path / "dnc-fibre")]
    text = output([sys.executable, "-m", "rnnbbo.cli.main", *train[1:]], cwd=ROOT)
    assert "members held out, 3D" in text
    text = output([sys.executable, "-m", "rnnbbo.cli.main", *minimize[1:]], cwd=ROOT)
    assert number(r"^best value (\S+), at", text) < 10.0
