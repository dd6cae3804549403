"""The methods that are compared, behind one small interface, each seeded.

A method is named by a peer (`PEERS`), by whatever `rnnbbo.Optimizer` takes as a policy, the name of
a shipped one or the path of a weights file, by weights that lie beside the benchmarks
(`trained_methods`), or by `module:attribute`, a policy or a method of one's own.
"""

from rnnbbo.benchmarks.methods.base import (
    ConstrainedMethod,
    FloatArray,
    Method,
    MultiObjectiveMethod,
    ParallelMethod,
    Recommender,
    WorstFinite,
)
from rnnbbo.benchmarks.methods.peers import (
    PEERS,
    Peer,
    about_method,
    is_own,
    make_method,
    make_multi_objective,
)
from rnnbbo.benchmarks.methods.trained import source_of, trained_methods

__all__ = [
    "PEERS",
    "ConstrainedMethod",
    "FloatArray",
    "Method",
    "MultiObjectiveMethod",
    "ParallelMethod",
    "Peer",
    "Recommender",
    "WorstFinite",
    "about_method",
    "is_own",
    "make_method",
    "make_multi_objective",
    "source_of",
    "trained_methods",
]
