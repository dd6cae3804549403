"""SMAC3 (Lindauer et al. 2022), by its facades, asked and told."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import ConfigSpace
from smac import BlackBoxFacade, HyperparameterOptimizationFacade, Scenario
from smac.facade.abstract_facade import AbstractFacade
from smac.runhistory.dataclasses import TrialInfo, TrialValue

from rnnbbo.benchmarks.methods.base import Awaited, Cells, FloatArray, WorstFinite, cube
from rnnbbo.dimensions import Categorical, Dimension, Integer
from rnnbbo.dimensions.when import accepted_by
from rnnbbo.errors import ConfigError
from rnnbbo.space import Space

_Condition = ConfigSpace.conditions.Condition | ConfigSpace.conditions.Conjunction


class SmacFacade:
    """A facade of SMAC, told that evaluations are deterministic and how many there will be.

    A failed evaluation is told as the worst finite value so far, 0 if there is none: a crashed
    trial, whose cost is infinite by default, breaks the model (SMAC3 2.4.1). Its files go into a
    folder that is removed with this object. Where all points of a finite space were asked for,
    `ask` raises SMAC's own exception.

    Args:
        facade: the facade's class.
        budget: number of evaluations that will be made; a quarter of them at most come first.
        seed: the same seed gives the same run.
        space: what is declared; integers become SMAC's integers, categories its categories, and
            conditions its conditions.
    """

    def __init__(self, facade: type[AbstractFacade], budget: int, seed: int, space: Space) -> None:
        self._cells = Cells(space)
        self._folder = TemporaryDirectory(prefix="rnnbbo-smac-")
        theirs = ConfigSpace.ConfigurationSpace(seed=seed)
        theirs.add(_parameter(f"x{i}", d) for i, d in enumerate(space.dimensions))
        theirs.add(_conditions(space, theirs))
        scenario = Scenario(
            theirs,
            deterministic=True,
            n_trials=budget,
            seed=seed,
            output_directory=Path(self._folder.name),
        )
        # Logging is left as it is.
        self._facade = facade(scenario, None, logging_level=False, overwrite=True)
        self._finite = WorstFinite()
        self._awaited: Awaited[TrialInfo] = Awaited()

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        self._asked = self._facade.ask()
        dim = len(self._cells.counts)
        return self._cells.middle_of([self._asked.config.get(f"x{i}") for i in range(dim)])

    def ask_beside(self, pending: Sequence[FloatArray]) -> FloatArray:
        """See `ParallelMethod.ask_beside`; the facade knows its running trials."""
        x = self.ask()
        self._awaited.add(x, self._asked)
        return x

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._asked = self._awaited.take(x, self._asked)
        self._facade.tell(self._asked, TrialValue(cost=float(self._finite(y))), save=False)


class SMAC(SmacFacade):
    """The default facade: a random forest and log expected improvement, retrained every 8 asks."""

    def __init__(self, dim: int, budget: int, seed: int, space: Space | None = None) -> None:
        super().__init__(HyperparameterOptimizationFacade, budget, seed, space or cube(dim))


class BlackBoxSMAC(SmacFacade):
    """The facade for few real parameters: a Gaussian process and expected improvement."""

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        super().__init__(BlackBoxFacade, budget, seed, cube(dim))


def _parameter(name: str, dimension: Dimension) -> ConfigSpace.hyperparameters.Hyperparameter:
    # `type`, since rnnbbo's categorical passes for scikit-optimize's in `isinstance`.
    if type(dimension) is Categorical:
        return ConfigSpace.Categorical(name, list(range(len(dimension.categories))))
    if isinstance(dimension, Integer):
        return ConfigSpace.Integer(name, dimension.bounds)
    return ConfigSpace.Float(name, dimension.bounds)


def _conditions(space: Space, theirs: ConfigSpace.ConfigurationSpace) -> list[_Condition]:
    """Return the conditions of a space, one a child, in those of ConfigSpace."""
    found: list[_Condition] = []
    for i, dimension in enumerate(space.dimensions):
        if dimension.when is None:
            continue
        alternatives: list[_Condition] = []
        for conditions in dimension.when.alternatives:
            parts: list[_Condition] = []
            for name, accepted in conditions.items():
                position, parent = space[name]
                pair = theirs[f"x{i}"], theirs[f"x{position}"]
                parts.append(ConfigSpace.InCondition(*pair, _accepted_codes(parent, accepted)))
            alternatives.append(_together(ConfigSpace.AndConjunction, parts))
        found.append(_together(ConfigSpace.OrConjunction, alternatives))
    return found


def _together(conjunction: Callable[..., _Condition], parts: list[_Condition]) -> _Condition:
    return conjunction(*parts) if len(parts) > 1 else parts[0]


def _accepted_codes(parent: Dimension, accepted: object) -> list[int]:
    """Return the values of a parent that a condition accepts, as they are numbered here.

    Raises:
        ConfigError: the parent is real.
    """
    holds = accepted_by(parent, accepted, "when").holds
    if type(parent) is Categorical:
        return [i for i, value in enumerate(parent.categories) if holds(value)]
    if isinstance(parent, Integer):
        return [value for value in range(parent.low, parent.high + 1) if holds(value)]
    raise ConfigError(f"condition on {parent!r}; expected one on an integer or a choice")
