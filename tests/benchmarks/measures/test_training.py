import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks.measures import training
from rnnbbo.benchmarks.reports.section import Subsection
from rnnbbo.meta.config import Config, parse
from rnnbbo.meta.schedule import Episode

SMALL = """
[train]
name = "small"
loss = "{loss}"
updates = 1
batch = 2
dims = [2]
horizon = [4, 4]
candidates = 8

[policy]
recurrence = "lstm"
head = "{head}"
hidden = 4
forms = 2
layer = 4

[functions]
kernels = ["rbf"]
"""


def config() -> Config:
    return parse(tomllib.loads(SMALL.format(head="scored", loss="candidates")))


def test_a_larger_batch_has_more_products_in_proportion() -> None:
    episode = Episode(2, 4, 1)
    speeds = [training.time_update(config(), n, "cpu", repeats=1, episode=episode) for n in (2, 6)]
    each = [s.flops_per_second / s.functions_per_second for s in speeds]
    assert each[0] > 0
    assert each[1] == pytest.approx(each[0], rel=0.05)
    assert [s.batch for s in speeds] == [2, 6]


def test_the_peak_counts_multiplications_and_additions(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([9.0, 0.5, 0.25, 0.5, 1.0, 0.5])
    monkeypatch.setattr(training, "PEAK_SIZE", 10)
    monkeypatch.setattr(training, "_seconds", lambda work, device: next(times))
    assert training.torch_peak_flops("cpu") == 2 * 10**3 / 0.25


def test_a_row_a_configuration_and_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Callable[..., list[Subsection]]
) -> None:
    monkeypatch.setattr(training, "PEAK_SIZE", 64)
    files = []
    for head, loss in (("scored", "candidates"), ("direct", "ei")):
        files.append(tmp_path / f"{head}.toml")
        files[-1].write_text(SMALL.format(head=head, loss=loss))
    options = ["--batch", "2,4", "--repeats", "1", "--dim", "2", "--horizon", "4"]
    (subsection,) = measured("training", *files, *options)
    (table,) = subsection.tables
    assert table.head[2] == "functions a second"
    rows = [[cell.text for cell in row] for row in table.rows]
    assert [" ".join(row[:2]) for row in rows] == [
        "scored 2",
        "scored 4",
        "direct 2",
        "direct 4",
    ]
    assert all(float(row[2]) > 0 for row in rows)
    assert np.isfinite([float(row[3]) for row in rows]).all()


def test_what_is_wrong_is_named(tmp_path: Path, refused: Callable[..., str]) -> None:
    bad, good = tmp_path / "bad.toml", tmp_path / "good.toml"
    bad.write_text(SMALL.format(head="other", loss="candidates"))
    good.write_text(SMALL.format(head="scored", loss="candidates"))
    assert "policy.head = 'other'" in refused("training", bad)
    assert "none.toml' does not exist" in refused("training", tmp_path / "none.toml")
    line = refused("training", good, "--device", "abacus")
    assert "device = 'abacus'; expected a device of torch's that is there, such as cpu" in line
