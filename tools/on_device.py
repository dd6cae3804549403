"""What runs on an accelerator: the tests of it, minimize_many and training, within ten minutes.

python tools/on_device.py --out device.md                     # on a CUDA device
python tools/on_device.py --device cpu --small --out tried.md # the same steps, tried anywhere

It needs the extras `train`, `bench` and `dev`, with a torch that knows the device. The file, and
one of JSON beside it, are written anew after every part, so that what was measured is kept if the
time runs out; a part that would take longer than what is left is left out, and says so.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from rnnbbo import core
from rnnbbo.benchmarks.measures.batched_runs import operations
from rnnbbo.benchmarks.measures.training import time_update
from rnnbbo.benchmarks.reports import plain, stored
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table
from rnnbbo.many import ManyResult, minimize_many
from rnnbbo.meta.config import load_config
from rnnbbo.meta.schedule import Episode

ROOT = Path(__file__).resolve().parent.parent
DIM = 6


@dataclass(frozen=True)
class Sizes:
    """How much is done.

    Attributes:
        problems: numbers of problems.
        n_calls: evaluations of each.
        batches: functions of an update of training.
        updates: updates that are timed, beside one before.
        horizon: evaluations of a run of training.
        matrix: rows and columns of the product that gives the peak.
    """

    problems: tuple[int, ...] = (10_000, 100_000)
    n_calls: int = 30
    batches: tuple[int, ...] = (64, 512)
    updates: int = 5
    horizon: int = 28
    matrix: int = 8192


SMALL = Sizes((50, 200), 4, (2, 4), 1, 6, 512)


class Clock:
    """The time that is left.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds, at least 0."""
        return max(self._end - time.monotonic(), 0.0)


@dataclass(frozen=True)
class Bowls:
    """Bowls with ripples, one a problem, on any device.

    Attributes:
        centres: (N, D) their minima.
    """

    centres: torch.Tensor

    @classmethod
    def of(cls, count: int, device: str) -> "Bowls":
        """Make as many, the same on every device."""
        drawn = np.random.default_rng(0).uniform(0.2, 0.8, (count, DIM))
        return cls(torch.as_tensor(drawn, device=device))

    def __call__(self, x: torch.Tensor | np.ndarray) -> torch.Tensor | np.ndarray:
        """Return values (N,) at points (N, D)."""
        apart = torch.as_tensor(x) - self.centres
        y = (apart**2 + 0.05 * (1.0 - torch.cos(15.0 * apart))).sum(dim=1)
        return y.numpy() if isinstance(x, np.ndarray) else y


def seconds_of(work: Callable[[], object], device: str) -> float:
    """Time some work to its end on the device."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else (lambda: None)
    wait()
    begin = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - begin


def peak(matrix: int, device: str) -> float:
    """Return the floating-point operations a second of a large float32 product."""
    a = torch.rand(matrix, matrix, device=device)
    seconds_of(lambda: torch.mm(a, a), device)
    return 2.0 * matrix**3 / min(seconds_of(lambda: torch.mm(a, a), device) for _ in range(5))


def tests(device: str, clock: Clock) -> Subsection:
    """Run the tests marked `cuda`."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "cuda", "-p", "no:warnings"]
    command += ["tests/many/test_device.py", "tests/meta/test_device.py"]
    environment = {**os.environ, "RNNBBO_TEST_DEVICE": device}
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            timeout=clock.left,
            capture_output=True,
            text=True,
            check=False,
        )
        text = done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        text = f"{(error.stdout or b'').decode()}\nended: no time was left"
    print(text, flush=True)
    failed = [line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return Subsection("Tests marked cuda", (text.strip().splitlines()[-1], *failed))


def many(device: str, sizes: Sizes, most: float, clock: Clock) -> Iterator[Subsection]:
    """Yield what is known so far of minimize_many on the device and on the CPU.

    Args:
        device: torch device.
        sizes: how much is done.
        most: floating-point operations a second that the device reaches.
        clock: the time that is left.
    """
    rows: list[list[Cell]] = []
    rates: dict[tuple[str, str], float] = {}
    for count in sizes.problems:
        for policy in ("lstm", "dnc"):
            each = operations(policy, DIM, sizes.n_calls, 0)
            best: dict[str, float] = {}
            for where in (device, "the CPU"):
                asks = count * sizes.n_calls
                rate = rates.get((policy, where))
                cells = [Cell(f"{count:,}"), Cell(policy), Cell(where)]
                if rate is not None and asks / rate > 0.4 * clock.left:
                    rows.append([*cells, *[Cell(NONE)] * 5])
                    continue
                own = device if where == device else "cpu"
                run = partial(
                    minimize_many,
                    Bowls.of(count, own),
                    [(0.0, 1.0)] * DIM,
                    count,
                    sizes.n_calls,
                    policy=policy,
                    rng=0,
                    device=device if where == device else None,
                )
                if rate is None and where == device:
                    # What is loaded and compiled at first counts for no one.
                    minimize_many(
                        Bowls.of(8, own), [(0.0, 1.0)] * DIM, 8, 2, policy=policy, device=own
                    )
                if device.startswith("cuda"):
                    torch.cuda.reset_peak_memory_stats()
                results: list[ManyResult] = []
                seconds = seconds_of(lambda: results.append(run()), own)  # noqa: B023
                rates[policy, where] = asks / seconds
                best[where] = float(results[0].fun.mean())
                memory = NONE
                if device.startswith("cuda") and where == device:
                    memory = f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB"
                share = f"{each * asks / seconds / most:.1%}" if where == device else NONE
                rows.append(
                    [
                        *cells,
                        Cell(f"{seconds:.2f} s", value=seconds),
                        Cell(f"{asks / seconds:,.0f}", value=asks / seconds),
                        Cell(share),
                        Cell(f"{best[where]:.4f}", value=best[where]),
                        Cell(memory),
                    ]
                )
                head = ["problems", "policy", "on", "time", "asks a second", "share of the peak"]
                head += ["mean best value", "most memory"]
                text = (
                    f"{sizes.n_calls} evaluations each in {DIM} dimensions, the first points of a "
                    "rippled bowl a problem. The share is of floating-point operations in matrix "
                    f"products. The CPU computes with {core.name()}, on as many cores as that."
                )
                yield Subsection("minimize_many", (text,), tables=(Table(head, rows),))


def training(device: str, sizes: Sizes, most: float, clock: Clock) -> Iterator[Subsection]:
    """Yield what is known so far of the speed of training; arguments as for `many`."""
    config = load_config(ROOT / "configs" / "dnc.toml")
    episode = Episode(DIM, sizes.horizon, 1)
    rows: list[list[Cell]] = []
    for batch in sizes.batches:
        if clock.left < 60.0 and rows:
            rows.append([Cell(str(batch)), *[Cell(NONE)] * 4])
        else:
            found = time_update(config, batch, device, repeats=sizes.updates, episode=episode)
            rows.append(
                [
                    Cell(str(batch)),
                    Cell(f"{batch / found.functions_per_second:.2f} s"),
                    Cell(f"{found.functions_per_second:.3g}"),
                    Cell(f"{found.flops_per_second / 1e9:.3g}"),
                    Cell(f"{found.flops_per_second / most:.2%}"),
                ]
            )
        head = ["batch", "an update", "functions a second", "GFLOP/s", "share of the peak"]
        text = (
            f"configs/dnc.toml, the fastest of {sizes.updates} updates, in {DIM} dimensions, "
            f"{sizes.horizon} evaluations a run."
        )
        yield Subsection("Training", (text,), tables=(Table(head, rows),))


def main() -> int:
    """Run all parts, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", help="of torch; default cuda")
    parser.add_argument("--small", action="store_true", help="small sizes, to try the script")
    parser.add_argument("--seconds", type=float, default=570.0, help="for all parts; default 570")
    parser.add_argument("--out", type=Path, required=True, help="file of Markdown to write")
    arguments = parser.parse_args()
    device, sizes = arguments.device, SMALL if arguments.small else Sizes()
    if arguments.out.suffix != ".md" or not arguments.out.parent.is_dir():
        parser.error(f"--out {arguments.out}; expected a file .md in a folder that exists")
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        parser.error(f"--device {device}; expected one that torch {torch.__version__} has: {error}")
    clock = Clock(arguments.seconds)
    begin = time.monotonic()
    most = peak(sizes.matrix, device)
    card = torch.cuda.get_device_name() if device.startswith("cuda") else platform.processor()
    cores = len(os.sched_getaffinity(0))
    about = (
        f"{card or platform.machine()}, torch {torch.__version__}, {cores} CPU cores. "
        f"Peak: {most / 1e12:.2f} TFLOP/s, of a float32 product of {sizes.matrix} rows."
    )
    parts: dict[str, Subsection] = {"about": Subsection(text=(about,))}

    def keep(name: str, part: Subsection) -> None:
        parts[name] = part
        stored.write_tables(arguments.out, list(parts.values()))
        print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)

    keep("tests", tests(device, clock))
    for part in training(device, sizes, most, clock):
        keep("training", part)
    for part in many(device, sizes, most, clock):
        keep("many", part)
    print(plain.to_text(list(parts.values())))
    return 0 if " failed" not in parts["tests"].text[0] else 1


if __name__ == "__main__":
    sys.exit(main())
