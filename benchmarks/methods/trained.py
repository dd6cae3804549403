"""Policies that were trained for a comparison alone: their weights do not ship as policies.

A file `benchmarks/weights/NAME.safetensors`, made by `configs/NAME.toml`, is the method NAME.
"""

from functools import cache
from importlib import resources
from pathlib import Path

from rnnbbo import shipped
from rnnbbo.checkpoint import SUFFIX


@cache
def trained_methods() -> dict[str, Path]:
    """Return the weights files by the names of their methods."""
    folder = Path(str(resources.files("rnnbbo"))) / "benchmarks" / "weights"
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def source_of(name: str) -> str:
    """Return what `rnnbbo.Optimizer` takes for a method's name: a path, or the name itself."""
    return str(trained_methods().get(name, name))


def about_trained(name: str) -> str:
    """Return in one line what the policy of such a method is, and by which loss it was made."""
    loaded = shipped.load(trained_methods()[name])
    loss = loaded.provenance["config"]["train"]["loss"]
    return f"{loaded.policy.about}, trained by the loss {loss!r}"
