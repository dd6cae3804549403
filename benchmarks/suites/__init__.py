"""Suites: lists of problems that methods are compared on, built one at a time.

Two splits of every suite hold different functions. `tune` is for choosing between designs, `test`
for figures that are reported: nothing may be trained on either or tuned on `test`.
"""

from rnnbbo.benchmarks.suites.catalogue import SUITES, about_suite, get_suite, package
from rnnbbo.benchmarks.suites.entry import SPLITS, Entry

__all__ = ["SPLITS", "SUITES", "Entry", "about_suite", "get_suite", "package"]
