"""Give rnnbbo files, options and arguments that are wrong, and see that it says so by name.

    python tools/fuzz.py                          # 200 of each kind
    python tools/fuzz.py spaces plans --n 2000    # of these kinds
    python tools/fuzz.py --n 2000 --seed 7 --keep found/

Kinds: `spaces`, `plans` and `training` are TOML files; `options` are lists of options of the
commands; `arguments` are calls of the Python API with hostile values (tools/hostile.py). Each case
is made from right ones by a generator that starts from the seed and the case's number. A case is a
fault if it raises anything but an error of rnnbbo.errors, takes over 20 seconds, or says something
that a terminal would obey. Faults are printed, and kept in a folder by --keep; the exit status is
then 1. Those that were found are in tests/reliability/corpus/, and replayed by the tests.

Nothing expensive runs: trainings, benchmarks and measures are left out, and runs are short.
"""

import argparse
import contextlib
import importlib
import io
import json
import os
import signal
import sys
import tempfile
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import click
import numpy as np

from rnnbbo.cli.main import run_command
from rnnbbo.cli.parameters import read_parameters
from rnnbbo.errors import RnnbboError

sys.path.insert(0, str(Path(__file__).parent))
import hostile

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 20

SPACES = [
    b'lr = "float:1e-5:1e-1:log"\nact = "cat:relu,tanh"\ndepth = "int:1:8"\n',
    b'batch = { type = "cat", categories = [16, 32.5, true, "all, of it"] }\n'
    b"[depth]\ntype = 'int'\nlow = 1\nhigh = 8\n"
    b'[decay]\ntype = "float"\nlow = 1e-6\nhigh = 1.0\nlog = true\n',
]
PLANS = [
    b'about = "two"\nsplit = "tune"\ntime_limit = 60.5\n\n[[compare]]\nsuites = ["gp-2d"]\n'
    b'methods = ["kernel", "random"]\nbudget = 20\nfunctions = 3\nseeds = 2\n',
]

# What takes the place of a value in a file, and of an option's value.
WRONG = [
    *("", "0", "-1", "1", "1.5", "1e400", "-1e400", "nan", "inf", "true", "null", "x", "''", '""'),
    *("[]", "[[]]", "{}", "[1, [2]]", '["a"]', "{ a = 1 }", "'''", "1979-05-27", "0x1F", "1_0"),
    *("9" * 400, "9" * 5000, "[" * 1200 + "]" * 1200, '"\\u001b[31m"', '"\\u009b"', "\udcff"),
    *('"a\\nb"', '"' + "x" * 3000 + '"', "float:0:1", "int:1:", "cat:a,a", "float:1:0:log", "../x"),
    *(
        "a.a.a.a",
        ".".join("a" * 1500),
        "=",
        "[x]",
        "[[compare]]",
        "[train]",
        "#",
        "\x00",
        "\x1b[2J",
    ),
]


def mutate(rng: np.random.Generator, data: bytes) -> bytes:
    """Return a file with a few things changed: bytes, lines, values or keys."""
    for _ in range(rng.integers(1, 4)):
        way = rng.integers(7)
        lines = data.split(b"\n")
        i = int(rng.integers(len(lines)))
        at = int(rng.integers(len(data) + 1))
        wrong = WRONG[rng.integers(len(WRONG))].encode("utf-8", "surrogateescape")
        if way == 0:
            data = data[:at] + wrong + data[at:]
        elif way == 1:
            data = data[:at] + data[at + int(rng.integers(1, 9)) :]
        elif way == 2 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << int(rng.integers(8))]) + data[at + 1 :]
        elif way == 3:
            lines.insert(int(rng.integers(len(lines) + 1)), lines[i])
            data = b"\n".join(lines)
        elif way == 4:
            data = b"\n".join(lines[:i] + lines[i + 1 :])
        else:  # most is found where only a value is wrong
            key, equals, _ = lines[i].partition(b"=")
            lines[i] = key + equals + b" " + wrong if equals else wrong
            data = b"\n".join(lines)
    return data


def _file(read: Callable[[Path], Any]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file.toml"
            path.write_bytes(data)
            read(path)

    return check


def _read_space(path: Path) -> None:
    space = read_parameters((), str(path))
    point = space.from_cube(np.full(space.cube_dim, 0.4))
    if space.decode(space.encode(point)) != point:
        raise AssertionError(f"{point} is not in its own space")


def _read_plan(path: Path) -> None:
    from rnnbbo.benchmarks.plan import load_plan

    json.dumps(load_plan(path).to_dict())


def _read_training(path: Path) -> None:
    from rnnbbo.functions.gp import GPDistribution
    from rnnbbo.meta import finetune
    from rnnbbo.meta.config import load_config, load_train
    from rnnbbo.tables import from_table

    with contextlib.suppress(RnnbboError):
        load_train(path, finetune.DEFAULTS)
    settings = load_config(path)
    from_table(GPDistribution, "functions", settings.functions)
    json.dumps(settings.to_dict())


OBJECTIVE = """
def f(x=0.5, n=1, **more):
    return n * (float(x) if not isinstance(x, list) else 1.0)
f.bounds = [(0.0, 1.0)]
"""

COMMANDS: dict[str, str] = {
    "minimize": (
        "--param x=float:0:1|-p n=int:1:9|-p c=cat:a,b|--space SPACE|-n 2|-n 1|--policy lstm-direct"
        "|--policy none|--policy WEIGHTS|--seed 3|--jobs 2|--eval-timeout 5|--timeout 5|"
        "--study STUDY|--resume|--max-failures 1|--call-with names|--call-with list|--json|"
        "--plot PLOT|FILE:f|FILE:g|math:cos|FILE|-- echo {x}|-- echo 1|-- false {x} {n}|"
        "-- {x}|-- no-such-program"
    ),
    "study": "show|export|STUDY|SPACE|none.db|--json|--format csv|-o OUT|--trial 0",
    "policies": "lstm|auto|none|WEIGHTS|SPACE|FILE:f|--json",
    "train": (
        "CONFIG|SPACE|none.toml|--from lstm|--functions FILE:f|--functions none|--dims 2,3|"
        "--updates 1|--out OUT|--device cpu|--device none|--threads 1|--stop-after 1"
    ),
    "benchmark": (
        "run|report|list|measure|quick|SPACE|none.toml|--quick|--out OUT|--jobs 1|--jobs 2|--retry|"
        "--scheduler none|--no-report|--to OUT|FOLDER|duel|latency|none|--methods random|--at 10"
    ),
    "none": "--help|--version|-h",
}


def draw_options(rng: np.random.Generator) -> list[str]:
    """Return a command with options, some of them wrong."""
    command = list(COMMANDS)[rng.choice(len(COMMANDS), p=[0.5, 0.12, 0.1, 0.12, 0.12, 0.04])]
    known = COMMANDS[command].split("|")
    order = rng.permutation(len(known))[: int(rng.integers(0, 8))]
    options: list[str] = []
    for i in order:
        words = known[i].split(" ")
        if rng.random() < 0.2:
            words[-1] = WRONG[rng.integers(len(WRONG))].replace("\x00", "")
        options += words
    if command == "minimize" and rng.random() < 0.6:
        options = ["-p", "x=float:0:1", "-n", "2", "--policy", "lstm-direct", *options]
    return [command, *(option for option in options if len(option) < 10_000)]


@contextlib.contextmanager
def _inexpensive() -> Iterator[None]:
    """Leave out what takes long: the bodies of trainings and benchmarks, processes, evaluations."""
    from rnnbbo import loop
    from rnnbbo.benchmarks.measures import registry
    from rnnbbo.cli import benchmark, command_objective
    from rnnbbo.evaluation.evaluator import Inline

    def inline(self: Any, jobs: int, seed: int, *, timed: bool) -> Inline:
        keywords = list(self.names) if self.by_names else None
        return Inline(command_objective.as_list_objective(self.func, keywords))

    make = registry.measure_command

    def measure(name: str) -> click.Command:
        made = make(name)
        return click.Command(made.name, params=made.params, callback=lambda **_: None)

    limits = loop.Limits
    with contextlib.ExitStack() as stack:
        for target, name, new in (
            (loop, "Limits", lambda n, *others: limits(min(n, 3), *others)),
            (command_objective.PythonFunction, "evaluator", inline),
            (benchmark, "_report", lambda *_: None),
            (benchmark, "_export_coco", lambda *_: None),
        ):
            stack.enter_context(mock.patch.object(target, name, new))
        stack.enter_context(mock.patch("rnnbbo.benchmarks.runner.run"))
        stack.enter_context(mock.patch("rnnbbo.meta.trainer.train", _stopped))
        stack.enter_context(mock.patch.object(registry, "measure_command", measure))
        yield


def _stopped(*_: Any, **__: Any) -> Any:
    raise RnnbboError("left out")


def check_options(data: bytes) -> None:
    """Run a command."""
    with tempfile.TemporaryDirectory() as name, _inexpensive():
        folder = Path(name) / "here"  # so that ../ stays inside
        folder.mkdir()
        places = {
            "FILE": folder / "objective.py",
            "SPACE": folder / "space.toml",
            "CONFIG": ROOT / "configs" / "lstm.toml",
            "WEIGHTS": ROOT / "rnnbbo" / "weights" / "lstm-direct.safetensors",
            "STUDY": folder / "run.db",
            "PLOT": folder / "plot.png",
            "OUT": folder / "out",
            "FOLDER": folder,
        }
        places["FILE"].write_text(OBJECTIVE)
        places["SPACE"].write_bytes(SPACES[0])
        options = []
        for option in json.loads(data):
            word, colon, rest = option.partition(":")
            options.append(str(places.get(word, word)) + colon + rest)
        options = options[1:] if options[0] == "none" else options
        out, err = io.StringIO(), io.StringIO()
        here = Path.cwd()
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run_command(options)
        finally:
            os.chdir(here)
        if code not in (0, 2, 3, 4, 130):
            raise AssertionError(f"exit status {code}")
        _require_safe(out.getvalue() + err.getvalue())


def draw_call(rng: np.random.Generator) -> hostile.Described:
    """Return a call with one or two arguments that may be wrong."""
    name = list(hostile.CALLS)[rng.integers(len(hostile.CALLS))]
    call = hostile.CALLS[name]
    arguments: dict[str, Any] = {k: v for k, v in call.right.items() if v is not None}
    for parameter in rng.choice(list(call.right), size=int(rng.integers(1, 3))):
        arguments[str(parameter)] = _draw_value(rng, large=parameter not in call.refused)
    return {"call": name, "arguments": arguments}


def _draw_value(rng: np.random.Generator, large: bool, depth: int = 2) -> Any:
    if depth and rng.random() < 0.35:
        kind = ("list", "tuple")[rng.integers(2)]
        count = int(rng.integers(1, 4))
        return [kind, *(_draw_value(rng, large, depth - 1) for _ in range(count))]
    names = [name for name in hostile.VALUES if large or name not in hostile.LARGE]
    return names[rng.integers(len(names))]


def check_call(data: bytes) -> None:
    """Make a call."""
    hostile.perform(json.loads(data))


@dataclass(frozen=True)
class Kind:
    """A kind of case.

    Attributes:
        draw: makes one.
        check: tries it, and raises what it raises.
        suffix: of a file that holds one.
    """

    draw: Callable[[np.random.Generator], bytes]
    check: Callable[[bytes], None]
    suffix: str = ".toml"


def _training() -> list[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "configs").glob("*.toml"))]


def _mutated(files: Callable[[], list[bytes]]) -> Callable[[np.random.Generator], bytes]:
    return lambda rng: mutate(rng, files()[rng.integers(len(files()))])


KINDS = {
    "spaces": Kind(_mutated(lambda: SPACES), _file(_read_space)),
    "plans": Kind(_mutated(lambda: PLANS), _file(_read_plan)),
    "training": Kind(_mutated(_training), _file(_read_training)),
    "options": Kind(
        lambda rng: json.dumps(draw_options(rng)).encode(), check_options, suffix=".json"
    ),
    "arguments": Kind(lambda rng: json.dumps(draw_call(rng)).encode(), check_call, suffix=".json"),
}


def draw(kind: str, seed: int, number: int) -> bytes:
    """Return a case."""
    return KINDS[kind].draw(np.random.default_rng((list(KINDS).index(kind), seed, number)))


@cache
def _load(kind: str) -> None:
    """Import what takes long before the time of a case begins."""
    modules = {
        "plans": ["rnnbbo.benchmarks.plan"],
        "training": ["rnnbbo.functions.gp", "rnnbbo.meta.finetune"],
        "options": [
            *("rnnbbo.functions.gp", "rnnbbo.meta.finetune", "rnnbbo.meta.trainer"),
            *("rnnbbo.meta.curves", "rnnbbo.benchmarks.runner", "matplotlib.figure"),
            *("rnnbbo.benchmarks.measures.latency", "rnnbbo.benchmarks.measures.duel"),
        ],
    }
    for name in modules.get(kind, ()):
        importlib.import_module(name)


def fault(kind: str, data: bytes) -> str | None:
    """Return what is wrong with how rnnbbo takes a case; None if nothing is."""
    _load(kind)
    try:
        with warnings.catch_warnings(), _in_time():
            warnings.simplefilter("ignore")
            KINDS[kind].check(data)
    except RnnbboError as error:
        try:
            _require_safe(str(error))
        except AssertionError as unsafe:
            return str(unsafe)
    except (Exception, SystemExit) as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "rnnbbo" in f.filename]
        place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        return f"{type(error).__name__}: {str(error)[:200]!r}{place}"
    return None


def _require_safe(text: str) -> None:
    kinds = {one: unicodedata.category(one) for one in text if one not in "\n\t\r"}
    unsafe = [one for one, kind in kinds.items() if kind in ("Cc", "Cs")]
    if unsafe:
        raise AssertionError(f"characters {sorted(unsafe)!r} in {text[:500]!r}")


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    def late(*_: Any) -> None:
        raise TimeoutError(f"over {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main() -> int:
    """Try cases of each kind, and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--n", type=int, default=200, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the cases that are faults")
    options = parser.parse_args()
    for kind in options.kinds:
        if kind not in KINDS:
            parser.error(f"kind = {kind!r}; expected some of {', '.join(KINDS)}")
    faults = 0
    for kind in options.kinds or KINDS:
        found = 0
        for number in range(options.n):
            data = draw(kind, options.seed, number)
            wrong = fault(kind, data)
            if wrong is None:
                continue
            found += 1
            print(f"{kind} {number}: {wrong}\n    {data[:300]!r}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                name = f"{kind}-{options.seed}-{number}{KINDS[kind].suffix}"
                (options.keep / name).write_bytes(data)
        print(f"{kind}: {options.n} cases, {found} faults", flush=True)
        faults += found
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
