"""Weights that recognise a family of functions by some values of a few of them."""

from importlib import resources
from pathlib import Path

from rnnbbo.checkpoint import Checkpoint, digest_of, read_tensors
from rnnbbo.errors import ConfigError
from rnnbbo.meta.commit import source_commit
from rnnbbo.meta.family import Members
from rnnbbo.meta.traits import traits_of, with_traits
from rnnbbo.policies.network.network import Network

RECOGNISER = "lstm"
"""The shipped network whose embedding was trained."""


def matrix_file() -> Path:
    """Return the file of the matrix from traits to gates."""
    return Path(str(resources.files("rnnbbo.meta"))) / f"{RECOGNISER}-traits.safetensors"


def recognise(parent: Checkpoint, known: Members, name: str, family: str) -> Checkpoint:
    """Return weights that know the traits of some functions of a family; nothing is trained.

    Args:
        parent: weights that know of no family: the shipped ones of `RECOGNISER`.
        known: K functions of D dimensions; the weights serve spaces of D dimensions only.
        name: of the policy that comes out.
        family: name of the family, for the provenance.

    Raises:
        ConfigError: the parent is another one; or a function returns something else than finite
            numbers, or all are constant.
    """
    tensors, header = read_tensors(matrix_file())
    policy = parent.policy
    digest = digest_of(parent.params)
    if not isinstance(policy, Network) or header["sha256"] != digest:
        raise ConfigError(
            f"--from {parent.name} with --shots; expected {RECOGNISER}, as shipped: other weights "
            "recognise no family, and are trained on it without --shots"
        )
    traits = traits_of(known)
    told, params = with_traits(policy.config, parent.params, tensors["matrix"], traits)
    provenance = {
        "config": {"start": {"name": parent.name, "sha256": digest}, "functions": family},
        "shots": known.batch,
        "commit": source_commit(),
    }
    return Checkpoint(name, told, params, provenance)
