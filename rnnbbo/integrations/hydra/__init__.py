"""A sweeper for Hydra: `python app.py --multirun hydra/sweeper=rnnbbo 'x=interval(0,1)'`.

Hydra finds the plugin in `hydra_plugins`, and the plugin this package, when there is a sweep.
"""

from rnnbbo.errors import MissingExtraError

try:
    import hydra  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "rnnbbo.integrations.hydra needs Hydra: pip install 'hydra-core>=1.3'"
    ) from error
