"""A report as one self-contained HTML page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from rnnbbo.benchmarks.reports.data import ComparedMethod
from rnnbbo.benchmarks.reports.panel import css_class
from rnnbbo.benchmarks.reports.section import Section
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.reports.svg import GROUP, axes, drawing, inline
from rnnbbo.errors import MissingExtraError


@dataclass(frozen=True)
class LegendEntry:
    """A method in the legend of the figures.

    Attributes:
        method: the method.
        css: its class.
        style: its look.
        swatch: its line and marker, an SVG element.
        again: the same by reference, for when it stands on the page already.
        shown: whether the figures show it until the reader chooses.
    """

    method: ComparedMethod
    css: str
    style: Style
    swatch: str
    again: str
    shown: bool

    @property
    def dashes(self) -> str:
        """The line's stroke-dasharray."""
        if isinstance(self.style.line, str):
            return "none"
        return " ".join(f"{part * self.style.width:g}" for part in self.style.line[1])


def legend(
    methods: Sequence[ComparedMethod], styles: Mapping[str, Style], shown: Sequence[str]
) -> list[LegendEntry]:
    """Return the legend of the figures.

    Args:
        methods: all methods.
        styles: method -> look.
        shown: the methods that the figures show until the reader chooses.
    """
    return [_entry(method, styles[method.name], method.name in shown) for method in methods]


def html(title: str, note: str, sections: Sequence[Section], entries: Sequence[LegendEntry]) -> str:
    """Return the page.

    Raises:
        MissingExtraError: jinja2, of the extra `bench`, is not installed.
    """
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError(
            "a report needs jinja2: pip install -c constraints.txt '.[bench]'"
        ) from error
    folder = resources.files(__package__) / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.j2")
    return template.render(title=title, subtitle=note, sections=sections, entries=entries)


def _entry(method: ComparedMethod, style: Style, shown: bool) -> LegendEntry:
    css = css_class(method.name)
    swatch = _swatch(method.name, style).replace("<g ", f'<g id="swatch-{css}" ', 1)
    head = swatch[: swatch.index(">") + 1]
    again = f'{head}<use href="#swatch-{css}"/></svg>'
    return LegendEntry(method, css, style, swatch, again, shown)


def _swatch(name: str, style: Style) -> str:
    with drawing(f"swatch-{name}"):
        figure, pair = axes((0.42, 0.12), (0.0, 0.0))
        pair.set_axis_off()
        pair.set(position=(0, 0, 1, 1), xlim=(0, 1), ylim=(-1, 1))
        pair.plot(
            [0.02, 0.5, 0.98],
            [0, 0, 0],
            color=style.color,
            linestyle=style.line,
            linewidth=style.width,
            marker=style.marker,
            markersize=4,
            markevery=[1],
            gid=GROUP + css_class(name),
            clip_on=False,
        )
        return inline(figure, "")
