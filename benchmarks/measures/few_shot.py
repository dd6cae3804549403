"""Adapting weights to a family of which some functions are known, and no more can be drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from rnnbbo.meta.config import TrainConfig
from rnnbbo.meta.family import Members
from rnnbbo.meta.schedule import Episode
from rnnbbo.meta.unroll import run_policy
from rnnbbo.policies.protocol import BatchedPolicy

_LAST = 0.1  # the learning rate of the last update, as a share of the first


@dataclass(frozen=True)
class Shots:
    """How weights are adapted to functions.

    Attributes:
        updates: number of Adam updates.
        batch: functions an update; they come in random order, each as often as any other.
        rate: learning rate of the first update; it falls linearly.
        horizon: evaluations of a run.
        candidates: points that are scored at a step.
    """

    updates: int
    batch: int
    rate: float
    horizon: int = 12
    candidates: int = 48


def adapt(
    policy: BatchedPolicy,
    weights: Mapping[str, Tensor],
    known: Members,
    shots: Shots,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Return weights that are trained further on known functions.

    Args:
        policy: a policy with a scored head.
        weights: to begin with; they stay as they are.
        known: K functions.
        shots: how.
        generator: of the order of the functions and of the runs.

    Raises:
        ConfigError: a function returns something else than finite numbers.
    """
    how = TrainConfig(
        "few-shots", loss="improvement", candidates=shots.candidates, horizon=(2, shots.horizon)
    )
    params = {key: one.detach().clone().requires_grad_() for key, one in weights.items()}
    optimizer = torch.optim.Adam(params.values(), lr=shots.rate, betas=(0.9, 0.99))
    episode = Episode(known.dim, shots.horizon, 1)
    order: list[int] = []
    for update in range(shots.updates):
        while len(order) < shots.batch:
            order += torch.randperm(known.batch, generator=generator).tolist()
        chosen, order = order[: shots.batch], order[shots.batch :]
        members = Members(tuple(known.functions[i] for i in chosen), known.dim)
        optimizer.zero_grad()
        run_policy(policy, params, members, episode, how, generator).loss.backward()
        torch.nn.utils.clip_grad_norm_(params.values(), how.clip)
        for settings in optimizer.param_groups:
            settings["lr"] = shots.rate * (1.0 - (1.0 - _LAST) * update / shots.updates)
        optimizer.step()
    return {key: one.detach() for key, one in params.items()}
