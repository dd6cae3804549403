"""A study with the sampler, loaded as OptunaHub loads a package of its registry."""

from __future__ import annotations

from pathlib import Path

import optuna
import optunahub

REGISTRY = Path(__file__).resolve().parents[2]  # the folder that holds "samplers"


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -5, 10)
    y = trial.suggest_float("y", 0, 15)
    return (x - 3) ** 2 + (y - 4) ** 2


if __name__ == "__main__":
    module = optunahub.load_local_module("samplers/rnnbbo", registry_root=str(REGISTRY))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=module.RnnSampler(seed=0))
    study.optimize(objective, n_trials=30)
    print(f"{study.best_value:.5f} at {study.best_params}")
