"""The search over scikit-learn's parameters: its interface, and scikit-learn's own checks."""

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.stats
import skopt
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from rnnbbo import Categorical, Integer, Real
from rnnbbo.errors import ConfigError, PolicyError, SpaceError
from rnnbbo.integrations.sklearn import RnnSearchCV

X, Y = make_classification(60, 5, random_state=0)
SPACE = {"max_depth": (1, 8), "criterion": ["gini", "entropy"], "ccp_alpha": (1e-5, 1e-1)}


def search(space: Any = SPACE, **options: Any) -> RnnSearchCV:
    options = {"n_iter": 4, "cv": 2, "random_state": 0, **options}
    return RnnSearchCV(DecisionTreeClassifier(random_state=0), space, **options)


# As scikit-learn has it for its own searches.
EXPECTED = {"check_supervised_y_2d": "DataConversionWarning not caught"}
CHECKED = [
    RnnSearchCV(Ridge(), {"alpha": (0.1, 1.0)}, n_iter=2, cv=2, random_state=0),
    RnnSearchCV(LogisticRegression(), {"C": (0.1, 1.0)}, n_iter=2, cv=2, random_state=0),
]


@parametrize_with_checks(CHECKED, expected_failed_checks=lambda _: EXPECTED)
def test_scikit_learns_estimator_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_what_a_fit_leaves() -> None:
    fitted = search(n_iter=6, return_train_score=True).fit(X, Y)
    results = fitted.cv_results_
    assert fitted.total_iterations == len(results["params"]) == 6
    assert fitted.best_score_ == results["mean_test_score"].max()
    assert fitted.best_params_ == results["params"][fitted.best_index_]
    assert results["rank_test_score"][fitted.best_index_] == 1
    assert {"param_max_depth", "mean_train_score", "split1_test_score"} <= set(results)
    assert fitted.predict(X).shape == Y.shape
    assert fitted.best_estimator_.get_params()["max_depth"] == fitted.best_params_["max_depth"]
    (result,) = fitted.optimizer_results_
    assert result.space.names == ["ccp_alpha", "criterion", "max_depth"]
    assert -result.fun == fitted.best_score_
    assert result.x_iters == [[p[n] for n in result.space.names] for p in results["params"]]
    assert {type(p["max_depth"]) for p in results["params"]} == {int}


def test_the_same_random_state_gives_the_same_search() -> None:
    first, again, other = (search(random_state=s).fit(X, Y) for s in (1, 1, 2))
    assert first.cv_results_["params"] == again.cv_results_["params"]
    assert first.cv_results_["params"] != other.cv_results_["params"]


def test_it_finds_better_parameters() -> None:
    features, labels = load_iris(return_X_y=True)
    space = {"C": (1e-6, 1e3, "log-uniform"), "gamma": Real(1e-6, 1e3, "log-uniform")}
    fitted = RnnSearchCV(SVC(), space, n_iter=15, cv=3, random_state=0).fit(features, labels)
    assert fitted.best_score_ >= 0.96


def test_many_points_at_a_time_and_many_jobs() -> None:
    fitted = search(n_iter=7, n_points=3, n_jobs=2).fit(X, Y)
    assert len({tuple(p.values()) for p in fitted.cv_results_["params"]}) == 7


@pytest.mark.filterwarnings("ignore:.*probabilities of the categories")
def test_dimensions_in_every_form() -> None:
    space = {
        "max_depth": skopt.space.Integer(1, 5),
        "min_samples_split": Integer(2, 9),
        "ccp_alpha": skopt.space.Real(1e-6, 1e-1, prior="log-uniform", name="another"),
        "criterion": skopt.space.Categorical(["gini", "entropy"]),
        "splitter": Categorical(["best", "random"]),
        "max_features": ["sqrt"],
    }
    fitted = search(space).fit(X, Y)
    assert set(fitted.best_params_) == set(space)
    assert fitted.best_params_["max_features"] == "sqrt"


def test_several_spaces_with_a_number_of_settings_each() -> None:
    pipe = Pipeline([("model", SVC())])
    svc = {"model": skopt.space.Categorical([SVC()]), "model__C": (1e-2, 1e2, "log-uniform")}
    tree = {"model": [DecisionTreeClassifier()], "model__max_depth": (1, 8)}
    both = {"model": Categorical([GaussianNB(), SVC()])}
    fitted = RnnSearchCV(pipe, [(svc, 3), tree, (both, 2)], n_iter=4, cv=2, random_state=0).fit(
        X, Y
    )
    assert fitted.total_iterations == 9
    kinds = [type(p["model"]) for p in fitted.cv_results_["params"]]
    assert kinds[:7] == [SVC] * 3 + [DecisionTreeClassifier] * 4
    assert set(kinds[7:]) == {GaussianNB, SVC}
    assert [len(r.x_iters) for r in fitted.optimizer_results_] == [3, 4, 2]


@pytest.mark.parametrize("refit", ["accuracy", "roc_auc"])
def test_of_several_scores_refit_names_the_one_that_counts(refit: str) -> None:
    fitted = search(scoring=["accuracy", "roc_auc"], refit=refit).fit(X, Y)
    assert fitted.best_score_ == fitted.cv_results_[f"mean_test_{refit}"].max()
    scores = [-value for value in fitted.optimizer_results_[0].func_vals]
    assert scores == list(fitted.cv_results_[f"mean_test_{refit}"])


def test_a_scorer_of_ones_own() -> None:
    def scorer(model: Any, features: Any, labels: Any) -> float:
        return -abs(model.get_depth() - 3.0)

    fitted = search(scoring=scorer, n_iter=8).fit(X, Y)
    assert fitted.best_params_["max_depth"] >= 3
    several = search(scoring=lambda *a: {"depth": scorer(*a), "none": 0.0}, refit="depth")
    assert several.fit(X, Y).best_score_ > -7.0


def test_settings_that_fail() -> None:
    space = {"max_depth": (-3, 3)}
    with pytest.warns(FitFailedWarning, match="fits failed"):
        fitted = search(space, n_iter=5, error_score=np.nan).fit(X, Y)
    assert fitted.best_params_["max_depth"] > 0
    assert fitted.optimizer_results_[0].n_failed > 0
    assert len(fitted.optimizer_results_[0].x_iters) == 5
    with pytest.raises(ValueError, match="max_depth"):
        search(space, n_iter=5).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_when_every_setting_fails_the_reason_is_raised() -> None:
    with pytest.raises(ValueError, match="max_depth"):
        search({"max_depth": (-9, 0)}, error_score=np.nan).fit(X, Y)


def test_callbacks_end_a_search() -> None:
    seen: list[int] = []
    fitted = search(n_iter=9).fit(
        X, Y, callback=[lambda r: seen.append(r.nfev), lambda r: r.nfev == 3]
    )
    assert seen == [1, 2, 3]
    assert len(fitted.cv_results_["params"]) == 3


def test_groups_and_arguments_of_fit_reach_their_place() -> None:
    groups = np.arange(len(Y)) % 4
    weight = np.linspace(0.1, 1.0, len(Y))
    options = {"cv": GroupKFold(2), "n_iter": 2}
    one = search(**options).fit(X, Y, groups=groups, sample_weight=weight)
    other = search(**options, fit_params={"sample_weight": weight}).fit(X, Y, groups=groups)
    assert list(one.cv_results_["mean_test_score"]) == list(other.cv_results_["mean_test_score"])
    assert one.n_splits_ == 2


def test_a_policy_is_chosen_as_an_argument_of_the_optimizer() -> None:
    fitted = search(optimizer_kwargs={"policy": "lstm"}).fit(X, Y)
    assert fitted.optimizer_results_[0].policy == "lstm"
    with pytest.raises(PolicyError):
        search(optimizer_kwargs={"policy": "none"}).fit(X, Y)
    with pytest.warns(UserWarning, match="base_estimator"):
        search(optimizer_kwargs={"base_estimator": "RF"}).fit(X, Y)


def test_a_clone_is_a_search_that_is_not_fitted() -> None:
    fitted = search().fit(X, Y)
    again = clone(fitted)
    assert again.get_params(deep=False).keys() == fitted.get_params(deep=False).keys()
    with pytest.raises(AttributeError):
        _ = again.optimizer_results_


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"space": {}}, SpaceError),
        ({"space": []}, SpaceError),
        ({"space": {"max_depth": [3]}}, SpaceError),
        ({"space": {"max_depth": (None, 8)}}, SpaceError),
        ({"space": {"max_depth": scipy.stats.poisson(3)}}, SpaceError),
        ({"space": {"ccp_alpha": scipy.stats.loguniform(1e-3, 1.0, loc=1.0)}}, SpaceError),
        ({"space": {"max_depth": (5, 2)}}, SpaceError),
        ({"space": [("max_depth", 1, 2)]}, SpaceError),
        ({"space": [(SPACE, 0)]}, ConfigError),
        ({"n_iter": 0}, ConfigError),
        ({"n_points": 0}, ConfigError),
        ({"refit": lambda results: 0}, ConfigError),
        ({"scoring": ["accuracy", "roc_auc"], "refit": False}, ConfigError),
        ({"random_state": -1}, ValueError),
    ],
)
def test_what_is_malformed_is_refused(options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        search(**options).fit(X, Y)


@pytest.mark.parametrize("error_score", [0.0, np.nan])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the")
def test_settings_of_which_every_fit_fails_have_their_rows(error_score: float) -> None:
    space = {"max_depth": [-3, -2, 1, 2]}
    options = {"n_iter": 4, "cv": 2, "error_score": error_score, "return_train_score": True}
    ours = search(space, **options).fit(X, Y)
    theirs = RandomizedSearchCV(ours.estimator, space, random_state=0, **options).fit(X, Y)
    assert ours.cv_results_.keys() == theirs.cv_results_.keys()
    columns = ["mean_test_score", "split1_test_score", "rank_test_score", "mean_train_score"]
    rows = [
        sorted(
            (p["max_depth"], *(results[c][i] for c in columns))
            for i, p in enumerate(results["params"])
        )
        for results in (ours.cv_results_, theirs.cv_results_)
    ]
    np.testing.assert_array_equal(*rows)
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == theirs.best_score_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the")
def test_rows_of_failed_settings_with_several_scores() -> None:
    scoring = ["accuracy", "roc_auc"]
    options = {"scoring": scoring, "refit": "roc_auc", "error_score": np.nan, "n_points": 2}
    results = search({"max_depth": [-3, -2, -1, 1, 2]}, n_iter=5, **options).fit(X, Y).cv_results_
    for depth, accuracy, auc in zip(
        results["param_max_depth"],
        results["mean_test_accuracy"],
        results["mean_test_roc_auc"],
        strict=True,
    ):
        assert np.isnan(accuracy) == np.isnan(auc) == (depth < 0)


def test_a_space_with_fewer_settings_is_searched_once() -> None:
    small = search({"max_depth": [1, 2, 3], "criterion": ["gini", "entropy"]}, n_iter=30)
    assert small.total_iterations == 6
    with pytest.warns(UserWarning, match="total space of parameters 6 is smaller than n_iter=30"):
        small.fit(X, Y)
    assert len({tuple(p.values()) for p in small.cv_results_["params"]}) == 6
    assert len(small.cv_results_["params"]) == 6


def test_a_list_is_a_choice_and_a_tuple_of_numbers_a_range() -> None:
    space = {
        "max_depth": [2, 8],
        "min_samples_split": (2, 8),
        "class_weight": [None, "balanced"],
        "max_features": ["sqrt", None],
        "min_samples_leaf": np.array([0.1, 0.2]),
        "ccp_alpha": [1e-5, 1e-1, "log-uniform"],
    }
    (result,) = search(space, n_iter=12).fit(X, Y).optimizer_results_
    assert result.space.bounds == [
        (1e-5, 1e-1),
        (None, "balanced"),
        (2, 8),
        ("sqrt", None),
        (0.1, 0.2),
        (2, 8),
    ]
    kinds = [type(dimension) for dimension in result.space]
    assert kinds == [Real, Categorical, Categorical, Categorical, Categorical, Integer]
    assert {x[2] for x in result.x_iters} == {2, 8}


def test_distributions_of_scipy() -> None:
    space = {
        "max_depth": scipy.stats.randint(1, 5),
        "min_samples_split": scipy.stats.randint(3, 4),
        "ccp_alpha": scipy.stats.loguniform(1e-5, 1e-1),
        "min_weight_fraction_leaf": scipy.stats.uniform(0.125, 0.25),
        "min_impurity_decrease": scipy.stats.reciprocal(1e-5, 1e-1),
    }
    fitted = search(space).fit(X, Y)
    assert list(fitted.optimizer_results_[0].space) == [
        Real(1e-5, 1e-1, "log-uniform", "ccp_alpha"),
        Integer(1, 4, "uniform", "max_depth"),
        Real(1e-5, 1e-1, "log-uniform", "min_impurity_decrease"),
        Real(0.125, 0.375, "uniform", "min_weight_fraction_leaf"),
    ]
    assert {p["min_samples_split"] for p in fitted.cv_results_["params"]} == {3}


def test_a_fitted_search_can_be_pickled_whatever_its_callbacks() -> None:
    fitted = search(n_jobs=2).fit(X, Y, callback=lambda result: False)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.best_params_ == fitted.best_params_


@pytest.mark.parametrize("how", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_what_ends_a_fit_early_leaves_the_results_so_far(how: type[BaseException]) -> None:
    def end(result: Any) -> None:
        if result.nfev == 3:
            raise how

    ended = search(n_iter=9)
    for _ in range(2):  # of a second fit, too
        with pytest.raises(how):
            ended.fit(X, Y, callback=end)
        results = ended.cv_results_
        assert len(results["params"]) == 3
        assert ended.best_score_ == results["mean_test_score"].max()
        assert ended.best_params_ == results["params"][ended.best_index_]
        assert len(ended.optimizer_results_[0].x_iters) == 3


def test_callbacks_of_scikit_learn_see_every_fit() -> None:
    pytest.importorskip("sklearn.callback")

    class Begun:
        """What scikit-learn calls; it is sent to no other process here."""

        def __init__(self) -> None:
            self.tasks: list[str] = []

        def setup(self, estimator: Any, context: Any) -> None:
            pass

        def teardown(self, estimator: Any, context: Any) -> None:
            pass

        def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
            self.tasks.append(context.task_name)

        def on_fit_task_end(self, estimator: Any, context: Any) -> None:
            self.tasks.append(f"end of {context.task_name}")

    begun = Begun()
    search(n_iter=3, n_points=2).set_callbacks(begun).fit(X, Y)
    assert begun.tasks.count("settings") == begun.tasks.count("end of settings") == 2
    assert begun.tasks.count("candidate-split-evaluation") == 3 * 2
    assert begun.tasks.count("search") == begun.tasks.count("end of search") == 1
    assert begun.tasks.count("refit-with-best-params") == 1


def test_conditions_and_steps_are_understood():
    from sklearn.datasets import load_iris
    from sklearn.svm import SVC

    space = {
        "kernel": ["rbf", "linear"],
        "gamma": Real(1e-3, 1.0, "log-uniform", when={"kernel": "rbf"}),
        "C": Real(0.5, 2.0, step=0.5),
        "shrinking": [True],
    }
    search = RnnSearchCV(SVC(), space, n_iter=10, cv=2, random_state=0).fit(
        *load_iris(return_X_y=True)
    )
    settings = search.cv_results_["params"]
    assert {one["kernel"] for one in settings} == {"rbf", "linear"}
    assert all(("gamma" in one) == (one["kernel"] == "rbf") for one in settings)
    assert {one["C"] for one in settings} <= {0.5, 1.0, 1.5, 2.0}
