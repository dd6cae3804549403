"""Training shipped weights further on a user's own family of functions, and what it gains there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from rnnbbo.checkpoint import Checkpoint, digest_of
from rnnbbo.errors import ConfigError
from rnnbbo.meta.config import Config, TrainConfig
from rnnbbo.meta.family import FamilyDistribution
from rnnbbo.meta.validation import SEED, VALIDATION_TIMES, held_out, validation_regrets
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.protocol import as_batched

GAIN_SEED = SEED + 1_000_000  # beyond the seeds of the functions that the training is watched on

DEFAULTS = TrainConfig(
    name="tuned",
    loss="improvement",
    updates=300,
    batch=32,
    learning_rate=5e-4,
    warmup=20,
    horizon=(30, 30),
    sequential=0.85,
    validate_every=100,
)
"""A fine-tuning of a few minutes on one core."""


def configure(
    parent: Checkpoint, family: str, train: TrainConfig = DEFAULTS, dims: Sequence[int] = ()
) -> Config:
    """Return the configuration of a fine-tuning.

    Args:
        parent: weights to begin with.
        family: name of the family, for the provenance.
        train: everything else; its loss is "improvement".
        dims: dimensions of the family; those of `train` unless told.

    Raises:
        ConfigError: the parent has no scored head, or nothing to train; or another loss.
    """
    policy = as_batched(parent.policy)
    if policy is None or not policy.scores:
        raise ConfigError(
            f"--from {parent.name}: {parent.policy.about}; expected a network with a scored head, "
            "such as dnc or lstm"
        )
    if train.loss != "improvement":
        raise ConfigError(
            f"train.loss = {train.loss!r}; expected 'improvement' for a family of functions"
        )
    train = replace(train, dims=tuple(dims) or train.dims)
    network = NetworkConfig.from_dict(dict(policy.settings))
    return Config(train, network, {"family": family}, _start(parent))


def go_on(parent: Checkpoint, config: Config) -> Config:
    """Return a configuration whose training begins with given weights.

    Raises:
        ConfigError: its policy is another one than that of the weights.
    """
    theirs = dict(parent.policy.settings)
    if theirs != config.policy.to_dict():
        raise ConfigError(
            f"--from {parent.name}, of policy {theirs}; expected that of the configuration, "
            f"{config.policy.to_dict()}"
        )
    return replace(config, start=_start(parent))


def _start(parent: Checkpoint) -> dict[str, str]:
    return {"name": parent.name, "sha256": digest_of(parent.params)}


@dataclass(frozen=True)
class Gain:
    """Normalised regret on members of a family, of which B were never seen.

    Attributes:
        times: numbers of evaluations.
        before: (B, times) with the weights that the training began with.
        after: (B, times) with those that came out of it, on the same members.
    """

    times: tuple[int, ...]
    before: np.ndarray
    after: np.ndarray


def measure_gain(
    parent: Checkpoint, tuned: Checkpoint, distribution: FamilyDistribution, dims: Sequence[int]
) -> dict[int, Gain]:
    """Compare both on held-out members, by dimension.

    Raises:
        ConfigError: a member returns something else than finite numbers.
    """
    gains = {}
    for dim in sorted(set(dims)):
        functions = held_out(distribution, dim, GAIN_SEED + dim)
        both = []
        for one in (parent, tuned):
            policy = as_batched(one.policy)
            assert policy is not None
            params = {key: torch.from_numpy(value) for key, value in one.params.items()}
            _, regret = validation_regrets(policy, params, functions, GAIN_SEED)
            both.append(regret.numpy()[:, [t - 1 for t in VALIDATION_TIMES]])
        gains[dim] = Gain(VALIDATION_TIMES, *both)
    return gains
