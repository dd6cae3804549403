"""Search over a scikit-learn pipeline, where two models have parameters of their own."""

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from rnnbbo.integrations.sklearn import RnnSearchCV

train_x, test_x, train_y, test_y = train_test_split(*load_wine(return_X_y=True), random_state=0)

search = RnnSearchCV(
    Pipeline([("scale", StandardScaler()), ("model", SVC())]),
    [
        (
            {
                "model": [SVC()],  # a single value is kept
                "model__C": (1e-3, 1e3, "log-uniform"),
                "model__gamma": (1e-4, 1e1, "log-uniform"),
                "model__kernel": ["rbf", "sigmoid"],
            },
            20,  # settings to try here
        ),
        (
            {
                "model": [RandomForestClassifier(n_estimators=20, random_state=0)],
                "model__max_depth": (1, 10),
                "model__max_features": (0.1, 1.0),
            },
            10,
        ),
    ],
    cv=3,
    random_state=0,
)
search.fit(train_x, train_y)
print(f"accuracy in cross-validation: {search.best_score_:.3f}")
print(f"error on unseen data:         {1 - search.score(test_x, test_y):.3f}")
for name, value in search.best_params_.items():
    print(f"  {name} = {value!r}")
