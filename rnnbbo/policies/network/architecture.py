"""Which recurrence a network has, which head, and their sizes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.errors import ConfigError
from rnnbbo.policies.network.direct import Direct
from rnnbbo.policies.network.dnc import Dnc
from rnnbbo.policies.network.lstm import Lstm
from rnnbbo.policies.network.recurrence import Recurrence
from rnnbbo.policies.network.scored import Scored
from rnnbbo.policies.network.snail import Snail
from rnnbbo.policies.network.state import NetworkState
from rnnbbo.policies.ops import Array, Namespace, Params
from rnnbbo.tables import from_table

_SIZES = ("hidden", "memory_rows", "memory_width", "read_heads", "forms", "layer", "max_rows")
_COUNTS = ("kernel_heads", "process_heads", "family_dims")


@dataclass(frozen=True)
class NetworkConfig:
    """Which recurrence, which head, and their sizes.

    Attributes:
        recurrence: a name of `RECURRENCES`.
        head: a name of `HEADS`: "direct" is the paper's.
        hidden: LSTM units a dimension; SNAIL's filters.
        memory_rows: rows N of the DNC's memory; steps that SNAIL's attention reaches back.
        memory_width: numbers of a memory word per dimension; of SNAIL's keys and values.
        read_heads: read heads R of the DNC.
        forms: quadratic forms of the scored head.
        kernel_heads: heads with which a candidate reads the observations by their distance (DNC,
            scored); with 0, as with an LSTM, it reads the nearest one.
        process_heads: heads that do so by Gaussian-process regression (scored); may be 0.
        family_dims: dimensions of the family of functions whose traits the weights hold (LSTM); 0
            where they know of none, and serve any dimension.
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
    family_dims: int = 0

    def __post_init__(self) -> None:
        known: tuple[tuple[str, tuple[str, ...]], ...] = (
            ("recurrence", tuple(RECURRENCES)),
            ("head", tuple(HEADS)),
        )
        for key, names in known:
            if getattr(self, key) not in names:
                raise ConfigError(
                    f"policy.{key} = {getattr(self, key)!r}; expected one of {', '.join(names)}"
                )
        for keys, least in ((_SIZES, 1), (_COUNTS, 0)):
            for key in keys:
                value = getattr(self, key)
                if type(value) is not int or value < least:
                    raise ConfigError(
                        f"policy.{key} = {value!r}; expected an integer of at least {least}"
                    )
        if self.family_dims and self.recurrence != "lstm":
            raise ConfigError(
                f"policy.family_dims = {self.family_dims!r} with policy.recurrence = "
                f'{self.recurrence!r}; expected 0, or policy.recurrence = "lstm"'
            )

    @property
    def scores(self) -> bool:
        """Whether its head scores candidates."""
        return HEADS[self.head].scores

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "NetworkConfig":
        """Build from plain values, refusing keys that do not exist."""
        return from_table(cls, "policy", values)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a checkpoint's metadata."""
        return asdict(self)


RECURRENCES: dict[str, Callable[[NetworkConfig, int], Recurrence]] = {
    "lstm": lambda c, extra: Lstm(c.hidden, extra, c.family_dims),
    "dnc": lambda c, extra: Dnc(
        c.hidden, c.memory_rows, c.memory_width, c.read_heads, c.kernel_heads, extra
    ),
    "snail": lambda c, extra: Snail(c.hidden, c.memory_rows, c.memory_width, extra),
}
"""Recurrences by name, from a configuration and the width of further inputs a dimension."""


class Head(Protocol):
    """What turns the recurrence's knowledge into a query."""

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw weights, float32, by name."""

    def forward(
        self,
        xp: Namespace,
        params: Params,
        context: Array,
        state: NetworkState,
        candidates: Array | None = None,
        pending: Array | None = None,
    ) -> Array:
        """Return the scores (B, C) of candidates (B, C, D), or the next query (B, D).

        Args:
            xp: array namespace.
            params: the weights.
            context: (B, D, X) what the recurrence knows of each dimension.
            state: the network's.
            candidates: (B, C, D) points of the unit cube, for a head that scores.
            pending: (B, P, D) points proposed and not yet evaluated, or None.
        """

    def look(
        self,
        params: Params,
        context: np.ndarray,
        state: NetworkState,
        candidates: np.ndarray,
        pending: np.ndarray | None,
        climbing: core.ClimbPlan | None = None,
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return scores, and where to climb; see `Scored.look`. None where it cannot."""


class HeadKind(NamedTuple):
    """A head that a configuration may name.

    Attributes:
        scores: whether it scores candidates; else it gives the point itself, as in the paper.
        make: from a configuration and the recurrence that it sits on.
    """

    scores: bool
    make: Callable[[NetworkConfig, Recurrence], Head]


HEADS: dict[str, HeadKind] = {
    "direct": HeadKind(False, lambda c, recurrence: Direct(recurrence.context)),
    "scored": HeadKind(
        True,
        lambda c, recurrence: Scored(recurrence, c.forms, c.layer, c.process_heads),
    ),
}
"""Heads by name."""
