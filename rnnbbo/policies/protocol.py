"""The face of a policy: what everything that proposes points has in common.

A policy holds sizes only. Weights and state are values that are passed in and returned, and
randomness is a generator that is passed in: a step never changes what it was given.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any

import numpy as np

from rnnbbo.errors import PolicyError
from rnnbbo.policies.candidates import SPRAYED, SPREAD, Candidates, quasi_random
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import Array, Params
from rnnbbo.recommendation import Recommendation
from rnnbbo.space import Space

MOST_PENDING = 64
"""Pending points that a policy is told of, the latest: keeps an ask's cost flat."""
BULK = 200
"""Values told without an ask among them that a policy takes in together, so many at a time."""
LEAST_NOISE = 0.03
"""Deviation of the noise, in deviations of the values, from which on a recommendation minds it."""
EXPLAINED = 3.0
"""Deviations of the noise that may lie between a recommended point's value and the least one."""
AS_TOLD = 0.05
"""Weight of a value as told beside its estimate: what looks like noise may be a rugged function."""


class Takes(Enum):
    """Which values a policy is told, failed trials and outliers among them.

    What stands for a value may change with later ones: a policy is then told everything anew.
    """

    ALL = "failures as not a number, once there is a finite value"
    FINITE = "failures as the worst value so far"
    TAMED = "failures and outliers (`rnnbbo.policies.outliers`) as the highest of the other values"


class Policy(ABC):
    """Proposes points of the unit cube of D dimensions, from what it was told so far.

    A policy of one's own derives from it and is taken wherever a policy's name is.

    Attributes:
        about: what it is, in a line.
        batched: whether it steps for many functions at once (`rnnbbo.minimize_many`).
        takes: which values it is told.
        knows_gain: whether it has a `gain`.
        knows_repeats: whether it has an `again`.
        knows_cumulative: whether it has a `counting_all`.
        constrained: whether it is told the values of constraints, too.
        multi_objective: whether it is told the values of several objectives; others are told one
            value in their place (`rnnbbo.scalarisation`).
    """

    about: str = ""
    batched: bool = False
    takes: Takes = Takes.FINITE
    knows_gain: bool = False
    knows_repeats: bool = False
    knows_cumulative: bool = False
    constrained: bool = False
    multi_objective: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """Plain values that make it what it is, for a weights file and for people."""
        return {}

    def learned_from(
        self, rng: np.random.Generator, studies: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> "Policy":
        """Return the policy that knows of earlier studies of like problems.

        Args:
            rng: randomness.
            studies: points (n, D), in coordinates of the cube, and finite values (n,) of each;
                points may lie outside the cube.

        Raises:
            PolicyError: it cannot learn from other studies.
        """
        raise PolicyError(
            f"prior, with a policy that learns nothing from earlier studies ({self.about}); "
            "expected policy = 'auto' or 'kernel'"
        )

    def within(self, reference: Sequence[float]) -> "Policy":
        """Return the policy with a reference point of several objectives.

        Args:
            reference: (K,) what is worse than it in an objective counts for nothing; lower is
                better.
        """
        return self

    def repeating(self) -> "Policy":
        """Return the policy for a run in which points are asked for again: see `again`."""
        return self

    def counting_all(self, planned: int | None) -> "Policy":
        """Return the policy for a run in which every value counts, and not the best one.

        Its choices may be points that were told before.

        Args:
            planned: evaluations of the run; None where nobody says.
        """
        return self

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw untrained weights, float32, by name; none unless it learns."""
        return {}

    @abstractmethod
    def init(self, dim: int) -> Any:
        """Return the state before the first step, for D = dim."""

    @abstractmethod
    def step(self, params: Params, state: Any, observation: Observation) -> Any:
        """Return the state after one more observation, or a dummy (Chen et al. 2016, eq. 3)."""

    def absorb(self, params: Params, state: Any, observations: Sequence[Observation]) -> Any | None:
        """Return the state after BULK values that were told one after another, with no ask between.

        None where it is that of so many steps, as it is by default: a policy may do with less,
        where no single step matters any more.
        """
        return None

    def rescale(self, state: Any, factor: Array) -> Any:
        """Return the state that all values told so far, times a factor, would have led to.

        Values come in a unit of about their own size, a power of two that changes where they grow
        from tiny to ordinary or from ordinary to huge (`rnnbbo.ledger`), mostly never. A policy
        that keeps values in its state multiplies them; by default the state stays as it is.

        Args:
            state: its state.
            factor: (B,) powers of two, (1,) for one function.
        """
        return state

    @abstractmethod
    def choices(
        self,
        params: Params,
        state: Any,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return what it would query next, (C, D) with C >= 1, float64, the best first.

        Args:
            params: its weights.
            state: its state.
            pending: (P, D) points asked and not told, at most MOST_PENDING.
            space: the user's; `space.snap` puts points of the cube onto it.
            rng: randomness of this ask.

        What is no such array, or not within the unit cube, raises `rnnbbo.PolicyError` at the tell.
        """

    def further(
        self,
        params: Params,
        state: Any,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> Iterator[np.ndarray]:
        """Return more points (D,), for spaces so small that every choice was asked before.

        Arguments as for `choices`.
        """
        yield from space.snap(
            quasi_random(np, rng.random((1, space.cube_dim)), 0, SPREAD + SPRAYED)[0]
        )

    def recommend(self, state: Any) -> Recommendation | np.ndarray | None:
        """Return the point told (D,) whose noise-free value is probably the least.

        With what is known of its value and of the noise, or the point alone. None where nothing
        better is known than the point of the least value.
        """
        return None

    def gain(
        self,
        params: Params,
        state: Any,
        points: np.ndarray,
        pending: np.ndarray,
        space: Space,
    ) -> float | None:
        """Return how much one more value is expected to improve on the best, in values' unit.

        Args:
            params: its weights.
            state: its state.
            points: (C, D) where it may be taken, C >= 1: the best of them counts.
            pending: (P, D) points asked and not told.
            space: the user's.

        Returns:
            It, at least 0; None where it is not known, or not yet.
        """
        return None

    def again(
        self,
        params: Params,
        state: Any,
        new: np.ndarray | None,
        pending: np.ndarray,
        space: Space,
    ) -> np.ndarray | None:
        """Return the point told (D,) of which another value is worth more than that of a new one.

        Args:
            params: its weights.
            state: its state.
            new: (D,) what it would query else; None where nothing is left that is new.
            pending: (P, D) points asked and not told.
            space: the user's.

        Returns:
            It, bit for bit as it was told; None where a new point is worth more.
        """
        return None


class Adviser(Policy):
    """A policy that can say of any point how good a query it is, and so advise another."""

    @abstractmethod
    def score_points(
        self, params: Params, state: Any, points: np.ndarray, pending: np.ndarray
    ) -> np.ndarray:
        """Return scores (C,) of points (C, D), as log EI up to a constant."""


class BatchedPolicy(Adviser):
    """A policy that steps for many functions at once, for numpy and torch alike.

    Arrays lead with the batch B. `init`, `choices` and the rest of `Policy` are those of a batch of
    one function.
    """

    batched = True

    @property
    @abstractmethod
    def scores(self) -> bool:
        """Whether it scores candidates; else it gives the point."""

    @abstractmethod
    def start(self, x: Array, y: Array) -> Any:
        """Return the state before the first step of a batch.

        Args:
            x: (B, D), for shape, dtype and device only; points are cast to its dtype.
            y: (B,), likewise for values.
        """

    @abstractmethod
    def point(self, params: Params, state: Any) -> Array:
        """Return the next query (B, D), where it does not score."""

    @abstractmethod
    def score(
        self, params: Params, state: Any, candidates: Array, pending: Array | None = None
    ) -> Array:
        """Return the scores (B, C) of points (B, C, D), given pending points (B, P, D)."""

    @abstractmethod
    def consider(
        self,
        params: Params,
        state: Any,
        candidates: Candidates,
        pending: Array | None = None,
        climbing: AbstractContextManager[object] | None = None,
    ) -> tuple[Array, Array]:
        """Return points (B, C', D), with those that it climbs to, and the scores (B, C') of all.

        Args:
            params: the weights.
            state: the state.
            candidates: (B, C, D) points.
            pending: (B, P, D) points.
            climbing: a context in which to climb; training passes one that records no gradient.
        """


def as_batched(policy: Policy) -> BatchedPolicy | None:
    """Return a policy that steps for many functions at once; None where it does not."""
    return policy if isinstance(policy, BatchedPolicy) else None
