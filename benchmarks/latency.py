"""Time of an ask and its tell, on one core: python -m rnnbbo.benchmarks.latency --help."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter

import click
import numpy as np

from rnnbbo.benchmarks.methods import Method, make_method
from rnnbbo.benchmarks.options import WholeNumbers
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.errors import RnnbboError

WINDOW = 21
"""Asks whose median is reported, the first of them at t."""


def measure(method: Method, at: Sequence[int], dim: int) -> list[tuple[float, float]]:
    """Return the median milliseconds of an ask, and of a tell, after t - 1 tells, for each t.

    The objective is a bowl with ripples, whose own time is left out.

    Args:
        method: a new run.
        at: the values of t, in rising order.
        dim: number of dimensions.
    """
    asks, tells = [], []
    weights = np.linspace(1.0, 2.0, dim)
    for _ in range(at[-1] + WINDOW - 1):
        start = perf_counter()
        x = method.ask()
        middle = perf_counter()
        y = float(weights @ (x - 0.4) ** 2 + 0.05 * np.cos(20.0 * x).sum())
        resumed = perf_counter()
        method.tell(x, y)
        asks.append(middle - start)
        tells.append(perf_counter() - resumed)
    windows = [slice(t - 1, t - 1 + WINDOW) for t in at]
    return [(1e3 * median(asks[window]), 1e3 * median(tells[window])) for window in windows]


@click.command()
@click.option("--methods", default="auto,kernel,dnc,lstm,dnc-direct,lstm-direct", show_default=True)
@click.option(
    "--at",
    type=WholeNumbers(),
    default="30,50,100,1000",
    show_default=True,
    help="Values of t.",
)
@click.option("--dim", default=6, show_default=True)
@click.option("--repeats", default=5, show_default=True, help="Runs; their median is shown.")
def main(methods: str, at: tuple[int, ...], dim: int, repeats: int) -> None:
    """Print a Markdown table of the median milliseconds of an ask + a tell.

    The methods take turns, so that a busy machine disturbs them alike.
    """
    names = [name for name in methods.split(",") if name]
    steps = sorted(at)
    rows: dict[str, list[list[tuple[float, float]]]] = {name: [] for name in names}
    try:
        for seed in range(repeats):
            for name in names:
                method = make_method(name, dim, steps[-1] + WINDOW, seed)
                rows[name].append(measure(method, steps, dim))
    except RnnbboError as error:
        raise click.ClickException(str(error)) from error
    click.echo("| method | " + " | ".join(f"t = {t}" for t in steps) + " |")
    click.echo("| --- " * (len(steps) + 1) + "|")
    for name in names:
        cells = []
        for column in zip(*rows[name], strict=True):
            asks, tells = zip(*column, strict=True)
            cells.append(f"{median(asks):.2g} + {median(tells):.2g} ms")
        click.echo(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    pin_threads()
    main()
