"""A program configured by Hydra, tuned by our sweeper.

Its search space stands in its configuration here; on the command line it may be another one:

    python examples/hydra_sweep.py hydra.sweeper.n_trials=50 'width=16,32,64'

In a program of your own, `hydra/sweeper=rnnbbo` beside `--multirun` is all there is to add.
"""

import hydra
from hydra.core.config_store import ConfigStore

CONFIG = {
    "defaults": ["_self_", {"override hydra/sweeper": "rnnbbo"}],
    "lr": 1e-3,
    "width": 64,
    "act": "relu",
    "hydra": {
        "mode": "MULTIRUN",
        "sweeper": {
            "n_trials": 20,
            "seed": 0,
            "params": {
                "lr": "tag(log,interval(1e-5,1e-1))",
                "width": "range(16,257,16)",
                "act": "relu,tanh",
            },
        },
    },
}
ConfigStore.instance().store("config", CONFIG)


@hydra.main(version_base=None, config_path=None, config_name="config")
def main(config):
    """Stand for training a network, and return its loss."""
    lr, width = config.lr, config.width
    if lr > 0.05:
        raise RuntimeError("diverged")  # a failed trial; the sweep goes on
    return (
        (lr / 3e-3 + 3e-3 / lr - 2) ** 0.5 + abs(width - 128) / 256 + 0.2 * (config.act == "tanh")
    )


if __name__ == "__main__":
    main()
