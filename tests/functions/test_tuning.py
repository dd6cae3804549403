import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.tuning import DATASETS, MODELS, Tuning, tuning_dim, tuning_problem
from rnnbbo.space import Space

pytest.importorskip("sklearn")


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_a_finite_error_at_all_corners_and_repeats_it(model: str) -> None:
    dataset = "diabetes" if MODELS[model].scoring == "neg_root_mean_squared_error" else "iris"
    problem = tuning_problem(model, dataset, 0.0)
    dim = problem.dim
    assert dim == tuning_dim(model) == len(MODELS[model].dimensions)
    points = [np.zeros(dim), np.ones(dim), np.full(dim, 0.5)]
    values = [problem.unit(point) for point in points]
    assert np.isfinite(values).all()
    assert min(values) >= 0
    again = pickle.loads(pickle.dumps(problem))
    assert again.unit(points[2]) == values[2]


def test_value_is_the_cross_validated_error_at_the_hyper_parameters() -> None:
    from sklearn.datasets import load_wine
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = load_wine(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))
    u = [0.5, 0.4]
    c, gamma = 10 ** (-2 + 6 * 0.5), 10 ** (-6 + 7 * 0.4)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    model = make_pipeline(StandardScaler(), SVC(C=c, gamma=gamma))
    accuracy = cross_val_score(model, x[rows], y[rows], cv=folds).mean()
    assert 0.8 < accuracy < 1.0
    assert tuning_problem("svc", "wine", 0.0).unit(u) == pytest.approx(1 - accuracy, abs=1e-12)


def test_predicting_the_mean_has_an_error_of_about_one_in_regression() -> None:
    # With the strongest regularisation and the widest kernel nothing but the mean is left.
    assert tuning_problem("svr", "diabetes", 0.0).unit([0.0, 0.0, 0.0]) == pytest.approx(1, 0.03)


def test_global_random_state_stays() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    Tuning("network", "iris")(np.full(5, 0.5))
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_every_model_names_arguments_that_it_has() -> None:
    from rnnbbo.functions.tuning import _class

    for model in MODELS.values():
        names = {*Space(model.dimensions).names, *dict(model.fixed)}
        assert names <= set(_class(*model.estimator)().get_params())


def test_unknown_models_and_data_are_refused() -> None:
    with pytest.raises(ConfigError, match="'lda'; expected one of svc"):
        tuning_problem("lda", "wine", 0.0)
    with pytest.raises(ConfigError, match=f"'mnist'; expected one of {DATASETS[0]}"):
        tuning_problem("svc", "mnist", 0.0)
