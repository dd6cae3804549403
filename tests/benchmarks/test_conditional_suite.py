"""The suite `conditional`, and methods that are told its conditions."""

import numpy as np
import pytest

from rnnbbo import Categorical, Integer, Real, Space
from rnnbbo.benchmarks import methods
from rnnbbo.benchmarks.methods.base import Cells, without_conditions
from rnnbbo.benchmarks.suites import SPLITS, conditional_suite, get_suite, stored_minima
from rnnbbo.functions.conditional_draws import SHAPES
from rnnbbo.functions.declared_points import values_that_count

pytest.importorskip("sklearn")

NESTED = SHAPES["nested"]


def test_every_pipeline_has_a_minimum_that_was_searched() -> None:
    known = stored_minima.stored_minima(stored_minima.minima_file("conditional"))
    unsearched = [e for split in SPLITS for e in conditional_suite.unsearched(split)]
    assert set(known) == {entry.name for entry in unsearched}
    for entry in get_suite("conditional") + get_suite("conditional", split="tune"):
        if entry.name in known:
            assert entry.reference == known[entry.name].reference > 0


def test_splits_share_no_data_and_a_short_suite_holds_both_kinds() -> None:
    data = []
    for split in SPLITS:
        entries = get_suite("conditional", split=split)
        assert all(entry.space is not None and entry.space.conditional for entry in entries)
        tuned = {entry.name for entry in conditional_suite.unsearched(split)}
        assert {entry.name in tuned for entry in entries[:2]} == {True, False}
        shapes = {e.name.partition("-")[0] for e in entries if e.name not in tuned}
        assert shapes == set(SHAPES)
        data.append({name.partition("-")[2] for name in tuned})
    assert not data[0] & data[1]


@pytest.mark.parametrize("split", SPLITS)
def test_a_minimum_is_taken_where_the_file_says(split: str) -> None:
    problem = get_suite("conditional", 2, split)[1].build()
    # Another processor rounds a fit a little differently.
    assert problem(problem.minimizers[0]) == pytest.approx(problem.minimum, rel=1e-2)


def test_what_is_idle_lies_in_the_middle() -> None:
    cells = Cells(NESTED)
    assert cells.middle(["b", 0.2, None, None, None, None, 0.1, 0.7, 0.9]).tolist() == [
        *(0.75, 0.2),
        *(0.5, 0.5, 0.5, 0.5),
        *(0.1, 0.7, 0.9),
    ]


CONDITIONAL = ["random", "tpe", "kernel", "lstm", pytest.param("smac", marks=pytest.mark.slow)]


@pytest.mark.parametrize("name", CONDITIONAL)
def test_methods_are_told_what_counts(name: str) -> None:
    runs = []
    budget = 14 if name == "smac" else 10
    for _ in range(2):
        method = methods.make_method(name, NESTED.n_dims, budget, 3, NESTED)
        asked = []
        for t in range(budget):
            u = method.ask()
            asked.append(u)
            active = values_that_count(NESTED, u)
            idle = [i for i, one in enumerate(NESTED.names) if one not in active]
            assert np.all(u[idle] == 0.5)
            method.tell(u, np.nan if t == 1 else float(np.sum((u - 0.3) ** 2)))
        runs.append(np.array(asked))
    assert np.array_equal(*runs)
    assert len(np.unique(runs[0], axis=0)) > 7
    assert len(set(runs[0][:, 0])) == 2  # both families, each in the middle of its cell


def test_methods_that_take_no_conditions_are_told_dimensions_that_all_count() -> None:
    told = methods.make_method("gpsampler", NESTED.n_dims, 14, 3, NESTED)
    plain = methods.make_method("gpsampler", NESTED.n_dims, 14, 3, without_conditions(NESTED))
    for _ in range(4):
        x = told.ask()
        assert np.array_equal(x, plain.ask())
        assert not np.any(x == 0.5)
        told.tell(x, 1.0)
        plain.tell(x, 1.0)


def test_conditions_are_left_out_and_nothing_else() -> None:
    plain = without_conditions(NESTED)
    assert not plain.conditional
    assert plain.names == list(NESTED.names)
    assert plain.bounds == NESTED.bounds
    assert without_conditions(plain) is plain


def test_parameters_are_suggested_after_those_that_they_depend_on() -> None:
    from rnnbbo.benchmarks.methods.optuna_conditional import ConditionalTPE, ancestors_first

    space = Space(
        [
            Real(0.0, 1.0, name="deep", when={"kind": "p"}),
            Categorical(["p", "q"], "kind", {"layers": ">= 2"}),
            Integer(1, 3, name="layers"),
        ]
    )
    assert ancestors_first(space) == [2, 1, 0]
    method = ConditionalTPE(3, 20, 0, space)
    for _ in range(12):
        u = method.ask()
        assert set(values_that_count(space, u)) == set(method._trial.params)
        method.tell(u, float(u.sum()))


def test_smac_has_the_conditions_of_the_space() -> None:
    from rnnbbo.benchmarks.methods.smac_facade import SMAC

    space = Space(
        [
            Integer(1, 3, name="layers"),
            Categorical(["p", "q"], "kind"),
            Real(0.0, 1.0, name="a", when={"layers": ">= 2", "kind": "q"}),
            Real(0.0, 1.0, name="b", when=[{"layers": 3}, {"kind": "p"}]),
        ]
    )
    method = SMAC(4, 40, 0, space)
    seen = set()
    for configuration in method._facade.scenario.configspace.sample_configuration(60):
        layers, kind = configuration["x0"], "pq"[configuration["x1"]]
        assert ("x2" in configuration) == (layers >= 2 and kind == "q")
        assert ("x3" in configuration) == (layers == 3 or kind == "p")
        seen.add((layers, kind))
    assert len(seen) == 6
