"""`rnnbbo benchmark`: compare optimizers, and report what was measured."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnbbo.outputs import check_output_folder

if TYPE_CHECKING:
    from rnnbbo.benchmarks.runner import PlanProgress

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  rnnbbo benchmark run --quick --out runs/quick
  rnnbbo benchmark run my_plan.toml --out runs/mine --jobs 4
  rnnbbo benchmark report runs/mine
  rnnbbo benchmark export runs/mine --format ioh
  rnnbbo benchmark measure latency --methods auto,tpe
""",
)
@click.pass_context
def benchmark(ctx: click.Context) -> None:
    """Compare optimizers on suites of functions, and report what was measured.

    Needs the extra `bench`: pip install -c constraints.txt '.[bench]'
    """
    _help_without_command(ctx)


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
        beside = f"PLAN = {plan!r} and --quick" if quick else "PLAN is missing"
        raise click.UsageError(f"{beside}; expected a plan, or --quick")
    if scheduler and jobs > 1:
        raise click.UsageError(
            f"--jobs = {jobs} and --scheduler; expected one of them: a cluster has its own workers"
        )
    check_output_folder("--out", out)
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


@benchmark.command("export")
@click.argument("records", type=_FOLDER)
@click.option(
    "--format",
    "form",
    type=click.Choice(["coco", "ioh"]),
    required=True,
    help="coco for cocopp, ioh for IOHanalyzer and iohinspector.",
)
@click.option(
    "--to", type=_FOLDER, help="Folder of the folders; default RECORDS/coco, RECORDS/ioh."
)
def export_command(records: Path, form: str, to: Path | None) -> None:
    """Write the folder RECORDS in the format of COCO or IOHprofiler, one folder a method.

    COCO's format takes COCO's functions alone: bbob, bbob-constrained and bbob-biobj. That of
    IOHprofiler takes all with one objective.
    """
    to = records / form if to is None else to
    check_output_folder("--to", to)
    if form == "coco":
        from rnnbbo.benchmarks.coco import export as write
    else:
        from rnnbbo.benchmarks.ioh import export_ioh as write
    folders = write(records, to)
    if not folders:
        wanted = "runs on COCO's functions" if form == "coco" else "runs with one objective"
        raise click.UsageError(f"RECORDS = {str(records)!r} without any; expected {wanted}")
    for folder in folders:
        click.echo(str(folder))


@benchmark.command("list")
def list_command() -> None:
    """List methods, suites, plans and measures."""
    from rnnbbo import auto, shipped
    from rnnbbo.benchmarks import methods, plan, suites
    from rnnbbo.benchmarks.measures.registry import MEASURES

    _section("methods", {name: methods.about_method(name) for name in methods.PEERS})
    own = (auto.NAME, *shipped.available(), *methods.trained_methods())
    _section("methods of rnnbbo", {n: methods.about_method(n) for n in own})
    _section("suites", {name: suites.about_suite(name) for name in suites.SUITES})
    _section("plans", {name: plan.load_plan(name).about for name in plan.shipped_plans()})
    _section("measures", {name: one.about for name, one in MEASURES.items()})


class _Measures(click.Group):
    """The measures as commands; a module is loaded when its measure is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from rnnbbo.benchmarks.measures.registry import MEASURES

        return list(MEASURES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from rnnbbo.benchmarks.measures.registry import MEASURES, measure_command

        return measure_command(cmd_name) if cmd_name in MEASURES else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the measures that there are where another is asked for."""
        from rnnbbo.benchmarks.measures.registry import MEASURES

        if args and not args[0].startswith("-") and args[0] not in MEASURES:
            ctx.fail(f"measure = {args[0]!r}; expected one of {', '.join(MEASURES)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List what each measures, without loading its module."""
        from rnnbbo.benchmarks.measures.registry import MEASURES

        with formatter.section("Measures"):
            formatter.write_dl([(name, one.about) for name, one in MEASURES.items()])


@benchmark.group(
    "measure",
    cls=_Measures,
    invoke_without_command=True,
    subcommand_metavar="NAME [OPTIONS]",
    epilog="""\b
Examples:
  rnnbbo benchmark measure latency --methods auto,tpe --repeats 1
  rnnbbo benchmark measure duel runs/mine kernel logei --at 10,30 --out duel.md
""",
)
@click.pass_context
def measure(ctx: click.Context) -> None:
    """Measure one thing, and print it as a table.

    With --out FILE.md the table is written as Markdown, too, and as JSON beside it, in FILE.json.
    """
    _help_without_command(ctx)


def _help_without_command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _section(title: str, rows: dict[str, str]) -> None:
    click.echo(f"{title}:")
    width = max(map(len, rows), default=0)
    for name, about in rows.items():
        click.echo(f"  {name:{width}}  {about}")


def _report(records: Path, to: Path | None) -> None:
    from rnnbbo.benchmarks.reports import report

    check_output_folder("RECORDS" if to is None else "--to", records if to is None else to)
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
