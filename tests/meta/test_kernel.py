"""Learning the numbers of the kernel policy."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo import Optimizer, Study, checkpoint
from rnnbbo.cli.main import run
from rnnbbo.errors import CheckpointError, ConfigError
from rnnbbo.functions.composite import CompositeFamily
from rnnbbo.meta import kernel
from rnnbbo.meta.kernel import KernelTraining
from rnnbbo.policies.kernel.boldness import Boldness
from rnnbbo.policies.kernel.prior import Prior

SMALL = KernelTraining(pool=4, part=2, trials=3, finalists=2, dims=(1, 2), n_calls=8, times=(4, 8))
FAMILY = CompositeFamily()


def test_the_start_gains_nothing_on_itself() -> None:
    pool = [kernel.make_member(SMALL, FAMILY.draw, number) for number in range(4)]
    assert kernel.gain(SMALL, FAMILY.draw, pool, np.arange(4), kernel.starting_params()) == 0.0
    bold = {**kernel.starting_params(), **Boldness(3.0, 3.0).to_params()}
    assert kernel.gain(SMALL, FAMILY.draw, pool, np.arange(4), bold) != 0.0


def test_losses_lie_between_regret_and_digits() -> None:
    best = np.array([10.0, 3.0, 1.0, 0.5])
    assert_allclose(kernel.loss(best, 1.0, 2.0), [np.sqrt(2.0), 1.0, 0.0, 0.0])


def test_learning_is_resumed_and_ends_in_weights(tmp_path) -> None:
    weights = kernel.learn(SMALL, FAMILY.draw, {"smooth": 0.35}, tmp_path)
    with Study(tmp_path / "trials.db", resume=True) as study:
        told = study.told()
    assert len(told) == 3
    loaded = checkpoint.load(weights)
    learned = loaded.provenance["learned"]
    assert list(learned.values()) in [trial.x for trial in told]
    for name, value in learned.items():
        assert loaded.params[name].item() == pytest.approx(value, rel=1e-6)
    prior = Prior.from_params(loaded.params)
    assert prior.own_spread == pytest.approx(learned["prior.own_spread"], rel=1e-6)
    assert prior.noisy == pytest.approx(Prior().noisy, rel=1e-6)  # not learned
    # Everything is there already: the same command only writes the same weights again.
    again = kernel.learn(SMALL, FAMILY.draw, {"smooth": 0.35}, tmp_path)
    assert checkpoint.load(again).provenance == loaded.provenance
    optimizer = Optimizer([(0.0, 1.0)], policy=str(weights), n_calls=5, rng=0)
    for _ in range(5):
        optimizer.tell(optimizer.ask(), 1.0)


def test_exploration_follows_the_horizon() -> None:
    boldness = Boldness(0.4, -0.2)
    assert boldness.explore(0.0) == 0.4
    assert boldness.explore(1.0) == pytest.approx(-0.2)
    assert boldness.explore(3.0) == pytest.approx(-0.2)  # beyond what was planned
    assert boldness.explore(None) == pytest.approx(0.1)


def test_the_command(tmp_path, capsys) -> None:
    config = tmp_path / "kernel.toml"
    config.write_text(
        "[kernel]\npool = 2\npart = 1\ntrials = 1\nfinalists = 1\ndims = [1]\nn_calls = 4\n"
        "times = [4]\n[functions]\nsmooth = 1.0\n"
    )
    assert run(["train", str(config), "--out", str(tmp_path / "out")]) == 0
    assert "kernel.safetensors" in capsys.readouterr().out
    assert run(["policies", str(tmp_path / "out" / "kernel.safetensors"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (policy,) = document["policies"].values()
    assert policy["provenance"]["config"]["functions"]["smooth"] == 1.0
    for text, message in (
        ("[kernel]\npool = 0\n", "kernel.pool is 0"),
        ("[kernel]\n[train]\n", "unknown table"),
        ("[kernel]\n[functions]\nkernels = 1\n", "unknown key functions.kernels"),
    ):
        config.write_text(text)
        assert run(["train", str(config)]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"part": 300, "pool": 3}, "kernel.part"),
        ({"times": (99,)}, "kernel.times"),
        ({"dims": ()}, "kernel.dims"),
        ({"seed": -1}, "kernel.seed"),
        ({"name": "no name"}, "kernel.name"),
    ],
)
def test_malformed_trainings_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        KernelTraining(**values)


def test_weights_of_another_shape_are_refused(tmp_path) -> None:
    path = tmp_path / "kernel.safetensors"
    params = kernel.starting_params()
    del params["prior.rbf"]
    checkpoint.save_policy(path, checkpoint.Checkpoint("kernel", kernel.KernelPolicy(), params, {}))
    with pytest.raises(CheckpointError, match=r"prior\.rbf"):
        checkpoint.load(path)
