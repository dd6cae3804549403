"""Functions to train and to test optimizers on; everything is to be minimized.

`rnnbbo.functions.gp` has the Gaussian-process functions; it needs torch and is not imported here.
"""

from rnnbbo.functions.perturb import perturb
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.synthetic import PROBLEMS, get_problem

__all__ = ["PROBLEMS", "Problem", "get_problem", "perturb"]
