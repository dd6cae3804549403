"""Runs in rounds: a plate of points is asked for at once, and its results are told together."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from rnnbbo.benchmarks.execute import run_seed
from rnnbbo.benchmarks.methods import PEERS, make_method
from rnnbbo.benchmarks.methods.base import Recommender
from rnnbbo.benchmarks.record import FunctionRecord
from rnnbbo.benchmarks.statistics import capped, normalised_regret
from rnnbbo.benchmarks.suites import Entry
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.optimizer import Optimizer

DRAWN = ", drawn values"
"""What a policy's name ends with where pending points are told to it with values drawn for them."""


class Rounds(Protocol):
    """A method at work on one function, a plate after the other."""

    def ask(self, count: int) -> FloatArray:
        """Return the points (count, dim) of a plate."""
        ...

    def tell(self, x: FloatArray, y: FloatArray) -> None:
        """Take the values (count,) of a plate (count, dim)."""
        ...

    def recommend(self) -> FloatArray | None:
        """Return the point (dim,) to take under noise; None for that of the least value told."""
        ...


class _Policy:
    """A policy, which knows of pending points in its own way."""

    def __init__(self, name: str | None, dim: int, budget: int, seed: int) -> None:
        self._optimizer = Optimizer([(0.0, 1.0)] * dim, policy=name, n_calls=budget, rng=seed)

    def ask(self, count: int) -> FloatArray:
        return np.array(self._optimizer.ask(count))

    def tell(self, x: FloatArray, y: FloatArray) -> None:
        self._optimizer.tell(x.tolist(), y.tolist())

    def recommend(self) -> FloatArray | None:
        point = self._optimizer.recommend()
        return None if point is None else np.array(point)


class _Drawn:
    """A policy that never sees a pending point: it is told each with a value drawn for it.

    From a Gaussian process of scikit-learn, fitted once a plate, given the plate's points before;
    at the first plate, where nothing is known, from a standard normal distribution.
    """

    def __init__(self, name: str, dim: int, budget: int, seed: int) -> None:
        self._optimizer = Optimizer([(0.0, 1.0)] * dim, policy=name, n_calls=budget, rng=seed)
        self._rng = np.random.default_rng((seed, 1))
        self._x, self._y = np.zeros((0, dim)), np.zeros(0)

    def ask(self, count: int) -> FloatArray:
        trying = self._optimizer.copy()
        draw = self._fantasies()
        points: list[list[float]] = []
        for _ in range(count):
            points.append(trying.ask())
            trying.tell(points[-1], draw(np.array(points)))
        return np.array(points)

    def tell(self, x: FloatArray, y: FloatArray) -> None:
        self._optimizer.tell(x.tolist(), y.tolist())
        self._x, self._y = np.concatenate([self._x, x]), np.concatenate([self._y, y])

    def recommend(self) -> FloatArray | None:
        point = self._optimizer.recommend()
        return None if point is None else np.array(point)

    def _fantasies(self) -> Callable[[FloatArray], float]:
        """Return what draws a value at the last of the plate's points (n, dim)."""
        if len(self._y) < 2 or np.ptp(self._y) == 0.0:
            return lambda points: float(self._rng.standard_normal())
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import Matern

        kernel = Matern(np.full(self._x.shape[1], 0.5), (0.05, 20.0), nu=2.5)
        model = GaussianProcessRegressor(kernel, alpha=1e-6, normalize_y=True)
        with warnings.catch_warnings():
            # A length-scale at its bound is what eight values may say of it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = model.fit(self._x, self._y).kernel_
        model = GaussianProcessRegressor(fitted, alpha=1e-6, normalize_y=True, optimizer=None)
        drawn: list[float] = []

        def draw(points: FloatArray) -> float:
            x = np.concatenate([self._x, points[:-1]])
            model.fit(x, np.concatenate([self._y, drawn]))
            mean, deviation = model.predict(points[-1:], return_std=True)
            drawn.append(float(self._rng.normal(mean[0], deviation[0])))
            return drawn[-1]

        return draw


class _Peer:
    """Another method, several points of which are asked for without a value in between."""

    def __init__(self, name: str, dim: int, budget: int, seed: int) -> None:
        self._method: Any = make_method(name, dim, budget, seed)

    def ask(self, count: int) -> FloatArray:
        if hasattr(self._method, "ask_many"):
            return np.array(self._method.ask_many(count))
        return np.array([self._method.ask() for _ in range(count)])

    def tell(self, x: FloatArray, y: FloatArray) -> None:
        for point, value in zip(x, y, strict=True):
            self._method.tell(point, value)

    def recommend(self) -> FloatArray | None:
        if not isinstance(self._method, Recommender):
            return None
        return self._method.recommend()


def make_rounds(name: str) -> Callable[[int, int, int], Rounds]:
    """Return what makes a method of (dim, budget, seed).

    Args:
        name: of a policy or a peer; "auto" for the default, and with `DRAWN` at its end see there.
    """
    if name in PEERS:
        return partial(_Peer, name)
    if name.endswith(DRAWN):
        return partial(_Drawn, name.removesuffix(DRAWN))
    return partial(_Policy, name)


def regret_in_rounds(
    name: str,
    entry: Entry,
    problem: Problem,
    about: FunctionRecord,
    plate: int,
    budget: int,
    seeds: Sequence[int],
) -> FloatArray:
    """Return the capped normalised regret (rounds,) after each plate, the mean over seeds.

    Of the least value so far; under noise, of the point that the method recommends, without noise.

    Args:
        name: see `make_rounds`.
        entry: a function of a suite.
        problem: it, built.
        about: its reference and noise.
        plate: points at once.
        budget: evaluations.
        seeds: repetitions.
    """
    runs = []
    for seed in seeds:
        number = run_seed(entry.name, seed)
        method = make_rounds(name)(entry.dim, budget, number)
        rng = np.random.default_rng((number, 1))
        told: list[float] = []
        known: list[float] = []
        reached: list[float] = []
        while len(told) < budget:
            points = method.ask(min(plate, budget - len(told)))
            values = np.array([problem.unit(point) for point in points])
            noise = rng.standard_normal(len(values)) if about.noise else np.zeros(len(values))
            known += values.tolist()
            told += (values + about.noise * noise).tolist()
            method.tell(points, np.array(told[-len(values) :]))
            if not about.noise:
                reached.append(min(known))
                continue
            best = method.recommend()
            reached.append(known[int(np.argmin(told))] if best is None else problem.unit(best))
        runs.append(capped(normalised_regret(reached, about.minimum, about.reference)))
    return np.asarray(np.mean(runs, axis=0))
