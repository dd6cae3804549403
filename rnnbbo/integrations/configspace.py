"""Configurations of ConfigSpace, asked for and told: a loop as SMAC's users have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnnbbo.arguments import as_count
from rnnbbo.errors import MissingExtraError, SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.optimizer import Optimizer
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Space

try:
    from ConfigSpace import Configuration, ConfigurationSpace
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "rnnbbo.integrations.configspace needs ConfigSpace: pip install 'ConfigSpace>=1.2'"
    ) from error

__all__ = ["ConfigurationOptimizer"]


class ConfigurationOptimizer:
    """Proposes configurations of a `ConfigurationSpace` by a policy of rnnbbo.

    A configuration keeps 13 decimals of a number; one that was asked for and comes back is taken
    for the very point that was proposed.

    Args:
        space: the `ConfigurationSpace`, with its conditions and forbidden clauses. Weights and
            distributions other than uniform ones are not used, and a warning says so.
        policy: name of a policy or path of a `.safetensors` file, as for `rnnbbo.Optimizer`; None
            for the default one.
        rng: a seed or a generator; None for a random one.
        default_first: whether the default configuration is proposed before any other.

    Attributes:
        configurations: those told, in order.

    Raises:
        SpaceError: it is no `ConfigurationSpace`, or has what has no form here.
        PolicyError: there is no such policy.
    """

    def __init__(
        self,
        space: ConfigurationSpace,
        policy: str | None = None,
        rng: Any = None,
        *,
        default_first: bool = False,
    ) -> None:
        if not isinstance(space, ConfigurationSpace):
            raise SpaceError(f"space = {repr_of(space)}; expected a ConfigSpace.ConfigurationSpace")
        self._theirs = space
        self._optimizer = Optimizer(Space(space), policy=policy, rng=rng)
        self._first = [space.get_default_configuration()] if default_first else []
        self._default: Configuration | None = None  # while it was asked for and not told
        self._asked: dict[Configuration, Any] = {}
        self.configurations: list[Configuration] = []

    def ask(self, n_points: int | None = None) -> Any:
        """Propose a configuration, or a list of several.

        Args:
            n_points: how many; None for a single one.

        Raises:
            ConfigError: n_points is no integer of at least 1.
        """
        if n_points is not None:
            return [self.ask() for _ in range(as_count("n_points", n_points))]
        if self._first:
            self._default = self._first.pop()
            return self._default
        point = self._optimizer.ask()
        configuration = Configuration(self._theirs, values=self._values(point))
        self._asked[configuration] = point
        if configuration == self._default:  # which the policy did not know to be out already
            self._default = None
            return self.ask()
        return configuration

    def _values(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Return a point's values as the space's own objects, which ConfigSpace finds them by."""
        values = {}
        for name, value in point.items():
            one = self._theirs[name]
            known = getattr(one, "choices", None) or getattr(one, "sequence", None) or ()
            values[name] = next((each for each in known if each == value), value)
        return values

    def tell(self, configuration: Configuration | Mapping[str, Any], cost: Any) -> None:
        """Take the cost of a configuration, one of `ask` or any other of the space.

        Args:
            configuration: the configuration, or a mapping from name to value.
            cost: what is minimized; NaN, infinity and None are a failed trial.

        Raises:
            PointError: it is none of the space.
            ObservationError: the cost is no number.
        """
        if not isinstance(configuration, Configuration):
            point = self._optimizer.space.check(configuration)
            mapping = self._optimizer.space.as_mapping(point)
            configuration = Configuration(self._theirs, values=self._values(mapping))
        self._optimizer.tell(self._asked.get(configuration, dict(configuration)), cost)
        self._default = None if configuration == self._default else self._default
        self.configurations.append(configuration)

    @property
    def incumbent(self) -> Configuration | None:
        """The configuration of the least cost told; None before the first success."""
        result = self._optimizer.result() if self.configurations else None
        if result is None or not result.success:
            return None
        return self.configurations[result.x_iters.index(result.x)]

    def result(self) -> OptimizeResult:
        """Return the result so far, its points as lists in the order of the space's names."""
        return self._optimizer.result()
