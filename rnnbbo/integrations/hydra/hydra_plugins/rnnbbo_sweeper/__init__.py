"""The plugin that Hydra finds: the name of the sweeper, and what can be set of it.

Hydra looks for plugins in the package `hydra_plugins`, to which every installed library may add;
`pyproject.toml` says how this one gets there. It is imported at each start of any program that uses
Hydra, so that what takes time to import waits until there is a sweep. Hydra runs it before it is in
`sys.modules`, where a dataclass looks its annotations up if they are texts: so they are none here.
"""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.errors import CompactHydraException
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


@dataclass
class RnnSweeperConf:
    """The settings below `hydra.sweeper`.

    Attributes:
        _target_: the class of the sweeper.
        n_trials: number of jobs; with a study, of the whole study.
        n_jobs: number of jobs that the launcher gets at a time.
        direction: "minimize" or "maximize", or a list of these, one for each objective.
        seed: the seed; null for the study's, or a random one.
        policy: as for `rnnbbo.Optimizer`.
        study: a file that keeps every trial, and is gone on with if it is there.
        max_failures: number of failed jobs that is still accepted; null for any.
        where: known constraints, an expression or a list of expressions over parameters.
        params: the search space, name to what stands behind "=" on the command line.
    """

    _target_: str = f"{__name__}.RnnSweeper"
    n_trials: int = 20
    n_jobs: int = 1
    direction: Any = "minimize"
    seed: int | None = None
    policy: str | None = None
    study: str | None = None
    max_failures: int | None = None
    where: Any = None
    params: dict[str, str] | None = None


ConfigStore.instance().store(
    group="hydra/sweeper", name="rnnbbo", node=RnnSweeperConf, provider="rnnbbo"
)


class RnnSweeper(Sweeper):
    """A sweeper whose jobs are the trials of an optimization.

    Args:
        settings: those of `RnnSweeperConf`.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings: Any = OmegaConf.to_container(OmegaConf.create(settings), resolve=True)

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra hands to a sweeper before it begins."""
        self.hydra_context = hydra_context
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Optimize over what the arguments leave open.

        Args:
            arguments: overrides as on the command line; those of `params` come before them.

        Returns:
            The `rnnbbo.OptimizeResult`.

        Raises:
            CompactHydraException: what rnnbbo refuses, or too many jobs failed. Hydra shows its
                message, and no traceback.
        """
        from rnnbbo.errors import RnnbboError
        from rnnbbo.integrations.hydra.sweep import Jobs, SweepSettings, run_sweep

        assert self.launcher is not None
        assert self.hydra_context is not None
        jobs = Jobs(self.launcher, self.validate_batch_is_legal)
        try:
            settings = SweepSettings.of(**self._settings)
            return run_sweep(self.hydra_context, self.config, jobs, settings, arguments)
        except RnnbboError as error:
            raise CompactHydraException(f"{type(error).__name__}: {error}") from error
