"""The picture of what rounds cost: regret by the number of points at once, a panel a table."""

from collections.abc import Mapping, Sequence

from rnnbbo.benchmarks.reports.svg import drawing, render
from rnnbbo.benchmarks.statistics import Estimate

_COLOURS = ("#2a6f97", "#e07a1f", "#4f8a4c", "#7b5aa6", "#b3262e")


def draw_sizes(
    panels: Mapping[str, Mapping[str, Sequence[Estimate]]], plates: Sequence[int]
) -> str:
    """Return an SVG document.

    Args:
        panels: by their titles, the mean regret of each suite at each number of points at once.
        plates: these numbers.
    """
    with drawing("plates"):
        from matplotlib.figure import Figure

        figure = Figure((3.2 * len(panels), 2.7), layout="constrained", facecolor="white")
        for place, (title, lines) in enumerate(panels.items(), 1):
            panel = figure.add_subplot(1, len(panels), place)
            for colour, (name, line) in zip(_COLOURS, lines.items(), strict=False):
                low = [float(one.low) for one in line]
                high = [float(one.high) for one in line]
                panel.fill_between(plates, low, high, color=colour, alpha=0.15, linewidth=0)
                means = [float(one.mean) for one in line]
                panel.plot(plates, means, color=colour, marker=".", linewidth=1.4, label=name)
            panel.set_xscale("log")
            panel.set_xticks(plates, [str(n) for n in plates])
            panel.minorticks_off()
            panel.set_ylim(bottom=0.0)
            panel.grid(color="#dddddd")
            panel.set_title(title, fontsize=9)
            panel.set_xlabel("points at once")
            panel.set_ylabel("normalised regret")
            panel.legend(frameon=False, fontsize=7)
        text = render(figure)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
