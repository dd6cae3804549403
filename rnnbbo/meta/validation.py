"""How good a policy is during training, on functions of its own, and whether it collapses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rnnbbo.functions.gp import GPTasks, draw_paths, find_minimum
from rnnbbo.functions.rough_tasks import PartlyRough, RoughTasks
from rnnbbo.meta.family import Members
from rnnbbo.meta.unroll import draw_candidates
from rnnbbo.policies import candidates as points
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import namespace
from rnnbbo.policies.protocol import BatchedPolicy

SEED = 2_000_000_000  # seeds from here on draw validation functions; training stays below
DIMS = (2, 4, 6)  # of the functions on which a training is watched
FUNCTIONS_PER_DIM = 48
CANDIDATES = 128  # points that are scored at a step
PATH_FEATURES = 512  # of random functions, which make sample paths
SEARCHED = 1024  # points a dimension, in search of the minimum of a user's function
VALIDATION_TIMES = (10, 20, 30)  # evaluations after which regret is read
_HORIZON = 30  # evaluations of a run


class TaskDistribution(Protocol):
    """What a training needs of its functions: batches of them, of a dimension."""

    def sample(
        self,
        batch: int,
        dim: int,
        generator: torch.Generator,
        device: torch.device | str = ...,
        dtype: torch.dtype = ...,
    ) -> GPTasks | RoughTasks | Members:
        """Draw a batch of processes, or of functions."""
        ...


@dataclass(frozen=True)
class ValidationSet:
    """Fixed functions of one dimension.

    Attributes:
        function: B functions, noise-free: (B, n, D) to (B, n).
        minimum: (B,) their minima.
        reference: (B,) regret of random search after 10 evaluations, the median over 32 runs.
    """

    dim: int
    function: Callable[[Tensor], Tensor]
    minimum: Tensor
    reference: Tensor


def held_out(
    distribution: TaskDistribution,
    dim: int,
    seed: int,
    device: torch.device | str = "cpu",
    members: int | None = None,
) -> ValidationSet:
    """Draw functions of `dim` dimensions that no training sees, and find their minima.

    Of a distribution that is partly rough these are its processes.

    Args:
        distribution: of the functions.
        dim: D.
        seed: from `SEED` on.
        device: torch device.
        members: number of functions; `FUNCTIONS_PER_DIM` unless told.
    """
    if isinstance(distribution, PartlyRough):
        distribution = distribution.processes
    members = members or FUNCTIONS_PER_DIM
    generator = torch.Generator(device).manual_seed(seed)
    tasks = distribution.sample(members, dim, generator, device, torch.float32)
    function: Callable[[Tensor], Tensor]
    if isinstance(tasks, Members):
        function = tasks
        lowest = tasks.minima(np.random.default_rng(seed), SEARCHED * dim)
        minimum = torch.from_numpy(lowest).to(device)
    else:
        assert isinstance(tasks, GPTasks)
        function = draw_paths(tasks, PATH_FEATURES, generator)
        _, minimum = find_minimum(
            function, dim, generator, n_starts=8, n_steps=60, device=device, dtype=torch.float32
        )
    u = torch.rand(members, 320, dim, generator=generator, device=device)
    best_10 = function(u).reshape(members, 32, 10).amin(dim=2)
    reference = (best_10 - minimum[:, None]).median(dim=1).values.clamp_min(1e-6)
    return ValidationSet(dim, function, minimum, reference)


def validation_sets(
    distribution: TaskDistribution,
    device: torch.device | str = "cpu",
    dims: Sequence[int] | None = None,
) -> tuple[ValidationSet, ...]:
    """Draw the functions on which a training is watched, of each of `dims`, else of `DIMS`."""
    return tuple(held_out(distribution, dim, SEED + dim, device) for dim in dims or DIMS)


@torch.no_grad()
def play(
    policy: BatchedPolicy,
    params: Mapping[str, Tensor],
    function: Callable[[Tensor], Tensor],
    shape: tuple[int, int],
    horizon: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Run a policy as it is used: no exploration of its own, one evaluation at a time.

    Returns:
        Queries (B, T, D) and values (B, T).
    """
    batch, dim = shape
    zero = torch.zeros(batch, dim, device=generator.device)
    shift = torch.rand(zero.shape, generator=generator, device=generator.device)
    xp = namespace(shift)
    state = policy.start(zero, zero[:, 0])
    x, y = state.evidence.best_x, zero[:, 0]
    queries, values = [], []
    for t in range(horizon):
        q = points.quasi_random(xp, shift, t, 1)[:, 0]
        state = policy.step(params, state, Observation(x, y, q, t > 0))
        if policy.scores:
            choices = draw_candidates(state, CANDIDATES, generator).points
            best = policy.score(params, state, choices).argmax(dim=1)
            x = choices[torch.arange(batch, device=best.device), best]
        else:
            x = policy.point(params, state)
        y = function(x[:, None, :])[:, 0]
        queries.append(x)
        values.append(y)
    return torch.stack(queries, dim=1), torch.stack(values, dim=1)


def validation_regrets(
    policy: BatchedPolicy,
    params: Mapping[str, Tensor],
    functions: ValidationSet,
    seed: int = SEED,
    horizon: int = _HORIZON,
) -> tuple[Tensor, Tensor]:
    """Play a policy on functions, with T = horizon evaluations.

    Returns:
        Queries (B, T, D), and the normalised simple regret (B, T), capped at 2.
    """
    generator = torch.Generator(functions.minimum.device).manual_seed(seed)
    shape = (len(functions.minimum), functions.dim)
    x, f = play(policy, params, functions.function, shape, horizon, generator)
    best = f.cummin(dim=1).values
    regret = (best - functions.minimum[:, None]) / functions.reference[:, None]
    return x, regret.clamp(0.0, 2.0)


def validate(
    policy: BatchedPolicy, params: Mapping[str, Tensor], sets: tuple[ValidationSet, ...]
) -> dict[str, float]:
    """Measure a policy on the validation functions.

    Returns:
        By dimension, at t = 10, 20, 30: the mean normalised simple regret, capped at 2. And two
        signs of a collapse: the mean standard deviation of a coordinate of the last 10 queries,
        and the share of their coordinates that lie on the border.
    """
    measured: dict[str, float] = {}
    spreads, borders = [], []
    for s in sets:
        x, regret = validation_regrets(policy, params, s)
        for t in VALIDATION_TIMES:
            measured[f"regret_{s.dim}d_{t}"] = float(regret[:, t - 1].mean())
        late = x[:, -10:]
        spreads.append(float(late.std(dim=1).mean()))
        borders.append(float(((late < 1e-3) | (late > 1 - 1e-3)).float().mean()))
    measured["query_spread"] = sum(spreads) / len(spreads)
    measured["border_share"] = sum(borders) / len(borders)
    return measured
