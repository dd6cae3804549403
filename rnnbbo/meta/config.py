"""Training configurations: TOML in, frozen dataclasses out, with every wrong key refused."""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.errors import ConfigError
from rnnbbo.escaping import as_line, repr_of
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.tables import from_table, read_toml

LOSSES = {False: ("sum", "ei", "oi"), True: ("candidates", "improvement")}
"""Losses by whether the head scores candidates."""


def _positive(value: object) -> bool:
    number = as_float(as_scalar(value))
    return number is not None and 0.0 < number < math.inf


@dataclass(frozen=True)
class TrainConfig:
    """One meta-training.

    Attributes:
        name: name of the policy that comes out.
        seed: seed of weights, functions and everything else.
        loss: "sum", "ei", "oi" (Chen et al. 2016) for direct heads; for scored ones "candidates",
            which compares scores with the expected improvement, or "improvement", which needs
            values only.
        updates: number of Adam updates.
        batch: functions an update.
        shards: parts of a batch, computed in turn by one process or shared out among several.
        learning_rate: peak of the schedule.
        warmup: updates until the peak.
        clip: largest norm of the gradient.
        dims: dimensions, one an update.
        horizon: first and last longest horizon of the curriculum.
        curriculum: share of the updates over which the horizon grows.
        unroll: evaluations of a run through which gradients flow, 0 for all of them (truncated
            backpropagation through time; scored heads). Where they begin is drawn for every
            update; those before are made without gradient, and a run ends with them.
        workers: numbers of parallel workers.
        sequential: share of updates with one worker.
        candidates: candidate points a step (scored heads).
        climbed: whether the points that the policy climbs to are candidates too, as in use (heads
            of regression).
        floor: what the loss "candidates" adds inside its logarithm: the smaller, the worse is a
            query without any expected improvement.
        greedy: share of functions on which the best-scored candidate is queried; on the others
            the query is drawn from the softmax of the scores.
        random_queries: share of queries replaced by a random candidate.
        warped: share of functions whose values are told through a random monotone warp.
        teacher: name or path of weights with a scored head, whose queries a direct head imitates at
            first; empty for none.
        imitation: share of the updates over which that fades out.
        validate_every: updates between validations.
        checkpoint_every: updates between checkpoints.

    Raises:
        ConfigError: a value that is not accepted.
    """

    name: str
    seed: int = 0
    loss: str = "candidates"
    updates: int = 1000
    batch: int = 64
    shards: int = 1
    learning_rate: float = 2e-3
    warmup: int = 50
    clip: float = 1.0
    dims: tuple[int, ...] = (1, 2, 3, 4, 6)
    horizon: tuple[int, int] = (10, 40)
    curriculum: float = 0.5
    unroll: int = 0
    workers: tuple[int, ...] = (2, 4, 8)
    sequential: float = 0.8
    candidates: int = 64
    climbed: bool = False
    floor: float = 1e-3
    greedy: float = 0.5
    random_queries: float = 0.05
    warped: float = 0.3
    teacher: str = ""
    imitation: float = 0.0
    validate_every: int = 200
    checkpoint_every: int = 50

    def __post_init__(self) -> None:
        fine = isinstance(self.name, str) and self.name.replace("-", "").isidentifier()
        _require("name", self.name, fine, "letters, digits, - and _")
        fine = type(self.seed) is int and self.seed >= 0
        _require("seed", self.seed, fine, "an integer >= 0")
        for key in ("updates", "batch", "shards", "warmup", "candidates", "validate_every"):
            _require(key, getattr(self, key), _whole(getattr(self, key)), "an integer >= 1")
        _require(
            "checkpoint_every",
            self.checkpoint_every,
            _whole(self.checkpoint_every),
            "an integer >= 1",
        )
        fine = type(self.unroll) is int and self.unroll >= 0
        _require("unroll", self.unroll, fine, "an integer >= 0")
        fine = self.batch % self.shards == 0
        _require("shards", self.shards, fine, f"a divisor of train.batch = {self.batch}")
        _require("climbed", self.climbed, type(self.climbed) is bool, "true or false")
        for key in ("learning_rate", "clip", "floor"):
            _require(key, getattr(self, key), _positive(getattr(self, key)), "a number > 0")
        for key in ("sequential", "greedy", "random_queries", "warped", "curriculum", "imitation"):
            value = getattr(self, key)
            fine = (value == 0 or _positive(value)) and value <= 1
            _require(key, value, fine, "a share from 0 to 1")
        for key in ("dims", "workers", "horizon"):
            value = getattr(self, key)
            _require(key, value, isinstance(value, list | tuple), "a list of integers >= 1")
            value = tuple(value)
            object.__setattr__(self, key, value)
            fine = len(value) > 0 and all(_whole(v) for v in value)
            _require(key, value, fine, "a list of integers >= 1")
        fine = isinstance(self.teacher, str) and bool(self.teacher) == (self.imitation > 0)
        _require("teacher", self.teacher, fine, "weights, together with train.imitation > 0")
        fine = len(self.horizon) == 2 and 2 <= self.horizon[0] <= self.horizon[1]
        _require("horizon", self.horizon, fine, "[first, last] with 2 <= first <= last")
        known = [loss for losses in LOSSES.values() for loss in losses]
        _require("loss", self.loss, self.loss in known, f"one of {', '.join(known)}")


def _whole(value: object) -> bool:
    return type(value) is int and value >= 1


def _require(key: str, value: object, fine: bool, form: str) -> None:
    if not fine:
        raise ConfigError(f"train.{key} = {repr_of(value)}; expected {form}")


@dataclass(frozen=True)
class Config:
    """A whole configuration file: tables `train`, `policy`, `functions` and `rough`.

    `functions` and `rough` stay plain mappings: they belong to the task distribution, which is
    passed in.
    `start` is not part of a file: it says which weights a training goes on from.
    """

    train: TrainConfig
    policy: NetworkConfig
    functions: dict[str, Any] = field(default_factory=dict)
    start: dict[str, str] = field(default_factory=dict)
    rough: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = LOSSES[self.policy.scores]
        if self.train.loss not in known:
            raise ConfigError(
                f"train.loss = {self.train.loss!r}; expected one of {', '.join(known)} with "
                f"policy.head = {self.policy.head!r}"
            )
        if self.train.unroll and not self.policy.scores:
            raise ConfigError(
                f'train.unroll = {self.train.unroll!r}; expected 0, or policy.head = "scored": '
                "a direct head's queries are steps of one graph"
            )
        if self.train.climbed and not (self.policy.scores and self.policy.process_heads):
            raise ConfigError(
                'train.climbed = true; expected false, or policy.head = "scored" with '
                "policy.process_heads >= 1: only heads of regression are climbed"
            )
        if self.rough and not self.policy.scores:
            raise ConfigError(
                f"a table [rough] with policy.head = {self.policy.head!r}; expected policy.head = "
                '"scored": a direct head needs functions that can be differentiated'
            )
        if self.train.teacher and self.policy.scores:
            raise ConfigError(
                f"train.teacher = {self.train.teacher!r}; expected none, or policy.head = "
                '"direct": only a direct head imitates'
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for logs and checkpoints."""
        values = {
            "train": asdict(self.train),
            "policy": self.policy.to_dict(),
            "functions": self.functions,
        }
        more = {"rough": self.rough, "start": self.start}
        return values | {key: value for key, value in more.items() if value}


def parse(values: dict[str, Any]) -> Config:
    """Build a configuration from plain values, refusing unknown tables and keys."""
    tables = ("train", "policy", "functions", "rough")
    for key in values:
        if key not in tables:
            raise ConfigError(
                f"unknown table [{as_line(key)}]; expected one of {', '.join(tables)}"
            )
    return Config(
        from_table(TrainConfig, "train", values.get("train", {})),
        NetworkConfig.from_dict(values.get("policy", {})),
        values.get("functions", {}),
        rough=values.get("rough", {}),
    )


def _read(path: str | Path) -> dict[str, Any]:
    return read_toml(path, "configuration", "a TOML file", ConfigError)


def load_config(path: str | Path) -> Config:
    """Read a TOML file.

    Raises:
        ConfigError: the file is missing, is not TOML, or holds a wrong key or value.
    """
    return parse(_read(path))


def load_train(path: str | Path, defaults: TrainConfig) -> TrainConfig:
    """Read a TOML file that holds the table `train` only; what it leaves out is as in `defaults`.

    Raises:
        ConfigError: as for `load_config`, or there is another table.
    """
    values = _read(path)
    for key in values:
        if key != "train":
            raise ConfigError(
                f"{path} has a table [{as_line(key)}]; expected [train] alone with --from: the "
                "policy is that of the weights, and the functions are those of --functions"
            )
    table = values.get("train", {})
    table = asdict(defaults) | table if isinstance(table, dict) else table
    return from_table(TrainConfig, "train", table)
