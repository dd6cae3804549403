"""A sampler for Optuna: its storages, pruners, dashboard and workers with our policies."""

from rnnbbo.errors import MissingExtraError

try:
    import optuna  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "rnnbbo.integrations.optuna needs Optuna: pip install 'optuna>=4'"
    ) from error

# Imported once it is known that Optuna is there.
from rnnbbo.integrations.optuna.sampler import RnnSampler

__all__ = ["RnnSampler"]
