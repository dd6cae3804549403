"""A user's own family of functions, on which shipped weights are trained further.

A family is anything that draws functions: nothing is known of it but its members' values. That is
enough. A candidate's improvement on a member drawn at random, given what was told, is an unbiased
sample of its expected improvement under the family's own posterior, which nobody has to write down.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from rnnbbo.errors import ConfigError
from rnnbbo.meta.queries import improvements
from rnnbbo.policies import candidates as points

Member = Callable[[np.ndarray], np.ndarray]
Family = Callable[[np.random.Generator, int], Member]

_POLISHED = 8  # of the lowest points of a search, those that a local search starts from


@dataclass(frozen=True)
class Members:
    """B functions of a family on the unit cube of `dim` dimensions."""

    functions: tuple[Member, ...]
    dim: int

    @property
    def batch(self) -> int:
        """B."""
        return len(self.functions)

    def __call__(self, x: Tensor) -> Tensor:
        """Return values (B, n), float64, at x (B, n, D).

        Raises:
            ConfigError: a member fails, or returns something else than n finite numbers.
        """
        array = x.detach().cpu().numpy().astype(np.float64)
        rows = [_values(f, array[b]) for b, f in enumerate(self.functions)]
        return torch.from_numpy(np.stack(rows)).to(x.device)

    def minima(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Find the lowest values, (B,): of `count` points each, the best few of them polished."""
        u = points.quasi_random(np, rng.random((1, self.dim)), 0, count)[0]
        return np.array([_minimum(f, u) for f in self.functions])


def _values(function: Member, u: np.ndarray) -> np.ndarray:
    try:
        values = function(u)
    except Exception as error:
        raise ConfigError(
            f"a member of the family failed for points of shape {u.shape}: "
            f"{type(error).__name__}: {error}"
        ) from error
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape != (len(u),) or not np.isfinite(array).all():
        found = f"shape {array.shape}" if array.size else repr(values)
        if array.shape == (len(u),):
            found = f"{array[~np.isfinite(array)][0]} at {u[~np.isfinite(array)][0].tolist()}"
        raise ConfigError(
            f"a member of the family returned {found} for points of shape {u.shape}; expected "
            f"{len(u)} finite numbers"
        )
    return array


def _minimum(function: Member, u: np.ndarray) -> float:
    values = _values(function, u)
    lowest = float(values.min())
    for start in u[np.argsort(values, kind="stable")[:_POLISHED]]:
        # Without derivatives: a family may have steps and plateaus.
        found = minimize(
            lambda point: float(_values(function, point[None])[0]),
            start,
            method="Nelder-Mead",
            bounds=[(0.0, 1.0)] * u.shape[1],
            options={"xatol": 1e-5, "fatol": 1e-9, "maxfev": 200 * u.shape[1]},
        )
        lowest = min(lowest, float(found.fun))
    return lowest


@dataclass(frozen=True)
class FamilyDistribution:
    """A distribution of functions that a user wrote.

    Attributes:
        family: takes a numpy generator and the number of dimensions D, and returns a function that
            maps points (n, D) of the unit cube to n finite values, the lowest the best.
    """

    family: Family

    def sample(
        self,
        batch: int,
        dim: int,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
    ) -> Members:
        """Draw `batch` members; device and type are those of the points they are called with.

        Raises:
            ConfigError: the family fails, or returns something that cannot be called.
        """
        seeds = torch.randint(
            2**62, (batch,), generator=generator, device=generator.device
        ).tolist()
        return Members(tuple(self._draw(seed, dim) for seed in seeds), dim)

    def _draw(self, seed: int, dim: int) -> Member:
        try:
            member = self.family(np.random.default_rng(seed), dim)
        except Exception as error:
            raise ConfigError(
                f"the family failed with a generator and dim = {dim}: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not callable(member):
            raise ConfigError(f"the family returned {member!r}; expected a function of points")
        return member


class FamilyQueries:
    """Runs on members of a family, in float64; what is told is what the members say."""

    def __init__(self, members: Members, device: torch.device | str) -> None:
        """Start B runs."""
        self.members = members
        shape = (members.batch, 0)
        self.x = torch.zeros(*shape, members.dim, device=device, dtype=torch.float64)
        self.f = torch.zeros(shape, device=device, dtype=torch.float64)

    def evaluate(self, x: Tensor) -> None:
        """Evaluate the queries (B, D)."""
        self.x = torch.cat([self.x, x[:, None, :]], dim=1)
        self.f = torch.cat([self.f, self.members(x[:, None, :])], dim=1)

    def told(self, index: Tensor) -> Tensor:
        """Return values (B,) at index (B, 1)."""
        return self.f.gather(1, index)[:, 0]

    def settle(self, candidates: Tensor, generator: torch.Generator) -> Tensor:
        """Return the candidates: every point may be asked."""
        return candidates

    def utility(self, candidates: Tensor, pending: Tensor) -> Tensor:
        """Return improvements (B, C), as `improvements` has them."""
        return improvements(self.f, self.members(candidates))
