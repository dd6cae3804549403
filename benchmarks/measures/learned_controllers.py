"""How many episodes methods need to learn controllers by parameters alone.

Tasks, policies, starts, thresholds and what is minimised were fixed on seeds from 100 on; those
that are reported begin at 200.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.measures.kept_lines import KeptLines
from rnnbbo.benchmarks.measures.learned_tasks import LEARNED, Learned
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.methods import make_method
from rnnbbo.benchmarks.option_types import Names
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import bootstrap_mean, bootstrap_ratio
from rnnbbo.functions.problem import FloatArray

FRESH = 10
"""Episodes, of starts of their own, that a policy has to reach the threshold on."""

_FRESH_SEED = 5_000_000
_BETWEEN = 10_000  # seeds between the starts of two runs
_OWN = "auto"
_RIVALS = ("cma", "random")


@dataclass(frozen=True)
class LearningRun:
    """A run of a method on a task.

    Attributes:
        episodes: until it was solved, or all that there were.
        evaluations: of which there were fewer.
        solved: whether it was.
    """

    episodes: int
    evaluations: int
    solved: bool


def learn(task: Learned, method: str, seed: int) -> LearningRun:
    """Learn a controller, until one solves the task or the episodes are spent.

    Args:
        task: what is learned.
        method: as `make_method` takes it.
        seed: of the method, and of the starts of its episodes.
    """
    search = replace(task.search, seed=_BETWEEN * (seed + 1))
    made = make_method(method, search.dim, task.episodes, seed)
    played = evaluations = 0
    best = np.inf
    while played < task.episodes:
        point = made.ask()
        weights = 2.0 * point - 1.0
        returns = search.returns(weights)
        played += len(returns)
        evaluations += 1
        loss = task.loss(returns)
        made.tell(point, loss)
        if loss > best:
            continue
        best = loss
        if returns.mean() >= task.tested and solves(task, weights):
            return LearningRun(played, evaluations, True)
    return LearningRun(task.episodes, evaluations, False)


def solves(task: Learned, weights: FloatArray) -> bool:
    """Tell whether the mean return of fresh episodes reaches the threshold."""
    total = 0.0
    for k in range(FRESH):
        (one,) = task.search.returns(weights, [_FRESH_SEED + k])
        total += one
        if (total + (FRESH - 1 - k) * task.most) / FRESH < task.threshold:
            return False  # however well the others go
    return total / FRESH >= task.threshold


class KeptRuns:
    """Runs that were made, kept in a file, a line each, so that a measurement can be gone on with.

    Args:
        path: the file; None for none.
    """

    def __init__(self, path: Path | None) -> None:
        self._kept = KeptLines(path, "task", "method", "seed")

    def run(self, name: str, method: str, seed: int) -> LearningRun:
        """Return a run, which is made if it was not."""
        line = self._kept.take(
            (name, method, seed), lambda: {"run": vars(learn(LEARNED[name], method, seed))}
        )
        return LearningRun(**line["run"])


@measure(one_thread=True)
@click.option(
    "--methods",
    type=Names(),
    default="auto,lstm,dnc,cma,random,ars,ars-small",
    show_default=True,
    help="What is compared.",
)
@click.option(
    "--tasks", type=Names(), default=",".join(LEARNED), show_default=True, help="What is learned."
)
@click.option("--seeds", type=click.IntRange(2), default=40, show_default=True)
@click.option("--first-seed", type=click.IntRange(0), default=200, show_default=True)
@click.option(
    "--records",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that keeps every run, and goes on with them.",
)
def command(
    methods: tuple[str, ...],
    tasks: tuple[str, ...],
    seeds: int,
    first_seed: int,
    records: Path | None,
) -> list[Subsection]:
    """Measure the episodes until controllers of gymnasium's tasks are learned.

    An evaluation plays one episode, and further ones while the policy is promising. A run ends with
    the first policy that is the best so far and reaches the threshold on fresh episodes, which do
    not count. A run that does not get there counts with all that it had.
    """
    kept = KeptRuns(records)
    jobs = [
        (name, method, first_seed + k) for name in tasks for k in range(seeds) for method in methods
    ]
    runs = {job: kept.run(*job) for job in tqdm(jobs, unit="run", disable=None, leave=False)}
    each: dict[tuple[str, str], list[LearningRun]] = {}
    for (name, method, _), run in runs.items():
        each.setdefault((name, method), []).append(run)
    rows = [_row(method, [each[name, method] for name in tasks]) for method in methods]
    if _OWN in methods and set(_RIVALS) & set(methods):
        rivals = [rival for rival in _RIVALS if rival in methods]
        rows.append([Cell(f"{_OWN} / the better of {' and '.join(rivals)}")])
        rows[-1] += [_ratio({m: each[name, m] for m in (_OWN, *rivals)}) for name in tasks]
    text = (
        f"Episodes until solved: mean of {seeds} seeds with its 95 % interval, and how many runs "
        "solved the task. Runs that did not count with all episodes that there were.",
    )
    items = [(name, LEARNED[name].about) for name in tasks]
    return [
        Subsection(text=text, items=items, tables=(Table(["method", *tasks], rows),)),
    ]


def _row(method: str, runs: Sequence[Sequence[LearningRun]]) -> list[Cell]:
    return [Cell(method), *map(_cell, runs)]


def _cell(runs: Sequence[LearningRun]) -> Cell:
    found = bootstrap_mean([run.episodes for run in runs])
    solved = sum(run.solved for run in runs)
    text = f"{found.mean:.0f} ({found.low:.0f} to {found.high:.0f}); {solved} of {len(runs)}"
    return Cell(text, value=float(found.mean))


def _ratio(runs: dict[str, list[LearningRun]]) -> Cell:
    episodes = {name: np.array([run.episodes for run in each]) for name, each in runs.items()}
    better: Callable[[str], float] = lambda name: float(episodes[name].mean())  # noqa: E731
    rival = min((name for name in runs if name != _OWN), key=better)
    found = bootstrap_ratio(episodes[_OWN], episodes[rival])
    text = f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f}), {rival}"
    return Cell(text, value=float(found.mean))
