"""Weights files: what is written comes back, and what is damaged is refused."""

import hashlib
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rnnbbo import checkpoint, shipped
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.errors import CheckpointError, PolicyError
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.network import Network


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    policy = Network(NetworkConfig("lstm", "direct", hidden=3))
    weights = policy.init_params(np.random.default_rng(0))
    path = tmp_path / "p.safetensors"
    checkpoint.save_policy(path, Checkpoint("mine", policy, weights, {"seed": 5}))
    return path


def test_round_trip(saved: Path) -> None:
    loaded = shipped.load(saved)
    assert (loaded.name, loaded.provenance) == ("mine", {"seed": 5})
    assert loaded.policy.config == NetworkConfig("lstm", "direct", hidden=3)
    for name, value in loaded.policy.init_params(np.random.default_rng(0)).items():
        np.testing.assert_array_equal(loaded.params[name], value)
    assert not list(saved.parent.glob("*.tmp"))


def test_every_shipped_policy_loads_with_its_provenance() -> None:
    for name in shipped.available():
        loaded = shipped.load(name)
        assert loaded.name == name
        if name == "kernel":  # its weights are those of another policy
            assert shipped.ADVISER in loaded.provenance["training"]
            continue
        assert loaded.provenance["config"]["train"]["name"] == name
        assert loaded.provenance["commit"]
        assert not loaded.provenance["commit"].endswith("-dirty")


def test_cut_files_are_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"p\.safetensors"):
            shipped.load(saved)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "exploded",)

    path = tmp_path / "p.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError):
        shipped.load(path)
    assert not (tmp_path / "exploded").exists()


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"w": np.zeros(3, np.float32)}, path)
    with pytest.raises(CheckpointError, match="not one of rnnbbo's"):
        shipped.load(path)


@pytest.mark.parametrize("change", ["missing", "extra", "shape", "dtype", "nan"])
def test_weights_of_another_policy_are_refused(saved: Path, change: str) -> None:
    weights, header = checkpoint.read_tensors(saved)
    if change == "missing":
        del weights["cell.x"]
    elif change == "extra":
        weights["more"] = np.zeros(1, np.float32)
    elif change == "shape":
        weights["cell.x"] = weights["cell.x"][1:]
    elif change == "dtype":
        weights["cell.x"] = weights["cell.x"].astype(np.float64)
    else:
        weights["cell.x"][0, 0] = np.nan
    checkpoint.write_tensors(saved, weights, header)
    with pytest.raises(CheckpointError, match="more" if change == "extra" else "cell.x"):
        shipped.load(saved)


def test_a_file_without_a_policy_is_refused(saved: Path) -> None:
    weights, _ = checkpoint.read_tensors(saved)
    checkpoint.write_tensors(saved, weights, {"policy": {"recurrence": "gru"}})
    with pytest.raises(CheckpointError, match="no policy"):
        shipped.load(saved)


def test_missing_file_and_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere\.safetensors"):
        shipped.load(tmp_path / "nowhere.safetensors")
    with pytest.raises(PolicyError, match="policy = 'gru'"):
        shipped.load("gru")


def _forge(path: Path, tensors: dict[str, tuple[str, list[int], bytes]], header: str) -> None:
    """Write a file by hand, with kinds of numbers that numpy lacks, and a header that is wrong."""
    entries: dict[str, object] = {}
    data = b""
    for name, (kind, shape, numbers) in tensors.items():
        places = [len(data), len(data) + len(numbers)]
        entries[name] = {"dtype": kind, "shape": shape, "data_offsets": places}
        data += numbers
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name][2])
    entries["__metadata__"] = {
        "format": checkpoint.FORMAT,
        "version": str(checkpoint.VERSION),
        "sha256": digest.hexdigest(),
        "header_sha256": hashlib.sha256(header.encode()).hexdigest(),
        "header": header,
    }
    text = json.dumps(entries).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


LSTM = {"recurrence": "lstm", "head": "direct", "hidden": 3}


def _header(policy: object, **more: object) -> str:
    return json.dumps({"name": "mine", "policy": policy, "provenance": {}} | more)


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "F8_E5M2", "F16", "F64", "I32", "BOOL"])
def test_other_kinds_of_numbers_are_refused(tmp_path: Path, kind: str) -> None:
    size = {"F64": 8, "I32": 4, "BF16": 2, "F16": 2}.get(kind, 1)
    tensors = {}
    for name, value in Network(NetworkConfig(**LSTM)).init_params(np.random.default_rng(0)).items():
        tensors[name] = (kind, list(value.shape), bytes(value.size * size))
    path = tmp_path / "p.safetensors"
    _forge(path, tensors, _header(LSTM))
    with pytest.raises(CheckpointError, match=r"p\.safetensors.*float32"):
        shipped.load(path)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("[" * 100_000, "not readable"),
        ('{"a":' * 100_000, "not readable"),
        ("[1]", "not a table"),
        (_header(LSTM | {"hidden": 10**9}), "policy.hidden = 1000000000"),
        (_header(LSTM | {"hidden": 10**30}), "policy.hidden"),
        (_header(LSTM | {"hidden": -1}), "policy.hidden = -1"),
        (_header(LSTM | {"hidden": 3.0}), "policy.hidden = 3.0"),
        (_header(LSTM | {"hidden": True}), "policy.hidden = True"),
        (_header(LSTM | {"hidden": None}), "policy.hidden = None"),
        (_header(LSTM | {"hidden": [3]}), "policy.hidden"),
        (_header(LSTM | {"recurrence": ["lstm"]}), "policy.recurrence"),
        (_header(LSTM | {"recurrence": {}}), "policy.recurrence"),
        (_header(LSTM | {"head": 1}), "policy.head"),
        (_header(LSTM | {"max_rows": 10**12}), "policy.max_rows = 1000000000000"),
        (_header(LSTM | {"memory_rows": 10**9}), "policy.memory_rows"),
        (_header(LSTM | {"other": 1}), "other"),
        (_header(LSTM | {"hidden": 4}), "shape of"),
        (_header([]), "holds no policy"),
        (_header("lstm"), "holds no policy"),
        (_header(None), "holds no policy"),
        (_header(LSTM, provenance=3), "holds no policy"),
        ('{"name": "mine"}', "holds no policy"),
    ],
)
def test_wrong_headers_are_refused_before_anything_is_made_of_them(
    tmp_path: Path, header: str, words: str
) -> None:
    path = tmp_path / "p.safetensors"
    weights = Network(NetworkConfig(**LSTM)).init_params(np.random.default_rng(0))
    tensors = {name: ("F32", list(v.shape), v.tobytes()) for name, v in weights.items()}
    _forge(path, tensors, header)
    with pytest.raises(CheckpointError, match=re.escape(words)):
        shipped.load(path)
