"""What some functions of a new family are worth to weights that never saw any of them."""

from collections.abc import Callable, Mapping

import click
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from rnnbbo import shipped
from rnnbbo.benchmarks.measures.drawn_families import FAMILY_KINDS, drawn_family
from rnnbbo.benchmarks.measures.few_shot import Shots, adapt
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import bootstrap_mean
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.errors import ConfigError, PolicyError
from rnnbbo.importing import import_object
from rnnbbo.meta.embedding import RECOGNISER, recognise
from rnnbbo.meta.family import FamilyDistribution, Members
from rnnbbo.meta.validation import SEED, ValidationSet, held_out, validation_regrets
from rnnbbo.policies.protocol import BatchedPolicy, as_batched

PLAN = {10: (8, 10), 100: (20, 10), 1000: (25, 40)}
"""Updates, and functions an update, by the number of functions known."""

_TIMES = (10, 20)  # evaluations
_SEED = 11  # of the functions known, and of the runs on them

_Found = dict[int, np.ndarray]
_Way = Callable[[Members], tuple[BatchedPolicy, dict[str, Tensor]]]


@measure(one_thread=True)
@click.option("--from", "start", default="lstm", show_default=True, help="Policy to begin with.")
@click.option(
    "--kinds",
    type=Names(FAMILY_KINDS),
    default=",".join(FAMILY_KINDS),
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
@click.option(
    "--rate",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=1e-3,
    show_default=True,
    help="First learning rate.",
)
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
    bootstrap interval over members. Weights are trained further on these functions, or `lstm`
    recognises the family by 64 values of each.
    """
    parent, policy = shipped.load_batched(start)
    if not policy.scores:
        raise PolicyError(
            f"--from = {start!r}; expected a network with a scored head, such as lstm"
        )
    for name in functions:
        if ":" not in name:
            form = "a family of functions as pkg.mod:family or ./file.py:family"
            raise ConfigError(f"--functions = {name!r}; expected {form}")
    families = {kind: drawn_family(kind, dim, split) for kind in kinds}
    families |= {name.rpartition(":")[2]: import_object(name, ConfigError) for name in functions}
    ways: dict[str, _Way] = {"training": lambda known: _trained(parent, policy, known, rate)}
    if start == RECOGNISER:
        ways["recognising"] = lambda known: _recognised(parent, known)
    rows = []
    for name, family in tqdm(families.items(), unit="family", disable=None, leave=False):
        distribution = FamilyDistribution(family)
        sets = held_out(distribution, dim, SEED + 1_500_000, members=members)
        before = _regret(policy, _tensors(parent), sets)
        for by, way in ways.items():
            found = {}
            for count in PLAN:
                known = distribution.sample(count, dim, torch.Generator().manual_seed(_SEED))
                found[count] = _regret(*way(known), sets)
            rows += [_row(name, by, i, before, found) for i in range(len(_TIMES))]
    head = ["family", "by", "evaluations", "0 functions", *(f"{count:,}" for count in PLAN)]
    return [Subsection(tables=[Table(head, rows)])]


def _tensors(loaded: Checkpoint) -> dict[str, Tensor]:
    return {key: torch.from_numpy(value) for key, value in loaded.params.items()}


def _trained(
    parent: Checkpoint, policy: BatchedPolicy, known: Members, rate: float
) -> tuple[BatchedPolicy, dict[str, Tensor]]:
    how = Shots(*PLAN[known.batch], rate)
    generator = torch.Generator().manual_seed(_SEED)
    return policy, adapt(policy, _tensors(parent), known, how, generator)


def _recognised(parent: Checkpoint, known: Members) -> tuple[BatchedPolicy, dict[str, Tensor]]:
    told = recognise(parent, known, "recognised", "family")
    policy = as_batched(told.policy)
    assert policy is not None
    return policy, _tensors(told)


def _regret(
    policy: BatchedPolicy, weights: Mapping[str, Tensor], sets: ValidationSet
) -> np.ndarray:
    """Return regret (members, times)."""
    _, regret = validation_regrets(policy, weights, sets, SEED + 1_500_000, max(_TIMES))
    return regret.numpy()[:, [t - 1 for t in _TIMES]].astype(float)


def _row(name: str, by: str, i: int, before: np.ndarray, found: _Found) -> list[Cell]:
    cells = [Cell(name), Cell(by), Cell(str(_TIMES[i])), Cell(f"{before[:, i].mean():.3f}")]
    for after in found.values():
        change = bootstrap_mean(after[:, i] - before[:, i])
        interval = f"[{float(change.low):+.3f}, {float(change.high):+.3f}]"
        mean = float(after[:, i].mean())
        cells.append(Cell(f"{mean:.3f} {interval}", value=mean))
    return cells
