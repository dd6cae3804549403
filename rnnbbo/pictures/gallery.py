"""Every kind of picture of a run, by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.escaping import repr_of
from rnnbbo.pictures.importance import importance
from rnnbbo.pictures.kinds import PICTURE_KINDS
from rnnbbo.pictures.run_data import RunData
from rnnbbo.pictures.slices import slices
from rnnbbo.pictures.surrogate import Surrogate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 6.4, 4.0  # inches, of one pair of axes
_PANEL = 3.2  # of one of many


def draw_kind(
    data: RunData,
    kind: str,
    figure: Callable[[tuple[float, float]], Figure],
    *,
    ax: Axes | None = None,
    objective: int = 0,
    at: Sequence[Any] | None = None,
) -> Any:
    """Draw a picture of a run.

    Args:
        data: the run.
        kind: one of PICTURE_KINDS.
        figure: makes a figure of a size in inches, where one is needed.
        ax: axes to draw in, for kinds that take one pair of them.
        objective: of several, the one that is drawn.
        at: the point that slices go through; by default the best one.

    Returns:
        The axes; an array of them for slices and places, and for three objectives and more.

    Raises:
        ConfigError: there is no such kind or objective, or the run has nothing to draw of it.
        PointError: `at` is no point of the space.
        MissingExtraError: matplotlib is not installed.
    """
    if kind not in PICTURE_KINDS:
        raise ConfigError(f"plot = {repr_of(kind)}; expected one of {', '.join(PICTURE_KINDS)}")
    require_objective(data, objective)
    require_matplotlib("plot")
    return _DRAWN[kind](_Picture(data, figure, ax, objective, at))


def require_objective(data: RunData, objective: int) -> None:
    """Make sure that a run has an objective.

    Raises:
        ConfigError: it has not.
    """
    if type(objective) is not int or not 0 <= objective < data.n_objectives:
        raise ConfigError(
            f"objective = {repr_of(objective)}, counted from 0; expected one of the "
            f"{data.n_objectives} of the run"
        )


def require_matplotlib(what: str) -> None:
    """Make sure that matplotlib is there.

    Raises:
        MissingExtraError: it is not.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError(f"{what} needs matplotlib: pip install matplotlib")


def shown_figure(size: tuple[float, float]) -> Figure:
    """Return a new figure of pyplot, of a size in inches: notebooks show it by themselves."""
    from matplotlib import pyplot

    return pyplot.figure(figsize=size, layout="constrained")


def plain_figure(size: tuple[float, float]) -> Figure:
    """Return a new figure of a size in inches, for a file: pyplot knows nothing of it."""
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


class _Picture:
    """What is drawn, and where."""

    def __init__(
        self,
        data: RunData,
        figure: Callable[[tuple[float, float]], Figure],
        ax: Axes | None,
        objective: int,
        at: Sequence[Any] | None,
    ) -> None:
        self.data, self.objective, self.at = data, objective, at
        self._figure, self._ax = figure, ax

    def axes(self, width: float = _WIDTH, height: float = _HEIGHT) -> Axes:
        """Return one pair of axes."""
        if self._ax is not None:
            return self._ax
        axes: Axes = self._figure((width, height)).subplots()
        return axes

    def figure(self, kind: str, width: float, height: float) -> Figure:
        """Return a figure of its own."""
        if self._ax is not None:
            raise ConfigError(f"ax, with plot = {kind!r}, which has several; expected none")
        return self._figure((width, height))

    def require(self, there: bool, what: str, kind: str) -> None:
        """Make sure that there is something to draw."""
        if not there:
            raise ConfigError(f"plot = {kind!r}, of a run without {what}; expected one with that")


def _convergence(picture: _Picture) -> Axes:
    from rnnbbo.pictures.drawn_run import draw_convergence

    picture.require(bool(len(picture.data.points)), "trials", "convergence")
    axes = picture.axes()
    draw_convergence(axes, picture.data, picture.objective)
    return axes


def _slices(picture: _Picture) -> Any:
    from rnnbbo.pictures.drawn_model import draw_slices

    data = picture.data
    picture.require(data.best is not None, "a trial that succeeded", "slices")
    surrogate = Surrogate.fit(data)
    at = data.points[data.best or 0] if picture.at is None else picture.at
    found = slices(surrogate, at, picture.objective)
    columns = min(len(found), 3)
    rows = -(-len(found) // columns)
    figure = picture.figure("slices", max(_PANEL * columns, 4.0), 2.6 * rows + 0.4)
    return draw_slices(figure, surrogate, found, picture.objective)


def _parallel(picture: _Picture) -> Axes:
    from rnnbbo.pictures.drawn_run import draw_parallel

    picture.require(bool(len(picture.data.points)), "trials", "parallel")
    axes = picture.axes(max(_WIDTH, 1.2 * len(picture.data.space.names)))
    draw_parallel(axes, picture.data, picture.objective)
    return axes


def _importance(picture: _Picture) -> Axes:
    from rnnbbo.pictures.drawn_model import draw_importance

    found = importance(picture.data, objective=picture.objective)
    picture.require(bool(found), "four points of different values", "importance")
    axes = picture.axes(height=max(2.0, 0.9 + 0.35 * len(found)))
    draw_importance(axes, found)
    return axes


def _front(picture: _Picture) -> Any:
    from rnnbbo.pictures.drawn_run import draw_front

    data = picture.data
    picture.require(data.n_objectives > 1, "several objectives", "front")
    if data.n_objectives == 2:
        axes = picture.axes()
        draw_front(axes, data)
        return axes
    count = data.n_objectives - 1
    figure = picture.figure("front", 4.8 * count, _HEIGHT)
    panels = figure.subplots(1, count)
    for i, axes in enumerate(panels, 1):
        draw_front(axes, data, 0, i)
    return panels


def _places(picture: _Picture) -> Any:
    from rnnbbo.pictures.drawn_run import MOST_PLACES, draw_places

    data = picture.data
    picture.require(bool(len(data.points)), "trials", "places")
    shown = [i for i, dim in enumerate(data.space) if not dim.is_constant]
    if len(shown) > MOST_PLACES:
        names = [one.name for one in importance(data, objective=picture.objective)]
        shown = sorted(shown, key=lambda i: names.index(data.space.names[i]) if names else i)
        shown = sorted(shown[:MOST_PLACES])
    size = 1.7 * len(shown) + 0.8
    return draw_places(picture.figure("places", size, size), data, shown)


_DRAWN: dict[str, Callable[[_Picture], Any]] = dict(
    zip(
        PICTURE_KINDS, (_convergence, _slices, _parallel, _importance, _front, _places), strict=True
    )
)
