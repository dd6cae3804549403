import pickle

import numpy as np
import pytest

from rnnbbo.benchmarks.suites.grid_tables import GRID_DATA, stored_table
from rnnbbo.errors import ConfigError
from rnnbbo.functions.grid_tuning import GRIDS, corpus, grid_problem, grid_shape, measure_cell


def test_grids_have_as_many_cells_as_published() -> None:
    assert np.prod(grid_shape("svm")) == 1400
    assert np.prod(grid_shape("lda")) == 288
    for grid in GRIDS.values():
        assert all(sorted(values) == list(values) for values in grid.values())


def test_a_point_has_the_value_of_its_cell_and_the_least_cell_is_the_minimum() -> None:
    table = np.random.default_rng(0).random(grid_shape("lda"))
    problem = pickle.loads(pickle.dumps(grid_problem("lda", table, "made up")))
    cells = np.array([[0, 0, 0], [5, 5, 7], [3, 1, 6]])
    middles = (cells + 0.5) / grid_shape("lda")
    assert problem.func(middles).tolist() == table[tuple(cells.T)].tolist()
    assert problem.unit([1.0, 1.0, 1.0]) == table[5, 5, 7]
    assert problem.unit([0.999 / 6, 0.0, 0.0]) == table[0, 0, 0]
    assert problem.unit([1.001 / 6, 0.0, 0.0]) == table[1, 0, 0]
    assert problem(problem.minimizers[0]) == problem.minimum == table.min()


def test_a_table_of_another_shape_and_other_names_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"shape \(2, 3\); expected \(25, 14, 4\)"):
        grid_problem("svm", np.zeros((2, 3)), "made up")
    with pytest.raises(ConfigError, match="model = 'cnn'"):
        grid_shape("cnn")
    with pytest.raises(ConfigError, match="drawn-SEED"):
        corpus("drawn")
    with pytest.raises(ConfigError, match="grid_tables"):
        stored_table("svm-nothing")


# Four cells, measured again: what the table holds, to the digits that it keeps.
def test_a_stored_table_is_what_scikit_learn_gives() -> None:
    pytest.importorskip("sklearn")
    model, dataset = "svm", "wine"
    table = stored_table(f"{model}-{dataset}")
    rng = np.random.default_rng(1)
    for _ in range(4):
        cell = tuple(int(rng.integers(n)) for n in table.shape)
        names = zip(GRIDS[model].items(), cell, strict=True)
        values = {name: numbers[i] for (name, numbers), i in names}
        assert measure_cell(model, dataset, values) == pytest.approx(table[cell], rel=1e-3)


def test_an_error_is_that_of_the_machine_with_its_kernel_written_out() -> None:
    pytest.importorskip("sklearn")
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from rnnbbo.functions.tuning_data import labelled_data

    x, y = labelled_data("wine")
    machine = SVC(C=5.0, gamma=0.5 / x.shape[1], tol=1e-3)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    right = cross_val_score(make_pipeline(StandardScaler(), machine), x, y, cv=folds)
    values = {"C": 5.0, "alpha": 0.5, "epsilon": 1e-3}
    assert measure_cell("svm", "wine", values) == pytest.approx(1.0 - right.mean(), abs=1e-12)


@pytest.mark.parametrize("dataset", ["digits", "descriptions", "drawn-3"])
def test_documents_are_counts_of_words(dataset: str) -> None:
    pytest.importorskip("sklearn")
    counts = corpus(dataset)
    counts = counts.toarray() if dataset == "descriptions" else counts
    assert len(counts) >= 90 and counts.min() == 0
    assert np.array_equal(counts, np.floor(counts))
    assert np.all(counts.sum(0) > 0) or dataset == "digits"  # its corners are dark


def test_a_perplexity_is_that_of_one_pass_in_batches() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    values = {"kappa": 0.8, "tau0": 16, "S": 16}
    counts = corpus("drawn-3")
    held = np.arange(len(counts)) % 3 == 0
    model = decomposition.LatentDirichletAllocation(
        10, learning_method="online", random_state=0, total_samples=60, max_doc_update_iter=10
    )
    model.set_params(learning_decay=0.8, learning_offset=16)
    model.set_params(batch_size=16)
    model.partial_fit(counts[~held])
    expected = model.perplexity(counts[held])
    assert measure_cell("lda", "drawn-3", values) == pytest.approx(expected, rel=1e-9)


def test_splits_share_no_data_set() -> None:
    for splits in GRID_DATA.values():
        assert not set(splits["tune"]) & set(splits["test"])
