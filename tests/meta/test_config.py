"""Configurations: what is accepted, and what is refused with the key and the accepted values."""

import math
from pathlib import Path
from typing import Any

import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.gp import GPDistribution
from rnnbbo.meta import config

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_committed_configurations_are_valid(path: Path) -> None:
    loaded = config.load_config(path)
    assert loaded.train.name == path.stem
    GPDistribution(**loaded.functions)


def test_a_dictionary_round_trips() -> None:
    values = {"train": {"name": "a", "dims": [2, 3]}, "policy": {"recurrence": "lstm"}}
    parsed = config.parse(values)
    assert config.parse(parsed.to_dict()) == parsed


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"training": {}},
            r"unknown table \[training\]; expected one of train, policy, functions, rough",
        ),
        (
            {
                "train": {"name": "a", "loss": "ei"},
                "policy": {"head": "direct"},
                "rough": {"share": 1},
            },
            r"a table \[rough\] with policy.head = 'direct'; expected policy.head = \"scored\"",
        ),
        (
            {"train": {"name": "a", "epochs": 3}},
            "unknown key train.epochs; expected one of name, seed",
        ),
        ({"train": {}}, "train.name is missing"),
        ({"train": {"name": "a", "updates": 0}}, "train.updates = 0; expected an integer >= 1"),
        ({"train": {"name": "a", "batch": 6.5}}, "train.batch = 6.5"),
        ({"train": {"name": "a", "learning_rate": -1}}, "train.learning_rate = -1; expected a n"),
        ({"train": {"name": "a", "warped": 1.5}}, "train.warped = 1.5; expected a share"),
        ({"train": {"name": "a", "floor": 0}}, "train.floor = 0; expected a number > 0"),
        ({"train": {"name": "a", "imitation": 0.5}}, "train.teacher = ''; expected weights"),
        (
            {"train": {"name": "a", "teacher": "dnc", "imitation": 0.5}},
            "train.teacher = 'dnc'; expected none, or policy.head = .*only a direct head imitates",
        ),
        ({"train": {"name": "a", "climbed": 1}}, "train.climbed = 1; expected true or false"),
        (
            {"train": {"name": "a", "climbed": True}, "policy": {"process_heads": 0}},
            "train.climbed = true; expected false, or .*: only heads of regression are climbed",
        ),
        (
            {
                "train": {"name": "a", "climbed": True, "loss": "ei"},
                "policy": {"head": "direct", "process_heads": 4},
            },
            "train.climbed = true; expected false, or .*: only heads of regression are climbed",
        ),
        ({"train": {"name": "a", "unroll": -1}}, "train.unroll = -1; expected an integer >= 0"),
        (
            {"train": {"name": "a", "loss": "oi", "unroll": 8}, "policy": {"head": "direct"}},
            "train.unroll = 8; expected 0, or .*: a direct head's queries are steps of one graph",
        ),
        ({"train": {"name": "a", "horizon": [9, 5]}}, r"train.horizon = \(9, 5\); expected"),
        ({"train": {"name": "a", "dims": []}}, r"train.dims = \(\); expected a list of integers"),
        ({"train": {"name": "a", "dims": 3}}, "train.dims = 3; expected a list of integers"),
        ({"train": {"name": "a/b"}}, "train.name = 'a/b'; expected letters, digits"),
        ({"train": {"name": 5}}, "train.name = 5"),
        ({"train": {"name": "a", "seed": "x"}}, "train.seed = 'x'; expected an integer >= 0"),
        ({"train": 3}, r"train = 3; expected a table \[train\]"),
        ({"train": {"name": "a"}, "policy": 3}, r"policy = 3; expected a table \[policy\]"),
        (
            {"train": {"name": "a", "loss": "regret"}},
            "'regret'; expected one of sum, ei, oi, candidates",
        ),
        (
            {"train": {"name": "a", "loss": "ei"}},
            "train.loss = 'ei'; expected one of candidates, .* with",
        ),
        ({"train": {"name": "a"}, "policy": {"units": 3}}, "unknown key policy.units"),
        ({"train": {"name": "a", "learning_rate": 10**400}}, "expected a number > 0"),
        ({"train": {"name": "a", "clip": math.inf}}, "train.clip = inf; expected a number > 0"),
        ({"train": {"name": "a", "loss": ["oi"]}}, r"train.loss = \['oi'\]; expected one of"),
        ({"tra\x1bin": {}}, r"unknown table \[tra\\x1bin\]"),
    ],
)
def test_bad_configurations_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config.parse(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train = ", "not TOML"),
        ("\xff", "unknown|not TOML"),
        ("train = " + "[" * 1200 + "]" * 1200, "brackets nest too deep"),
        ("train = " + "9" * 5000, "not TOML"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=message):
        config.load_config(path)


def test_only_a_table_of_training_adapts_weights(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    for text in ("train = 3", "train = []"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"expected a table \[train\]"):
            config.load_train(path, config.TrainConfig("a"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        config.load_config(tmp_path / "nowhere.toml")
