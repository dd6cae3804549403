"""The methods that are compared, behind one small interface, each seeded.

A method is named by a peer (`PEERS`), by whatever `rnnbbo.Optimizer` takes as a policy, the name of
a shipped one or the path of a weights file, or by `module:class`, a method of one's own.
"""

from rnnbbo.benchmarks.methods.base import Array, Method, Recommender, WorstFinite
from rnnbbo.benchmarks.methods.registry import PEERS, Peer, describe, is_own, make_method

__all__ = [
    "PEERS",
    "Array",
    "Method",
    "Peer",
    "Recommender",
    "WorstFinite",
    "describe",
    "is_own",
    "make_method",
]
