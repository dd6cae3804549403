"""The methods that are compared, behind one small interface, each seeded.

A method is named by a peer (`PEERS`) or by whatever `rnnbbo.Optimizer` takes as a policy: the name
of a shipped one, or the path of a weights file.
Points lie in the unit cube; values are minimised.
"""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rnnbbo.errors import MissingExtraError

Array = NDArray[np.float64]


class Method(Protocol):
    """One run of one method: strictly `ask`, then `tell`, again and again."""

    def ask(self) -> Array:
        """Return the next point, (dim,) in the unit cube."""
        ...

    def tell(self, x: Array, y: float) -> None:
        """Take the value y at the point x that the last `ask` returned.

        A y that is not finite stands for a failed evaluation.
        """
        ...


def make_method(name: str, dim: int, budget: int, seed: int) -> Method:
    """Start a run of a method.

    Args:
        name: a key of `PEERS`, or a policy of `rnnbbo.Optimizer`.
        dim: number of dimensions.
        budget: number of evaluations that will be made, for methods that plan ahead.
        seed: the same seed gives the same run.

    Raises:
        PolicyError: the name is neither a peer nor a policy.
        MissingExtraError: the peer's package is not installed.
    """
    if name in PEERS:
        return PEERS[name](dim, seed)
    return Policy(name, dim, budget, seed)


class Policy:
    """One of rnnbbo's policies, through the same `Optimizer` that users have."""

    def __init__(self, name: str, dim: int, budget: int, seed: int) -> None:
        from rnnbbo import Optimizer

        self._optimizer = Optimizer([(0.0, 1.0)] * dim, policy=name, n_calls=budget, rng=seed)
        self._asked: list[float] = []

    def ask(self) -> Array:
        """See `Method.ask`."""
        self._asked = self._optimizer.ask()
        return np.asarray(self._asked, dtype=float)

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""
        self._optimizer.tell(self._asked, y)


class RandomSearch:
    """Independent uniform points."""

    def __init__(self, dim: int, seed: int) -> None:
        self._dim = dim
        self._rng = np.random.default_rng(seed)

    def ask(self) -> Array:
        """See `Method.ask`."""
        return self._rng.random(self._dim)

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""


class Sobol:
    """A scrambled Sobol sequence (scipy.stats.qmc)."""

    def __init__(self, dim: int, seed: int) -> None:
        qmc = _import("scipy.stats.qmc", "sobol")
        self._sequence = qmc.Sobol(dim, rng=np.random.default_rng(seed))

    def ask(self) -> Array:
        """See `Method.ask`."""
        return self._sequence.random(1)[0]

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""


class OptunaTPE:
    """Optuna's tree-structured Parzen estimator (Bergstra et al. 2011), as it comes."""

    def __init__(self, dim: int, seed: int) -> None:
        self._optuna = _import("optuna", "tpe")
        self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
        self._study = self._optuna.create_study(sampler=self._optuna.samplers.TPESampler(seed=seed))
        uniform = self._optuna.distributions.FloatDistribution(0.0, 1.0)
        self._distributions = {f"x{i}": uniform for i in range(dim)}

    def ask(self) -> Array:
        """See `Method.ask`."""
        self._trial = self._study.ask(self._distributions)
        return np.array([self._trial.params[name] for name in self._distributions])

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""
        if np.isfinite(y):
            self._study.tell(self._trial, y)
        else:
            self._study.tell(self._trial, state=self._optuna.trial.TrialState.FAIL)


class CMAES:
    """CMA-ES (Hansen 2016; package `cma`) from a uniform first mean, step size 0.3."""

    def __init__(self, dim: int, seed: int) -> None:
        cma = _import("cma", "cma")
        rng = np.random.default_rng(seed)
        options = {
            "bounds": [0.0, 1.0],
            "verbose": -9,
            # A generator of its own: the package would seed and draw from numpy's global one.
            "seed": np.nan,
            "randn": lambda *shape: rng.standard_normal(shape),
        }
        self._strategy = cma.CMAEvolutionStrategy(rng.random(dim), 0.3, options)
        self._waiting: list[Array] = []
        self._told: list[tuple[Array, float]] = []

    def ask(self) -> Array:
        """See `Method.ask`."""
        if not self._waiting:
            self._waiting = self._strategy.ask()
        return np.array(self._waiting[0])

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""
        self._told.append((self._waiting.pop(0), y if np.isfinite(y) else np.inf))
        if not self._waiting:
            self._strategy.tell(*zip(*self._told, strict=True))
            self._told = []


PEERS: dict[str, Callable[[int, int], Method]] = {
    "random": RandomSearch,
    "sobol": Sobol,
    "tpe": OptunaTPE,
    "cma": CMAES,
}


def _import(module: str, method: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"the method {method!r} needs {module.partition('.')[0]}, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
