"""Integers and categories of a batch of training functions, in the coordinates of the cube."""

from dataclasses import dataclass

import torch
from torch import Tensor

from rnnbbo.functions.warping import to_middles

_CATEGORIES = (2, 6)  # of a choice
_LEVELS = (2, 24)  # values of an integer
_CHOICE, _INTEGER = 0.6, 0.4  # chances that a coordinate begins a choice, or is an integer
_VARIED = 0.25  # share of points whose integers and categories are drawn anew


@dataclass(frozen=True)
class Declared:
    """What a user would declare; as `rnnbbo.space.Space` lays it out in the cube.

    Attributes:
        blocks: first and last + 1 coordinate of each choice, which is one-hot.
        levels: `(D,)`, values of an integer coordinate; 0 for all others.
    """

    blocks: tuple[tuple[int, int], ...]
    levels: Tensor

    @property
    def free(self) -> Tensor:
        """Which coordinates are neither, `(D,)`."""
        free = self.levels == 0
        for start, stop in self.blocks:
            free[start:stop] = False
        return free

    def snap(self, u: Tensor) -> Tensor:
        """Return points `(B, n, D)` moved onto the space."""
        out = to_middles(u, self.levels.to(u))
        for start, stop in self.blocks:
            block = out[..., start:stop]
            hot = torch.nn.functional.one_hot(block.argmax(dim=-1), stop - start)
            out = torch.cat([out[..., :start], hot.to(out), out[..., stop:]], dim=-1)
        return out

    def vary(self, u: Tensor, generator: torch.Generator) -> Tensor:
        """Return points `(B, n, D)` with some integers and categories drawn anew, snapped."""
        if bool(self.free.all()):
            return u

        def uniform() -> Tensor:
            return torch.rand(u.shape, generator=generator, device=u.device, dtype=u.dtype)

        anew = uniform() < _VARIED
        for start, stop in self.blocks:
            anew = torch.cat(
                [
                    anew[..., :start],
                    anew[..., start : start + 1].expand(*u.shape[:-1], stop - start),
                    anew[..., stop:],
                ],
                dim=-1,
            )
        anew = anew & ~self.free.to(u.device)
        return self.snap(torch.where(anew, uniform(), u))


def draw_declared(dim: int, share: float, generator: torch.Generator) -> Declared:
    """Draw integers and categories for `dim` coordinates, none with probability 1 - `share`."""

    def draw() -> float:
        u = torch.rand(1, generator=generator, device=generator.device, dtype=torch.float64)
        return float(u)

    def between(low: int, high: int) -> int:
        return low + min(int(draw() * (high - low + 1)), high - low)

    levels = torch.zeros(dim, dtype=torch.float64)
    blocks: list[tuple[int, int]] = []
    if draw() >= share:
        return Declared((), levels)
    column = 0
    while column < dim:
        width = between(*_CATEGORIES)
        if draw() < _CHOICE and column + width <= dim:
            blocks.append((column, column + width))
            column += width
            continue
        if draw() < _INTEGER:
            levels[column] = between(*_LEVELS)
        column += 1
    return Declared(tuple(blocks), levels)
