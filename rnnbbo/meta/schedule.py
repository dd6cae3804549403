"""What changes over the updates of a training: learning rate, horizon, dimension and workers."""

import math
from dataclasses import dataclass

import numpy as np


def learning_rate(update: int, updates: int, peak: float, warmup: int) -> float:
    """Return the learning rate: a linear warm-up to `peak`, then a cosine to 1 % of it."""
    if update < warmup:
        return peak * (update + 1) / warmup
    progress = (update - warmup) / max(1, updates - warmup)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress))))


def longest_horizon(update: int, updates: int, first: int, last: int, share: float) -> int:
    """Return the longest horizon: it grows linearly over the first `share` of the training."""
    progress = min(1.0, update / max(1.0, share * updates))
    return round(first + (last - first) * progress)


def imitation_weight(update: int, updates: int, share: float) -> float:
    """Return the weight of imitation: from 1 linearly down to 0 over a share of the updates."""
    return max(0.0, 1.0 - update / (share * updates)) if share else 0.0


@dataclass(frozen=True)
class Episode:
    """Shape of one batch of runs: dimension, evaluations, and how many run at a time.

    The first `skipped` evaluations are made without gradient.
    """

    dim: int
    horizon: int
    workers: int
    skipped: int = 0


def draw_episode(
    rng: np.random.Generator,
    dims: tuple[int, ...],
    longest: int,
    workers: tuple[int, ...],
    sequential: float,
    unroll: int = 0,
) -> Episode:
    """Draw an update's dimension, horizon in [longest / 2, longest], and number of workers.

    With `unroll`, a stretch of so many evaluations is drawn within that horizon, all equally
    likely, and the run ends with it.

    Args:
        rng: generator.
        dims: dimensions, equally likely.
        longest: longest horizon.
        workers: numbers of workers, equally likely when the run is parallel.
        sequential: probability of one worker.
        unroll: evaluations with gradient, 0 for all.
    """
    count = 1 if rng.random() < sequential else int(rng.choice(workers))
    length = int(rng.integers(max(2, longest // 2), longest + 1))
    dim, skipped = int(rng.choice(dims)), 0
    if 0 < unroll < length:
        skipped = int(rng.integers(length - unroll + 1))
        length = skipped + unroll
    return Episode(dim, length, min(count, length - 1), skipped)
