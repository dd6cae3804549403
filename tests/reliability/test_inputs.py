"""Spaces, weights files and categories that are not what they should be."""

import json
import math
import os
import pickle
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from reliability_support import slow

from rnnbbo import Integer, Real, checkpoint, minimize, shipped
from rnnbbo.cli.main import run_command
from rnnbbo.cli.program import Program
from rnnbbo.errors import CheckpointError, SpaceError
from rnnbbo.trial import Trial

MALFORMED = [
    [],
    None,
    3,
    [()],
    [(1.0, 1.0)],
    [(2.0, 1.0)],
    [(0.0, math.nan)],
    [(math.nan, 1.0)],
    [(0.0, math.inf)],
    [(-math.inf, 0.0)],
    [(-1e308, 1e308)],
    [(0.0, 1.0, "log-uniform")],
    [(-1.0, 1.0, "log-uniform")],
    [(0, 8, "log-uniform")],
    [(0.0, 1.0, "cubic")],
    [("only",)],
    [("a", "b", "a")],
    [(None, 1.0)],
    [Real(0.0, 1.0, name="x"), Integer(0, 3, name="x")],
    ["abc"],
]

MALFORMED_OPTIONS = [
    [],
    ["--param", "x"],
    ["--param", "x=float:1:0"],
    ["--param", "x=float:1:1"],
    ["--param", "x=float:0:nan"],
    ["--param", "x=float:0:inf"],
    ["--param", "x=float:0:1:log"],
    ["--param", "x=int:0.5:3"],
    ["--param", "x=int:-1:3:log"],
    ["--param", "x=cat:a"],
    ["--param", "x=cat:a,a"],
    ["--param", "x=vector:0:1"],
    ["--param", "x=float:0:1", "--param", "x=float:0:1"],
]

MALFORMED_FILES = ["", "x = ", "x = 3", 'x = "float:1:0"', 'x = { type = "float", low = 1 }']


@pytest.mark.fault("malformed spaces", holds="all refused before the first evaluation")
def test_spaces(figure):
    for space in MALFORMED:
        with pytest.raises(SpaceError):
            minimize(lambda x: pytest.fail("evaluated"), space, 3)
    figure("in Python", len(MALFORMED))


@pytest.mark.fault("malformed spaces", holds="all refused before the first evaluation")
def test_space_options(tmp_path, capsys, figure):
    program = ["--", "touch", str(tmp_path / "evaluated")]
    spaces = list(MALFORMED_OPTIONS)
    for i, text in enumerate(MALFORMED_FILES):
        file = tmp_path / f"{i}.toml"
        file.write_text(text)
        spaces.append(["--space", str(file)])
    for options in [*spaces, ["--space", str(tmp_path / "missing.toml")]]:
        assert run_command(["minimize", *options, *program]) == 2, options
        assert "Error: " in capsys.readouterr().err
    assert not (tmp_path / "evaluated").exists()
    figure("by the command, exit code 2", len(spaces) + 1)


def flipped(whole, places):
    """Copies of a file with one bit changed, at each of these places in bits."""
    for place in places:
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << (place % 8)
        yield bytes(damaged)


@pytest.fixture
def weights_file(tmp_path):
    """A copy of a shipped weights file, and where its numbers begin, in bits."""
    shipped = Path(checkpoint.__file__).parent / "weights" / "lstm-direct.safetensors"
    path = tmp_path / "p.safetensors"
    shutil.copy(shipped, path)
    return path, 8 * (8 + int.from_bytes(path.read_bytes()[:8], "little"))


FLIPPED = "weights files with flipped bits"


@pytest.mark.fault(FLIPPED, holds="no silent load, exit 4")
@pytest.mark.parametrize("flips", [200, slow(5000)])
def test_flipped_numbers(flips, weights_file, capsys, figure):
    path, begin = weights_file
    whole = path.read_bytes()
    places = np.random.default_rng(flips).integers(begin, 8 * len(whole), flips).tolist()
    for damaged in flipped(whole, places):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="damaged"):
            shipped.load(path)
    command = ["minimize", "-n", "1", "--param", "x=float:0:1", "--policy", str(path)]
    assert run_command([*command, "--", "echo", "1"]) == 4
    assert str(path) in capsys.readouterr().err
    figure("in the numbers, refused", f"{flips} of {flips}")


@pytest.mark.fault(FLIPPED, holds="no silent load, exit 4")
@pytest.mark.parametrize("flips", [200, slow(5000)])
def test_flipped_header(flips, weights_file, figure):
    path, end = weights_file
    whole, sound = path.read_bytes(), shipped.load(path)
    places = np.random.default_rng(flips).choice(end, flips, replace=False).tolist()
    refused = unchanged = provenance = other = 0
    for damaged in flipped(whole, places):
        path.write_bytes(damaged)
        try:
            loaded = shipped.load(path)
        except CheckpointError:
            refused += 1
            continue
        same = (loaded.name, loaded.policy.config) == (sound.name, sound.policy.config)
        if loaded.metadata == sound.metadata:  # a space between two tokens, for instance
            unchanged += 1
        elif same:
            provenance += 1
        else:
            other += 1
        for name, value in sound.params.items():
            np.testing.assert_array_equal(loaded.params[name], value)
    figure("in the header, refused", f"{refused} of {flips}")
    figure("in the header, loaded with nothing changed", unchanged)
    figure("in the header, loaded with another provenance", provenance)
    figure("in the header, loaded with another name or configuration", other)
    assert refused + unchanged == flips


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.fault("pickles in place of weights and studies", holds="no code run, exit 4")
def test_pickles(tmp_path, capsys, figure):
    exploded = tmp_path / "exploded"
    weights, study = tmp_path / "p.safetensors", tmp_path / "run.db"
    for path in (weights, study):
        path.write_bytes(pickle.dumps(Bomb(exploded)) + bytes(1000))
    command = ["minimize", "-n", "1", "--param", "x=float:0:1"]
    assert run_command([*command, "--policy", str(weights), "--", "echo", "1"]) == 4
    assert run_command([*command, "--study", str(study), "--resume", "--", "echo", "1"]) == 4
    assert run_command(["study", "show", str(study)]) == 4
    assert str(weights) in capsys.readouterr().err
    assert not exploded.exists()
    figure("refused", 3)


NASTY = [
    "; rm -rf x",
    "$(x)",
    "a\nb",
    "{}",
    "{lr}",
    "{{",
    "`id`",
    "'\"",
    "*",
    "",
    " ",
    "-n",
    "--",
    "ü\u2028\U0001f600",
    "\udcff",
    "\\x41",
    "%s",
]


CATEGORIES = "categories such as `; rm`, `$(x)`, newline, `{}`"


@pytest.mark.fault(CATEGORIES, holds="reach the program byte for byte")
def test_program(figure):
    code = (
        "import json, os, sys; "
        "params = json.loads(os.environ['RNNBBO_PARAMS'].encode('ascii'))['c']; "
        "sys.stderr.write(repr((os.fsencode(sys.argv[1]), params))); sys.exit(1)"
    )
    program = Program([sys.executable, "-S", "-c", code, "{c}"], ["c"])
    for category in NASTY:
        outcome = program.evaluate(Trial(0, [category]), seed=0)
        assert outcome.stderr == repr((os.fsencode(category), category))
    figure("a program", f"{len(NASTY)} categories")


@pytest.mark.fault(CATEGORIES, holds="reach the program byte for byte")
def test_categories(tmp_path, capsys, figure):
    space, out = tmp_path / "space.toml", tmp_path / "out"
    valid = [category for category in NASTY if category != "\udcff"]  # TOML is UTF-8
    categories = ", ".join(json.dumps(category, ensure_ascii=False) for category in valid)
    space.write_text(f'c = {{ type = "cat", categories = [{categories}] }}')
    script = tmp_path / "program.py"
    script.write_text(
        "import json, os, sys\n"
        "params = json.loads(os.environ['RNNBBO_PARAMS'])\n"
        "with open(sys.argv[2], 'a') as file:\n"
        "    file.write(json.dumps([os.fsencode(sys.argv[1]).hex(), params['c']]) + '\\n')\n"
        "print(len(params['c']))\n"
    )
    command = [sys.executable, str(script), "{c}", str(out)]
    study = ["--study", str(tmp_path / "run.db")]
    n = str(len(valid))
    assert (
        run_command(["minimize", "-n", n, "--space", str(space), "--json", *study, "--", *command])
        == 0
    )
    result = json.loads(capsys.readouterr().out)
    said = [json.loads(line) for line in out.read_text().splitlines()]
    told = [trial["x"]["c"] for trial in result["trials"]]
    assert sorted(told) == sorted(valid)  # a space of so few points is gone through
    assert said == [[os.fsencode(category).hex(), category] for category in told]
    assert shlex.join(result["command"])
    figure("the command", f"{len(valid)} categories")
