"""Tables of every cell of a grid, stored beside the suites.

python -m rnnbbo.benchmarks.suites.grid_tables          # what the file has not yet
python -m rnnbbo.benchmarks.suites.grid_tables NAME …   # these, again

The file is written after each table, so that a stopped command loses only the last one. Values may
change with the version of scikit-learn, which the file names.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np

from rnnbbo.benchmarks.suites.entry import SPLITS
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.errors import ConfigError
from rnnbbo.functions.grid_tuning import grid_shape, measure_table
from rnnbbo.functions.problem import FloatArray

FILE = Path(__file__).with_name("grid_tables.json")

GRID_DATA: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "svm": {
        "test": (
            *("digits", "breast_cancer", "wine", "classes-101", "clusters-101", "blobs-101"),
            *("quantiles-101", "moons-101"),
        ),
        "tune": ("iris",),
    },
    "lda": {
        "test": ("digits", *(f"drawn-{seed}" for seed in range(101, 107))),
        "tune": ("drawn-1",),
    },
}
"""Model -> split -> data sets, see `rnnbbo.functions.grid_tuning`."""

_DIGITS = 6  # significant, of a value in the file


@lru_cache(maxsize=16)
def stored_table(name: str) -> FloatArray:
    """Return a table of the file, which may not be written to.

    Raises:
        ConfigError: the file has none of this name.
    """
    tables = _tables()
    if name not in tables:
        raise ConfigError(
            f"{FILE.name} has no {name}; run python -m rnnbbo.benchmarks.suites.grid_tables"
        )
    table = np.array(tables[name]).reshape(grid_shape(name.partition("-")[0]))
    table.setflags(write=False)
    return table


def _tables() -> dict[str, list[float]]:
    if not FILE.exists():
        return {}
    tables: dict[str, list[float]] = json.loads(FILE.read_text())["tables"]
    return tables


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Measure the tables that the file has not yet, or the tables NAMES again."""
    pin_threads()
    known = [
        (model, dataset)
        for model, splits in GRID_DATA.items()
        for split in SPLITS
        for dataset in splits[split]
    ]
    every = {f"{model}-{dataset}": (model, dataset) for model, dataset in known}
    unknown = [name for name in names if name not in every]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r}; expected one of {', '.join(every)}")
    tables = _tables()
    for name in names or [name for name in every if name not in tables]:
        table = measure_table(*every[name]).ravel()
        tables[name] = [float(f"{value:.{_DIGITS}g}") for value in table]
        click.echo(f"{name:24} {min(tables[name]):12.6g} {np.median(tables[name]):12.6g}")
        kept = {name: tables[name] for name in every if name in tables}
        rows = ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in kept.items())
        made_by = json.dumps({"scikit-learn": version("scikit-learn")})
        FILE.write_text(f'{{\n "packages": {made_by},\n "tables": {{\n{rows}\n }}\n}}\n')


if __name__ == "__main__":
    main()
