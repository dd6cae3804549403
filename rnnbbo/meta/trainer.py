"""Meta-training: Adam on the loss of sampled runs, resumable to the bit on the CPU.

Update u draws everything from generators seeded by (seed, u): a resumed training needs only
weights, Adam's moments and u to go on as if it had never stopped.
"""

import json
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from rnnbbo import checkpoint, shipped
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.errors import CheckpointError, ConfigError
from rnnbbo.meta.commit import source_commit
from rnnbbo.meta.config import Config, parse
from rnnbbo.meta.data_parallel import ProcessGroup
from rnnbbo.meta.family import FamilyDistribution
from rnnbbo.meta.schedule import (
    Episode,
    draw_episode,
    imitation_weight,
    learning_rate,
    longest_horizon,
)
from rnnbbo.meta.unroll import Teacher, run_policy
from rnnbbo.meta.validation import SEED as VALIDATION_SEED
from rnnbbo.meta.validation import TaskDistribution, validate, validation_sets
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.ops import keep_heap
from rnnbbo.policies.protocol import BatchedPolicy, as_batched

_BETAS, _EPSILON = (0.9, 0.99), 1e-8
_HEAP = 30 * 2**20  # bytes


_Saved = tuple[dict[str, np.ndarray], dict[str, Any]]


@dataclass
class _Progress:
    """What a training carries from update to update."""

    update: int
    seconds: float
    functions: int
    params: dict[str, Tensor]
    optimizer: torch.optim.Adam


def _seed(config: Config, update: int, shard: int = 0) -> int:
    """Return the seed of a part of an update, below the validation functions' seeds."""
    entropy = [config.train.seed, update, shard] if shard else [config.train.seed, update]
    sequence = np.random.SeedSequence(entropy)
    return int(sequence.generate_state(1)[0]) % VALIDATION_SEED


def _fresh(config: Config, start: Checkpoint | None, device: str) -> _Progress:
    if start is not None:
        return _with_weights(dict(start.params), device)
    weights = Network(config.policy).init_params(np.random.default_rng(config.train.seed))
    return _with_weights(weights, device)


def _with_weights(weights: dict[str, np.ndarray], device: str) -> _Progress:
    params = {k: torch.tensor(v, device=device, requires_grad=True) for k, v in weights.items()}
    optimizer = torch.optim.Adam(params.values(), betas=_BETAS, eps=_EPSILON)
    return _Progress(0, 0.0, 0, params, optimizer)


def _save(path: Path, config: Config, progress: _Progress) -> None:
    tensors = {f"weight/{k}": v.detach().cpu().numpy() for k, v in progress.params.items()}
    for name, param in progress.params.items():
        moments = progress.optimizer.state[param]
        tensors[f"adam.m/{name}"] = moments["exp_avg"].cpu().numpy()
        tensors[f"adam.v/{name}"] = moments["exp_avg_sq"].cpu().numpy()
    header = {
        "config": config.to_dict(),
        "update": progress.update,
        "seconds": progress.seconds,
        "functions": progress.functions,
    }
    checkpoint.write_tensors(path, tensors, header)


def _describes(saved: Any, config: Config) -> bool:
    """Tell whether plain values are of this configuration; missing keys have their defaults.

    Those were added after the checkpoint was written, and leave a training as it was.
    """
    if not isinstance(saved, dict):
        return False
    tables = {key: value for key, value in saved.items() if key != "start"}
    try:
        known = replace(parse(tables), start=saved.get("start", {}))
    except ConfigError:
        return False
    return json.dumps(known.to_dict()) == json.dumps(config.to_dict())


def _read(path: Path, config: Config) -> _Saved:
    tensors, header = checkpoint.read_tensors(path)
    if not _describes(header.get("config"), config):
        raise CheckpointError(
            f"{path} belongs to another configuration; choose another folder, or delete it"
        )
    return tensors, header


def _restore(saved: _Saved, device: str) -> _Progress:
    tensors, header = saved
    weights = {k[7:]: v for k, v in tensors.items() if k.startswith("weight/")}
    progress = _with_weights(weights, device)
    progress.update, progress.seconds = header["update"], header["seconds"]
    progress.functions = header["functions"]
    for name, param in progress.params.items():
        progress.optimizer.state[param] = {
            "step": torch.tensor(float(progress.update)),
            "exp_avg": torch.tensor(tensors[f"adam.m/{name}"], device=device),
            "exp_avg_sq": torch.tensor(tensors[f"adam.v/{name}"], device=device),
        }
    return progress


def _begin(path: Path, config: Config, start: Checkpoint | None, group: ProcessGroup) -> _Progress:
    """Go on from the checkpoint at `path`, which process 0 alone needs to see, or start afresh."""
    saved = _read(path, config) if group.rank == 0 and path.exists() else None
    saved = group.from_first(saved)
    if saved is None:
        return _fresh(config, start, group.device)
    return _restore(saved, group.device)


def _one_shard(
    config: Config,
    policy: BatchedPolicy,
    distribution: TaskDistribution,
    progress: _Progress,
    episode: Episode,
    shard: int,
    device: str,
    teacher: Teacher | None,
) -> tuple[Tensor, Tensor]:
    """Draw a part of an update's functions and run the policy on them.

    Returns:
        The gradient by all weights, (P,), and (3,) float64: loss, spread of the queries, and share
        of their coordinates on the border.
    """
    c = config.train
    generator = torch.Generator(device).manual_seed(_seed(config, progress.update, shard))
    size = c.batch // c.shards
    functions = distribution.sample(size, episode.dim, generator, device, torch.float64)
    outcome = run_policy(policy, progress.params, functions, episode, c, generator, teacher)
    params = list(progress.params.values())
    gradients = torch.autograd.grad(outcome.loss, params, allow_unused=True, materialize_grads=True)
    border = ((outcome.x < 1e-3) | (outcome.x > 1 - 1e-3)).double().mean()
    seen = torch.stack([outcome.loss.detach().double(), outcome.x.std(dim=1).mean(), border])
    return torch.cat([g.flatten() for g in gradients]), seen


def _one_update(
    config: Config,
    policy: BatchedPolicy,
    distribution: TaskDistribution,
    progress: _Progress,
    group: ProcessGroup,
    teacher: Teacher | None,
) -> dict[str, Any]:
    """Compute the shards, gather what the other processes computed, and take one Adam step."""
    c, u = config.train, progress.update
    longest = longest_horizon(u, c.updates, *c.horizon, c.curriculum)
    rng = np.random.default_rng(_seed(config, u))
    episode = draw_episode(rng, c.dims, longest, c.workers, c.sequential, c.unroll)
    share = imitation_weight(u, c.updates, c.imitation)
    guide = teacher._replace(weight=share) if teacher is not None and share else None
    parts = [
        _one_shard(config, policy, distribution, progress, episode, shard, group.device, guide)
        for shard in group.mine(c.shards)
    ]
    gradient = group.gather(torch.stack([part[0] for part in parts])).mean(dim=0)
    loss, spread, border = group.gather(torch.stack([part[1] for part in parts])).mean(dim=0)
    pieces = gradient.split([param.numel() for param in progress.params.values()])
    for param, piece in zip(progress.params.values(), pieces, strict=True):
        param.grad = piece.view_as(param).clone()
    norm = torch.nn.utils.clip_grad_norm_(progress.params.values(), c.clip)
    for settings in progress.optimizer.param_groups:
        settings["lr"] = learning_rate(u, c.updates, c.learning_rate, c.warmup)
    if bool(torch.isfinite(norm)):
        progress.optimizer.step()
    progress.functions += c.batch
    return {
        "update": u,
        "loss": float(loss),
        "gradient_norm": float(norm),
        "dim": episode.dim,
        "horizon": episode.horizon,
        "workers": episode.workers,
        "query_spread": float(spread),
        "border_share": float(border),
    }


def _teacher(config: Config, device: str) -> Teacher | None:
    """Return the policy to imitate.

    Raises:
        ConfigError: it has no scored head.
    """
    if not config.train.teacher:
        return None
    loaded = shipped.load(config.train.teacher)
    teacher = as_batched(loaded.policy)
    if teacher is None or not teacher.scores:
        raise ConfigError(
            f"train.teacher = {config.train.teacher!r}, {loaded.policy.about}; expected weights "
            "with a scored head, such as dnc"
        )
    params = {k: torch.tensor(v, device=device) for k, v in loaded.params.items()}
    return Teacher(teacher, params, 1.0)


def _weights(config: Config, policy: BatchedPolicy, progress: _Progress, commit: str) -> Checkpoint:
    provenance = {
        "config": config.to_dict(),
        "commit": commit,
        "torch": torch.__version__,
        "updates": progress.update,
        "functions": progress.functions,
        "hours": round(progress.seconds / 3600, 3),
    }
    weights = {k: v.detach().cpu().numpy() for k, v in progress.params.items()}
    return Checkpoint(config.train.name, policy, weights, provenance)


def _truncate_log(path: Path, update: int) -> None:
    """Drop log lines of updates that a resumed training will repeat."""
    if path.exists():
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
        kept = [line for line in lines if line["update"] < update]
        path.write_text("".join(json.dumps(line) + "\n" for line in kept))


def train(
    config: Config,
    distribution: TaskDistribution,
    out: str | Path,
    *,
    start: Checkpoint | None = None,
    device: str = "cpu",
    group: ProcessGroup | None = None,
    stop_after: int | None = None,
    progress_bar: bool = True,
) -> Path:
    """Train a policy; a folder that holds a checkpoint is resumed.

    Args:
        config: what to train, and how.
        distribution: the functions to train on.
        out: folder for `log.jsonl`, `checkpoint.safetensors` and `NAME.safetensors`.
        start: weights to begin with, those that `config.start` names; drawn at random unless told.
        device: torch device; that of `group` where one is given.
        group: the processes that share the work; each makes this call, and process 0 writes.
        stop_after: stop, with a checkpoint, after this many updates of this call.
        progress_bar: show a bar with rate and remaining time on stderr.

    Returns:
        Path of the weights.

    Raises:
        CheckpointError: the folder's checkpoint is damaged or of another configuration.
        ConfigError: the processes cannot share the shards out evenly.
    """
    group = group or ProcessGroup(0, 1, device)
    group.mine(config.train.shards)
    out = Path(out)
    policy = Network(config.policy)
    progress = _begin(out / "checkpoint.safetensors", config, start, group)
    weights = out / f"{config.train.name}.safetensors"
    c = config.train
    keep_heap(_HEAP)
    teacher = _teacher(config, group.device)
    last = c.updates if stop_after is None else min(c.updates, progress.update + stop_after)
    if group.rank:
        while progress.update < last:
            _one_update(config, policy, distribution, progress, group, teacher)
            progress.update += 1
        group.wait()
        return weights
    # Taken at the start: the tree may change while a training of hours runs from memory.
    commit = source_commit()
    family = isinstance(distribution, FamilyDistribution)
    dims = sorted(set(c.dims)) if family else None
    # Made once they are needed: finding their minima takes seconds.
    sets = cache(lambda: validation_sets(distribution, group.device, dims))
    out.mkdir(parents=True, exist_ok=True)
    log = out / "log.jsonl"
    _truncate_log(log, progress.update)
    bar = tqdm(total=c.updates, initial=progress.update, unit="update", disable=not progress_bar)
    with log.open("a") as lines, bar:
        while progress.update < last:
            began = time.perf_counter()
            record = _one_update(config, policy, distribution, progress, group, teacher)
            progress.update += 1
            progress.seconds += time.perf_counter() - began
            if progress.update % c.validate_every == 0 or progress.update == c.updates:
                record |= validate(policy, progress.params, sets())
            record["seconds"] = round(progress.seconds, 3)
            lines.write(json.dumps(record) + "\n")
            lines.flush()
            if progress.update % c.checkpoint_every == 0 or progress.update == last:
                _save(out / "checkpoint.safetensors", config, progress)
            bar.set_postfix(loss=f"{record['loss']:.3f}", refresh=False)
            bar.update()
    checkpoint.save_policy(weights, _weights(config, policy, progress, commit))
    group.wait()
    return weights
