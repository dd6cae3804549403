"""What to run: plans from TOML files, and the runs that they ask for."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rnnbbo.arguments import as_number
from rnnbbo.benchmarks.record import RunKey
from rnnbbo.benchmarks.suites import SPLITS, SUITES, Entry, get_suite
from rnnbbo.errors import ConfigError
from rnnbbo.escaping import repr_of
from rnnbbo.tables import from_table, read_toml


@dataclass(frozen=True)
class Comparison:
    """Methods that are run on the same functions with the same seeds and budget.

    Attributes:
        suites: names, see `suites.SUITES`.
        methods: names, see `methods.make_method`; `module:attribute` is a policy or a method of
            one's own.
        budget: evaluations a run.
        functions: functions a suite; a longer suite begins with the shorter one.
        seeds: repetitions, from seed 0.
    """

    suites: Sequence[str]
    methods: Sequence[str]
    budget: int
    functions: int = 12
    seeds: int = 1

    def __post_init__(self) -> None:
        for key in ("suites", "methods"):
            names = getattr(self, key)
            fine = isinstance(names, list | tuple) and len(names) > 0
            fine = fine and all(isinstance(name, str) for name in names)
            _require(f"compare.{key}", names, fine, "a list of names")
            object.__setattr__(self, key, tuple(names))
        unknown = [name for name in self.suites if name not in SUITES]
        _require("compare.suites", unknown, not unknown, f"some of {', '.join(SUITES)}")
        for key in ("budget", "functions", "seeds"):
            value = getattr(self, key)
            _require(f"compare.{key}", value, type(value) is int and value >= 1, "an integer >= 1")


@dataclass(frozen=True)
class Plan:
    """Comparisons that go into one folder of records.

    Attributes:
        compare: the comparisons; a run that two of them ask for is made once.
        about: what the plan is for, in one line.
        split: a key of `suites.SPLITS`: `tune` for choosing between designs, `test` for figures
            that are reported.
        time_limit: seconds after which a run is given up.
    """

    compare: Sequence[Comparison]
    about: str = ""
    split: str = "test"
    time_limit: float = 3600.0

    def __post_init__(self) -> None:
        fine = isinstance(self.compare, list | tuple) and len(self.compare) > 0
        _require("compare", self.compare, fine, "at least one table [[compare]]")
        made = tuple(
            c if isinstance(c, Comparison) else from_table(Comparison, "compare", c)
            for c in self.compare
        )
        object.__setattr__(self, "compare", made)
        _require("about", self.about, isinstance(self.about, str), "a line of text")
        fine = isinstance(self.split, str) and self.split in SPLITS
        _require("split", self.split, fine, f"one of {', '.join(SPLITS)}")
        limit = as_number(self.time_limit)
        fine = limit is not None and 0.0 < limit < math.inf
        _require("time_limit", self.time_limit, fine, "a number of seconds > 0")

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of all methods, each once, in order."""
        return tuple(dict.fromkeys(name for c in self.compare for name in c.methods))

    @property
    def suites(self) -> tuple[str, ...]:
        """The names of all suites, each once, in order."""
        return tuple(dict.fromkeys(name for c in self.compare for name in c.suites))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a header."""
        return asdict(self)


@dataclass(frozen=True)
class PlannedRun:
    """One run that is to be made.

    Attributes:
        key: what tells it from every other.
        entry: the function.
        budget: evaluations.
        time_limit: seconds after which it is given up.
    """

    key: RunKey
    entry: Entry
    budget: int
    time_limit: float


def shipped_plans() -> tuple[str, ...]:
    """Return the names of the plans that come with the package."""
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


def load_plan(plan: str | Path) -> Plan:
    """Read a plan: the name of a shipped one, or the path of a TOML file.

    Raises:
        ConfigError: no such plan, an unknown key, or a value that is not accepted.
    """
    path = _folder() / f"{plan}.toml" if str(plan) in shipped_plans() else Path(plan)
    form = f"a TOML file or one of {', '.join(shipped_plans())}"
    values = read_toml(path, "plan", form, ConfigError)
    return from_table(Plan, "plan", values)


def planned_runs(plan: Plan) -> list[PlannedRun]:
    """Return the runs of a plan, each once.

    The first functions of all suites come first, so that a stopped run is an even sample.

    Raises:
        ConfigError: two comparisons ask for the same run with different budgets.
    """
    found: dict[RunKey, tuple[int, PlannedRun]] = {}
    for c in plan.compare:
        for suite in c.suites:
            label = suite if plan.split == "test" else f"{suite}-{plan.split}"
            for i, entry in enumerate(get_suite(suite, c.functions, plan.split)):
                for method in c.methods:
                    for seed in range(c.seeds):
                        key = RunKey(label, entry.name, method, seed)
                        planned = PlannedRun(key, entry, c.budget, plan.time_limit)
                        known = found.setdefault(key, (i, planned))[1]
                        if known.budget != c.budget:
                            raise ConfigError(
                                f"compare.budget = {known.budget} and {c.budget} for {key}; "
                                "expected one budget a run"
                            )
    order = sorted(found.values(), key=lambda item: (item[1].key.seed, item[0]))
    return [planned for _, planned in order]


def _folder() -> Path:
    return Path(__file__).parent / "plans"


def _require(key: str, value: object, fine: bool, form: str) -> None:
    if not fine:
        raise ConfigError(f"{key} = {repr_of(value)}; expected {form}")
