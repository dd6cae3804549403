"""A search algorithm for Ray Tune: its workers, schedulers and checkpoints with our policies."""

from rnnbbo.errors import MissingExtraError

try:
    import ray.tune  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "rnnbbo.integrations.ray needs Ray Tune: pip install -c constraints.txt 'ray[tune]>=2.60'"
    ) from error

# Imported once it is known that Ray is there.
from rnnbbo.integrations.ray.rnn_search import RnnSearch

__all__ = ["RnnSearch"]
