"""Records as arrays: what every method did on every suite, means over its seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnbbo.functions.problem import FloatArray

if TYPE_CHECKING:
    from rnnbbo.benchmarks.reports.pick import Pick

TARGETS = 10.0 ** np.linspace(0.0, -5.0, 51)
"""Targets of normalised regret that a data profile counts."""


@dataclass(frozen=True)
class ComparedMethod:
    """A method.

    Attributes:
        name: its name.
        about: what it is, in one line.
        ours: whether it is a policy of rnnbbo.
        horizon: the longest run that it was trained on, if it was trained.
        default: whether it is the policy that rnnbbo takes unless it is told another.
    """

    name: str
    about: str
    ours: bool
    horizon: int | None
    default: bool = False

    @property
    def label(self) -> str:
        """What tables and legends call it."""
        return f"{self.name} (default)" if self.default else self.name


@dataclass(frozen=True)
class Course:
    """How a method went on a suite: a row a function, a column an evaluation.

    Attributes:
        functions: the functions on which none of its runs ended early.
        runs: the number of its runs on them.
        capped: mean over seeds of the regret within [0, 2].
        log: mean over seeds of ln of the regret within [1e-6, 2].
        reached: mean over seeds of the share of `TARGETS` reached.
        overhead: mean over seeds of the seconds that its asks and tells have taken until then.
        distance: mean over seeds of ln of the distance from the query to the incumbent before it,
            in units of the cube's diagonal; NaN at the first.
        failed: mean over seeds of the number of evaluations without a value until then.
        least: mean over seeds of the value at the incumbent, in the function's units; NaN before
            there is one.
    """

    functions: tuple[str, ...]
    runs: int
    capped: FloatArray
    log: FloatArray
    reached: FloatArray
    overhead: FloatArray
    distance: FloatArray
    failed: FloatArray
    least: FloatArray

    @property
    def budget(self) -> int:
        """The number of evaluations that all of its runs have."""
        return self.capped.shape[1]


@dataclass(frozen=True)
class Suite:
    """A suite.

    Attributes:
        name: suite and split.
        about: what it holds, in one line.
        dims: function -> number of dimensions.
        courses: method -> its course; methods without a complete function are not in it.
    """

    name: str
    about: str
    dims: Mapping[str, int]
    courses: Mapping[str, Course]

    @property
    def budget(self) -> int:
        """The largest number of evaluations of a method."""
        return max((course.budget for course in self.courses.values()), default=0)


@dataclass(frozen=True)
class Lost:
    """A run that ended early: its key as text, and where and why it ended."""

    run: str
    t: int
    status: str
    message: str


@dataclass(frozen=True)
class Records:
    """Everything that a report says, as values.

    Attributes:
        methods: policies of rnnbbo first, and of these the default.
        suites: in the order of the plan.
        lost: the runs that ended early.
        failed: (suite, method) -> number of evaluations without a value.
        beaten: functions whose declared minimum is too high, as "suite/function".
        queries: (suite, function, method) -> (T, 2), the points of the first run in two
            dimensions.
        headers: what every start of the runner said of itself.
        runs: the number of complete runs, with those that ended early.
        evaluations: the number of their evaluations.
        elsewhere: picks from comparisons whose records are elsewhere.
        idle: (t, seconds of a step after t evaluations by method), measured without other work; t
            is 0 where that was not done.
    """

    methods: tuple[ComparedMethod, ...]
    suites: tuple[Suite, ...]
    lost: tuple[Lost, ...]
    failed: Mapping[tuple[str, str], int]
    beaten: tuple[str, ...]
    queries: Mapping[tuple[str, str, str], FloatArray]
    headers: tuple[Mapping[str, Any], ...]
    runs: int
    evaluations: int
    elsewhere: tuple["Pick", ...] = ()
    idle: tuple[int, Mapping[str, float]] = (0, MappingProxyType({}))

    @property
    def default(self) -> str:
        """The name of the default policy, "" without one."""
        return next((method.name for method in self.methods if method.default), "")

    @property
    def labels(self) -> Mapping[str, str]:
        """Name -> label of every method."""
        return {method.name: method.label for method in self.methods}

    @property
    def budget(self) -> int:
        """The largest number of evaluations of a method on a suite; 0 without any."""
        return max((suite.budget for suite in self.suites), default=0)
