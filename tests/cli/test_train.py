"""`rnnbbo train` as its users meet it."""

from pathlib import Path

import pytest

from rnnbbo import shipped
from rnnbbo.cli.main import run_command
from rnnbbo.meta import validation

TINY = """
[train]
name = "tiny"
updates = 2
batch = 2
dims = [1]
horizon = [2, 3]
candidates = 4
sequential = 1.0

[policy]
recurrence = "lstm"
hidden = 4
layer = 4
forms = 2

[functions]
kernels = ["rbf"]
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {
        "DIMS": (2,),
        "FUNCTIONS_PER_DIM": 2,
        "PATH_FEATURES": 16,
        "CANDIDATES": 8,
    }.items():
        monkeypatch.setattr(validation, name, value)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def test_a_training_leaves_weights_log_and_picture_and_goes_on_where_it_was(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(config), "--out", str(tmp_path / "run"), "--threads", "1"]
    assert run_command([*command, "--stop-after", "1"]) == 0
    assert "going on" not in capsys.readouterr().err
    assert run_command(command) == 0
    out, err = capsys.readouterr()
    assert "going on from the checkpoint" in err
    for name in ("tiny.safetensors", "log.jsonl", "curves.png"):
        assert str(tmp_path / "run" / name) in out
        assert (tmp_path / "run" / name).exists()
    assert shipped.load(tmp_path / "run" / "tiny.safetensors").provenance["updates"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("updates", "epochs"), "unknown key train.epochs; expected one of name, seed"),
        (('["rbf"]', '["cubic"]'), "cubic"),
        (
            ("kernels", "kernel"),
            "unknown key functions.kernel; expected one of kernels, lengthscale",
        ),
        (("[functions]\nkernels =", "[policy.x]\nkernels ="), "unknown key policy.x"),
        (('"lstm"', '"gru"'), "policy.recurrence = 'gru'; expected one of lstm, dnc"),
        (("[train]", "[train"), "not TOML"),
    ],
)
def test_a_wrong_configuration_is_a_usage_error_of_one_line(
    config: Path, change: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(TINY.replace(*change))
    assert run_command(["train", str(config)]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_a_missing_configuration_and_an_unusable_device(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["train", str(tmp_path / "nowhere.toml")]) == 2
    assert "nowhere.toml" in capsys.readouterr().err
    assert run_command(["train", str(config), "--device", "warp"]) == 2
    assert "--device = 'warp'; expected a device of torch's" in capsys.readouterr().err


FAMILY = """
import numpy as np

def family(rng, dim):
    centre = rng.random(dim)
    return lambda u: np.square(u - centre).sum(axis=1)
"""


def test_weights_are_adapted_to_a_family_and_the_gain_is_shown(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(validation, "SEARCHED", 16)
    assert run_command(["train", str(config), "--out", str(tmp_path / "run")]) == 0
    (tmp_path / "mine.py").write_text(FAMILY)
    (tmp_path / "fine.toml").write_text("[train]\nbatch = 2\nhorizon = [2, 3]\ncandidates = 4\n")
    capsys.readouterr()
    command = [
        "train",
        str(tmp_path / "fine.toml"),
        "--from",
        str(tmp_path / "run/tiny.safetensors"),
    ]
    command += ["--functions", f"{tmp_path / 'mine.py'}:family", "--dims", "2", "--updates", "2"]
    assert run_command([*command, "--out", str(tmp_path / "fine")]) == 0
    out = capsys.readouterr().out
    assert "regret on 2 members held out, 2D" in out
    assert all(f"\n{row} " in out for row in ("before", "after", "change"))
    weights = shipped.load(tmp_path / "fine" / "tiny-family.safetensors")
    assert weights.provenance["config"]["start"]["name"] == "tiny"
    assert weights.provenance["updates"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "CONFIG is missing; expected a TOML file, or --from with --functions"),
        (["--from", "dnc"], "--functions is missing; expected, with --from, a family"),
        (
            ["--from", "dnc", "--functions", "mine.py"],
            "--functions = 'mine.py'; expected, with --from, a family",
        ),
        (["--dims", "3"], "--dims = 3, without --from; expected --from POLICY"),
        (
            ["--from", "dnc", "--functions", "math:cos", "--dims", "2,x"],
            "'--dims': '2,x'; expected integers >= 1, such as 2,4,6",
        ),
        (["--from", "kernel", "--functions", "math:cos"], "expected a network with a scored head"),
        (["--from", "dnc", "--functions", "math:cos"], "the family failed with a generator"),
    ],
)
def test_wrong_options_are_named(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["train", *options, "--out", str(tmp_path / "run")]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_a_training_goes_on_from_other_weights_with_the_same_policy(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, further = tmp_path / "begun", tmp_path / "further"
    assert run_command(["train", str(config), "--out", str(begun)]) == 0
    weights = begun / "tiny.safetensors"
    config.write_text(config.read_text() + "[rough]\nshare = 1.0\n")
    options = ["train", str(config), "--from", str(weights), "--out", str(further)]
    assert run_command([*options, "--dims", "2"]) == 2
    assert "--dims = 2, without --functions; expected" in capsys.readouterr().err
    assert run_command(options) == 0
    trained = shipped.load(further / "tiny.safetensors")
    assert trained.provenance["config"]["start"]["name"] == "tiny"
    assert trained.provenance["config"]["rough"] == {"share": 1.0}
    assert run_command(["train", str(config), "--from", "dnc", "--out", str(tmp_path / "x")]) == 2
    assert "--from dnc, of policy {" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_refused_before_the_training(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out in (tmp_path / ("a" * 300), config / "inside", "/proc/none"):
        assert run_command(["train", str(config), "--out", str(out)]) == 2
        assert "Error: --out = '" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [config]
