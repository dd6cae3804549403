"""Gaussian-process functions: distributions, draws, posteriors, sample paths and their optima.

The public names of the modules below; needs torch (the extra `train`).
"""

from rnnbbo.functions.conditional import Conditional, draw_next, expected_improvement
from rnnbbo.functions.gp_tasks import KERNELS, GPDistribution, GPTasks
from rnnbbo.functions.optimum import find_minimum
from rnnbbo.functions.paths import SamplePath, draw_paths, gp_problem

__all__ = [
    "KERNELS",
    "Conditional",
    "GPDistribution",
    "GPTasks",
    "SamplePath",
    "draw_next",
    "draw_paths",
    "expected_improvement",
    "find_minimum",
    "gp_problem",
]
