"""Importance of parameters against functions whose Sobol' indices are known.

Ours, and what Optuna's evaluators say of the same values. Values are those of a search, which looks
mostly near the minimum, or of points drawn evenly.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
import optuna
from optuna.importance import (
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    PedAnovaImportanceEvaluator,
)
from tqdm import tqdm

from rnnbbo import Optimizer, Space
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.pictures.importance import importance
from rnnbbo.pictures.run_data import RunData

_SOURCES = ("a search by the default", "points drawn evenly")
_PEERS: dict[str, type] = {
    "fANOVA": FanovaImportanceEvaluator,
    "mean decrease of impurity": MeanDecreaseImpurityImportanceEvaluator,
    "PED-ANOVA": PedAnovaImportanceEvaluator,
}


@dataclass(frozen=True)
class KnownIndices:
    """A function of [0, 1]^D whose indices are known.

    Attributes:
        name: with its source.
        func: maps a point to a value.
        alone: (D,) first-order indices.
        total: (D,) total indices.
    """

    name: str
    func: Callable[[Sequence[float]], float]
    alone: np.ndarray
    total: np.ndarray


def ishigami(x: Sequence[float]) -> float:
    """Return Ishigami's function with a = 7 and b = .1, its box mapped to the unit cube."""
    a, b, c = (math.pi * (2.0 * u - 1.0) for u in x)
    return math.sin(a) + 7.0 * math.sin(b) ** 2 + 0.1 * c**4 * math.sin(a)


_WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])


def g_function(x: Sequence[float]) -> float:
    """Return the g-function, a product over six parameters of falling importance."""
    return math.prod((abs(4.0 * u - 2.0) + a) / (1.0 + a) for u, a in zip(x, _WEIGHTS, strict=True))


def additive_bowl(x: Sequence[float]) -> float:
    """Return a bowl of four parameters, of which the last does nothing."""
    sizes = (3.0, 2.0, 1.0)
    return sum(a * (u - 0.3) ** 2 for a, u in zip(sizes, x, strict=False))


def known_functions() -> list[KnownIndices]:
    """Return the functions, with their indices."""
    parts = 1.0 / (3.0 * (1.0 + _WEIGHTS) ** 2)
    whole = np.prod(1.0 + parts) - 1.0
    others = np.array([np.prod(np.delete(1.0 + parts, d)) for d in range(len(parts))])
    bowl = np.array([9.0, 4.0, 1.0, 0.0]) / 14.0
    # Ishigami & Homma 1990: V_1 = (1 + b pi^4 / 5)^2 / 2, V_2 = a^2 / 8, V_13 = 8 b^2 pi^8 / 225.
    first, second = (1.0 + 0.1 * math.pi**4 / 5.0) ** 2 / 2.0, 49.0 / 8.0
    joint = 8.0 * 0.01 * math.pi**8 / 225.0
    sizes = np.array([first, second, 0.0]), np.array([first + joint, second, joint])
    ishigami_indices = [one / (first + second + joint) for one in sizes]
    return [
        KnownIndices("Ishigami (1990)", ishigami, *ishigami_indices),
        KnownIndices(
            "g-function (Saltelli & Sobol 1995)", g_function, parts / whole, parts * others / whole
        ),
        KnownIndices("bowl with an idle parameter", additive_bowl, bowl, bowl),
    ]


def told(one: KnownIndices, source: str, count: int, seed: int) -> RunData:
    """Return values of a function at points of a source."""
    space = Space([(0.0, 1.0)] * len(one.alone))
    if source == _SOURCES[1]:
        points = np.random.default_rng(seed).random((count, len(one.alone))).tolist()
        return RunData(space, points, np.array([[one.func(x)] for x in points]), (False,))
    optimizer = Optimizer(space, rng=seed)
    for _ in range(count):
        x = optimizer.ask()
        optimizer.tell(x, one.func(x))
    return optimizer.result().run_data()


def our_indices(data: RunData) -> np.ndarray:
    """Return (D, 4): alone, total, and the ends of its interval, in the order of parameters."""
    found = {one.name: (one.alone, one.total, one.low, one.high) for one in importance(data)}
    return np.array([found[name] for name in data.space.names])


def their_shares(evaluator: type, data: RunData) -> np.ndarray:
    """Return shares (D,) of an evaluator of Optuna's; they sum to 1."""
    names = list(data.space.names)
    unit: dict[str, Any] = {
        name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in names
    }
    study = optuna.create_study()
    for point, (value,) in zip(data.points, data.values.tolist(), strict=True):
        params = dict(zip(names, point, strict=True))
        study.add_trial(optuna.create_trial(params=params, distributions=unit, value=value))
    made = evaluator() if evaluator is PedAnovaImportanceEvaluator else evaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=made)
    return np.array([found.get(name, 0.0) for name in names])


@measure(one_thread=True)
@click.option("--values", type=click.IntRange(4), default=60, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=10, show_default=True)
def command(values: int, seeds: int) -> list[Subsection]:
    """Measure how close importance comes to Sobol' indices that are known.

    A cell holds the mean over seeds. Ours has two indices a parameter, each to be compared with the
    known one before it, and how many of the intervals hold the total. Optuna's evaluators have one
    share of a sum of 1 for each parameter, to be compared with the known one alone of that sum.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    indices, shares = [], []
    jobs = [(one, source) for one in known_functions() for source in _SOURCES]
    for one, source in tqdm(jobs, unit="table", disable=None, leave=False):
        data = [told(one, source, values, seed) for seed in range(seeds)]
        found = np.array([our_indices(each) for each in data])
        alone, total = found.mean(axis=0).T[:2]
        held = (found[..., 2] <= one.total) & (one.total <= found[..., 3])
        off = [
            np.abs(mean - wanted).max() for mean, wanted in ((alone, one.alone), (total, one.total))
        ]
        indices.append(
            [
                Cell(one.name),
                Cell(source),
                *map(_numbers, (one.alone, alone, one.total, total)),
                _numbers(off),
                Cell(f"{100 * held.mean():.0f} %"),
            ]
        )
        wanted = one.alone / one.alone.sum()
        row = [Cell(one.name), Cell(source), _numbers(wanted), _numbers(alone / alone.sum())]
        for evaluator in _PEERS.values():
            row.append(_numbers(np.mean([their_shares(evaluator, each) for each in data], axis=0)))
        shares.append(row)
    head = ["function", "values by", "alone", "ours", "total", "ours", "largest error", "held"]
    return [
        Subsection("Sobol' indices", tables=[Table(head, indices)]),
        Subsection(
            "Shares of a sum of 1",
            tables=[Table(["function", "values by", "known", "ours", *_PEERS], shares)],
        ),
    ]


def _numbers(values: Sequence[float] | np.ndarray) -> Cell:
    return Cell(" ".join(f"{one:.2f}".replace("0.", ".", 1) for one in values))
