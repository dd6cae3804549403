"""An optimization in MLflow: a run with its metrics, and a nested run for each trial.

Look at it afterwards:

    mlflow ui --backend-store-uri sqlite:///mlflow.db
"""

from rnnbbo import minimize
from rnnbbo.integrations.mlflow import MlflowCallback


def loss(lr, width):
    """Stand for training a network."""
    if lr > 0.05:
        raise RuntimeError("diverged")  # a failed trial, and a run that has failed
    return (lr / 3e-3 + 3e-3 / lr - 2) ** 0.5 + abs(width - 128) / 256


if __name__ == "__main__":
    space = {"lr": (1e-5, 1e-1, "log-uniform"), "width": (16, 256)}
    with MlflowCallback("sqlite:///mlflow.db", experiment="networks", run_name="first") as log:
        result = minimize(loss, space, n_calls=16, rng=0, callback=log)
    print(f"{result.fun:.4f} at {result.best}")
    print(f"run {log.run_id}, {log.n_logged} trials")
