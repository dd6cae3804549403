"""Gaussian-process functions: distributions, draws, posteriors, sample paths and their optima.

The public names of the modules below; needs torch (the extra `train`).
"""

from rnnbbo.functions.kernels import KERNELS, GPDistribution, GPTasks
from rnnbbo.functions.optimum import find_minimum
from rnnbbo.functions.paths import SamplePath, draw_paths, gp_problem
from rnnbbo.functions.posterior import Conditional, draw, expected_improvement

__all__ = [
    "KERNELS",
    "Conditional",
    "GPDistribution",
    "GPTasks",
    "SamplePath",
    "draw",
    "draw_paths",
    "expected_improvement",
    "find_minimum",
    "gp_problem",
]
