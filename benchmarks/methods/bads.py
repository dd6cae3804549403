"""Bayesian adaptive direct search (Acerbi and Ma 2017), by PyBADS."""

import logging

import numpy as np
from pybads import BADS

from rnnbbo.benchmarks.methods.base import WorstFinite
from rnnbbo.benchmarks.methods.inverted import CubeFunction, Inverted


class AdaptiveDirectSearch(Inverted):
    """`pybads.BADS` with its default settings, again from another uniform point when it ends.

    It evaluates its first point twice, to find out whether there is noise, and ends by itself after
    some 20 to 200 evaluations. A failed evaluation is told as the worst finite value so far, 0 if
    there is none, since it raises at anything else.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        low, high = np.zeros(dim), np.ones(dim)

        def search(objective: CubeFunction, rng: np.random.Generator) -> None:
            handlers = list(logging.getLogger().handlers)
            options = {"display": "off", "random_seed": rng}
            run = BADS(objective, rng.random(dim), low, high, low, high, options=options)
            _keep_handlers(handlers)
            run.optimize()

        super().__init__(search, seed, WorstFinite())


def _keep_handlers(handlers: list[logging.Handler]) -> None:
    """Take what PyBADS has added off the root logger: it would print every library's log."""
    root = logging.getLogger()
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
