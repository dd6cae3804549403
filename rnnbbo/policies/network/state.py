"""What a network carries from step to step."""

from typing import Any, NamedTuple

from rnnbbo.policies.evidence import Evidence
from rnnbbo.policies.network.archive import Archive
from rnnbbo.policies.network.process_heads import ProcessState
from rnnbbo.policies.ops import Array


class NetworkState(NamedTuple):
    """Everything that a network carries from step to step, a value.

    Attributes:
        evidence: summary of what was told.
        shared: (B, FEATURES_GLOBAL) inputs of the last step.
        q: (B, D) quasi-random point of the last step.
        recurrent: the recurrence's own state.
        archive: observations that candidates read; None for a head that scores none.
        processes: what the heads of Gaussian-process regression carry; None without them.
    """

    evidence: Evidence
    shared: Array
    q: Array
    recurrent: Any
    archive: Archive | None
    processes: ProcessState | None = None
