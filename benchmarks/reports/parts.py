"""Parts of the suites: what a mean over all of them would hide."""

from collections.abc import Mapping

from rnnbbo.benchmarks.reports.pool import Keep


def everything(suite: str, dim: int) -> bool:
    """Keep every function of every suite."""
    return True


def _noisy(suite: str, dim: int) -> bool:
    return "noise" in suite or _base(suite) == "heavy"


def _rough(suite: str, dim: int) -> bool:
    return _base(suite) in {"outliers", "penalty", "steps"}


def _declared(suite: str, dim: int) -> bool:
    return _base(suite) == "mixed"


def _tuning(suite: str, dim: int) -> bool:
    return _base(suite) in {"tabular", "sklearn"}


def _dimensions(first: int, last: int) -> Keep:
    """Keep smooth, noise-free functions of so many dimensions that are no tuning."""

    def keep(suite: str, dim: int) -> bool:
        special = any(of(suite, dim) for of in (_noisy, _rough, _declared, _tuning))
        return first <= dim <= last and not special

    return keep


def _base(suite: str) -> str:
    """Return a suite's name without its split."""
    return suite.removesuffix("-tune")


BY_DIMENSION: Mapping[str, Keep] = {
    "1 to 3 dimensions": _dimensions(1, 3),
    "4 to 6 dimensions": _dimensions(4, 6),
    "7 and more dimensions": _dimensions(7, 10**6),
}
"""The functions that are neither noisy, rough nor tuning, by their number of dimensions."""

PARTS: Mapping[str, Keep] = {
    **BY_DIMENSION,
    "under noise": _noisy,
    "outliers, penalties and steps": _rough,
    "tuning, as reals": _tuning,
    "tuning, integers and categories declared": _declared,
}
"""Parts that each function belongs to one of."""
