"""What pyproject.toml says is what lies on disk and what the wheel brings."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]


LINKED = ("functions", "cli", "benchmarks")


def _source_files() -> set[str]:
    """Every module on disk, by the path that it must have in the wheel."""
    folders = {"rnnbbo": ROOT / "rnnbbo"} | {f"rnnbbo/{name}": ROOT / name for name in LINKED}
    return {
        f"{inside}/{file.relative_to(folder).as_posix()}"
        for inside, folder in folders.items()
        for file in folder.rglob("*.py")
        if inside != "rnnbbo" or file.relative_to(folder).parts[0] not in LINKED
    }


@pytest.mark.parametrize("name", LINKED)
def test_a_link_leads_from_the_package_to_each_folder_at_the_top(name: str) -> None:
    assert (ROOT / "rnnbbo" / name).readlink() == Path("..", name)


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.rpartition("/")[0] for path in _source_files()}
    assert {f"{folder}/__init__.py" for folder in folders} <= _source_files()


def test_constraints_pin_every_direct_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    project = PYPROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    direct = [line for group in groups for line in group]
    names = {line.partition(">=")[0] for line in direct if not line.startswith("rnnbbo[")}
    assert names <= set(pins)
    # A local version such as +cpu would tie the pin to one place to install from.
    assert not [pin for pin in pins.values() if "+" in pin]


def _data_files() -> set[str]:
    """Every file that package-data names, by the path that it must have in the wheel."""
    found = set()
    for package, patterns in SETUPTOOLS["package-data"].items():
        folder = ROOT.joinpath(*package.split("."))
        for pattern in patterns:
            files = [file for file in folder.glob(pattern) if file.is_file()]
            assert files, f"{package}: {pattern} names no file"
            found |= {f"{package.replace('.', '/')}/{f.relative_to(folder)}" for f in files}
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Built from a copy: setuptools leaves build/ in the tree, and takes stale files from it.
    pytest.importorskip("build")
    tree = tmp_path_factory.mktemp("tree")
    for name in ["rnnbbo", *LINKED]:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=ignored)
    for name in ["pyproject.toml", "README.md", "LICENSE"]:
        shutil.copy(ROOT / name, tree)
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, tree]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = out.glob("*.whl")
    return file


def test_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    data = _data_files()
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {
        "rnnbbo/py.typed",
        "rnnbbo/weights/lstm.safetensors",
        "rnnbbo/weights/dnc.safetensors",
        "rnnbbo/benchmarks/plans/quick.toml",
        "rnnbbo/benchmarks/reports/templates/report.html.j2",
    } <= data
    assert names == _source_files() | data


ALL_OF_IT = "from rnnbbo import benchmarks, cli, functions, minimize; print(benchmarks.__file__)"


def _python(cwd: Path, site: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_both_ways_of_installing_work_from_the_root_of_a_clone(wheel: Path, tmp_path: Path) -> None:
    # In a clone's root Python finds the clone before whatever is installed.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    assert str(tmp_path) in _python(tmp_path, tmp_path, "-c", ALL_OF_IT)
    assert str(ROOT) in _python(ROOT, tmp_path, "-c", ALL_OF_IT)
    for cwd in (tmp_path, ROOT):
        assert "minimize" in _python(cwd, tmp_path, "-m", "rnnbbo.cli.main", "--help")
        assert "suites" in _python(cwd, tmp_path, "-m", "rnnbbo.cli.main", "benchmark", "list")


def test_shipped_weights_stay_small() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "rnnbbo/weights").glob("*.safetensors")]
    assert sum(sizes) <= 5_000_000


def test_console_script_exists_and_shows_help() -> None:
    (script,) = (e for e in entry_points(group="console_scripts") if e.name == "rnnbbo")
    assert script.value == "rnnbbo.cli.main:main"
    assert callable(script.load())
    command = Path(sys.executable).parent / "rnnbbo"
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ["minimize", "train", "policies"]:
        assert name in done.stdout
