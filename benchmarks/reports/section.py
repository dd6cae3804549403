"""What a report is made of, before it becomes HTML, Markdown, plain text or JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rnnbbo.benchmarks.reports.panel import Panel

NONE = "\N{EN DASH}"
"""What a cell without a value shows."""

Tone = Literal["", "best", "good", "bad", "faint"]


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it says.
        tone: how it looks; never its only message.
        note: a second line.
        best: where `text` holds several figures, the slices (start, stop) of those whose tone is
            `best`; see `joined`.
        value: the number that it shows, in SI units, where something is computed from it.
    """

    text: str
    tone: Tone = ""
    note: str = ""
    best: Sequence[tuple[int, int]] = ()
    value: float | None = None

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether its tone is `best`."""
        slices = ((0, len(self.text)),) if self.tone == "best" else self.best
        ends = [0, *(end for pair in slices for end in pair), len(self.text)]
        parts = [self.text[i:j] for i, j in pairwise(ends)]
        return [(part, i % 2 == 1) for i, part in enumerate(parts) if part]


def joined(*parts: Cell | str) -> Cell:
    """Return a cell of several figures, each of a tone of its own.

    Args:
        parts: cells of one line, and the text between them.
    """
    text, best = "", []
    for part in parts:
        cell = Cell(part) if isinstance(part, str) else part
        for piece, leads in cell.pieces:
            if leads:
                best.append((len(text), len(text) + len(piece)))
            text += piece
    return Cell(text, best=tuple(best))


@dataclass(frozen=True)
class Table:
    """A table; the first column names the row."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""


@dataclass(frozen=True)
class Subsection:
    """Figures and tables that belong together.

    Attributes:
        title: a heading, "" for none.
        text: paragraphs.
        items: a list of terms, each with what is said of it.
        panels: figures side by side.
        tables: tables below them.
        folded: whether a reader has to open it.
        columns: how many figures stand side by side where there is room.
    """

    title: str = ""
    text: Sequence[str] = ()
    items: Sequence[tuple[str, str]] = ()
    panels: Sequence[Panel] = ()
    tables: Sequence[Table] = ()
    folded: bool = False
    columns: int = 3


@dataclass(frozen=True)
class Choice:
    """One thing that a reader chooses.

    Attributes:
        name: the name of its controls.
        question: what is asked.
        options: (value, words) of each; a value is an identifier.
        chosen: the value that is chosen until the reader chooses.
        opens: whether the options are in a list that opens, as many are.
    """

    name: str
    question: str
    options: Sequence[tuple[str, str]]
    chosen: str
    opens: bool = False


@dataclass(frozen=True)
class Answer:
    """What is said to a combination of choices.

    Attributes:
        to: name of a choice -> the value.
        title: the answer in a few words.
        asked: what was chosen, in words.
        sure: how sure it is.
        text: paragraphs.
        table: what it stands on.
    """

    to: Mapping[str, str]
    title: str
    asked: str
    sure: str
    text: Sequence[str]
    table: Table


@dataclass(frozen=True)
class Choices:
    """What a reader chooses, and an answer to each combination.

    Attributes:
        of: the choices.
        answers: the answers; only a page shows them, one at a time.
    """

    of: Sequence[Choice]
    answers: Sequence[Answer]


@dataclass(frozen=True)
class Section:
    """A section.

    Attributes:
        id: its anchor.
        title: its heading.
        text: paragraphs.
        subsections: its parts in order.
        key: whether its figures need the key of methods.
        choices: what a reader chooses from, above its parts; None for nothing.
    """

    id: str
    title: str
    text: Sequence[str] = ()
    subsections: Sequence[Subsection] = ()
    key: bool = False
    choices: Choices | None = None


def short(number: float) -> str:
    """Return a regret in few characters, two digits of it."""
    if number < 0.95e-6:
        return "<1e-6"
    if number >= 0.095:
        return f"{number:.2f}"
    return f"{number:.2g}" if number >= 9.5e-4 else f"{number:.0e}".replace("e-0", "e-")
