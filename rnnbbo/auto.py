"""`policy="auto"`: which policies propose, and from which evaluation on, by what was measured.

The rules follow from comparisons on functions that no policy was trained on (docs/experiments.md):

- Up to 200 evaluations `kernel` is, over all functions, tied with the networks or ahead of them.
- From there on its memory is full, and it may stay in one valley for good. A network that proposes
  every other point, and knows of every value, leads out of it; what it finds, `kernel` refines.
- A network takes half its time, ask and tell. Where evaluations are so cheap, and so many, that a
  run would spend most of its time asking, a network goes on alone.
"""

from typing import Any, NamedTuple

NAME = "auto"
ABOUT = "the best policies for the run, by what was measured"
CROWDED = 200
"""Evaluations after which a network takes turns."""
TURNS = "lstm"
"""The network that takes turns, and goes on alone."""
KERNEL_SECONDS = 0.01
"""An ask and a tell of `kernel`, about; flat from 200 evaluations on."""
PATIENCE_SECONDS = 30.0
"""Time for asking that any run is worth."""


class Stage(NamedTuple):
    """A part of a run.

    Attributes:
        policies: those that propose, in turn, as `rnnbbo.shipped.load` takes them; here, names.
        begins: number of values told after which they do.
        why: the reason, for people.
    """

    policies: tuple[Any, ...]
    begins: int
    why: str

    @property
    def name(self) -> str:
        """Their names in one."""
        return "+".join(self.policies)


COUNTING_ALL = Stage(("kernel",), 0, "the least cumulative regret of all policies")
"""Where every value counts, and not the best one alone."""


def make_stages(n_calls: int | None = None, call_seconds: float | None = None) -> tuple[Stage, ...]:
    """Return which policies propose, in their order; the same arguments give the same stages.

    Args:
        n_calls: number of evaluations planned, if known.
        call_seconds: time of an evaluation, if known.
    """
    stages = (
        Stage(("kernel",), 0, "the best points of all policies up to 200 evaluations"),
        Stage(
            ("kernel", TURNS),
            CROWDED,
            f"after {CROWDED} evaluations turns with a network, which leads out of valleys",
        ),
    )
    if n_calls is None or call_seconds is None:
        return stages
    asking, evaluating = n_calls * KERNEL_SECONDS, n_calls * call_seconds
    enough = max(PATIENCE_SECONDS, evaluating)
    if asking <= enough:
        return stages
    begins = round(enough / KERNEL_SECONDS)
    alone = Stage(
        (TURNS,),
        begins,
        f"{n_calls} evaluations of {call_seconds:g} s take {evaluating:.3g} s, and asking kernel "
        f"{asking:.3g} s: after {begins} evaluations a network alone, in half of that",
    )
    return *(stage for stage in stages if stage.begins < begins), alone
