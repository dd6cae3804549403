"""Weights files: safetensors with a checksum and provenance.

Nothing in such a file is executed. A file is refused when it is not rnnbbo's, when a bit of its
numbers or of its header has changed, or when names and shapes are not those of its policy.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rnnbbo.errors import CheckpointError, ConfigError
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.protocol import Policy

FORMAT = "rnnbbo"
VERSION = 1
SUFFIX = ".safetensors"
_ANY_SIZE = 256  # that a setting may have, also where no tensor is as large
_MOST_ROWS = 4096  # no tensor has a row of them, what is kept in a run has


@dataclass(frozen=True)
class Checkpoint:
    """A trained policy.

    Attributes:
        name: the policy's name.
        policy: its definition.
        params: its weights, float32 numpy arrays by name.
        provenance: how the weights were made: loss, functions, horizons, dimensions, seed, source
            commit, training cost.
    """

    name: str
    policy: Policy
    params: Mapping[str, np.ndarray]
    provenance: Mapping[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """Name, settings of the policy and provenance as plain values."""
        return {
            "name": self.name,
            "policy": dict(self.policy.settings),
            "provenance": dict(self.provenance),
        }


def digest_of(tensors: Mapping[str, np.ndarray]) -> str:
    """Return a text that two sets of weights share only if they are the same to the bit."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()


def _digest_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_tensors(
    path: str | Path, tensors: Mapping[str, np.ndarray], header: Mapping[str, Any]
) -> None:
    """Write arrays and a JSON-able header to `path`, whole or not at all."""
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    text = json.dumps(header)
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "sha256": digest_of(tensors),
        "header_sha256": _digest_of_text(text),
        "header": text,
    }
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        file.write(save(tensors, metadata=metadata))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `write_tensors` wrote.

    Raises:
        CheckpointError: the file is missing, foreign, of another version, or damaged.
    """
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot read weights from {path}: {error}") from error
    except (TypeError, AttributeError, KeyError, ValueError, MemoryError) as error:
        # safetensors knows kinds of numbers that NumPy lacks, bfloat16 for instance.
        raise CheckpointError(
            f"cannot read weights from {path}: {type(error).__name__}: {error}; expected float32"
        ) from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} is a safetensors file, but not one of rnnbbo's")
    if metadata.get("version") != str(VERSION):
        raise CheckpointError(
            f"{path}: format version = {metadata.get('version')!r}; expected {VERSION}"
        )
    if metadata.get("sha256") != digest_of(tensors):
        raise CheckpointError(f"{path} is damaged: its checksum does not match its numbers")
    text = metadata.get("header", "")
    # Files made before this checksum have none.
    if metadata.get("header_sha256", _digest_of_text(text)) != _digest_of_text(text):
        raise CheckpointError(f"{path} is damaged: its checksum does not match its header")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: its header is not readable") from error
    if not isinstance(header, dict):
        raise CheckpointError(f"{path} is damaged: its header is not a table")
    return tensors, header


def save_policy(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a trained policy."""
    write_tensors(path, checkpoint.params, checkpoint.metadata)


def load_file(path: str | Path) -> Checkpoint:
    """Read a trained policy from a weights file.

    Raises:
        CheckpointError: as for `read_tensors`, or the weights are not those of the policy.
    """
    tensors, header = read_tensors(path)
    try:
        policy = Network(NetworkConfig.from_dict(header["policy"]))
        name, provenance = str(header["name"]), dict(header["provenance"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise CheckpointError(f"{path} holds no policy: {error}") from error
    _check_sizes(path, policy.config, tensors)
    expected = policy.init_params(np.random.default_rng(0))
    for key in sorted(expected.keys() | tensors.keys()):
        wanted = expected[key].shape if key in expected else None
        found = tensors[key].shape if key in tensors else None
        if wanted != found:
            raise CheckpointError(f"{path}: shape of {key!r} = {found}; expected {wanted}")
        if tensors[key].dtype != np.float32 or not np.isfinite(tensors[key]).all():
            raise CheckpointError(f"{path}: weight {key!r} is not finite float32")
    return Checkpoint(name, policy, tensors, provenance)


def _check_sizes(
    path: str | Path, config: NetworkConfig, tensors: Mapping[str, np.ndarray]
) -> None:
    """Refuse sizes that nothing in the file bears out, before an array of that size is made.

    Raises:
        CheckpointError: a size is far beyond those of the tensors.
    """
    largest = max((max(tensor.shape, default=1) for tensor in tensors.values()), default=1)
    for key, value in config.to_dict().items():
        most = _MOST_ROWS if key in ("memory_rows", "max_rows") else max(largest, _ANY_SIZE)
        if isinstance(value, int) and value > most:
            raise CheckpointError(f"{path}: policy.{key} = {value}; expected at most {most}")
