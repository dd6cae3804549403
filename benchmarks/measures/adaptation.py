"""What some functions of a new family are worth to weights that never saw any of them."""

from collections.abc import Mapping

import click
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from rnnbbo import shipped
from rnnbbo.benchmarks.measures.families import KINDS, drawn_family
from rnnbbo.benchmarks.measures.few_shot import Shots, adapt
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import bootstrap_mean
from rnnbbo.cli.command_objective import import_function
from rnnbbo.errors import PolicyError
from rnnbbo.meta.family import FamilyDistribution
from rnnbbo.meta.validation import SEED, ValidationSet, held_out, validation_regrets
from rnnbbo.policies.protocol import BatchedPolicy

PLAN = {10: (8, 10), 100: (20, 10), 1000: (25, 40)}
"""Updates, and functions an update, by the number of functions known."""

_TIMES = (10, 20)  # evaluations
_SEED = 11  # of the functions known, and of the runs on them


@measure(one_thread=True)
@click.option("--from", "start", default="lstm", show_default=True, help="Policy to begin with.")
@click.option(
    "--kinds",
    type=Names(KINDS),
    default=",".join(KINDS),
    show_default=True,
    help="Kinds of families.",
)
@click.option(
    "--functions",
    metavar="MODULE:FAMILY",
    multiple=True,
    help="A family more, as `rnnbbo train --functions` takes it.",
)
@click.option("--dim", type=click.IntRange(1), default=3, show_default=True, help="Dimensions.")
@click.option(
    "--members", type=click.IntRange(2), default=32, show_default=True, help="Held out, a family."
)
@click.option("--rate", type=float, default=5e-3, show_default=True, help="First learning rate.")
@click.option(
    "--split",
    type=click.Choice(["tune", "test"]),
    default="test",
    show_default=True,
    help="Traits.",
)
def command(
    start: str,
    kinds: tuple[str, ...],
    functions: tuple[str, ...],
    dim: int,
    members: int,
    rate: float,
    split: str,
) -> list[Subsection]:
    """Measure regret on members held out, before and after some functions of their family.

    Mean capped normalised regret after so many evaluations, and the paired change with its 95 %
    bootstrap interval over members.
    """
    loaded, policy = shipped.load_batched(start)
    if not policy.scores:
        raise PolicyError(
            f"--from = {start!r}; expected a network with a scored head, such as lstm"
        )
    families = {kind: drawn_family(kind, dim, split) for kind in kinds}
    families |= {name.rpartition(":")[2]: import_function(name) for name in functions}
    weights = {key: torch.from_numpy(value) for key, value in loaded.params.items()}
    rows = []
    jobs = tqdm(families.items(), unit="family", disable=None, leave=False)
    for name, family in jobs:
        distribution = FamilyDistribution(family)
        sets = held_out(distribution, dim, SEED + 1_500_000, members=members)
        before = _regret(policy, weights, sets)
        found = {
            known: _regret(policy, _adapted(policy, weights, distribution, dim, known, rate), sets)
            for known in PLAN
        }
        rows += [_row(name, i, before, found) for i in range(len(_TIMES))]
    head = ["family", "evaluations", "0 functions", *(f"{known:,}" for known in PLAN)]
    return [Subsection(tables=[Table(head, rows)])]


def _adapted(
    policy: BatchedPolicy,
    weights: Mapping[str, Tensor],
    distribution: FamilyDistribution,
    dim: int,
    known: int,
    rate: float,
) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(_SEED)
    drawn = distribution.sample(known, dim, generator)
    return adapt(policy, weights, drawn, Shots(*PLAN[known], rate), generator)


def _regret(
    policy: BatchedPolicy, weights: Mapping[str, Tensor], sets: ValidationSet
) -> np.ndarray:
    """Return regret (members, times)."""
    _, regret = validation_regrets(policy, weights, sets, SEED + 1_500_000, max(_TIMES))
    return regret.numpy()[:, [t - 1 for t in _TIMES]].astype(float)


def _row(name: str, i: int, before: np.ndarray, found: Mapping[int, np.ndarray]) -> list[Cell]:
    cells = [Cell(name), Cell(str(_TIMES[i])), Cell(f"{before[:, i].mean():.3f}")]
    for after in found.values():
        change = bootstrap_mean(after - before)
        interval = f"[{change.low[i]:+.3f}, {change.high[i]:+.3f}]"
        cells.append(Cell(f"{after[:, i].mean():.3f} {interval}", value=float(after[:, i].mean())))
    return cells
