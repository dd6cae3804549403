"""What a run is for: a good point at its end, or good values all along."""

from enum import Enum
from typing import Any, NamedTuple

from rnnbbo.arguments import REPEAT_AUTO, asks_again
from rnnbbo.errors import ConfigError
from rnnbbo.escaping import repr_of


class Goal(Enum):
    """What counts of a run; its value is the argument `goal`."""

    BEST = "best"
    """The best point that it finds: simple regret."""
    CUMULATIVE = "cumulative"
    """Every value told, their sum: cumulative regret."""


def as_goal(goal: Any) -> Goal:
    """Return the goal of an argument.

    Raises:
        ConfigError: there is no such goal.
    """
    names = [one.value for one in Goal]
    if isinstance(goal, str) and goal in names:
        return Goal(goal)
    raise ConfigError(f"goal = {repr_of(goal)}; expected {' or '.join(map(repr, names))}")


class Asking(NamedTuple):
    """How points are asked for, as whoever opens a run says it.

    Attributes:
        again: whether a point may be asked for once more, where that is worth more than a new one.
        goal: what the run is for.
    """

    again: bool = False
    goal: Goal = Goal.BEST

    @classmethod
    def of(cls, repeat: Any, goal: Any) -> "Asking":
        """Return what arguments say.

        Raises:
            ConfigError: they are not of the form expected.
        """
        return cls(asks_again(repeat), as_goal(goal))

    @property
    def arguments(self) -> dict[str, Any]:
        """It as arguments of an optimizer, or of a study."""
        return {"repeat": REPEAT_AUTO if self.again else 1, "goal": self.goal.value}

    @property
    def words(self) -> list[str]:
        """What is not as usual, in words."""
        return [*["repeat"] * self.again, *[self.goal.value] * (self.goal is not Goal.BEST)]


USUAL = Asking()
"""How points are asked for where nobody says more."""
