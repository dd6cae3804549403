"""Reports: one HTML page and a Markdown summary, pure functions of a folder of records."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rnnbbo.benchmarks.reports import (
    exploration,
    headline,
    horizon,
    markdown,
    origin,
    overall,
    page,
    profiles,
    ranks,
    regret,
    speed,
    verdict,
)
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.reading import read
from rnnbbo.benchmarks.reports.section import Section
from rnnbbo.benchmarks.reports.style import Style, styles

__all__ = ["main_picture", "main_table", "overall_table", "report"]

TITLE = "Optimizers compared"


def report(records: str | Path, to: str | Path | None = None) -> tuple[Path, Path]:
    """Write report.html and report.md, which depend on the records and nothing else.

    Args:
        records: a folder that `rnnbbo benchmark run` made.
        to: the folder to write to; that of the records if None.

    Returns:
        The paths of the page and of the summary.

    Raises:
        RecordError: the folder holds no complete run, or a file is not a record.
        MissingExtraError: a package of the extra `bench` is not installed.
    """
    source = Path(records)
    folder = source if to is None else Path(to)
    loaded = read(source)
    shown = ranks.headliners(loaded)
    look = styles(loaded.methods, shown)
    made = _sections(loaded, look)
    note = (
        f"{len(loaded.methods)} methods on {len(loaded.suites)} suites, {loaded.runs} runs, "
        f"{loaded.evaluations} evaluations."
    )
    entries = page.key(loaded.methods, look, shown)
    folder.mkdir(parents=True, exist_ok=True)
    html, summary = folder / "report.html", folder / "report.md"
    html.write_text(page.html(TITLE, note, made, entries), encoding="utf-8")
    summary.write_text(markdown.document(TITLE, made, note), encoding="utf-8")
    return html, summary


def main_picture(records: str | Path, to: str | Path) -> Path:
    """Write an SVG picture of mean regret against evaluations on up to six suites.

    Args:
        records: a folder that `rnnbbo benchmark run` made.
        to: the file to write.

    Raises:
        RecordError: the folder holds no complete run, or a file is not a record.
    """
    path = Path(to)
    text = headline.picture(read(Path(records)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def main_table(records: str | Path) -> str:
    """Return a small Markdown table of mean regret by method and suite, and time per ask.

    Args:
        records: a folder that `rnnbbo benchmark run` made.

    Raises:
        RecordError: the folder holds no complete run, or a file is not a record.
    """
    return headline.table(read(Path(records)))


def overall_table(records: str | Path, times: Sequence[int]) -> str:
    """Return a small Markdown table of regret over all suites, by method and evaluations.

    Args:
        records: a folder that `rnnbbo benchmark run` made.
        times: numbers of evaluations.

    Raises:
        RecordError: the folder holds no complete run, a file is not a record, or no two methods
            made so many evaluations of one function.
    """
    return overall.table(read(Path(records)), times)


def _sections(records: Records, look: Mapping[str, Style]) -> list[Section]:
    return [
        verdict.section(records),
        regret.curves(records, look),
        regret.clock(records, look),
        speed.section(records, look),
        horizon.section(records, look),
        profiles.section(records, look),
        ranks.section(records),
        exploration.section(records, look),
        origin.failures(records),
        origin.origin(records),
    ]
