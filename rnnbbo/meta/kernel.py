"""Learn the numbers of the kernel policy by the regret of whole runs on training functions.

Nothing in a run with its random numbers can be differentiated, and the numbers are few: so they
are found by black-box optimization, by this package's own. An evaluation runs the policy on a
random part of a pool of functions, and returns its regret less that of the numbers that learning
starts from on the same functions with the same seeds. The evaluations are trials of a study:
learning is resumed by the same command, and several processes may share it. In the end the best few
are compared on the whole pool.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.checkpoint import SUFFIX, Checkpoint, save_policy
from rnnbbo.errors import ConfigError
from rnnbbo.meta.source import source_commit
from rnnbbo.optimizer import Optimizer
from rnnbbo.policies.kernel.policy import KernelPolicy
from rnnbbo.study import Study

Params = Mapping[str, np.ndarray]
# Draws a function of so many dimensions; it maps (D,) in the unit cube to a number.
Draw = Callable[[int, np.random.Generator], Callable[[np.ndarray], Any]]

RANGES: dict[str, tuple[float, float]] = {
    "prior.lengthscale": (math.log(0.08), math.log(0.45)),
    "prior.growth": (0.3, 1.1),
    "prior.common_spread": (0.3, 1.3),
    "prior.own_spread": (0.1, 0.9),
    "prior.rbf": (0.1, 0.9),
    "prior.warp": (-0.5, 4.0),
    "prior.curved": (0.05, 0.9),
    "prior.trend": (-1.0, 2.0),
    "explore.early": (-0.3, 0.6),
    "explore.late": (-0.3, 0.6),
}
"""What is learned, and between which bounds."""

_REFERENCE = 10  # evaluations of random search that a regret of 1 stands for
_SEARCHES = 31
_SEARCH = "kernel-unlearned"  # the policy that proposes the numbers


@dataclass(frozen=True)
class KernelTraining:
    """How the numbers are learned.

    Attributes:
        name: name of the policy that comes out.
        seed: seed of functions and runs.
        pool: training functions.
        part: how many of them an evaluation runs on.
        trials: evaluations.
        finalists: how many of the best are compared on the whole pool.
        dims: dimensions, in turn.
        n_calls: length of a run.
        times: evaluations after which the regret counts.

    Raises:
        ConfigError: a value that is not accepted.
    """

    name: str = "kernel"
    seed: int = 0
    pool: int = 280
    part: int = 105
    trials: int = 200
    finalists: int = 6
    dims: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10)
    n_calls: int = 45
    times: tuple[int, ...] = (10, 20, 30, 45)

    def __post_init__(self) -> None:
        for key, value in asdict(self).items():
            if key in ("dims", "times") and isinstance(value, list | tuple):
                object.__setattr__(self, key, tuple(value))
                fine = len(value) > 0 and all(type(v) is int and v >= 1 for v in value)
                accepted = "a list of integers >= 1"
            elif key == "name":
                fine = isinstance(value, str) and value.replace("-", "").isidentifier()
                accepted = "letters, digits, - and _"
            else:
                least = 0 if key == "seed" else 1
                fine, accepted = type(value) is int and value >= least, f"an integer >= {least}"
            if not fine:
                raise ConfigError(f"kernel.{key} is {value!r}; accepted: {accepted}")
        if self.part > self.pool:
            raise ConfigError(f"kernel.part is {self.part}; accepted: at most pool = {self.pool}")
        if max(self.times) > self.n_calls:
            raise ConfigError(
                f"kernel.times is {list(self.times)}; accepted: at most n_calls = {self.n_calls}"
            )


class Member(NamedTuple):
    """A training function.

    Attributes:
        dim: its dimension D.
        lowest: the least value known.
        reference: what random search has left to the least value, by the median.
        start: losses (len(times),) of the numbers that learning starts from.
    """

    dim: int
    lowest: float
    reference: float
    start: list[float]


def starting_params() -> dict[str, np.ndarray]:
    """The numbers that learning starts from."""
    return KernelPolicy().init_params(np.random.default_rng(0))


def best_values(
    params: Params, func: Callable[[np.ndarray], Any], dim: int, n_calls: int, seed: Any
) -> np.ndarray:
    """Lowest values (n_calls,) of a run of the kernel policy."""
    policy = Checkpoint("kernel", KernelPolicy(), params, {})
    rng = np.random.default_rng(seed)
    optimizer = Optimizer([(0.0, 1.0)] * dim, policy=policy, n_calls=n_calls, rng=rng)
    for _ in range(n_calls):
        x = optimizer.ask()
        optimizer.tell(x, float(func(np.array(x))))
    return np.minimum.accumulate(optimizer.yi)


def loss(best: np.ndarray, lowest: float, reference: float) -> np.ndarray:
    """Square roots of the normalised regrets, capped at 2: between their mean and their digits."""
    return np.sqrt(np.clip((best - lowest) / reference, 0.0, 2.0))


def function(config: KernelTraining, draw: Draw, number: int) -> Callable[[np.ndarray], Any]:
    """Training function `number`, the same one each time."""
    dim = config.dims[number % len(config.dims)]
    return draw(dim, np.random.default_rng((config.seed, 0, number)))


def make_member(config: KernelTraining, draw: Draw, number: int) -> Member:
    """What is needed to compare runs on training function `number`."""
    func, dim = function(config, draw, number), config.dims[number % len(config.dims)]
    u = np.random.default_rng((config.seed, 4, number)).random((_SEARCHES, _REFERENCE, dim))
    searches = [min(float(func(point)) for point in search) for search in u]
    start = starting_params()
    best = best_values(start, func, dim, config.n_calls, (config.seed, 1, number))
    longer = best_values(start, func, dim, 2 * config.n_calls, (config.seed, 2, number))
    lowest = min(*searches, best[-1], longer[-1])
    reference = max(float(np.median(searches)) - lowest, 1e-12)
    times = np.array(config.times) - 1
    return Member(dim, lowest, reference, loss(best[times], lowest, reference).tolist())


def load_pool(config: KernelTraining, draw: Draw, path: Path) -> list[Member]:
    """The pool, made on first use: it takes minutes."""
    if path.exists():
        return [Member(*values) for values in json.loads(path.read_text())]
    pool = [make_member(config, draw, number) for number in range(config.pool)]
    path.write_text(json.dumps(pool))
    return pool


def gain(
    config: KernelTraining, draw: Draw, pool: list[Member], numbers: np.ndarray, params: Params
) -> float:
    """Mean loss on some members less that of the start: below 0 is better."""
    times = np.array(config.times) - 1
    differences = []
    for number in numbers:
        member = pool[number]
        seed = (config.seed, 1, int(number))  # the seed that the start had
        func = function(config, draw, int(number))
        best = best_values(params, func, member.dim, config.n_calls, seed)[times]
        differences.append(np.mean(loss(best, member.lowest, member.reference) - member.start))
    return float(np.mean(differences))


def as_params(x: list[float]) -> dict[str, np.ndarray]:
    """The weights that a trial stands for."""
    learned = {name: np.array([v], np.float32) for name, v in zip(RANGES, x, strict=True)}
    return {**starting_params(), **learned}


def learn(config: KernelTraining, draw: Draw, functions: Mapping[str, Any], out: Path) -> Path:
    """Learn, or go on learning, in the folder `out`, and write the weights there.

    Args:
        config: the training.
        draw: the distribution of functions.
        functions: its description, for the provenance.
        out: a folder; `pool.json` and `trials.db` in it keep what was measured.

    Returns:
        Path of the weights.
    """
    out.mkdir(parents=True, exist_ok=True)
    pool = load_pool(config, draw, out / "pool.json")
    with Study(out / "trials.db", list(RANGES.values()), policy=_SEARCH, resume=True) as study:
        while len(study.told()) < config.trials:
            trial = study.ask()
            rng = np.random.default_rng((config.seed, 3, trial.number))
            numbers = rng.permutation(config.pool)[: config.part]
            study.tell(trial, gain(config, draw, pool, numbers, as_params(trial.x)))
        told = sorted((t.value, t.x) for t in study.told() if t.value is not None)
    everyone = np.arange(config.pool)
    finals = [
        (gain(config, draw, pool, everyone, as_params(x)), x) for _, x in told[: config.finalists]
    ]
    final, x = min(finals)
    training = {
        "config": {"kernel": asdict(config), "functions": dict(functions)},
        "learned": dict(zip(RANGES, x, strict=True)),
        "loss_less_start": final,
        "commit": source_commit(),
    }
    provenance = json.loads(json.dumps(training))
    weights = out / f"{config.name}{SUFFIX}"
    save_policy(weights, Checkpoint(config.name, KernelPolicy(), as_params(x), provenance))
    return weights
