"""Tune a support vector machine on the breast cancer data that scikit-learn ships."""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from rnnbbo import Categorical, Real, minimize

FEATURES, LABELS = load_breast_cancer(return_X_y=True)
SPACE = [
    Real(1e-3, 1e3, "log-uniform", name="C"),
    Real(1e-5, 1e1, "log-uniform", name="gamma"),
    Categorical(["rbf", "sigmoid"], name="kernel"),
]


def error(x):
    """Return the error rate in cross-validation: what is to be small."""
    C, gamma, kernel = x
    model = make_pipeline(StandardScaler(), SVC(C=C, gamma=gamma, kernel=kernel))
    return 1.0 - cross_val_score(model, FEATURES, LABELS, cv=3).mean()


if __name__ == "__main__":
    default = (
        1.0 - cross_val_score(make_pipeline(StandardScaler(), SVC()), FEATURES, LABELS, cv=3).mean()
    )
    result = minimize(error, SPACE, n_calls=25, rng=0)
    print(f"error with scikit-learn's defaults: {default:.4f}")
    print(f"error after 25 evaluations:         {result.fun:.4f}")
    for name, value in zip(result.space.names, result.x, strict=True):
        print(f"  {name} = {value!r}")
