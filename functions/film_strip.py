"""A film strip: frames of one episode side by side, drawn by matplotlib (extra `control`).

Nothing is rendered, so no display, no OpenGL and no pygame is needed. A task whose frames are drawn
here has its environment's state read by a `look`, as `PolicySearch.watch` takes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.problem import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _BLUE, _GREY, _GROUND = "#22303c", "#2a6f97", "#9aa5b1", "#e4e7eb"
_GHOSTS = 5

_Window = tuple[float, float, float, float]


def film_strip(
    path: str | Path,
    seen: Sequence[Any],
    draw: Callable[[Axes, Any, float], None],
    *,
    window: _Window,
    frames: Sequence[int],
    seconds: float,
    title: str,
    ghosts: int = 2,
) -> None:
    """Write a PNG of an episode's frames side by side.

    Args:
        path: the file.
        seen: what `draw` draws, of every step.
        draw: draws one moment into axes, with an opacity.
        window: left, right, bottom and top of every frame, in the task's units.
        frames: the steps that are shown.
        seconds: of a step.
        title: above the strip.
        ghosts: steps between the faint moments before a frame, of which there are five.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure, panels = _figure(len(frames), window, title)
    for axes, step in zip(panels, frames, strict=True):
        for back in range(_GHOSTS, 0, -1):
            if step - back * ghosts >= 0:
                draw(axes, seen[step - back * ghosts], 0.28 * (1 - back / (_GHOSTS + 1)))
        draw(axes, seen[step], 1.0)
        axes.set_title(f"{step * seconds:.1f} s", fontsize=8, color=_INK, y=-0.02, va="top", pad=0)
    figure.savefig(path, dpi=110)


def panorama(
    path: str | Path,
    seen: Sequence[Sequence[Capsule]],
    *,
    frames: Sequence[int],
    seconds: float,
    title: str,
    rows: int = 1,
) -> None:
    """Write a PNG in which a body is drawn again and again along the way that it went.

    Args:
        path: the file.
        seen: the body's parts, of every step: see `capsules`.
        frames: the steps that are shown, in order.
        seconds: of a step.
        title: above the picture.
        rows: the way is cut into so many rows.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    points = np.array([end for step in frames for part in seen[step] for end in part.ends])
    left, right = points[:, 0].min() - 0.3, points[:, 0].max() + 0.3
    bottom, top = points[:, 1].min() - 0.25, points[:, 1].max() + 0.15
    span = (right - left) / rows
    tall = 10.0 * (top - bottom) / span
    figure, grid = _subplots()(rows, 1, figsize=(10.0, rows * tall + 0.45), squeeze=False)
    figure.suptitle(title, fontsize=10, color=_INK, x=0.012, ha="left", y=0.985, va="top")
    figure.subplots_adjust(0.005, 0.01, 0.995, 1 - 0.36 / (rows * tall + 0.45), hspace=0.02)
    for row, axes in enumerate(grid[:, 0]):
        low = left + row * span
        _bare(axes, (low, low + span, bottom, top))
        _ground(axes, (low, low + span, bottom, top), 0.0)
        for order, step in enumerate(frames):
            centre = np.mean([part.ends[0][0] for part in seen[step]])
            if low <= centre < low + span:
                _draw_capsules(axes, seen[step], 1.0, order)
                axes.annotate(
                    f"{step * seconds:.1f} s",
                    (centre, bottom + 0.06),
                    ha="center",
                    fontsize=7.5,
                    color=_INK,
                )
    figure.savefig(path, dpi=110)


class Capsule(NamedTuple):
    """A rod with round ends, seen from the side.

    Attributes:
        ends: (x, z) of both ends, in m.
        radius: in m.
        far: whether it belongs to the far side of the body.
    """

    ends: tuple[tuple[float, float], tuple[float, float]]
    radius: float
    far: bool


def capsules(env: Any, *, above: bool = False) -> list[Capsule]:
    """Return the capsules of a MuJoCo environment as they are now, the far ones first.

    Args:
        env: the environment, unwrapped.
        above: whether the body is seen from above, (x, y), and not from the side, (x, z).
    """
    model, data, second = env.model, env.data, 1 if above else 2
    capsule = library_object("mujoco:mjtGeom", extra="control").mjGEOM_CAPSULE
    found = []
    for i in np.flatnonzero(model.geom_type == int(capsule)):
        centre = data.geom_xpos[i]
        half = data.geom_xmat[i].reshape(3, 3)[:, 2] * model.geom_size[i, 1]
        ends = tuple((float(p[0]), float(p[second])) for p in (centre - half, centre + half))
        far = "left" in model.geom(i).name
        found.append(Capsule((ends[0], ends[1]), float(model.geom_size[i, 0]), far))
    return sorted(found, key=lambda part: not part.far)


def _draw_capsules(axes: Axes, parts: Sequence[Capsule], alpha: float, order: int = 0) -> None:
    """Draw capsules with a light edge, so that parts and moments stand out from each other."""
    for part in parts:
        (x, z), (u, w) = part.ends
        for wider, colour in ((1.25, "white"), (1.0, _GREY if part.far else _BLUE)):
            _thick(axes, [x, u], [z, w], part.radius * wider, colour, alpha, order + 2)


def draw_cart(state: tuple[float, float], axes: Axes, alpha: float, length: float) -> None:
    """Draw a cart on its track.

    Args:
        state: the cart's place in m, and the pole's angle from upright in rad.
        axes: to draw into.
        alpha: opacity.
        length: of the pole, in m.
    """
    x, angle = state
    tip = [x + length * math.sin(angle), 0.12 + length * math.cos(angle)]
    if alpha == 1.0:
        axes.axhline(-0.12, color=_GREY, linewidth=1.2, zorder=1)
        body = library_object("matplotlib.patches:FancyBboxPatch", extra="control")(
            (x - 0.22, -0.04), 0.44, 0.16, "round,pad=0,rounding_size=0.05", color=_INK, zorder=4
        )
        axes.add_patch(body)
        for wheel in (x - 0.13, x + 0.13):
            axes.add_patch(_circle((wheel, -0.065), 0.055, _INK, 1.0, 5))
    _thick(axes, [x, tip[0]], [0.12, tip[1]], 0.035, _BLUE, alpha, 3)
    if alpha == 1.0:
        axes.add_patch(_circle((x, 0.12), 0.025, "white", 1.0, 6))


def draw_pendulum(angle: float, axes: Axes, alpha: float, tone: str = _BLUE) -> None:
    """Draw a pendulum of length 1 at an angle from upright, in rad."""
    tip = (-math.sin(angle), math.cos(angle))
    if alpha == 1.0:
        axes.add_patch(_circle((0.0, 0.0), 1.0, _GROUND, 1.0, 0, filled=False))
    _thick(axes, [0.0, tip[0]], [0.0, tip[1]], 0.09, tone, alpha, 3)
    if alpha == 1.0:
        axes.add_patch(_circle((0.0, 0.0), 0.05, "white", 1.0, 6))


def _figure(count: int, window: _Window, title: str) -> tuple[Any, Sequence[Axes]]:
    left, right, bottom, top = window
    wide = 11.0 / count
    tall = wide * (top - bottom) / (right - left)
    figure, grid = _subplots()(1, count, figsize=(11.0, tall + 0.62), squeeze=False)
    figure.suptitle(title, fontsize=10, color=_INK, x=0.012, ha="left", y=0.98, va="top")
    figure.subplots_adjust(0.004, 0.22 / (tall + 0.62), 0.996, 1 - 0.36 / (tall + 0.62), 0.03)
    panels: Sequence[Any] = grid[0]
    for axes in panels:
        _bare(axes, window)
        axes.patch.set_facecolor("#f7f8fa")
    return figure, panels


def _subplots() -> Callable[..., Any]:
    found: Callable[..., Any] = library_object("matplotlib.pyplot:subplots", extra="control")
    return found


def _bare(axes: Any, window: _Window) -> None:
    left, right, bottom, top = window
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _ground(axes: Axes, window: _Window, height: float) -> None:
    left, right, bottom, _ = window
    axes.fill_between([left, right], bottom, height, color=_GROUND, linewidth=0, zorder=0)


def _circle(
    centre: tuple[float, float],
    radius: float,
    colour: str,
    alpha: float,
    order: int,
    filled: bool = True,
) -> Any:
    make = library_object("matplotlib.patches:Circle", extra="control")
    return make(centre, radius, color=colour, alpha=alpha, zorder=order, fill=filled, linewidth=1)


def _thick(
    axes: Any,
    x: Sequence[float],
    y: Sequence[float],
    radius: float,
    colour: str,
    alpha: float,
    order: int,
) -> None:
    """Draw a line of a width in the axes' units, with round ends."""
    corners: FloatArray = axes.transData.transform([(0.0, 0.0), (0.0, 2.0 * radius)])
    points = float(corners[1, 1] - corners[0, 1]) * 72.0 / axes.figure.dpi
    axes.plot(
        x, y, color=colour, alpha=alpha, linewidth=points, solid_capstyle="round", zorder=order
    )
