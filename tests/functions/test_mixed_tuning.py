import pickle

import numpy as np
import pytest

from rnnbbo.dimensions import Categorical, Integer, Real
from rnnbbo.errors import ConfigError
from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.mixed_models import CHOICES, MIXED_MODELS, Ordered
from rnnbbo.functions.mixed_tuning import MixedTuning, mixed_tuning_problem, mixed_tuning_space
from rnnbbo.functions.tuning import LOSS, RMSE
from rnnbbo.functions.tuning_data import SOURCES, folds, labelled_data

pytest.importorskip("sklearn")
pytest.importorskip("lightgbm")


def _dataset(model: str) -> str:
    return "diabetes" if MIXED_MODELS[model].loss == RMSE else "wine"


@pytest.mark.parametrize("model", MIXED_MODELS)
def test_every_model_has_finite_losses_and_repeats_them(model: str) -> None:
    function = MixedTuning(model, _dataset(model))
    dim = mixed_tuning_space(model).n_dims
    assert dim == len(MIXED_MODELS[model].parameters)
    points = [np.zeros(dim), np.full(dim, 0.5)]
    values = [float(function(point)) for point in points]
    assert np.isfinite(values).all() and min(values) >= 0
    assert pickle.loads(pickle.dumps(function))(points[1]) == values[1]


@pytest.mark.parametrize("model", MIXED_MODELS)
def test_every_model_names_arguments_that_it_has(model: str) -> None:
    tuned = MIXED_MODELS[model]
    if not tuned.estimator or tuned.estimator.startswith("lightgbm"):
        return  # LightGBM takes any name
    names = {name for name in tuned.names if name not in CHOICES and "__" not in name}
    assert names | set(tuned.fixed) <= set(library_object(tuned.estimator)().get_params())


@pytest.mark.parametrize("model", [name for name in MIXED_MODELS if MIXED_MODELS[name].when])
def test_a_parameter_counts_only_where_its_condition_holds(model: str) -> None:
    tuned, function = MIXED_MODELS[model], MixedTuning(model, _dataset(model))
    rng = np.random.default_rng(0)
    seen: dict[str, set[bool]] = {name: set() for name in tuned.when}
    for u in rng.random((200, len(tuned.names))):
        passed = function.hyper_parameters(u)
        assert set(passed) | set(tuned.when) == set(tuned.names)
        for name, (parent, values) in tuned.when.items():
            assert (name in passed) == (passed[parent] in values)
            seen[name].add(name in passed)
    assert all(outcomes == {True, False} for outcomes in seen.values())


def test_an_idle_parameter_leaves_the_value_as_it_is() -> None:
    names = MIXED_MODELS["svc"].names
    u = np.full(len(names), 0.7)
    u[names.index("kernel")] = 0.1  # rbf, which has no degree
    other = u.copy()
    other[names.index("degree")] = 0.1
    function = MixedTuning("svc", "moons-1")
    assert function(u) == function(other)
    u[names.index("kernel")] = other[names.index("kernel")] = 0.3  # poly
    assert function(u) != function(other)


def test_each_of_lightgbm_s_parameters_changes_something() -> None:
    names, function = MIXED_MODELS["lightgbm"].names, MixedTuning("lightgbm", "classes-1")
    u = np.full(len(names), 0.4)
    # Few trees of a high rate: GOSS leaves rows out only after 1 / learning_rate of them.
    u[names.index("n_estimators")], u[names.index("learning_rate")] = 0.9, 0.95
    u[names.index("min_child_samples")] = 0.05  # else leaves are too few for num_leaves
    for name in names:
        start = u.copy()
        parent, _ = MIXED_MODELS["lightgbm"].when.get(name, (None, ()))
        if parent == "boosting_type":
            start[names.index(parent)] = 0.9
        other = start.copy()
        other[names.index(name)] = 0.05 if start[names.index(name)] > 0.5 else 0.95
        assert function(start) != function(other), name


def test_value_is_the_cross_validated_loss_at_the_hyper_parameters() -> None:
    from sklearn.datasets import make_moons
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler
    from sklearn.svm import SVC

    x, y = make_moons(200, noise=0.35, random_state=5)
    # min-max, third of five; rbf, first of four; C = 10 ** (-2 + 5 / 2); gamma = 10 ** (-4 + 4.5)
    u = np.array([0.5, 0.1, 0.5, 0.9, 0.0, 0.0])
    model = make_pipeline(MinMaxScaler(), SVC(C=10**0.5, gamma=10**0.5, max_iter=2000))
    split = StratifiedKFold(3, shuffle=True, random_state=0)
    wrong = 1 - cross_val_score(model, x, y, cv=split).mean()
    assert 0 < wrong < 0.5
    assert MixedTuning("svc", "moons-5")(u) == pytest.approx(wrong, abs=1e-12)


def test_log_loss_and_rmse_are_those_of_knowing_nothing_at_the_weakest_models() -> None:
    names = MIXED_MODELS["elastic-net"].names
    u = np.full(len(names), 0.1)
    u[names.index("alpha")] = 1.0
    assert MixedTuning("elastic-net", "diabetes")(u) == pytest.approx(1.0, rel=0.03)
    names = MIXED_MODELS["logistic"].names
    u = np.full(len(names), 0.1)
    u[names.index("C")] = 0.0
    assert MIXED_MODELS["logistic"].loss == LOSS
    assert MixedTuning("logistic", "moons-1")(u) == pytest.approx(np.log(2), rel=0.05)


def test_every_value_of_a_cell_is_one_value() -> None:
    function = MixedTuning("tree", "wine")
    space = mixed_tuning_space("tree")
    for i, (d, parameter) in enumerate(
        zip(space.dimensions, MIXED_MODELS["tree"].parameters, strict=True)
    ):
        if type(d) is Real:
            continue
        n = len(d.categories) if type(d) is Categorical else d.high - d.low + 1
        values = []
        for position in range(n):
            u = np.full(space.n_dims, 0.5)
            found = set()
            for at in (position + 0.01, position + 0.5, position + 0.99):
                u[i] = at / n
                found.add(function.hyper_parameters(u)[parameter.name])
            assert len(found) == 1
            values.append(found.pop())
        assert len(set(values)) == n
        if isinstance(d, Integer):
            assert values == sorted(values)
        if type(parameter) is Integer:
            assert values == list(range(d.low, d.high + 1))
    assert any(isinstance(p, Ordered) for p in MIXED_MODELS["lightgbm"].parameters)


def test_observations_split_the_data_anew() -> None:
    function = MixedTuning("tree", "classes-1", split_at_random=True)
    problem = mixed_tuning_problem(function, "tree")
    u = np.full(problem.dim, 0.5)
    seen = [problem.observe(u, np.random.default_rng(seed)) for seed in range(6)]
    assert len(set(seen)) > 2
    assert problem.unit(u) == problem.unit(u)
    assert problem.observe(u, np.random.default_rng(0)) == seen[0]
    assert mixed_tuning_problem(MixedTuning("tree", "wine"), "t").draw is None


@pytest.mark.parametrize("name", SOURCES)
def test_data_have_few_rows_and_folds_that_hold_each_once(name: str) -> None:
    dataset = f"{name}-3" if SOURCES[name][0].startswith("make_") else name
    x, y = labelled_data(dataset)
    assert len(x) == len(y) and 150 <= len(x) <= 200
    rows = np.concatenate([test for _, test in folds(dataset, 0)])
    assert sorted(rows) == list(range(len(x)))


def test_unknown_models_and_data_are_refused() -> None:
    with pytest.raises(ConfigError, match="'lda'; expected one of svc"):
        mixed_tuning_problem(MixedTuning("lda", "wine"), "p")
    for dataset in ("mnist", "moons", "moons-x", "wine-3", ""):
        with pytest.raises(ConfigError, match=f"'{dataset}'; expected one of breast_.*moons-SEED"):
            mixed_tuning_problem(MixedTuning("svc", dataset), "p")
