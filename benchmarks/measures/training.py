"""Speed of meta-training."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import click
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import WholeNumbers
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.errors import ConfigError
from rnnbbo.functions.gp import GPDistribution
from rnnbbo.meta.config import Config, load_config
from rnnbbo.meta.schedule import Episode
from rnnbbo.meta.unroll import run_policy
from rnnbbo.policies.network.network import Network
from rnnbbo.tables import from_table

PEAK_SIZE = 2048
"""Side of the single-precision matrices whose product gives the machine's peak."""


@dataclass(frozen=True)
class TrainingSpeed:
    """How fast a configuration is trained.

    Attributes:
        batch: functions an update.
        functions_per_second: sampled, run, and differentiated through.
        flops_per_second: of matrix products, forward and backward; nothing else is counted.
    """

    batch: int
    functions_per_second: float
    flops_per_second: float


def time_update(
    config: Config, batch: int, device: str, *, repeats: int, episode: Episode
) -> TrainingSpeed:
    """Time the gradient of an update: functions, the policy's runs on them, and backward.

    Adam's step and validation are left out. The first update, which allocates, is not timed.

    Args:
        config: what is trained; its own batch and horizon are not used.
        batch: functions an update.
        device: torch device.
        repeats: updates; the fastest counts.
        episode: dimension, horizon and workers of the runs.
    """
    policy = Network(config.policy)
    distribution = from_table(GPDistribution, "functions", config.functions)
    weights = policy.init_params(np.random.default_rng(config.train.seed))
    params = {k: torch.tensor(v, device=device, requires_grad=True) for k, v in weights.items()}

    def update() -> None:
        generator = torch.Generator(device).manual_seed(config.train.seed)
        functions = distribution.sample(batch, episode.dim, generator, device, torch.float64)
        loss = run_policy(policy, params, functions, episode, config.train, generator).loss
        torch.autograd.grad(loss, list(params.values()), allow_unused=True)

    with FlopCounterMode(display=False) as counter:
        update()
    seconds = min(_seconds(update, device) for _ in range(repeats))
    return TrainingSpeed(batch, batch / seconds, counter.get_total_flops() / seconds)


def torch_peak_flops(device: str) -> float:
    """Return the floating-point operations a second of a large float32 product on the device."""
    a = torch.ones(PEAK_SIZE, PEAK_SIZE, device=device)
    _seconds(lambda: torch.mm(a, a), device)
    best = min(_seconds(lambda: torch.mm(a, a), device) for _ in range(5))
    return 2.0 * PEAK_SIZE**3 / best


def _seconds(work: Callable[[], object], device: str) -> float:
    """Time some work, in seconds, to its end on the device."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else (lambda: None)
    wait()
    start = perf_counter()
    work()
    wait()
    return perf_counter() - start


@measure()
@click.argument(
    "configs",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--batch",
    type=WholeNumbers("16,64,256"),
    default="16,64,256",
    show_default=True,
    help="Functions an update.",
)
@click.option("--device", default="cpu", show_default=True, help="A torch device.")
@click.option(
    "--threads", type=click.IntRange(1), default=1, show_default=True, help="CPU threads."
)
@click.option("--dim", type=click.IntRange(1), default=6, show_default=True, help="Dimensions.")
@click.option(
    "--horizon", type=click.IntRange(1), default=28, show_default=True, help="Evaluations a run."
)
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Updates; the fastest counts.",
)
def command(
    configs: tuple[Path, ...],
    batch: tuple[int, ...],
    device: str,
    threads: int,
    dim: int,
    horizon: int,
    repeats: int,
) -> list[Subsection]:
    """Measure how fast the configurations CONFIGS, such as configs/lstm.toml, are trained.

    The share of the peak is that of a large single-precision matrix product on the same device.
    """
    torch.set_num_threads(threads)
    episode = Episode(dim, horizon, 1)
    loaded = [(path.stem, load_config(path)) for path in configs]
    _check(device)
    most = torch_peak_flops(device)
    rows = []
    cases = [(name, config, size) for name, config in loaded for size in batch]
    for name, config, size in tqdm(cases, unit="batch", disable=None, leave=False):
        found = time_update(config, size, device, repeats=repeats, episode=episode)
        rows.append(
            [
                Cell(name),
                Cell(str(size)),
                Cell(f"{found.functions_per_second:.3g}"),
                Cell(f"{found.flops_per_second / 1e9:.3g}"),
                Cell(f"{100.0 * found.flops_per_second / most:.2g} %"),
            ]
        )
    head = ["configuration", "batch", "functions a second", "GFLOP/s", "share of peak"]
    return [Subsection(tables=[Table(head, rows)])]


def _check(device: str) -> None:
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"device = {device!r}; expected a device of torch's that is there, such as cpu or "
            f"cuda ({reason})"
        ) from error
