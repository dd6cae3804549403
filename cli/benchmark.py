"""`rnnbbo benchmark`: compare optimizers, and report what was measured."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rnnbbo.benchmarks.runner import PlanProgress

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(
    epilog="""\b
Examples:
  rnnbbo benchmark run --quick --out runs/quick
  rnnbbo benchmark run my_plan.toml --out runs/mine --jobs 4
  rnnbbo benchmark report runs/mine
"""
)
def benchmark() -> None:
    """Compare optimizers on suites of functions, and report what was measured.

    Needs the extra `bench`: pip install -c constraints.txt '.[bench]'
    """


@benchmark.command("run")
@click.argument("plan", required=False)
@click.option("--quick", is_flag=True, help="The plan `quick`: a first look in minutes.")
@click.option("--out", type=_FOLDER, required=True, help="Folder of records.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--scheduler", metavar="ADDRESS", help="Run on this Dask cluster instead.")
@click.option("--retry", is_flag=True, help="Make runs again that crashed or took too long.")
@click.option("--report/--no-report", default=True, show_default=True, help="Report at the end.")
def run(
    plan: str | None,
    quick: bool,
    out: Path,
    jobs: int,
    scheduler: str | None,
    retry: bool,
    report: bool,
) -> None:
    """Make every run of a plan: a TOML file, or the name of a plan that ships.

    The folder gets one JSON line an evaluation, as it happens. Stop the command at any time; the
    same command goes on where it was. Records of BBOB functions are written in COCO's format too,
    under OUT/coco, one folder a method, ready for cocopp.
    """
    from rnnbbo.benchmarks.runner import run as run_plan

    if quick == (plan is not None):
        raise click.UsageError("name a plan, or give --quick")
    if scheduler and jobs > 1:
        raise click.UsageError("--jobs is for this machine; a cluster has its own workers")
    with _Bar() as bar:
        run_plan(
            plan or "quick", out, jobs=jobs, scheduler=scheduler, retry=retry, progress=bar.show
        )
    if bar.lost:
        click.echo(f"{bar.lost} runs ended early; the report lists them", err=True)
    _export_coco(out)
    if report:
        _report(out, None)


@benchmark.command("report")
@click.argument("records", type=_FOLDER)
@click.option("--to", type=_FOLDER, help="Folder of the report; default that of the records.")
def report_command(records: Path, to: Path | None) -> None:
    """Write report.html and report.md from the folder RECORDS."""
    _report(records, to)


@benchmark.command("list")
def list_command() -> None:
    """List methods, suites and plans."""
    from rnnbbo import auto, checkpoint
    from rnnbbo.benchmarks import methods, plan, suites

    _section("methods", {name: methods.about_method(name) for name in methods.PEERS})
    own = (auto.NAME, *checkpoint.available())
    _section("methods of rnnbbo", {n: methods.about_method(n) for n in own})
    _section("suites", {name: suites.about_suite(name) for name in suites.SUITES})
    _section("plans", {name: plan.load_plan(name).about for name in plan.shipped_plans()})


def _section(title: str, rows: dict[str, str]) -> None:
    click.echo(f"{title}:")
    width = max(map(len, rows), default=0)
    for name, about in rows.items():
        click.echo(f"  {name:{width}}  {about}")


def _report(records: Path, to: Path | None) -> None:
    from rnnbbo.benchmarks.reports import report

    page, summary = report(records, to)
    click.echo(f"report:  {page}\nsummary: {summary}")


def _export_coco(out: Path) -> None:
    from rnnbbo.benchmarks.coco import export

    folders = export(out, out / "coco")
    if folders:
        click.echo(f"COCO:    {len(folders)} folders in {out / 'coco'}; python -m cocopp FOLDER...")


class _Bar:
    """A bar with the remaining time, on standard error."""

    lost = 0
    _bar: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: PlanProgress) -> None:
        """Move the bar to where the plan is; the first call draws it."""
        self.lost = progress.lost
        if self._bar is None:
            from tqdm import tqdm

            # Where nobody watches a bar move, a line now and then will do.
            interval = 0.2 if sys.stderr.isatty() else 30.0
            self._bar = tqdm(
                total=progress.total,
                initial=progress.found,  # says nothing of the speed
                unit="run",
                mininterval=interval,
                maxinterval=2 * interval,
                smoothing=0.05,
            )
        if progress.lost:
            self._bar.set_postfix_str(f"{progress.lost} lost", refresh=False)
        self._bar.update(progress.found + progress.made - self._bar.n)
