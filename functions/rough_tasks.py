"""Batches of functions that are no smooth ones, for training: drawn like `GPTasks`, but evaluated.

Each is a sample path of a Gaussian process behind what spoils it in practice: rounding, plateaus,
cliffs, penalties, outliers, tails, integers and categories. No posterior is known, only values.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.errors import ConfigError
from rnnbbo.escaping import repr_of
from rnnbbo.functions.batched import Batched, Randomness
from rnnbbo.functions.declared import Declared, draw_declared
from rnnbbo.functions.gp_tasks import GPDistribution, GPTasks
from rnnbbo.functions.paths import SamplePath, draw_paths
from rnnbbo.functions.warping import to_middles
from rnnbbo.tables import from_table

_FEATURES = 256  # of random functions, which make sample paths
_SAMPLE = 512  # uniform points, from which spreads and quantiles are taken
_LEVELS = (2.0, 16.0)  # values of a rounded coordinate
_PLATEAU = (0.1, 0.7)  # share of the cube below it
_ROUNDED = (0.03, 0.6)  # step of rounded values, in spreads
_JUMP = (0.5, 5.0)  # height of a cliff, in spreads
_INSIDE = (0.2, 0.6)  # share of the cube beyond a cliff or under a penalty
_NOISE = (0.05, 0.6)  # scale of the noise, in spreads
_DEGREES = (1.5, 6.0)  # of freedom of Student's t
_STRUCK = (0.02, 0.12)  # share of outliers
_CORE = 0.05  # radius within which directions fade into the centre


@dataclass(frozen=True)
class HalfSpaces(Batched):
    """Half-spaces u @ normal > offset, nowhere where `offset` is infinite.

    Attributes:
        normal: `(B, D)`, of length 1.
        offset: `(B,)`.
    """

    normal: Tensor
    offset: Tensor

    def hold(self, u: Tensor) -> Tensor:
        """Tell which points `(B, n, D)` lie inside, `(B, n)`."""
        return (u @ self.normal[:, :, None])[:, :, 0] > self.offset[:, None]


@dataclass(frozen=True)
class RoughTasks:
    """B functions of points of the unit cube.

    Attributes:
        path: the smooth functions.
        declared: integers and categories, the same for all B.
        levels: `(B, D)`, values of a coordinate that nobody declared; 0 for a smooth one.
        directed: `(B,)`, boolean: only the direction from the cube's centre counts.
        cliff: where `height` is added.
        height: `(B,)`.
        plateau: `(B,)`, the largest value; infinite for none.
        step: `(B,)`, of rounded values; 0 for none.
        penalty: where the value is `top`.
        top: `(B,)`, about the largest value: what outliers are told as, too.
        struck: `(B,)`, share of evaluations that return an outlier.
        noise: `(B,)`, scale of the noise; 0 for none.
        degrees: `(B,)`, of freedom of its t distribution; infinite for a normal one.
        foot: `(B,)`, about the least value.
        rising: `(B,)`, how much the scale grows for each unit of height above the foot.
    """

    path: SamplePath
    declared: Declared
    levels: Tensor
    directed: Tensor
    cliff: HalfSpaces
    height: Tensor
    plateau: Tensor
    step: Tensor
    penalty: HalfSpaces
    top: Tensor
    struck: Tensor
    noise: Tensor
    degrees: Tensor
    foot: Tensor
    rising: Tensor

    @property
    def batch(self) -> int:
        """B."""
        return self.levels.shape[0]

    @property
    def dim(self) -> int:
        """D, coordinates of the cube."""
        return self.levels.shape[1]

    def __call__(self, x: Tensor) -> Tensor:
        """Return noise-free values `(B, n)` at x `(B, n, D)`, in float64."""
        u = to_middles(x.to(self.levels.dtype), self.levels[:, None, :])
        value = self.path(self._directions(u))
        value = value + self.height[:, None] * self.cliff.hold(u)
        value = torch.minimum(value, self.plateau[:, None])
        step = self.step[:, None]
        rounded = step * torch.round(value / step.where(step > 0, 1.0))
        value = torch.where(step > 0, rounded, value)
        return torch.where(self.penalty.hold(u), self.top[:, None], value)

    def observe(self, value: Tensor, generator: torch.Generator) -> Tensor:
        """Return what an evaluation says of values `(B,)`: with noise, now and then an outlier."""
        source = Randomness(self.batch, self.dim, generator)
        normal, chance = source.normal(6), source.uniform(0.0, 1.0)
        # A t of nu degrees is a normal over the root of a mean of nu squares; nu is rounded here.
        used = torch.arange(5, device=normal.device) < self.degrees.round()[:, None]
        squares = (normal[:, 1:].square() * used).sum(dim=1) / used.sum(dim=1).clamp_min(1)
        tail = torch.where(torch.isinf(self.degrees), 1.0, squares.sqrt().clamp_min(0.02))
        scale = self.noise * (1.0 + self.rising * (value - self.foot).clamp_min(0.0))
        told = value + scale * normal[:, 0] / tail
        # As a policy is told what is out of all proportion: as the highest of the others.
        return torch.where(chance < self.struck, self.top, torch.minimum(told, self.top))

    def _directions(self, u: Tensor) -> Tensor:
        """Return points `(B, n, D)` moved to one distance from the centre, where that is asked."""
        if not bool(self.directed.any()):
            return u
        away = u - 0.5
        length = away.norm(dim=2, keepdim=True)
        radius = 0.3 * math.sqrt(self.dim)
        moved = 0.5 + away * radius / (length + _CORE * math.sqrt(self.dim))
        return torch.where(self.directed[:, None, None], moved, u)


@dataclass(frozen=True)
class RoughDistribution:
    """A distribution of rough functions, of any dimension; each part is drawn by itself.

    Attributes:
        mixed: share of batches with integers and categories, which are declared.
        stepped: share of functions whose coordinates are rounded, undeclared.
        directed: share that depends on the direction from the centre alone, as returns depend on
            the weights of a linear policy.
        cliffs: share with a half-space raised.
        plateaus: share that is one constant over most of the cube.
        rounded: share with rounded values.
        penalties: share with the largest value all over a half-space.
        outliers: share with outliers.
        noisy: share with noise, of which a half has heavy tails, and a half grows with the value.
        smooth: of the sample paths behind them.

    Raises:
        ConfigError: a share is not in [0, 1].
    """

    mixed: float = 0.35
    stepped: float = 0.3
    directed: float = 0.15
    cliffs: float = 0.12
    plateaus: float = 0.2
    rounded: float = 0.12
    penalties: float = 0.12
    outliers: float = 0.12
    noisy: float = 0.3
    smooth: GPDistribution = field(default_factory=GPDistribution)

    def __post_init__(self) -> None:
        for one in fields(self)[:-1]:
            require_share(f"rough.{one.name}", getattr(self, one.name))

    def sample(
        self,
        batch: int,
        dim: int,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
    ) -> RoughTasks:
        """Draw `batch` functions of `dim` dimensions."""
        source = Randomness(batch, dim, generator)
        path = draw_paths(
            self.smooth.sample(batch, dim, generator, device, dtype), _FEATURES, generator
        )
        declared = draw_declared(dim, self.mixed, generator)
        free = declared.free.to(source.generator.device)
        levels = torch.floor(source.log_uniform(*_LEVELS, dim) + 0.5)
        some = source.chance(0.7, dim) & source.chance(self.stepped)[:, None] & free
        levels = torch.where(some, levels, 0.0)
        u = declared.snap(source.uniform(0.0, 1.0, _SAMPLE, dim))
        f = path(u.to(device, dtype)).to(source.generator.device, torch.float64)
        spread = f.std(dim=1).clamp_min(1e-9)
        share = source.log_uniform(*_PLATEAU)
        ordered = f.sort(dim=1).values
        at = (share * (_SAMPLE - 1)).long()[:, None]
        plateau = torch.where(source.chance(self.plateaus), ordered.gather(1, at)[:, 0], math.inf)
        height = spread * source.log_uniform(*_JUMP)
        step = spread * source.log_uniform(*_ROUNDED)
        step = torch.where(source.chance(self.rounded), step, 0.0)
        degrees = torch.where(source.chance(0.5), source.log_uniform(*_DEGREES), math.inf)
        noise = spread * source.log_uniform(*_NOISE)
        noise = torch.where(source.chance(self.noisy), noise, 0.0)
        rising = torch.where(source.chance(0.5), 0.5 / spread, 0.0)

        def moved(part: Tensor) -> Tensor:
            return part.to(device, dtype if part.is_floating_point() else part.dtype)

        return RoughTasks(
            path,
            declared,
            moved(levels),
            moved(source.chance(self.directed) & bool(free.all())),
            _half_spaces(source, u, f, self.cliffs).to(device, dtype),
            moved(height),
            moved(plateau),
            moved(step),
            _half_spaces(source, u, f, self.penalties).to(device, dtype),
            moved(f.amax(dim=1)),
            moved(torch.where(source.chance(self.outliers), source.uniform(*_STRUCK), 0.0)),
            moved(noise),
            moved(degrees),
            moved(f.amin(dim=1)),
            moved(rising),
        )


def require_share(name: str, value: object) -> None:
    """Refuse what is no share.

    Raises:
        ConfigError: the value is no number from 0 to 1.
    """
    number = as_float(as_scalar(value))
    if number is None or not 0.0 <= number <= 1.0:
        raise ConfigError(f"{name} = {repr_of(value)}; expected a share from 0 to 1")


def _half_spaces(source: Randomness, u: Tensor, f: Tensor, share: float) -> HalfSpaces:
    """Draw half-spaces that hold some of the points u `(B, n, D)`, and not the lowest of them."""
    normal = source.normal(source.dim)
    normal = normal / normal.norm(dim=1, keepdim=True)
    along = (u @ normal[:, :, None])[:, :, 0]
    # The other side, where the lowest point lies on this one.
    lowest = along.gather(1, f.argmin(dim=1, keepdim=True))
    flip = lowest > along.median(dim=1, keepdim=True).values
    along, normal = torch.where(flip, -along, along), torch.where(flip, -normal, normal)
    ordered = along.sort(dim=1).values
    at = ((1.0 - source.uniform(*_INSIDE)) * (u.shape[1] - 1)).long()[:, None]
    offset = torch.where(source.chance(share), ordered.gather(1, at)[:, 0], math.inf)
    offset = torch.maximum(offset, torch.where(flip, -lowest, lowest)[:, 0] + 1e-9)
    return HalfSpaces(normal, offset)


@dataclass(frozen=True)
class PartlyRough:
    """Batches of Gaussian processes, and of rough functions.

    Attributes:
        processes: the processes.
        rough: the rough functions.
        share: of the batches that are rough.

    Raises:
        ConfigError: `share` is not in [0, 1].
    """

    processes: GPDistribution
    rough: RoughDistribution
    share: float

    def __post_init__(self) -> None:
        require_share("rough.share", self.share)

    def sample(
        self,
        batch: int,
        dim: int,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
    ) -> GPTasks | RoughTasks:
        """Draw `batch` functions of one kind, of `dim` dimensions."""
        rough = float(Randomness(1, dim, generator).uniform(0.0, 1.0)) < self.share
        kind = self.rough if rough else self.processes
        return kind.sample(batch, dim, generator, device, dtype)


def read_rough(processes: GPDistribution, table: Mapping[str, Any]) -> PartlyRough:
    """Return what a configuration's table [rough] says, with the processes of [functions].

    Raises:
        ConfigError: a key is unknown, or a value no share.
    """
    shares = {key: value for key, value in table.items() if key != "share"}
    rough = from_table(RoughDistribution, "rough", shares)
    return PartlyRough(processes, replace(rough, smooth=processes), table.get("share", 0.5))
