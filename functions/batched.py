"""Records of tensors that share a batch, and the random numbers that fill them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batched:
    """A record whose fields are tensors `(B, ...)`, records of them, or None."""

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Self:
        """Return the same record on another device, its real numbers in type `dtype`."""
        return self._map(
            lambda value: value.to(device, dtype if value.is_floating_point() else value.dtype),
            lambda record: record.to(device, dtype),
        )

    def select(self, index: Tensor | slice | list[int]) -> Self:
        """Return the part of the batch at `index`."""
        return self._map(lambda value: value[index], lambda record: record.select(index))

    def _map(
        self, change: Callable[[Tensor], Tensor], recur: Callable[["Batched"], "Batched"]
    ) -> Self:
        changed: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Batched):
                changed[field.name] = recur(value)
            elif value is not None:
                changed[field.name] = change(value)
        return replace(self, **changed)


@dataclass(frozen=True)
class Randomness:
    """Random numbers for a batch, float64 on the generator's device.

    Attributes:
        batch: B.
        dim: D.
        generator: the source of randomness.
    """

    batch: int
    dim: int
    generator: torch.Generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw `(B, *shape)`, uniform between `low` and `high`."""
        u = torch.rand(
            self.batch,
            *shape,
            generator=self.generator,
            device=self.generator.device,
            dtype=torch.float64,
        )
        return low + (high - low) * u

    def log_uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw `(B, *shape)`, with a uniform logarithm, between `low` and `high`."""
        return torch.exp(self.uniform(math.log(low), math.log(high), *shape))

    def normal(self, *shape: int) -> Tensor:
        """Draw `(B, *shape)`, standard normal."""
        return torch.randn(
            self.batch,
            *shape,
            generator=self.generator,
            device=self.generator.device,
            dtype=torch.float64,
        )

    def integer(self, stop: int) -> Tensor:
        """Draw `(B,)`, integers from 0 to `stop` - 1."""
        return torch.randint(
            stop, (self.batch,), generator=self.generator, device=self.generator.device
        )

    def chance(self, share: float, *shape: int) -> Tensor:
        """Draw `(B, *shape)`, true with probability `share`."""
        return self.uniform(0.0, 1.0, *shape) < share
