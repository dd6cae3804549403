"""What a policy says of a run that goes on: who proposes, why, and what it sees."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from rnnbbo.result import Recommendation


class PolicyReport(NamedTuple):
    """What a policy says of a run.

    Attributes:
        name: what proposes now; several names where policies take turns.
        why: why it was chosen; empty where the caller did.
        noise: deviation of the noise of a value; None where none is noticed.
        gain_left: by how much one more evaluation is expected to improve on the best value; None
            where that is not known.
        seen: what it sees in the values, a line each, in words.
    """

    name: str
    why: str = ""
    noise: float | None = None
    gain_left: float | None = None
    seen: tuple[str, ...] = ()


class Proposing(Protocol):
    """What is asked for a report: `rnnbbo.optimizer.Optimizer`."""

    @property
    def policy_name(self) -> str:
        """Name of the policy that proposes now."""

    @property
    def policy_why(self) -> str:
        """Why it was chosen."""

    def recommendation(self) -> Recommendation:
        """Return the point to take, and the noise."""

    def gain_left(self) -> float | None:
        """Return the expected improvement of one more evaluation."""


def report_of(optimizer: Proposing) -> PolicyReport:
    """Return what the policy of an optimizer says; it takes about as long as a tell."""
    found = optimizer.recommendation()
    return PolicyReport(
        optimizer.policy_name,
        optimizer.policy_why,
        found.noise,
        optimizer.gain_left(),
        tuple(found.seen),
    )
