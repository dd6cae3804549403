"""What pyproject.toml says is what lies on disk and what the wheel brings."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]


LINKED = ("functions", "cli", "benchmarks")
(PLUGINS,) = SETUPTOOLS["package-dir"].items()  # where they are installed, and where they lie


def _source_files() -> set[str]:
    """Every module on disk, by the path that it must have in the wheel."""
    folders = {"rnnbbo": ROOT / "rnnbbo"} | {f"rnnbbo/{name}": ROOT / name for name in LINKED}
    found = {
        f"{inside}/{file.relative_to(folder).as_posix()}"
        for inside, folder in folders.items()
        for file in folder.rglob("*.py")
        if inside != "rnnbbo" or file.relative_to(folder).parts[0] not in LINKED
    }
    installed, source = PLUGINS
    return {name.replace(f"{source}/", f"{installed}/") for name in found}


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
    names = {re.split(r">=|\[", line)[0] for line in direct if not line.startswith("rnnbbo[")}
    # As packages are compared: without regard to capitals.
    assert {name.lower() for name in names} <= {name.lower() for name in pins}
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


def _copy_tree(tree: Path) -> Path:
    """Copy what is built from: setuptools leaves build/ there, and takes stale files from it."""
    for name in ["rnnbbo", *LINKED]:
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=ignored)
    for name in ["pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"]:
        shutil.copy(ROOT / name, tree)
    return tree


def _build(tree: Path, out: Path, kind: str, **environment: str) -> tuple[Path, str]:
    """Return the wheel or the source distribution of a tree, and what was said."""
    pytest.importorskip("build")
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", out, tree]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=out,
        # Not for its speed: it takes a fifteenth of the time to compile.
        env={**os.environ, "RNNBBO_CFLAGS": "-O0", **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = out.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[kind])
    return file, done.stdout + done.stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    out = tmp_path_factory.mktemp("source")
    file, _ = _build(_copy_tree(tmp_path_factory.mktemp("tree")), out, "sdist")
    with tarfile.open(file) as archive:
        archive.extractall(out, filter="data")
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(source, tmp_path_factory.mktemp("dist"), "wheel")[0]


LIBRARY = "rnnbbo/core/_compiled.so"
COMPILER = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
needs_compiler = pytest.mark.skipif(
    shutil.which(COMPILER.split()[0]) is None, reason=f"{COMPILER} is not here"
)


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_source_distribution_holds_the_sources_of_the_core(source: Path) -> None:
    folder = "rnnbbo/core/src"
    written = {path.name for path in (ROOT / folder).iterdir()}
    assert {"library.c", "kernel_plain.c", "network_avx2.c", "gp.h"} <= written
    assert {path.name for path in (source / folder).iterdir()} == written
    assert (source / "setup.py").exists()


@needs_compiler
def test_wheel_brings_the_core_to_every_python_of_its_platform(wheel: Path, tmp_path: Path) -> None:
    assert LIBRARY in _names(wheel)
    *_, python, abi, platform = wheel.stem.split("-")
    assert (python, abi) == ("py3", "none")
    assert platform != "any"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "from rnnbbo import core; print(core.library() is not None, core.__file__)"
    there, file = _python(tmp_path, tmp_path, "-c", code, RNNBBO_CORE="1").split()
    assert (there, Path(file).parent) == ("True", tmp_path / "rnnbbo/core")


def test_without_a_compiler_it_is_built_without_the_core_and_says_so(
    source: Path, tmp_path: Path
) -> None:
    (tmp_path / "dist").mkdir()
    tree = tmp_path / "tree"
    shutil.copytree(source, tree, ignore=shutil.ignore_patterns("build"))
    wheel, said = _build(tree, tmp_path / "dist", "wheel", CC="no-such-compiler")
    assert "The compiled core could not be built" in said
    assert _names(wheel) == _source_files() | _data_files()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = "from rnnbbo import core; print(core.name())"
    site = tmp_path / "site"
    assert _python(site, site, "-W", "error", "-c", code, RNNBBO_CORE="1") == "numpy\n"


# Without optimization it takes a tenth of the time; some of gcc's warnings come from the optimizer,
# and .ci/run takes those of the level that is installed for errors.
@pytest.mark.parametrize(
    ("compiler", "level"),
    [("gcc", "-O0"), ("clang", "-O0"), pytest.param("gcc", "-O1", marks=pytest.mark.slow)],
)
def test_the_core_compiles_without_a_warning(compiler: str, level: str, tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not here")
    environment = {
        **os.environ,
        "CC": compiler,
        "LDSHARED": f"{compiler} -shared",
        "RNNBBO_CFLAGS": f"-Wall -Wextra -Werror {level}",
    }
    folders = ["--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")]
    command = [sys.executable, "setup.py", "build_ext", *folders]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "-Werror" in said
    assert (tmp_path / "lib" / LIBRARY).exists(), said


def test_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    data = _data_files()
    names = _names(wheel) - {LIBRARY}
    assert {
        "rnnbbo/py.typed",
        "rnnbbo/weights/lstm.safetensors",
        "rnnbbo/weights/dnc.safetensors",
        "rnnbbo/benchmarks/plans/quick.toml",
        "rnnbbo/benchmarks/reports/templates/report.html.j2",
    } <= data
    assert names == _source_files() | data


ALL_OF_IT = "from rnnbbo import benchmarks, cli, functions, minimize; print(benchmarks.__file__)"


def _python(cwd: Path, site: Path, *arguments: str | Path, **more: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site), **more}
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


FOUND = "from hydra.core.plugins import Plugins; print(*Plugins.instance().class_name_to_class)"
SWEEPER = "hydra_plugins.rnnbbo_sweeper.RnnSweeper"


def test_hydra_finds_the_sweeper_of_a_wheel(wheel: Path, tmp_path: Path) -> None:
    pytest.importorskip("hydra")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    assert SWEEPER in _python(tmp_path, tmp_path, "-c", FOUND).split()


@pytest.mark.slow
def test_hydra_finds_the_sweeper_of_an_editable_install(tmp_path: Path) -> None:
    pytest.importorskip("hydra")
    (tmp_path / "tree").mkdir()
    tree, site = _copy_tree(tmp_path / "tree"), tmp_path / "site"
    options = ["--no-deps", "--no-build-isolation", "--target", site]
    _python(tmp_path, tmp_path, "-m", "pip", "install", "-q", *options, "-e", tree)
    # Beside the plugins of another distribution.
    (site / "hydra_plugins" / "other").mkdir(parents=True)
    (site / "hydra_plugins" / "other" / "__init__.py").touch()
    start = f"import site; site.addsitedir({str(site)!r}); import hydra_plugins.other; "
    assert SWEEPER in _python(tmp_path, site, "-c", start + FOUND).split()


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
