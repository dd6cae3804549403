"""Optuna's studies, storages and pruners with a recurrent policy as the sampler.

Start it several times at once with a storage of your own, and the processes work on one study:

    python examples/optuna_sampler.py sqlite:///study.db
"""

import sys

import optuna

from rnnbbo.integrations.optuna import RnnSampler


def objective(trial):
    """Stand for training a network: the loss after every epoch, which Optuna may prune."""
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    width = trial.suggest_int("width", 16, 256, step=16)
    act = trial.suggest_categorical("act", ["relu", "tanh"])
    final = (lr / 3e-3 + 3e-3 / lr - 2) ** 0.5 + abs(width - 128) / 256 + 0.2 * (act == "tanh")
    for epoch in range(1, 11):
        trial.report(final + 1 / epoch, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return final


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=sys.argv[1] if len(sys.argv) > 1 else None,
        study_name="network",
        load_if_exists=True,
        sampler=RnnSampler(seed=0),
        pruner=optuna.pruners.MedianPruner(),
    )
    study.optimize(objective, n_trials=40)
    pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
    print(f"{study.best_value:.4f} at {study.best_params}")
    print(f"{pruned} of {len(study.trials)} trials were pruned")
