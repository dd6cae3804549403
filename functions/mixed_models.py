"""The models of `rnnbbo.functions.mixed_tuning`, and the hyper-parameters that are tuned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnbbo.dimensions import Categorical, Dimension, Integer, Real
from rnnbbo.functions.tuning import LOG, LOSS, RMSE, WRONG


@dataclass(frozen=True)
class Ordered:
    """Numbers in ascending order, one a step.

    Attributes:
        values: the numbers.
        name: the hyper-parameter.
    """

    values: tuple[float, ...]
    name: str


@dataclass(frozen=True)
class Tuned:
    """A model and the hyper-parameters that are tuned.

    Attributes:
        estimator: `module:class`.
        loss: what is cross-validated: `LOSS`, `WRONG` or `RMSE` of `rnnbbo.functions.tuning`.
        parameters: named as the class has them, but for `CHOICES`.
        when: name -> the parameter and its values at which it counts; elsewhere it is not passed.
        fixed: the other arguments.
    """

    estimator: str
    loss: str
    parameters: tuple[Dimension | Ordered, ...]
    when: Mapping[str, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The parameters' names."""
        return [str(parameter.name) for parameter in self.parameters]


CHOICES: Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "scaler": {
        "none": ("", {}),
        "standard": ("sklearn.preprocessing:StandardScaler", {}),
        "min-max": ("sklearn.preprocessing:MinMaxScaler", {}),
        "robust": ("sklearn.preprocessing:RobustScaler", {}),
        "normal": ("sklearn.preprocessing:QuantileTransformer", {"n_quantiles": 50}),
    },
    "features": {
        "plain": ("", {}),
        "components": ("sklearn.decomposition:PCA", {"random_state": 0}),
        "products": ("sklearn.preprocessing:PolynomialFeatures", {"interaction_only": True}),
        "splines": ("sklearn.preprocessing:SplineTransformer", {}),
        "fourier": ("sklearn.kernel_approximation:RBFSampler", {"random_state": 0}),
    },
    "model": {
        "svc": ("sklearn.svm:SVC", {"max_iter": 2000}),
        "neighbors": ("sklearn.neighbors:KNeighborsClassifier", {}),
        "tree": ("sklearn.tree:DecisionTreeClassifier", {"random_state": 0}),
        "logistic": ("sklearn.linear_model:LogisticRegression", {"max_iter": 50}),
        "bayes": ("sklearn.naive_bayes:GaussianNB", {}),
    },
}
"""Parameters that choose a step of a pipeline: category -> `module:class` and fixed arguments.

A parameter of a step is named `step__parameter`, as scikit-learn has it.
"""


def _log(low: float, high: float, name: str) -> Real:
    return Real(low, high, LOG, name)


def _geometric(low: int, high: int, name: str, n: int = 8) -> Ordered:
    values = np.unique(np.geomspace(low, high, n).round().astype(int))
    return Ordered(tuple(values.tolist()), name)


def _choice(name: str, *categories: Any) -> Categorical:
    return Categorical(categories, name)


_SCALER = _choice("scaler", *CHOICES["scaler"])
_SEED = {"random_state": 0}
_KERNELS = ("rbf", "poly", "sigmoid", "linear")

_SVM = (
    _SCALER,
    _choice("kernel", *_KERNELS),
    _log(1e-2, 1e3, "C"),
    _log(1e-4, 1e1, "gamma"),
    Integer(2, 5, name="degree"),
    Real(0.0, 2.0, name="coef0"),
)
_SVM_WHEN = {
    "gamma": ("kernel", ("rbf", "poly", "sigmoid")),
    "degree": ("kernel", ("poly",)),
    "coef0": ("kernel", ("poly", "sigmoid")),
}
_FOREST = (
    _geometric(2, 10, "n_estimators", 6),
    Integer(1, 12, name="max_depth"),
    Real(0.1, 1.0, name="max_features"),
    Integer(1, 20, name="min_samples_leaf"),
    _choice("bootstrap", True, False),
    Real(0.2, 1.0, name="max_samples"),
)
_FOREST_WHEN = {"max_samples": ("bootstrap", (True,))}
_BOOSTING = (
    _geometric(2, 16, "n_estimators"),
    _log(1e-2, 1.0, "learning_rate"),
    Integer(1, 6, name="max_depth"),
    Real(0.3, 1.0, name="subsample"),
    _geometric(1, 40, "min_samples_leaf"),
)
_LIGHTGBM = (
    _choice("boosting_type", "gbdt", "dart"),
    _choice("data_sample_strategy", "bagging", "goss"),
    _geometric(3, 24, "n_estimators"),
    _log(1e-2, 1.0, "learning_rate"),
    Integer(2, 31, name="num_leaves"),
    Integer(1, 30, name="min_child_samples"),
    _log(1e-4, 1e1, "reg_lambda"),
    Real(0.3, 1.0, name="colsample_bytree"),
    Real(0.3, 1.0, name="subsample"),
    Real(0.0, 0.5, name="drop_rate"),
)
_LIGHTGBM_WHEN = {
    "subsample": ("data_sample_strategy", ("bagging",)),
    "drop_rate": ("boosting_type", ("dart",)),
}
_LIGHTGBM_FIXED = {**_SEED, "n_jobs": 1, "verbose": -1, "subsample_freq": 1}
_TREE = (
    _choice("splitter", "best", "random"),
    Integer(1, 15, name="max_depth"),
    Integer(2, 40, name="min_samples_split"),
    Integer(1, 20, name="min_samples_leaf"),
    _choice("max_features", None, "sqrt", "log2"),
    _log(1e-5, 1e-1, "ccp_alpha"),
)
_NEIGHBORS = (
    _SCALER,
    Integer(1, 30, name="n_neighbors"),
    _choice("weights", "uniform", "distance"),
    _choice(
        "metric",
        *("euclidean", "manhattan", "chebyshev", "minkowski", "cosine", "canberra", "braycurtis"),
    ),
    Real(1.0, 6.0, name="p"),
)
_NEIGHBORS_WHEN = {"p": ("metric", ("minkowski",))}

MIXED_MODELS: Mapping[str, Tuned] = {
    "svc": Tuned("sklearn.svm:SVC", WRONG, _SVM, _SVM_WHEN, {"max_iter": 2000}),
    "svr": Tuned(
        "sklearn.svm:SVR",
        RMSE,
        (*_SVM, _log(1e-3, 1.0, "epsilon")),
        _SVM_WHEN,
        {"max_iter": 2000},
    ),
    "forest": Tuned(
        "sklearn.ensemble:RandomForestClassifier",
        LOSS,
        (_choice("criterion", "gini", "entropy", "log_loss"), *_FOREST),
        _FOREST_WHEN,
        _SEED,
    ),
    "forest-regression": Tuned(
        "sklearn.ensemble:RandomForestRegressor", RMSE, _FOREST, _FOREST_WHEN, _SEED
    ),
    "extra-trees": Tuned(
        "sklearn.ensemble:ExtraTreesClassifier",
        WRONG,
        (
            _choice("criterion", "gini", "entropy"),
            *_FOREST,
            _choice("class_weight", None, "balanced"),
        ),
        _FOREST_WHEN,
        _SEED,
    ),
    "boosting": Tuned(
        "sklearn.ensemble:GradientBoostingClassifier",
        LOSS,
        (*_BOOSTING, _choice("max_features", None, "sqrt", "log2")),
        fixed=_SEED,
    ),
    "boosting-regression": Tuned(
        "sklearn.ensemble:GradientBoostingRegressor",
        RMSE,
        (*_BOOSTING, _choice("init", None, "zero"), _choice("max_features", None, "sqrt", "log2")),
        fixed=_SEED,
    ),
    "histogram-boosting": Tuned(
        "sklearn.ensemble:HistGradientBoostingClassifier",
        LOSS,
        (
            _geometric(2, 10, "max_iter", 6),
            _log(1e-2, 1.0, "learning_rate"),
            Integer(2, 31, name="max_leaf_nodes"),
            Integer(1, 40, name="min_samples_leaf"),
            _log(1e-4, 1e2, "l2_regularization"),
            Real(0.1, 1.0, name="max_features"),
            Ordered((7, 15, 31, 63, 127, 255), "max_bins"),
        ),
        fixed={**_SEED, "early_stopping": False},
    ),
    "lightgbm": Tuned("lightgbm:LGBMClassifier", LOSS, _LIGHTGBM, _LIGHTGBM_WHEN, _LIGHTGBM_FIXED),
    "lightgbm-regression": Tuned(
        "lightgbm:LGBMRegressor", RMSE, _LIGHTGBM, _LIGHTGBM_WHEN, _LIGHTGBM_FIXED
    ),
    "network": Tuned(
        "sklearn.neural_network:MLPClassifier",
        LOSS,
        (
            _choice("solver", "lbfgs", "sgd", "adam"),
            _choice("activation", "identity", "logistic", "tanh", "relu"),
            _geometric(2, 32, "hidden_layer_sizes"),
            _log(1e-5, 1e1, "alpha"),
            _log(1e-3, 1e-1, "learning_rate_init"),
            Integer(2, 8, name="max_iter"),
            Real(0.0, 0.95, name="momentum"),
        ),
        {
            "learning_rate_init": ("solver", ("sgd", "adam")),
            "momentum": ("solver", ("sgd",)),
        },
        {**_SEED, "batch_size": 32, "tol": 0.0, "n_iter_no_change": 1000},
    ),
    "network-sgd": Tuned(
        "sklearn.neural_network:MLPClassifier",
        LOSS,
        (
            _geometric(4, 64, "hidden_layer_sizes"),
            _log(1e-3, 1.0, "learning_rate_init"),
            Real(0.0, 0.99, name="momentum"),
            _log(1e-6, 1e1, "alpha"),
            _geometric(16, 128, "batch_size"),
            _geometric(3, 20, "max_iter"),
        ),
        {},
        {**_SEED, "solver": "sgd", "tol": 0.0, "n_iter_no_change": 1000},
    ),
    "sgd": Tuned(
        "sklearn.linear_model:SGDClassifier",
        WRONG,
        (
            _choice("loss", "hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"),
            _choice("penalty", "l2", "l1", "elasticnet"),
            _choice("learning_rate", "constant", "optimal", "invscaling", "adaptive"),
            _log(1e-6, 1.0, "alpha"),
            Real(0.0, 1.0, name="l1_ratio"),
            _log(1e-4, 1.0, "eta0"),
            Real(0.0, 1.0, name="power_t"),
        ),
        {
            "l1_ratio": ("penalty", ("elasticnet",)),
            "eta0": ("learning_rate", ("constant", "invscaling", "adaptive")),
            "power_t": ("learning_rate", ("invscaling",)),
        },
        {**_SEED, "max_iter": 10, "tol": None},
    ),
    "neighbors": Tuned(
        "sklearn.neighbors:KNeighborsClassifier", WRONG, _NEIGHBORS, _NEIGHBORS_WHEN
    ),
    "neighbors-regression": Tuned(
        "sklearn.neighbors:KNeighborsRegressor", RMSE, _NEIGHBORS, _NEIGHBORS_WHEN
    ),
    "tree": Tuned(
        "sklearn.tree:DecisionTreeClassifier",
        WRONG,
        (_choice("criterion", "gini", "entropy"), *_TREE),
        fixed=_SEED,
    ),
    "tree-regression": Tuned("sklearn.tree:DecisionTreeRegressor", RMSE, _TREE, fixed=_SEED),
    "kernel-ridge": Tuned(
        "sklearn.kernel_ridge:KernelRidge",
        RMSE,
        (
            _choice("kernel", "rbf", "laplacian", "polynomial", "sigmoid", "linear", "cosine"),
            _log(1e-4, 1e1, "alpha"),
            _log(1e-4, 1e1, "gamma"),
            Integer(1, 5, name="degree"),
            Real(0.0, 2.0, name="coef0"),
        ),
        {
            "gamma": ("kernel", ("rbf", "laplacian", "polynomial", "sigmoid")),
            "degree": ("kernel", ("polynomial",)),
            "coef0": ("kernel", ("polynomial", "sigmoid")),
        },
    ),
    "logistic": Tuned(
        "sklearn.linear_model:LogisticRegression",
        LOSS,
        (
            _choice("features", "plain", "components", "products", "splines"),
            Integer(1, 8, name="features__n_components"),
            Integer(2, 6, name="features__n_knots"),
            _log(1e-4, 1e3, "C"),
            _choice("class_weight", None, "balanced"),
            _choice("fit_intercept", True, False),
        ),
        {
            "features__n_components": ("features", ("components",)),
            "features__n_knots": ("features", ("splines",)),
        },
        {"max_iter": 15},
    ),
    "elastic-net": Tuned(
        "sklearn.linear_model:ElasticNet",
        RMSE,
        (
            _choice("features", "plain", "components", "products", "splines", "fourier"),
            Integer(1, 8, name="features__n_components"),
            Integer(2, 6, name="features__n_knots"),
            _log(1e-3, 1e1, "features__gamma"),
            _log(1e-4, 1e1, "alpha"),
            Real(0.0, 1.0, name="l1_ratio"),
        ),
        {
            "features__n_components": ("features", ("components",)),
            "features__n_knots": ("features", ("splines",)),
            "features__gamma": ("features", ("fourier",)),
        },
        {"max_iter": 200},
    ),
    "pipeline": Tuned(
        "",
        WRONG,
        (
            _SCALER,
            _choice("features", "plain", "components", "products"),
            Integer(1, 8, name="features__n_components"),
            _choice("model", *CHOICES["model"]),
            _log(1e-3, 1e3, "C"),
            _log(1e-4, 1e1, "gamma"),
            Integer(1, 30, name="n_neighbors"),
            Integer(1, 10, name="max_depth"),
        ),
        {
            "features__n_components": ("features", ("components",)),
            "C": ("model", ("svc", "logistic")),
            "gamma": ("model", ("svc",)),
            "n_neighbors": ("model", ("neighbors",)),
            "max_depth": ("model", ("tree",)),
        },
    ),
}

SCALE_FREE = ("sklearn.tree", "sklearn.ensemble", "lightgbm")
"""Models whose inputs need no scaling; all others get a standard one, or one that is chosen."""
