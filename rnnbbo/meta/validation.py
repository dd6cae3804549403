"""How good a policy is during training, on functions of its own, and whether it collapses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from rnnbbo.functions.gp import GPTasks, SamplePath, draw_paths, find_minimum
from rnnbbo.meta.unroll import draw_candidates
from rnnbbo.policies import candidates as points
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import namespace
from rnnbbo.policies.policy import Policy

SEED = 2_000_000_000  # seeds from here on draw validation functions; training stays below
DIMS = (2, 4, 6)
FUNCTIONS = 48
HORIZON = 30
CANDIDATES = 128
FEATURES = 512


class TaskDistribution(Protocol):
    """What a training needs of its functions: batches of Gaussian processes of a dimension."""

    def sample(
        self,
        batch: int,
        dim: int,
        generator: torch.Generator,
        device: torch.device | str = ...,
        dtype: torch.dtype = ...,
    ) -> GPTasks:
        """Draw a batch of processes."""
        ...


@dataclass(frozen=True)
class ValidationSet:
    """Fixed sample functions of one dimension.

    Attributes:
        path: B functions, noise-free.
        minimum: (B,) their minima.
        reference: (B,) regret of random search after 10 evaluations, the median over 32 runs.
    """

    dim: int
    path: SamplePath
    minimum: Tensor
    reference: Tensor


def validation_sets(
    distribution: TaskDistribution, device: torch.device | str = "cpu"
) -> tuple[ValidationSet, ...]:
    """Draw the validation functions and find their minima."""
    sets = []
    for dim in DIMS:
        generator = torch.Generator(device).manual_seed(SEED + dim)
        tasks = distribution.sample(FUNCTIONS, dim, generator, device, torch.float32)
        path = draw_paths(tasks, FEATURES, generator)
        _, minimum = find_minimum(
            path, dim, generator, n_starts=8, n_steps=60, device=device, dtype=torch.float32
        )
        u = torch.rand(FUNCTIONS, 320, dim, generator=generator, device=device)
        best_10 = path(u).reshape(FUNCTIONS, 32, 10).amin(dim=2)
        reference = (best_10 - minimum[:, None]).median(dim=1).values.clamp_min(1e-6)
        sets.append(ValidationSet(dim, path, minimum, reference))
    return tuple(sets)


@torch.no_grad()
def play(
    policy: Policy,
    params: Mapping[str, Tensor],
    function: SamplePath,
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
    state = policy.init(zero, zero[:, 0])
    x, y = state.evidence.best_x, zero[:, 0]
    queries, values = [], []
    for t in range(horizon):
        q = points.quasi_random(xp, shift, t, 1)[:, 0]
        state = policy.step(params, state, Observation(x, y, q, t > 0))
        if policy.scores:
            choices = draw_candidates(state, CANDIDATES, generator)
            best = policy.score(params, state, choices).argmax(dim=1)
            x = choices[torch.arange(batch, device=best.device), best]
        else:
            x = policy.point(params, state)
        y = function(x[:, None, :])[:, 0]
        queries.append(x)
        values.append(y)
    return torch.stack(queries, dim=1), torch.stack(values, dim=1)


def validate(
    policy: Policy, params: Mapping[str, Tensor], sets: tuple[ValidationSet, ...]
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
        generator = torch.Generator(s.minimum.device).manual_seed(SEED)
        x, f = play(policy, params, s.path, (len(s.minimum), s.dim), HORIZON, generator)
        best = f.cummin(dim=1).values
        regret = ((best - s.minimum[:, None]) / s.reference[:, None]).clamp(0.0, 2.0)
        for t in (10, 20, 30):
            measured[f"regret_{s.dim}d_{t}"] = float(regret[:, t - 1].mean())
        late = x[:, -10:]
        spreads.append(float(late.std(dim=1).mean()))
        borders.append(float(((late < 1e-3) | (late > 1 - 1e-3)).float().mean()))
    measured["query_spread"] = sum(spreads) / len(spreads)
    measured["border_share"] = sum(borders) / len(borders)
    return measured
