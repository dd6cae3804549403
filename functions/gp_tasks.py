"""Distributions of Gaussian processes, and the covariances of a batch drawn from one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.errors import ConfigError
from rnnbbo.escaping import repr_of
from rnnbbo.functions import stationary
from rnnbbo.functions.batched import Batched, Randomness
from rnnbbo.functions.stationary import KERNELS
from rnnbbo.functions.structure import STRUCTURE_PARTS, Structure, draw_structure


@dataclass(frozen=True)
class GPTasks(Batched):
    """The hyper-parameters of B independent Gaussian processes.

    Attributes:
        kernel: `(B,)`, integer indices into `KERNELS`.
        lengthscale: `(B, D)`, in units of the unit cube.
        amplitude: `(B,)`, the prior standard deviation of f; with a structure, the root of its
            mean square over the cube.
        noise: `(B,)`, the standard deviation of an observation around f, in the units of f.
        structure: what f has beside one stationary kernel; None for that kernel and mean zero.
    """

    kernel: Tensor
    lengthscale: Tensor
    amplitude: Tensor
    noise: Tensor
    structure: Structure | None = None

    @property
    def batch(self) -> int:
        """B, the number of processes."""
        return self.lengthscale.shape[0]

    @property
    def dim(self) -> int:
        """D, the number of input dimensions."""
        return self.lengthscale.shape[1]

    @property
    def two_nu(self) -> Tensor:
        """`(B,)`: twice the Matern smoothness nu; meaningless (1) for the RBF."""
        return stationary.two_nu(self.kernel, self.amplitude.dtype)

    @property
    def is_rbf(self) -> Tensor:
        """`(B,)`, boolean."""
        return stationary.is_rbf(self.kernel)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """Return the same tasks on another device, or in another floating-point type."""
        return super().to(device, dtype or self.amplitude.dtype)

    def covariance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the covariance of f between two sets of points, without observation noise.

        The kernels are those of Rasmussen & Williams (2006), section 4.2.1, of the scaled
        distance r. First derivatives are finite where points coincide: zero for the kernels that
        have a slope there, zero by convention for the Matern-1/2. In float32 the squared distance
        is exact to about 1e-6 D / lengthscale^2, which shows in the Matern-1/2 only, since it
        alone has a kink at r = 0.

        Args:
            a: `(B, n, D)`.
            b: `(B, m, D)`.

        Returns:
            `(B, n, m)`, in units of f squared.
        """
        if self.structure is None:
            scale = self.lengthscale[:, None, :]
            # The cube's centre at the origin keeps the expanded square of a distance exact enough.
            shape = stationary.stationary_correlation(
                self.kernel, (a - 0.5) / scale, (b - 0.5) / scale
            )
        else:
            shape = self.structure.covariance(self.kernel, self.lengthscale, a, b)
        return self.amplitude.square()[:, None, None] * shape

    def variance(self, x: Tensor) -> Tensor:
        """Return the prior variance `(B, n)` of f at points `(B, n, D)`, in units of f squared."""
        square = self.amplitude.square()[:, None]
        if self.structure is None:
            return square.expand(-1, x.shape[1])
        return square * self.structure.variance(x)

    def mean(self, x: Tensor) -> Tensor:
        """Return the prior mean `(B, n)` of f at points `(B, n, D)`."""
        if self.structure is not None:
            mean = self.structure.mean(self.structure.inputs(x))
            if mean is not None:
                return self.amplitude[:, None] * mean
        return self.amplitude.new_zeros(self.batch, x.shape[1])


@dataclass(frozen=True)
class GPDistribution:
    """A distribution over Gaussian processes on the unit cube, of any dimension.

    Attributes:
        kernels: names from `KERNELS`; each function takes one, all equally likely.
        lengthscale: range of the log-uniform length-scale, in units of sqrt(dim), so that a
            function's difficulty does not fall with the growing distances in high dimensions.
        ard_spread: standard deviation of the normal that is added to the log length-scale of each
            dimension on its own; 0 makes the kernels isotropic.
        amplitude: range of the log-uniform prior standard deviation of f.
        noise: range of the observation noise's standard deviation as a share of the amplitude;
            log-uniform, or uniform when the lower end is 0.
        noise_free: the share of functions that have no noise at all, whatever `noise` says.
        sums: the share of functions with a second kernel, of shorter length-scales, added.
        trends: the share with a random polynomial of degree two; half of these are bowls, whose
            minimum lies in the cube and whose curvatures differ up to a hundredfold.
        ripples: the share with periodic waves along every dimension.
        additive: the share of separable functions: the mean of one-dimensional kernels stands for
            each kernel. Their length-scales are in units of the cube, since the distance in one
            dimension does not grow with the number of dimensions.
        rotated: the share whose kernels, and parabolas, lie along randomly rotated axes.
        bent: the share with inputs that a monotone map of each dimension bends.
        stepped: the share with inputs that are rounded to a few values in some dimensions.

    The last seven are drawn independently of each other. `functions/structure.py`, `warping.py`
    and `trends.py` have the parts' definitions and ranges. Whatever the parts, the mean square of
    f over the cube is amplitude^2 on average.

    Raises:
        ConfigError: a field has a value that is not accepted.
    """

    kernels: tuple[str, ...] = ("rbf", "matern52")
    lengthscale: tuple[float, float] = (0.1, 0.5)
    ard_spread: float = 0.0
    amplitude: tuple[float, float] = (1.0, 1.0)
    noise: tuple[float, float] = (0.0, 0.0)
    noise_free: float = 0.0
    sums: float = 0.0
    trends: float = 0.0
    ripples: float = 0.0
    additive: float = 0.0
    rotated: float = 0.0
    bent: float = 0.0
    stepped: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.kernels, str) or not isinstance(self.kernels, Sequence):
            raise ConfigError(f"kernels = {repr_of(self.kernels)}; expected a list of kernel names")
        unknown = [name for name in self.kernels if name not in KERNELS]
        if unknown or not self.kernels:
            raise ConfigError(
                f"kernels = {repr_of(self.kernels)}; expected one or more of {', '.join(KERNELS)}"
            )
        object.__setattr__(self, "kernels", tuple(self.kernels))
        for name in ("lengthscale", "amplitude", "noise"):
            object.__setattr__(self, name, _range(name, getattr(self, name), name != "noise"))
        if not _is_real(self.ard_spread) or self.ard_spread < 0:
            raise ConfigError(f"ard_spread = {repr_of(self.ard_spread)}; expected a number >= 0")
        for name in ("noise_free", *STRUCTURE_PARTS):
            share = getattr(self, name)
            if not _is_real(share) or not 0 <= share <= 1:
                raise ConfigError(f"{name} = {repr_of(share)}; expected a share in [0, 1]")

    def sample(
        self,
        batch: int,
        dim: int,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> GPTasks:
        """Draw the hyper-parameters of `batch` processes of dimension `dim`.

        The draws are made in float64 on the generator's device, so that a seed gives the same
        functions on every device and in every floating-point type.

        Args:
            batch: B, at least 1.
            dim: D, at least 1.
            generator: the source of randomness.
            device: where the tensors of the result live.
            dtype: the floating-point type of the result.

        Raises:
            ConfigError: `batch` or `dim` is below 1.
        """
        if batch < 1 or dim < 1:
            raise ConfigError(f"batch, dim = {batch!r}, {dim!r}; expected integers >= 1")
        source = Randomness(batch, dim, generator)
        codes = torch.tensor(
            [KERNELS.index(name) for name in self.kernels], device=generator.device
        )
        kernel = codes[source.integer(len(codes))]
        spread = source.normal(dim)
        lengthscale = source.log_uniform(*self.lengthscale)[:, None] * math.sqrt(dim)
        lengthscale = lengthscale * torch.exp(self.ard_spread * spread)
        amplitude = source.log_uniform(*self.amplitude)
        draw_share = source.log_uniform if self.noise[0] > 0 else source.uniform
        share = draw_share(*self.noise)
        noise = torch.where(source.chance(self.noise_free), 0.0, share * amplitude)
        # Last, so that the parts' shares leave everything before them as it is.
        shares = {name: getattr(self, name) for name in STRUCTURE_PARTS}
        structure = draw_structure(shares, codes, source)
        if structure is not None and structure.additive is not None:
            shorter = lengthscale / math.sqrt(dim)
            lengthscale = torch.where(structure.additive[:, None], shorter, lengthscale)
        return GPTasks(kernel, lengthscale, amplitude, noise, structure).to(device, dtype)


def _is_real(value: object) -> bool:
    number = as_float(as_scalar(value))
    return number is not None and math.isfinite(number)


def _range(name: str, value: object, positive: bool) -> tuple[float, float]:
    least = "0 < low" if positive else "0 <= low"
    expected = f"{name} = {repr_of(value)}; expected two finite numbers with {least} <= high"
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        raise ConfigError(expected)
    low, high = value
    if not (_is_real(low) and _is_real(high)):
        raise ConfigError(expected)
    if low > high or low < 0 or (positive and low == 0):
        raise ConfigError(expected)
    return float(low), float(high)
