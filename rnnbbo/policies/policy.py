"""A policy: a recurrence and a head, as `init` and `step` over values.

`Policy` holds sizes only. Weights and state are passed in and returned, so that one definition
serves numpy when proposing and torch when meta-training.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, NamedTuple, TypeVar

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.policies import ascent, content, direct, dnc, evidence, lstm, process, rows, scored
from rnnbbo.policies.evidence import Evidence, Observation
from rnnbbo.policies.ops import Array, Namespace, Params, namespace

T = TypeVar("T")

RECURRENCES = ("lstm", "dnc")
HEADS = ("direct", "scored")
LEAST_NOISE = 0.03  # that a recommendation takes into account, in deviations of the values
_SIZES = ("hidden", "memory_rows", "memory_width", "read_heads", "forms", "layer", "max_rows")
_COUNTS = ("kernel_heads", "process_heads")


def from_table(cls: type[T], table: str, values: Mapping[str, Any]) -> T:
    """Build a dataclass from a table of a configuration.

    Raises:
        ConfigError: a key is unknown or missing; or a value is not accepted, as `cls` says.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{table} is {values!r}; accepted: a table [{table}]")
    known = fields(cls)  # type: ignore[arg-type]
    names = [f.name for f in known]
    for key in values:
        if key not in names:
            raise ConfigError(f"unknown key {table}.{key}; accepted: {', '.join(names)}")
    for f in known:
        if f.default is MISSING and f.default_factory is MISSING and f.name not in values:
            raise ConfigError(f"{table}.{f.name} is missing; expected a value")
    return cls(**values)


@dataclass(frozen=True)
class PolicyConfig:
    """Which recurrence, which head, and their sizes.

    Attributes:
        recurrence: "lstm" or "dnc".
        head: "direct" (the paper's) or "scored".
        hidden: LSTM units a dimension.
        memory_rows: rows N of the DNC's memory.
        memory_width: numbers of a memory word per dimension.
        read_heads: read heads R of the DNC.
        forms: quadratic forms of the scored head.
        kernel_heads: heads with which a candidate reads the observations by their distance (DNC,
            scored); with 0, as with an LSTM, it reads the nearest one.
        process_heads: heads that do so by Gaussian-process regression (scored); may be 0.
        layer: width of the scored head's two hidden layers.
        max_rows: observations that candidates can read; makes the cost of an ask flat.

    Raises:
        ConfigError: an unknown name or a size that is not a positive integer.
    """

    recurrence: str = "dnc"
    head: str = "scored"
    hidden: int = 48
    memory_rows: int = 16
    memory_width: int = 8
    read_heads: int = 2
    forms: int = 16
    kernel_heads: int = 6
    layer: int = 96
    max_rows: int = 128
    process_heads: int = 0

    def __post_init__(self) -> None:
        for key, accepted in (("recurrence", RECURRENCES), ("head", HEADS)):
            if getattr(self, key) not in accepted:
                raise ConfigError(
                    f"policy.{key} is {getattr(self, key)!r}; accepted: {', '.join(accepted)}"
                )
        for keys, least in ((_SIZES, 1), (_COUNTS, 0)):
            for key in keys:
                value = getattr(self, key)
                if type(value) is not int or value < least:
                    raise ConfigError(
                        f"policy.{key} is {value!r}; accepted: an integer of at least {least}"
                    )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "PolicyConfig":
        """Build from plain values, refusing keys that do not exist."""
        return from_table(cls, "policy", values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a checkpoint's metadata."""
        return asdict(self)


class PolicyState(NamedTuple):
    """Everything that a policy carries from step to step.

    Attributes:
        evidence: summary of what was told.
        shared: (B, FEATURES_GLOBAL) inputs of the last step.
        q: (B, D) quasi-random point of the last step.
        recurrent: the recurrence's own state.
        rows: observations that candidates read; None for direct heads.
        processes: what the heads of Gaussian-process regression carry; None without them.
    """

    evidence: Evidence
    shared: Array
    q: Array
    recurrent: Any
    rows: rows.Rows | None
    processes: process.ProcessState | None = None


@dataclass(frozen=True)
class Policy:
    """A recurrent optimizer of one configuration."""

    config: PolicyConfig
    dtype = np.float32

    @property
    def about(self) -> str:
        """What it is, in a line."""
        return f"{self.config.recurrence} with a {self.config.head} head"

    @property
    def scores(self) -> bool:
        """Whether the head scores candidates (else it outputs the point)."""
        return self.config.head == "scored"

    @property
    def _dnc(self) -> dnc.DncShape:
        c = self.config
        told = process.INPUTS_PER_HEAD * self._process_heads
        return dnc.DncShape(c.hidden, c.memory_rows, c.memory_width, c.read_heads, told)

    @property
    def _process_heads(self) -> int:
        return self.config.process_heads if self.scores else 0

    @property
    def _kernel_heads(self) -> int:
        return self.config.kernel_heads if self.config.recurrence == "dnc" else 0

    @property
    def _context(self) -> int:
        c = self.config
        reads = c.read_heads * c.memory_width if c.recurrence == "dnc" else 0
        return c.hidden + reads

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw untrained weights, float32, by name."""
        c = self.config
        params = (
            dnc.init_params(rng, self._dnc)
            if c.recurrence == "dnc"
            else lstm.init_params(rng, c.hidden, extra=self._dnc.told)
        )
        if not self.scores:
            return params | direct.init_params(rng, self._context)
        reads = rows.NEAREST_FEATURES
        if self._kernel_heads:
            params |= rows.init_params(rng, self._context, self._kernel_heads)
            reads = self._kernel_heads * rows.FEATURES_PER_HEAD
        if c.recurrence == "dnc":
            params |= content.init_params(rng, self._context, c.memory_width)
            reads += c.memory_width
        if self._process_heads:
            params |= process.init_params(rng, self._context, self._process_heads)
            reads += process.FEATURES_PER_HEAD * self._process_heads + process.FEATURES_SHARED
        return params | scored.init_params(rng, self._context, c.forms, c.layer, reads)

    def init(self, x: Array, y: Array) -> PolicyState:
        """State before the first step; x (B, D) and y (B,) give shapes, dtypes and device only."""
        xp = namespace(x)
        recurrent: Any = (
            dnc.init_state(xp, self._dnc, x)
            if self.config.recurrence == "dnc"
            else lstm.init_state(xp, self.config.hidden, x)
        )
        shared = xp.zeros((x.shape[0], evidence.FEATURES_GLOBAL), dtype=x.dtype, device=x.device)
        kept = rows.no_rows(xp, x, y) if self.scores else None
        nothing = evidence.no_evidence(xp, x, y)
        heads = self._process_heads
        carried = process.init_state(xp, heads, x) if heads else None
        return PolicyState(nothing, shared, nothing.best_x, recurrent, kept, carried)

    def step(self, params: Params, state: PolicyState, observation: Observation) -> PolicyState:
        """Feed one observation, or a dummy, and return the new state (Chen et al. 2016, eq. 3)."""
        xp = namespace(observation.x)
        now = evidence.update(xp, state.evidence, observation)
        inputs = evidence.inputs(xp, state.evidence, now, observation)
        carried = state.processes
        told = carried.inputs if carried is not None else None
        recurrent: Any = (
            dnc.step(xp, params, self._dnc, state.recurrent, inputs, told)
            if self.config.recurrence == "dnc"
            else lstm.step(xp, params, state.recurrent, inputs, told)
        )
        kept = state.rows
        if kept is not None and observation.told:
            kept = rows.append(
                xp, kept, observation.x, observation.y, now.best_x, self.config.max_rows
            )
        stepped = PolicyState(now, inputs.shared, observation.q, recurrent, kept, carried)
        if carried is not None and kept is not None and observation.told:
            context = self.context(xp, stepped)
            carried = process.step(xp, params, carried, context, now, kept)
        return stepped._replace(processes=carried)

    def context(self, xp: Namespace, state: PolicyState) -> Array:
        """What the recurrence knows of each dimension, (B, D, X): hidden state and reads."""
        if self.config.recurrence == "dnc":
            r = state.recurrent
            return xp.concat([r.controller.h, r.reads], axis=-1)
        return state.recurrent.h

    def point(self, params: Params, state: PolicyState) -> Array:
        """Next query of a direct head, (B, D)."""
        xp = namespace(state.q)
        return direct.point(xp, params, self.context(xp, state), state.evidence, state.q)

    def recommend(self, state: PolicyState) -> Array | None:
        """The kept observation (B, D) of the least posterior mean.

        None where it would not differ from the lowest value, or is not known: before the first
        value, and without heads of regression. Where they see next to no noise the mean at an
        observation is its value, but for rounding, and the incumbent is returned.
        """
        if state.processes is None or state.processes.fit is None or state.rows is None:
            return None
        fitted, now = state.processes.fit, state.evidence
        xp = namespace(now.best_x)
        mean = process.smooth(xp, fitted, now, state.rows)
        least = xp.argmin(mean, axis=1)[:, None, None]
        least = xp.broadcast_to(least, (mean.shape[0], 1, now.best_x.shape[1]))
        noisy = process.noise(xp, fitted) > LEAST_NOISE
        best = xp.take_along_axis(state.rows.x, least, axis=1)[:, 0]
        return xp.where(noisy[:, None], best, now.best_x)

    def climbs(self, state: PolicyState) -> bool:
        """Whether it proposes candidates itself.

        Not without heads of regression, and not while they know too few values to be followed far.
        """
        fitted = state.processes is not None and state.processes.fit is not None
        return fitted and state.evidence.told >= ascent.FEWEST

    def climbed(self, state: PolicyState, candidates: Array, scores: Array) -> Array:
        """Candidates (B, 2, D) that it proposes itself, where it `climbs`.

        Args:
            state: the state.
            candidates: (B, C, D) points, half of them wide over the cube, the rest near the
                incumbent; from the best of either half it climbs.
            scores: (B, C), of `score`.
        """
        assert state.processes is not None and state.processes.fit is not None
        xp, fitted = namespace(candidates), state.processes.fit
        return ascent.climbed(xp, fitted, state.evidence, candidates, scores)

    def consider(
        self,
        params: Params,
        state: PolicyState,
        candidates: Array,
        pending: Array | None = None,
        climbing: AbstractContextManager[object] | None = None,
    ) -> tuple[Array, Array]:
        """Candidates (B, C', D), with those that it climbs to, and the scores (B, C') of all.

        Args:
            params: the weights.
            state: the state.
            candidates: (B, C, D), in the order that `climbed` expects.
            pending: (B, P, D) points.
            climbing: a context in which to climb; training passes one that records no gradient.
        """
        xp, scores = namespace(candidates), self.score(params, state, candidates, pending)
        if not self.climbs(state):
            return candidates, scores
        with climbing or nullcontext():
            found = self.climbed(state, candidates, scores)
        theirs = self.score(params, state, found, pending)
        return xp.concat([candidates, found], axis=1), xp.concat([scores, theirs], axis=1)

    def score(
        self, params: Params, state: PolicyState, candidates: Array, pending: Array | None = None
    ) -> Array:
        """Scores (B, C) of candidates (B, C, D), given pending points (B, P, D)."""
        xp = namespace(candidates)
        context = self.context(xp, state)
        now, kept = state.evidence, state.rows
        assert kept is not None
        # Once for all features: what they sum over dimensions is then contiguous.
        across = xp.stack([candidates[..., d] for d in range(candidates.shape[-1])], axis=1)
        prior = None
        if self._kernel_heads:
            reads = [rows.read(xp, params, context, now, kept, across)]
        else:
            reads = [rows.nearest(xp, now, kept, across)]
        if self.config.recurrence == "dnc":
            memory = state.recurrent.memory.memory
            reads.append(content.read(xp, params, context, now.best_x, memory, across))
        if state.processes is not None:
            fitted = state.processes.fit
            predicted, prior = process.read(xp, params, fitted, now, across, pending)
            reads.append(predicted)
        scores = scored.score(xp, params, context, state.shared, now, across, pending, reads)
        return scores if prior is None else scores + prior
