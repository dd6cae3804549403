"""Ray Tune's workers, schedulers and checkpoints with our search algorithm."""

import tempfile

import ray
from ray import tune

from rnnbbo.integrations.ray import RnnSearch


def train(config):
    """Stand for training a network, and return its loss."""
    lr, width = config["lr"], config["net"]["width"]
    return {"loss": (lr / 3e-3 + 3e-3 / lr - 2) ** 0.5 + abs(width - 128) / 256}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            train,
            param_space={
                "lr": tune.loguniform(1e-5, 1e-1),
                "net": {"width": tune.qrandint(16, 256, 16), "act": "relu"},
            },
            tune_config=tune.TuneConfig(
                search_alg=RnnSearch(seed=0),
                metric="loss",
                mode="min",
                num_samples=16,
                max_concurrent_trials=2,
            ),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        best = tuner.fit().get_best_result()
    print(f"{best.metrics['loss']:.4f} at {best.config}")
    ray.shutdown()
