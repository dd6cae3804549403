"""`policy="auto"`: which policy proposes, and from which evaluation on, by what was measured.

The rules follow from the comparison of all policies on functions that none was trained or chosen
on (docs/policies.md): `kernel` is ahead of or level with the networks at every number of
evaluations and in every dimension measured; they ask in a tenth of its time. So time alone speaks
for a network: where evaluations are so cheap, and so many, that a run would spend most of its time
asking.
"""

from typing import NamedTuple

NAME = "auto"
ABOUT = "the best policy for the run, by what was measured"
KERNEL_SECONDS = 0.015
"""An ask and a tell of `kernel`, about; flat from 200 evaluations on."""
PATIENCE_SECONDS = 30.0
"""Time for asking that any run is worth."""
CHEAP = "dnc"
"""The network that takes over."""


class Stage(NamedTuple):
    """A policy and its part of a run.

    Attributes:
        policy: its name.
        begins: number of values told after which it proposes.
        why: the reason, for people.
    """

    policy: str
    begins: int
    why: str


def plan(n_calls: int | None = None, call_seconds: float | None = None) -> tuple[Stage, ...]:
    """Which policies propose, in their order. The same arguments give the same plan.

    Args:
        n_calls: number of evaluations planned, if known.
        call_seconds: time of an evaluation, if known.
    """
    first = Stage("kernel", 0, "the best points at every number of evaluations measured")
    if n_calls is None or call_seconds is None:
        return (first,)
    asking, evaluating = n_calls * KERNEL_SECONDS, n_calls * call_seconds
    if asking <= max(PATIENCE_SECONDS, evaluating):
        return (first,)
    begins = round(max(PATIENCE_SECONDS, evaluating) / KERNEL_SECONDS)
    why = (
        f"{n_calls} evaluations of {call_seconds:g} s take {evaluating:.3g} s, and as many asks of "
        f"kernel {asking:.3g} s: from evaluation {begins + 1} on a network asks in a tenth of that"
    )
    return first, Stage(CHEAP, begins, why)
