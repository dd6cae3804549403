"""Training: resumable to the bit, logged, validated on functions of its own."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbbo import Optimizer, checkpoint, shipped
from rnnbbo.errors import CheckpointError, ConfigError
from rnnbbo.functions.gp import GPDistribution
from rnnbbo.meta import config, trainer, validation
from rnnbbo.meta.curves import draw_curves, read_log

VALUES = {
    "train": {
        "name": "tiny",
        "updates": 6,
        "batch": 4,
        "warmup": 2,
        "dims": [1, 2],
        "horizon": [3, 5],
        "workers": [2],
        "sequential": 0.5,
        "candidates": 8,
        "checkpoint_every": 2,
        "validate_every": 3,
    },
    "policy": {"hidden": 6, "layer": 8, "forms": 3, "kernel_heads": 2},
}
CONFIG = config.parse(VALUES)
FUNCTIONS = GPDistribution()


@pytest.fixture(autouse=True, scope="module")
def small_validation() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {
            "DIMS": (2,),
            "FUNCTIONS_PER_DIM": 3,
            "PATH_FEATURES": 32,
            "CANDIDATES": 8,
        }.items():
            patched.setattr(validation, name, value)
        yield


@pytest.fixture(scope="module")
def whole(small_validation: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of an unbroken training."""
    return train(tmp_path_factory.mktemp("whole"))


def train(out: Path, **options: int) -> Path:
    return trainer.train(CONFIG, FUNCTIONS, out, progress_bar=False, **options)


def assert_same_but_for_time(whole: Path, pieces: Path) -> None:
    """The same logs; norms to rounding: MKL may add up in an order that follows addresses."""
    one, other = (read_log(out / "log.jsonl") for out in (whole, pieces))
    for record in one:
        record["gradient_norm"] = pytest.approx(record["gradient_norm"], rel=1e-6)
    for record in (*one, *other):
        del record["seconds"]
    assert one == other


def test_a_resumed_training_equals_an_unbroken_one(whole: Path, tmp_path: Path) -> None:
    for steps in (1, 2, 3):
        pieces = shipped.load(train(tmp_path, stop_after=steps))
    for name, weight in shipped.load(whole).params.items():
        assert (weight == pieces.params[name]).all(), name
    assert_same_but_for_time(whole.parent, tmp_path)


def test_a_killed_training_loses_at_most_the_updates_since_the_checkpoint(
    whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    train(out, stop_after=3)
    # As after a kill during a later update: lines that no checkpoint knows, the last one cut.
    log = out / "log.jsonl"
    log.write_text(log.read_text() + '{"update": 3, "loss": 1.0}\n{"update": 4, "lo')
    resumed = shipped.load(train(out))
    for name, weight in shipped.load(whole).params.items():
        assert (weight == resumed.params[name]).all(), name
    assert [record["update"] for record in read_log(log)] == list(range(6))


def test_the_log_and_the_picture(whole: Path, tmp_path: Path) -> None:
    log = read_log(whole.parent / "log.jsonl")
    keys = {"update", "loss", "gradient_norm", "dim", "horizon", "workers", "seconds"}
    assert all(keys | {"query_spread", "border_share"} <= record.keys() for record in log)
    assert [r["update"] for r in log if "regret_2d_30" in r] == [2, 5]
    draw_curves(whole.parent / "log.jsonl", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_weights_carry_their_provenance_and_propose(whole: Path) -> None:
    provenance = shipped.load(whole).provenance
    assert provenance["config"] == json.loads(json.dumps(CONFIG.to_dict()))
    assert provenance["updates"] == 6
    assert provenance["functions"] == 24
    assert provenance["commit"]
    optimizer = Optimizer([(0.0, 1.0)], policy=whole, rng=0)
    assert optimizer.policy_name == "tiny"
    assert 0 <= optimizer.ask()[0] <= 1


def test_a_folder_of_another_configuration_is_refused(tmp_path: Path) -> None:
    train(tmp_path, stop_after=1)
    other = dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, batch=5))
    with pytest.raises(CheckpointError, match="another configuration"):
        trainer.train(other, FUNCTIONS, tmp_path, progress_bar=False)


def test_a_checkpoint_that_is_older_than_a_key_is_resumed(whole: Path, tmp_path: Path) -> None:
    train(tmp_path / "parts", stop_after=2)
    path = tmp_path / "parts" / "checkpoint.safetensors"
    tensors, header = checkpoint.read_tensors(path)
    del header["config"]["train"]["unroll"]
    checkpoint.write_tensors(path, tensors, header)
    parts = shipped.load(train(tmp_path / "parts"))
    for name, weight in shipped.load(whole).params.items():
        assert (weight == parts.params[name]).all(), name
    assert parts.provenance["updates"] == 6
    header["config"]["train"]["later"] = 1
    checkpoint.write_tensors(path, tensors, header)
    with pytest.raises(CheckpointError, match="another configuration"):
        train(tmp_path / "parts")


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    values = {**VALUES, "train": {**VALUES["train"], "updates": 45, "batch": 8, "dims": [1]}}
    values["train"] |= {"validate_every": 45, "horizon": [4, 4], "sequential": 1.0}
    values["train"] |= {"learning_rate": 1e-2}
    trainer.train(config.parse(values), FUNCTIONS, tmp_path, progress_bar=False)
    loss = [record["loss"] for record in read_log(tmp_path / "log.jsonl")]
    assert sum(loss[-15:]) < 0.8 * sum(loss[:15])


def imitating(teacher: str) -> config.Config:
    """A direct head that does nothing but imitate, one step after the other."""
    values = {
        "train": VALUES["train"]
        | {"loss": "ei", "teacher": teacher, "imitation": 1.0, "updates": 120, "batch": 16}
        | {"dims": [2], "learning_rate": 1e-2, "validate_every": 120},
        "policy": VALUES["policy"] | {"head": "direct"},
    }
    return config.parse(values)


def test_a_direct_head_comes_closer_to_its_teacher(tmp_path: Path) -> None:
    learning = imitating("dnc")
    idle = replace(learning, train=replace(learning.train, learning_rate=1e-12))
    sums = []
    for name, one in (("learning", learning), ("idle", idle)):
        trainer.train(one, FUNCTIONS, tmp_path / name, stop_after=40, progress_bar=False)
        log = read_log(tmp_path / name / "log.jsonl")
        sums.append(sum(record["loss"] for record in log[20:40]))
    # Horizons grow meanwhile, and the loss with them: only a training beside it tells.
    assert sums[0] < sums[1] - 0.1


def test_a_teacher_has_to_score(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train.teacher = 'kernel', .*; expected weights with"):
        trainer.train(imitating("kernel"), FUNCTIONS, tmp_path, progress_bar=False)


def test_validation_functions_are_fixed_and_their_seeds_kept_from_training() -> None:
    first, again = (validation.validation_sets(FUNCTIONS)[0] for _ in range(2))
    assert (first.minimum == again.minimum).all()
    assert (first.reference > 0).all()
    assert all(trainer._seed(CONFIG, u) < validation.SEED for u in range(1000))
