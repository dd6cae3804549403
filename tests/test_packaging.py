"""What pyproject.toml says is what lies on disk and what the wheel brings."""

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


def _source_files() -> set[str]:
    """Every module on disk, by the path that it must have in the wheel."""
    found = set()
    for package, folder in SETUPTOOLS["package-dir"].items():
        for file in (ROOT / folder).rglob("*.py"):
            inside = file.relative_to(ROOT / folder)
            found.add("/".join([*package.split("."), *inside.parts]))
    return found


def test_package_list_equals_the_folders_on_disk() -> None:
    on_disk = {
        path.rpartition("/")[0].replace("/", ".")
        for path in _source_files()
        if path.endswith("/__init__.py")
    }
    assert sorted(SETUPTOOLS["packages"]) == sorted(on_disk)


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
        base = max(
            (outer for outer in SETUPTOOLS["package-dir"] if f"{package}.".startswith(f"{outer}.")),
            key=len,
        )
        inside = package.removeprefix(base).split(".")[1:]
        folder = ROOT.joinpath(SETUPTOOLS["package-dir"][base], *inside)
        for pattern in patterns:
            files = [file for file in folder.glob(pattern) if file.is_file()]
            assert files, f"{package}: {pattern} names no file"
            found |= {"/".join([*package.split("."), *f.relative_to(folder).parts]) for f in files}
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Built from a copy: setuptools leaves build/ in the tree, and takes stale files from it.
    pytest.importorskip("build")
    tree = tmp_path_factory.mktemp("tree")
    for name in [*SETUPTOOLS["package-dir"].values()]:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
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
