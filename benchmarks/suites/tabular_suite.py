"""Tuning of real networks, looked up in tables; the splits share no data set."""

from collections.abc import Iterator
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.tabular import tabular_problem, tabular_space

TABLE_DIMS = {"hpobench": 5, "hpolib": 9, "nasbench201": 6}

TABLES = {
    "test": (
        ("hpobench", "vehicle"),
        ("hpolib", "protein_structure"),
        ("nasbench201", "cifar10"),
        ("hpobench", "kc1"),
        ("hpolib", "naval_propulsion"),
        ("hpobench", "segment"),
        ("nasbench201", "imagenet"),
        ("hpobench", "credit_g"),
        ("hpolib", "slice_localization"),
        ("hpobench", "car"),
    ),
    "tune": (
        ("hpobench", "phoneme"),
        ("hpolib", "parkinsons_telemonitoring"),
        ("nasbench201", "cifar100"),
        ("hpobench", "australian"),
        ("hpobench", "blood_transfusion"),
    ),
}


def entries(split: str, *, declared: bool) -> Iterator[Entry]:
    """Yield the tables, all three kinds first."""
    for benchmark, dataset in TABLES[split]:
        build = partial(tabular_problem, benchmark, dataset)
        space = tabular_space(benchmark) if declared else None
        yield Entry(f"{benchmark}-{dataset}", TABLE_DIMS[benchmark], build, space=space)
