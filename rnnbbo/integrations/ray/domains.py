"""A search space, as Ray Tune's `param_space` says it, and the configurations of its points."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray.tune.search import sample
from ray.tune.search.variant_generator import assign_value, parse_spec_vars

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.dimensions import Categorical, Dimension, Integer, Real
from rnnbbo.errors import PointError, SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.space import Space, as_space

_CLOSE = 1e-6  # of a step, by which a multiple of it may be off


@dataclass(frozen=True)
class _Parameter:
    """A domain of Tune.

    Attributes:
        path: keys, and positions in lists, that lead to it.
        step: of a quantized one, whose values are the step's multiples; None of others. Its
            dimension is that of their numbers.
        cast: makes its values.
    """

    path: tuple[Any, ...]
    step: float | None = None
    cast: type = float

    def value(self, inner: Any) -> Any:
        return inner if self.step is None or inner is None else self.cast(inner * self.step)

    def inner(self, value: Any) -> Any:
        number = as_float(as_scalar(value))
        if self.step is None or number is None:
            return value
        nearest = round(number / self.step)
        if abs(number / self.step - nearest) > _CLOSE:
            raise PointError(
                f"{name_of(self.path)} = {repr_of(value)}; expected a multiple of {self.step!r}"
            )
        return nearest


class Domains:
    """The domains of a configuration as one space.

    Args:
        config: a `param_space`, nested as one likes, or a `rnnbbo.Space`, of which "a/b" is the
            parameter b within a.
        where: known constraints over parameters, as for `rnnbbo.Space`.
        whole: whether configurations hold what is constant, too.

    Attributes:
        space: the space; names are those of the path, as "a/b".

    Raises:
        SpaceError: there is no domain, or one has no form here; the message says which.
    """

    def __init__(self, config: Any, where: Any = None, *, whole: bool = False) -> None:
        self._config: Any = {}
        if isinstance(config, Space):
            self.space = as_space(config, where)
            self._parameters = [_Parameter(tuple(name.split("/"))) for name in self.space.names]
            return
        if not isinstance(config, Mapping):
            raise SpaceError(f"space = {repr_of(config)}; expected a param_space, or a Space")
        _, domains, grids = parse_spec_vars(dict(config))
        if grids:
            raise SpaceError(
                f"{name_of(grids[0][0])} = grid_search(...); expected tune.choice: a searcher "
                "chooses among all values, and walks through no grid"
            )
        read = {name_of(path): _read(path, domain) for path, domain in domains}
        self.space = Space({name: dimension for name, (_, dimension) in read.items()}, where)
        self._parameters = [parameter for parameter, _ in read.values()]
        self._config = config
        self._whole = whole

    def config(self, point: Sequence[Any]) -> dict[str, Any]:
        """Return what is to be merged into the configuration of a trial at a point."""
        made: dict[str, Any] = copy.deepcopy(dict(self._config)) if self._is_whole else {}
        for parameter, inner, active in self._active(point):
            if active:
                self._assign(made, parameter.path, parameter.value(inner))
        return made

    @property
    def _is_whole(self) -> bool:
        return bool(self._config) and self._whole

    def _active(self, point: Sequence[Any]) -> list[tuple[_Parameter, Any, bool]]:
        known = self.space.as_mapping(point)
        return [
            (parameter, inner, name in known)
            for parameter, inner, name in zip(
                self._parameters, point, self.space.names, strict=True
            )
        ]

    def _assign(self, made: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
        given, target = self._config, made
        for i, key in enumerate(path[:-1]):
            given = given.get(key, {}) if isinstance(given, Mapping) else {}
            if isinstance(given, (list, tuple)):
                # Merged into a configuration a list takes the other one's place: it is given whole.
                target.setdefault(key, copy.deepcopy(given))
                assign_value(target, path[i:], value)
                return
            target = target.setdefault(key, {})
        target[path[-1]] = value

    def point(self, config: Any) -> list[Any]:
        """Return the point of a configuration, nested or by names such as "a/b".

        Constants of the `param_space` may stand in it, too.

        Raises:
            PointError: a parameter is missing or unknown, or its value is none of its domain's.
        """
        if not isinstance(config, Mapping):
            raise PointError(f"point = {repr_of(config)}; expected a mapping, as a param_space is")
        values: dict[str, Any] = {}
        for parameter, name in zip(self._parameters, self.space.names, strict=True):
            found = _found(config, parameter.path, name)
            if found is not _MISSING:
                values[name] = parameter.inner(found)
        self._check_known(config)
        return self.space.check(values)

    def _check_known(self, config: Mapping[str, Any]) -> None:
        """Refuse what is neither a parameter nor a constant."""
        paths = {parameter.path for parameter in self._parameters}
        names = set(self.space.names)

        def check(part: Mapping[Any, Any], above: tuple[Any, ...]) -> None:
            for key, value in part.items():
                path = (*above, key)
                known = path in paths or name_of(path) in names
                if known or self._is_constant(path):
                    continue
                inside = any(one[: len(path)] == path for one in paths)
                if not inside or not isinstance(value, (Mapping, list, tuple)):
                    raise PointError(
                        f"{name_of(path)} = {repr_of(value)}; expected no parameters but "
                        f"{', '.join(self.space.names)}"
                    )
                if isinstance(value, Mapping):
                    check(value, path)

        check(config, ())

    def _is_constant(self, path: tuple[Any, ...]) -> bool:
        part = self._config
        for key in path:
            if not isinstance(part, Mapping) or key not in part:
                return False
            part = part[key]
        return not any(one.path[: len(path)] == path for one in self._parameters)


_MISSING = object()


def name_of(path: tuple[Any, ...]) -> str:
    """Return the name of a parameter, as Tune writes it."""
    return "/".join(map(str, path))


def _found(config: Mapping[str, Any], path: tuple[Any, ...], name: str) -> Any:
    if name in config:
        return config[name]
    part: Any = config
    for key in path:
        try:
            part = part[key]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return part


def _read(path: tuple[Any, ...], domain: Any) -> tuple[_Parameter, Dimension]:
    """Return a domain as a parameter and its dimension.

    Raises:
        SpaceError: it has no form here.
    """
    name, sampler, step = name_of(path), domain.get_sampler(), None
    if isinstance(sampler, sample.Quantized):
        sampler, step = sampler.get_sampler(), sampler.q
    prior = "log-uniform" if isinstance(sampler, sample.LogUniform) else "uniform"
    known = isinstance(sampler, (sample.Uniform, sample.LogUniform))
    try:
        if isinstance(domain, sample.Categorical) and known and step is None:
            return _Parameter(path), Categorical(domain.categories)
        if isinstance(domain, (sample.Integer, sample.Float)) and known:
            whole = isinstance(domain, sample.Integer)
            parameter = _Parameter(path, step, int if whole else float)
            return parameter, _numbers(domain, whole, step, prior)
    except SpaceError as error:
        raise SpaceError(f"{name} of the param_space: {error}") from None
    kind = type(domain).__name__
    raise SpaceError(
        f"{name} of the param_space: {kind} by {type(sampler).__name__.strip('_')}; expected "
        "uniform, loguniform, randint or lograndint of ray.tune, one of them quantized, or choice"
    )


def _numbers(domain: Any, whole: bool, step: float | None, prior: str) -> Dimension:
    """Return the dimension of numbers, or, with a step, of which multiple of it they are."""
    if step is None:
        return (
            Integer(domain.lower, domain.upper - 1, prior)  # the upper bound is left out
            if whole
            else Real(domain.lower, domain.upper, prior)
        )
    low, high = _multiple(domain.lower, step, math.ceil), _multiple(domain.upper, step, math.floor)
    if whole and step == 1:
        high -= 1  # with a step of 1, and no other one, the upper bound is left out
    if low > high:
        raise SpaceError(
            f"step = {step!r} from {domain.lower!r} to {domain.upper!r}, without a multiple "
            "between; expected one at least"
        )
    return Integer(low, high, prior)


def _multiple(bound: float, step: float, rounded: Any) -> int:
    nearest = round(bound / step)
    return nearest if math.isclose(bound / step, nearest) else int(rounded(bound / step))
