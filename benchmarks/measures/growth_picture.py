"""The picture of how times grow: a panel for each thing that grows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rnnbbo.benchmarks.reports.svg import drawing, render

_COLOURS = ("#2a6f97", "#e07a1f", "#4f8a4c", "#b3262e", "#7b5aa6", "#777777")
_DASHES = ((0.0, ()), (0.0, (4, 2)), (0.0, (1, 1.5)), (0.0, (4, 1, 1, 1)))
_WIDTH, _HEIGHT, _ACROSS = 3.1, 2.5, 2  # inches of a panel, and panels side by side


class Curve(NamedTuple):
    """How the time of one thing grows.

    Attributes:
        policy: name of a policy.
        thing: what is timed.
        sizes: rising.
        seconds: its time at each, NaN where there is none.
    """

    policy: str
    thing: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]


def draw(panels: Mapping[str, Sequence[Curve]]) -> str:
    """Return an SVG document; a colour is a policy, and a dash a thing that is timed.

    Args:
        panels: lines, by the text below the horizontal axis.
    """
    lines = [line for ones in panels.values() for line in ones]
    policies = list(dict.fromkeys(line.policy for line in lines))
    things = list(dict.fromkeys(line.thing for line in lines))
    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(policies)}
    dashes = {name: _DASHES[i % len(_DASHES)] for i, name in enumerate(things)}
    with drawing("growth"):
        from matplotlib.figure import Figure
        from matplotlib.lines import Line2D

        down = -(-(len(panels) + 1) // _ACROSS)
        figure = Figure((_WIDTH * _ACROSS, _HEIGHT * down), layout="constrained", facecolor="white")
        for place, (counts, ones) in enumerate(panels.items(), 1):
            pair = figure.add_subplot(down, _ACROSS, place)
            for line in ones:
                shown = [1e3 * s for s in line.seconds]
                pair.loglog(
                    line.sizes,
                    shown,
                    color=colours[line.policy],
                    linestyle=dashes[line.thing],
                    linewidth=1.2,
                    marker=".",
                    markersize=4,
                )
            pair.minorticks_off()
            pair.grid(color="#dddddd")
            pair.set_xlabel(counts)
            pair.set_ylabel("ms")
        key = [Line2D([], [], color=colour, label=name) for name, colour in colours.items()]
        key += [
            Line2D([], [], color="#777777", linestyle=dash, label=name)
            for name, dash in dashes.items()
        ]
        last = figure.add_subplot(down, _ACROSS, len(panels) + 1)
        last.axis("off")
        last.legend(handles=key, loc="center", frameon=False)
        text = render(figure)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
