"""What the command minimizes: its face, and a Python function behind it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rnnbbo.calling import ByNames, accepts, needed_names, of_list
from rnnbbo.errors import ObjectiveError
from rnnbbo.escaping import repr_of
from rnnbbo.importing import import_source
from rnnbbo.point_forms import ParameterNames, active_values

if TYPE_CHECKING:
    from rnnbbo.evaluation.evaluator import Evaluator, Objective
    from rnnbbo.space import Space

FUNCTION_FORMS = "pkg.mod:func or ./file.py:func; to run a program, put it after --"


class CommandObjective(Protocol):
    """What is minimized: a Python function, or a program (`rnnbbo.cli.program.Program`).

    Whether it is there, and takes the parameters, is found out when it is made.
    """

    @property
    def call(self) -> str | None:
        """How it is called, where its user did not write that; None where he did."""

    def evaluator(self, jobs: int, seed: int, *, timed: bool) -> Evaluator:
        """Make what evaluates it.

        Args:
            jobs: how many evaluations may run at once.
            seed: seed of the run.
            timed: whether the run ends at a time, even in the middle of an evaluation.
        """

    def command(self, x: Sequence[Any]) -> list[str] | None:
        """Return the argument list that evaluates a point; None where there is none."""

    def lines(self, x: Sequence[Any]) -> list[str]:
        """Return a point in words, the last of which is ready to paste."""


@dataclass(frozen=True)
class PythonFunction:
    """A Python function, evaluated in this process or in interpreters of its own.

    Attributes:
        target: where it is, `pkg.mod:func` or `./file.py:func`; a worker loads it from there.
        func: the function.
        names: names of the parameters.
        by_names: whether it is called with a keyword a parameter, or else with one list, or with
            the mapping where its own `bounds` are one.
        eval_timeout: seconds an evaluation may take; None for any.
        own_space: the space, where it is the function's own `bounds`: then a category may be
            anything, which a worker finds there, too.
    """

    target: str
    func: Callable[..., Any]
    names: Sequence[str]
    by_names: bool
    eval_timeout: float | None = None
    own_space: Space | None = None

    @property
    def call(self) -> str:
        """How it is called."""
        arguments = [f"{name}=..." for name in self.names] if self.by_names else []
        around = "{}" if self._by_mapping else "[]"
        inside = ", ".join(arguments) if self.by_names else ", ".join(self.names).join(around)
        return f"{self.target.rpartition(':')[2]}({inside})"

    def evaluator(self, jobs: int, seed: int, *, timed: bool) -> Evaluator:
        """Make what evaluates it: interpreters, where more than one is wanted, or an end."""
        keywords = self.names if self.by_names else None
        if jobs == 1 and not timed and self.eval_timeout is None:
            from rnnbbo.evaluation.evaluator import Inline

            if self._by_mapping and self.own_space is not None:
                return Inline(of_list(self.func, "mapping", self.own_space.names))
            return Inline(as_list_objective(self.func, keywords))
        from rnnbbo.cli.interpreters import interpreters

        return interpreters(self.target, keywords, jobs, self.eval_timeout, self.own_space)

    @property
    def _by_mapping(self) -> bool:
        own = self.own_space is not None and self.own_space.mapping
        return own and not self.by_names

    def command(self, x: Sequence[Any]) -> None:
        """Return None: no command evaluates a point."""

    def lines(self, x: Sequence[Any]) -> list[str]:
        """Return a point by names, and as the list to paste into Python."""
        values = active_values(self.names, x)
        named = [f"  {name} = {repr_of(value)}" for name, value in values.items()]
        return [*named, f"x = {repr_of(values if self._by_mapping else list(x))}"]


def import_function(target: str) -> Callable[..., Any]:
    """Return the function that `pkg.mod:func` or `./file.py:func` names.

    Modules are also looked for in the working directory, and a file's imports in its folder.

    Raises:
        ObjectiveError: there is no such module, file or function, or it fails to import.
    """
    where, colon, name = target.rpartition(":")
    if not colon or not where or not name:
        raise ObjectiveError(f"objective = {target!r}; expected {FUNCTION_FORMS}")
    module = import_source(where, ObjectiveError)
    func: Any = module
    for part in name.split("."):
        func = getattr(func, part, None)
    if not callable(func):
        public = [
            key
            for key, value in vars(module).items()
            if callable(value) and not key.startswith("_") and not inspect.isclass(value)
        ]
        raise ObjectiveError(
            f"objective = {target!r}; expected a function of {where}: "
            f"{', '.join(public[:20]) or 'it has none'}"
        )
    return func


def takes_names(func: Callable[..., Any], names: Sequence[str], call_with: str) -> bool:
    """Return whether a function is called with a keyword a parameter, or else with one list.

    Args:
        func: the function.
        names: names of the parameters.
        call_with: "names" or "list" to choose; "auto" for names where the function accepts
            every one of them, and the list otherwise.

    Raises:
        ObjectiveError: the function cannot be called in the way chosen, or in neither.
    """
    fits = {"names": accepts(func, **dict.fromkeys(names)), "list": accepts(func, [None])}
    if None in fits.values():  # it does not say how it is called
        return call_with == "names"
    signature = inspect.signature(func)
    ways = {"names": ", ".join(f"{name}=..." for name in names), "list": "one list"}
    called = f"{getattr(func, '__name__', 'the objective')}{signature}"
    if call_with == "auto":
        if not any(fits.values()):
            raise ObjectiveError(
                f"objective = {called}; expected one that takes {ways['names']}, or {ways['list']}"
            )
        return bool(fits["names"])
    if not fits[call_with]:
        raise ObjectiveError(
            f"objective = {called}; expected, by --call-with {call_with}, one that takes "
            f"{ways[call_with]}"
        )
    return call_with == "names"


def as_list_objective(func: Callable[..., Any], names: Sequence[str] | None) -> Objective:
    """Return a function as one of a single list.

    Args:
        func: the function as it was imported.
        names: names to call it with; None to call it with the list.

    """
    if names is None:
        return func
    if isinstance(names, ParameterNames):
        return ByNames(func, names, needed_names(func, names))
    return lambda x: func(**dict(zip(names, x, strict=True)))
