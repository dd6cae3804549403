"""Training by several processes makes the weights that one process makes."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rnnbbo import shipped
from rnnbbo.cli import main as cli
from rnnbbo.errors import ConfigError
from rnnbbo.functions.gp import GPDistribution
from rnnbbo.meta import config, trainer
from rnnbbo.meta.curves import read_log
from rnnbbo.meta.data_parallel import ProcessGroup

CONFIG = """
[train]
name = "shared"
updates = 4
batch = 4
shards = 2
dims = [1, 2]
horizon = [3, 4]
workers = [2]
sequential = 0.5
candidates = 8
checkpoint_every = 2

[policy]
hidden = 6
layer = 8
forms = 3
kernel_heads = 2

[functions]
kernels = ["rbf"]
"""


# The fourth is the last: a validation, of seconds, comes with it.
@pytest.mark.slow
@pytest.mark.parametrize("updates", [3, 4])
def test_two_processes_make_the_weights_and_the_curve_of_one(tmp_path: Path, updates: int) -> None:
    path = tmp_path / "shared.toml"
    path.write_text(CONFIG)

    def arguments(out: str, count: int) -> list[str]:
        options = ["--out", str(tmp_path / out), "--threads", "1", "--stop-after", str(count)]
        return ["train", str(path), *options]

    assert cli.run_command(arguments("one", updates)) == 0
    # Half by one process, and half by two: a training may move between machines.
    assert cli.run_command(arguments("two", 2)) == 0
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    both = subprocess.run(
        [sys.executable, *torchrun, "-m", "rnnbbo.cli.main", *arguments("two", updates - 2)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=240,
    )
    assert both.returncode == 0, both.stderr
    assert len(re.findall("going on from the checkpoint", both.stderr)) == 1
    assert len(re.findall("^weights: ", both.stdout, flags=re.M)) == 1
    one, two = (shipped.load(tmp_path / name / "shared.safetensors") for name in ("one", "two"))
    for name, weight in one.params.items():
        assert (weight == two.params[name]).all(), name
    assert one.provenance["functions"] == two.provenance["functions"] == 4 * updates
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("one", "two")]
    for record in (*logs[0], *logs[1]):
        del record["seconds"]
    for record in logs[0]:  # MKL may add up in an order that follows addresses
        record["gradient_norm"] = pytest.approx(record["gradient_norm"], rel=1e-6)
    assert len(logs[0]) == updates
    assert logs[0] == logs[1]


def test_every_shard_has_functions_of_its_own() -> None:
    settings = config.parse(tomllib.loads(CONFIG))
    seeds = {trainer._seed(settings, update, shard) for update in range(50) for shard in range(4)}
    assert len(seeds) == 200


@pytest.mark.parametrize(("rank", "expected"), [(0, [0, 1]), (1, [2, 3])])
def test_shards_are_shared_out_in_order(rank: int, expected: list[int]) -> None:
    assert list(ProcessGroup(rank, 2, "cpu").mine(4)) == expected


def test_shards_that_cannot_be_shared_out_are_refused(tmp_path: Path) -> None:
    settings = config.parse(tomllib.loads(CONFIG))
    message = "train.shards = 2; expected a multiple of the 3 processes"
    with pytest.raises(ConfigError, match=message):
        trainer.train(settings, GPDistribution(), tmp_path / "out", group=ProcessGroup(0, 3, "cpu"))
    assert not (tmp_path / "out").exists()


def test_a_batch_that_shards_do_not_divide_is_refused() -> None:
    values = tomllib.loads(CONFIG)
    values["train"]["shards"] = 3
    with pytest.raises(ConfigError, match=r"shards = 3; expected a divisor of train.batch = 4"):
        config.parse(values)
