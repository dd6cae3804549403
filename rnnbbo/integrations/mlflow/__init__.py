"""A callback that logs an optimization to MLflow: a run, and a nested run for each trial."""

from rnnbbo.errors import MissingExtraError

try:
    from mlflow.entities import Metric, Param, RunTag  # noqa: F401
    from mlflow.tracking import MlflowClient  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "rnnbbo.integrations.mlflow needs MLflow: pip install -c constraints.txt 'mlflow>=3.17'"
    ) from error

# Imported once it is known that MLflow is there.
from rnnbbo.integrations.mlflow.best_effort import MlflowCallback

__all__ = ["MlflowCallback"]
