"""Reports: one HTML page and a Markdown summary, pure functions of a folder of records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rnnbbo.benchmarks.reports import all_suites, headline, markdown, page
from rnnbbo.benchmarks.reports.contents import sections
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.pick import Pick
from rnnbbo.benchmarks.reports.section import Table
from rnnbbo.benchmarks.reports.shown import shown
from rnnbbo.benchmarks.reports.style import styles

__all__ = ["main_picture", "main_table", "overall_table", "report"]

TITLE = "Optimizers compared"


def report(
    records: str | Path,
    to: str | Path | None = None,
    *,
    elsewhere: Sequence[Pick] = (),
    idle: tuple[int, Mapping[str, float]] = (0, {}),
) -> tuple[Path, Path]:
    """Write report.html and report.md, which depend on the arguments and nothing else.

    Args:
        records: a folder that `rnnbbo benchmark run` made.
        to: the folder to write to; that of the records if None.
        elsewhere: picks from comparisons whose records are elsewhere, for the chooser.
        idle: (t, seconds of a step after t evaluations by method), measured without other work, for
            the chooser; without it times are those of the records.

    Returns:
        The paths of the page and of the summary.

    Raises:
        RecordError: the folder holds no complete run, or a file is not a record.
        MissingExtraError: a package of the extra `bench` is not installed.
    """
    source = Path(records)
    folder = source if to is None else Path(to)
    loaded = replace(read_records(source), elsewhere=tuple(elsewhere), idle=idle)
    chosen = shown(loaded)
    look = styles(loaded.methods, chosen)
    made = sections(loaded, look)
    note = (
        f"{len(loaded.methods)} methods on {len(loaded.suites)} suites, {loaded.runs} runs, "
        f"{loaded.evaluations} evaluations."
    )
    entries = page.legend(loaded.methods, look, chosen)
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
    text = headline.picture(read_records(Path(records)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def main_table(records: str | Path) -> Table:
    """Return a small table of mean regret by method and suite, and time per step.

    Args:
        records: a folder that `rnnbbo benchmark run` made.

    Raises:
        RecordError: the folder holds no complete run, or a file is not a record.
    """
    return headline.headline_table(read_records(Path(records)))


def overall_table(records: str | Path, times: Sequence[int]) -> Table:
    """Return a small table of regret over all suites, by method and evaluations.

    Args:
        records: a folder that `rnnbbo benchmark run` made.
        times: numbers of evaluations.

    Raises:
        RecordError: the folder holds no complete run, a file is not a record, or no two methods
            made so many evaluations of one function.
    """
    return all_suites.all_suites_table(read_records(Path(records)), times)
