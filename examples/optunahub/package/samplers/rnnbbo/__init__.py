"""The sampler of rnnbbo as a package of OptunaHub's registry."""

from rnnbbo.integrations.optuna import RnnSampler

__all__ = ["RnnSampler"]
