"""Normalised regret on suites, on one core: python -m rnnbbo.benchmarks.regret --help."""

from pathlib import Path

import click

from rnnbbo.benchmarks.report import comparison_table, headline_table, load, regret_table
from rnnbbo.benchmarks.runner import Plan, run_plan
from rnnbbo.benchmarks.suites import SPLITS, SUITES, get_suite
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.errors import RnnbboError


def _names(_: click.Context, __: click.Parameter, value: str) -> list[str]:
    return [name for name in value.split(",") if name]


def _numbers(_: click.Context, __: click.Parameter, value: str) -> list[int]:
    try:
        return sorted({int(number) for number in value.split(",")})
    except ValueError:
        raise click.BadParameter(f"{value!r}; expected numbers such as 10,20,30") from None


@click.command()
@click.option("--suites", default="gp-2d", callback=_names, help=f"Of {', '.join(SUITES)}.")
@click.option(
    "--methods",
    default="random,tpe,dnc",
    callback=_names,
    help="random, sobol, tpe, cma, policies of rnnbbo, or weights files.",
)
@click.option("--functions", default=12, show_default=True, help="Functions a suite.")
@click.option("--seeds", default=3, show_default=True, help="Runs of a method on a function.")
@click.option("--budget", default=30, show_default=True, help="Evaluations a run.")
@click.option("--at", default="10,20,30", callback=_numbers, help="Evaluations to report at.")
@click.option("--split", type=click.Choice(list(SPLITS)), default="test", show_default=True)
@click.option("--versus", default=None, help="Compare every other method with this one.")
@click.option("--headline", type=int, help="Put a table of all suites at this t first.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of records. Runs in it are not made again: take a new one for new weights.",
)
def main(
    suites: list[str],
    methods: list[str],
    functions: int,
    seeds: int,
    budget: int,
    at: list[int],
    split: str,
    versus: str | None,
    headline: int | None,
    out: Path,
) -> None:
    r"""Run methods on suites of functions and print a Markdown table of their regret.

    The table is written to OUT/report.md too. A stopped command goes on where it stopped.

    \b
    python -m rnnbbo.benchmarks.regret --suites gp-2d,gp-4d --methods random,tpe,dnc \
        --functions 24 --seeds 3 --budget 60 --at 10,30,60 --versus tpe --out runs/regret
    """
    if not methods or not suites:
        raise click.UsageError("--suites and --methods name at least one each")
    if at[0] < 1 or at[-1] > budget:
        raise click.UsageError(f"--at {at}: expected numbers from 1 to the budget, {budget}")
    if versus is not None and versus not in methods:
        raise click.UsageError(f"--versus {versus}: expected one of {', '.join(methods)}")
    if headline is not None and not 1 <= headline <= budget:
        raise click.UsageError(f"--headline {headline}: expected 1 to the budget, {budget}")
    try:
        tables, everything = [], []
        for suite in suites:
            label = suite if split == "test" else f"{suite}-{split}"
            entries = get_suite(suite, functions, split)
            plan = Plan(label, entries, methods, seeds, budget)
            run_plan(plan, out, progress=lambda line: click.echo(line, err=True))
            results = load(out, label, methods, budget)
            everything.append(results)
            tables.append(regret_table(results, at))
            if versus is not None and len(methods) > 1:
                tables.append(comparison_table(results, at, versus))
    except RnnbboError as error:
        raise click.ClickException(str(error)) from error
    if headline is not None:
        tables.insert(0, headline_table(everything, headline))
    report = "\n".join(tables)
    (out / "report.md").write_text(report)
    click.echo(report)


if __name__ == "__main__":
    pin_threads()
    main()
