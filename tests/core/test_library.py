"""When the compiled library serves, and when numpy does."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import rnnbbo
from rnnbbo import core
from rnnbbo.errors import ConfigError

MODULE = sys.modules["rnnbbo.core.loading"]
BUILT = MODULE._FILE.exists()

needs_core = pytest.mark.skipif(not BUILT, reason="the core was not built: no C compiler")


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test loads it anew, and leaves the process as it was."""
    MODULE._loaded.cache_clear()
    monkeypatch.delenv("RNNBBO_CORE", raising=False)
    yield
    MODULE._loaded.cache_clear()


def test_numpy_computes_where_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNBBO_CORE", "0")
    assert core.library() is None
    assert core.name() == "numpy"


@needs_core
@pytest.mark.parametrize("value", [None, "1"])
def test_the_best_level_of_the_processor_serves(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("RNNBBO_CORE", value)
    found = core.library()
    assert found is not None
    assert core.name() == found.level
    if found.level == "plain" and Path("/proc/cpuinfo").exists():
        assert not {"avx2", "fma"} <= set(Path("/proc/cpuinfo").read_text().split())


@needs_core
@pytest.mark.parametrize("level", ["plain", "avx2"])
def test_a_level_can_be_asked_for(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    if level == "avx2" and core.name() != "avx2":
        pytest.skip("not on this processor")
    MODULE._loaded.cache_clear()
    monkeypatch.setenv("RNNBBO_CORE", level)
    assert core.name() == level


@pytest.mark.parametrize("value", ["", "2", "on", "AVX2", "numpy"])
def test_other_values_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RNNBBO_CORE", value)
    with pytest.raises(ConfigError) as caught:
        core.library()
    assert str(caught.value) == f"RNNBBO_CORE = {value!r}; expected 0, 1, plain or avx2"


def test_the_command_refuses_them_in_one_line() -> None:
    command = [sys.executable, "-m", "rnnbbo.cli.main", "policies"]
    environment = {**os.environ, "RNNBBO_CORE": "on"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("RNNBBO_CORE = 'on'; expected 0, 1, plain or avx2")
    assert "Traceback" not in done.stderr


def test_a_level_that_the_processor_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class OfAnOldProcessor:
        level = "plain"

    monkeypatch.setattr(MODULE, "_open", lambda path: OfAnOldProcessor())
    monkeypatch.setenv("RNNBBO_CORE", "avx2")
    with pytest.raises(ConfigError, match="RNNBBO_CORE = 'avx2'; expected 0, 1 or plain"):
        core.library()


@pytest.mark.parametrize("value", ["plain", "avx2"])
def test_a_level_is_refused_where_nothing_was_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.setattr(MODULE, "_FILE", tmp_path / "_compiled.so")
    monkeypatch.setenv("RNNBBO_CORE", value)
    with pytest.raises(ConfigError, match=f"RNNBBO_CORE = '{value}'; expected 0 or 1"):
        core.library()


@pytest.mark.filterwarnings("error")
def test_numpy_computes_where_nothing_was_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(MODULE, "_FILE", tmp_path / "_compiled.so")
    assert core.library() is None
    assert core.name() == "numpy"


def test_a_library_of_another_platform_is_warned_of_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "_compiled.so"
    path.write_bytes(b"\xcf\xfa\xed\xfe and so on")
    monkeypatch.setattr(MODULE, "_FILE", path)
    with pytest.warns(RuntimeWarning, match="cannot be loaded") as warned:
        assert [core.name(), core.name()] == ["numpy", "numpy"]
    assert len(warned) == 1


@needs_core
def test_a_library_of_other_sources_than_those_beside_it_does_not_serve(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not core.library().sources:
        pytest.skip("not built by setup.py")
    MODULE._loaded.cache_clear()
    path, sources = tmp_path / "_compiled.so", tmp_path / "src"
    shutil.copy(MODULE._FILE, path)
    shutil.copytree(MODULE._FILE.with_name("src"), sources)
    monkeypatch.setattr(MODULE, "_FILE", path)
    assert core.name() != "numpy"
    MODULE._loaded.cache_clear()
    with (sources / "all.h").open("a") as file:
        file.write("/* */")
    with pytest.warns(RuntimeWarning, match="other sources than those beside it"):
        assert core.name() == "numpy"


@needs_core
def test_an_installed_library_has_no_sources_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "_compiled.so"
    shutil.copy(MODULE._FILE, path)
    monkeypatch.setattr(MODULE, "_FILE", path)
    assert core.name() != "numpy"


@needs_core
def test_numpy_computes_within_without_core() -> None:
    before = core.name()
    with core.without_core():
        assert core.library() is None
        with core.without_core():
            assert core.name() == "numpy"
        assert core.name() == "numpy"
    assert core.name() == before != "numpy"


@needs_core
def test_it_serves_again_after_an_error_within_without_core() -> None:
    with pytest.raises(KeyError), core.without_core():
        raise KeyError
    assert core.name() != "numpy"


DTYPES = {"a": np.float64, "s": np.float32, "n": np.int32}


def address(passed: object) -> int | None:
    """Return the address that C gets."""
    if passed is None or isinstance(passed, ctypes.c_void_p):
        return getattr(passed, "value", None)
    return ctypes.addressof(passed)  # type: ignore[arg-type]


@pytest.mark.parametrize("letter", DTYPES)
def test_arrays_pass_as_they_are(letter: str) -> None:
    array = np.ones((3, 4), DTYPES[letter])
    from_param = MODULE._TYPES[letter].from_param
    assert address(from_param(array)) == array.ctypes.data
    assert address(from_param(array[1:])) == array.ctypes.data + array.strides[0]
    assert address(from_param(None)) is None
    fixed = array.copy()
    fixed.flags.writeable = False
    assert address(from_param(fixed)) == fixed.ctypes.data
    nothing = from_param(array[:0])  # of no element, whose address nobody reads
    assert nothing is not None


@pytest.mark.parametrize("letter", DTYPES)
@pytest.mark.parametrize(
    "wrong",
    [
        lambda array: array.astype(np.int64),
        lambda array: array.astype(array.dtype.newbyteorder()),
        lambda array: array.astype(np.complex128),
        np.asfortranarray,
        lambda array: array[:, ::2],
        lambda array: array[::-1],
    ],
)
def test_arrays_of_another_dtype_or_order_are_refused(letter: str, wrong) -> None:
    array = wrong(np.ones((3, 4), DTYPES[letter]))
    with pytest.raises(TypeError, match="expected a C-contiguous one of"):
        MODULE._TYPES[letter].from_param(array)


@pytest.mark.parametrize(
    "run",
    [
        lambda f: rnnbbo.minimize(f, [(0.0, 1.0)], n_calls=3),
        lambda f: rnnbbo.Optimizer([(0.0, 1.0)], policy="lstm"),
        lambda f: rnnbbo.minimize_many(f, [(0.0, 1.0)], 2, 3),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_evaluated(monkeypatch, run) -> None:
    monkeypatch.setenv("RNNBBO_CORE", "on")
    calls: list[object] = []
    with pytest.raises(ConfigError, match="RNNBBO_CORE = 'on'"):
        run(calls.append)
    assert calls == []


@pytest.mark.parametrize("value", ["0", "1"])
def test_a_result_names_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RNNBBO_CORE", value)
    result = rnnbbo.minimize(lambda x: x[0] ** 2, [(-1.0, 1.0)], n_calls=2, rng=0)
    assert result.core == core.name()
    assert (result.core == "numpy") == (value == "0" or not BUILT)


def test_importing_the_package_does_not_load_it() -> None:
    code = """
import sys
import rnnbbo
rnnbbo.minimize, rnnbbo.minimize_many
module = sys.modules.get("rnnbbo.core.loading")
print(0 if module is None else module._loaded.cache_info().currsize)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
