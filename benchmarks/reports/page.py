"""A report as one self-contained HTML page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from rnnbbo.benchmarks.reports.data import Method
from rnnbbo.benchmarks.reports.panel import css_class
from rnnbbo.benchmarks.reports.section import Section
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.errors import MissingExtraError


@dataclass(frozen=True)
class KeyEntry:
    """A method in the key of the figures: its name, class, swatch, and whether it starts shown."""

    name: str
    css: str
    about: str
    ours: bool
    shown: bool
    style: Style

    @property
    def dash(self) -> str:
        """The swatch's stroke-dasharray."""
        if isinstance(self.style.line, str):
            return "none"
        return " ".join(f"{part * self.style.width:g}" for part in self.style.line[1])


def key(
    methods: Sequence[Method], styles: Mapping[str, Style], shown: Sequence[str]
) -> list[KeyEntry]:
    """Return the key of the figures."""
    return [
        KeyEntry(m.name, css_class(m.name), m.about, m.ours, m.name in shown, styles[m.name])
        for m in methods
    ]


def html(title: str, note: str, sections: Sequence[Section], entries: Sequence[KeyEntry]) -> str:
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
    return template.render(title=title, note=note, sections=sections, key=entries)
