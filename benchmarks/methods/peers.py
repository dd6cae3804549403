"""The methods by name.

A new peer is a class `(dim, budget, seed)` in a module of this package and its entry in `PEERS`.
A module may import its library at its top: it is loaded when its method is first made. A method
outside of this package, or a policy of one's own, is named `module:attribute`.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from rnnbbo import shipped
from rnnbbo.benchmarks.methods.base import (
    Method,
    MultiObjectiveMethod,
    without_conditions,
)
from rnnbbo.benchmarks.methods.trained import about_trained, source_of, trained_methods
from rnnbbo.errors import ConfigError, MissingExtraError, PolicyError
from rnnbbo.importing import import_object, is_target
from rnnbbo.space import Space

OWN_FORM = (
    "module:attribute or ./file.py:attribute that names a policy, or a class called as "
    "(dim, budget, seed)"
)
"""What names a method or a policy of one's own."""


@dataclass(frozen=True)
class Peer:
    """A method that rnnbbo's policies are compared with.

    Attributes:
        target: `module:class`, the module in this package; called as (dim, budget, seed). "" for a
            method that takes several objectives only.
        package: what has to be installed for it.
        about: what it is, and its source, in one line.
        mixed: what is called instead as (dim, budget, seed, space) where integers and categories
            are declared; "" for a method that takes them for reals.
        conditional: what is called instead, likewise, where the space has conditions; "" for a
            method that cannot be told any.
        several: what is called instead as (dim, budget, seed, reference_point) where there are
            several objectives; "" for a method that takes one.
    """

    target: str
    package: str
    about: str
    mixed: str = ""
    conditional: str = ""
    several: str = ""


PEERS: dict[str, Peer] = {
    "random": Peer(
        "sampling:RandomSearch",
        "numpy",
        "independent uniform points",
        conditional="sampling:RandomDraws",
        several="sampling:RandomSearch",
    ),
    "sobol": Peer(
        "sampling:Sobol",
        "scipy",
        "scrambled Sobol sequence (Matousek 1998)",
        several="sampling:Sobol",
    ),
    "response-surface": Peer(
        "response_surface:ResponseSurface",
        "numpy",
        "a classical design: central composite designs and quadratic surfaces (Box, Wilson 1951)",
    ),
    "spearmint": Peer(
        "spearmint:Spearmint",
        "botorch",
        "Spearmint-style: expected improvement integrated over hyper-parameters by slice sampling "
        "(Snoek et al. 2012)",
    ),
    "skopt": Peer(
        "skopt_gp:GPMinimize",
        "scikit-optimize",
        "skopt.gp_minimize: Gaussian process and a portfolio of acquisition functions "
        "(Hoffman et al. 2011)",
        mixed="skopt_gp:GPMinimize",
    ),
    "logei": Peer(
        "botorch_logei:LogEI",
        "botorch",
        "BoTorch: Gaussian process and log expected improvement (Ament et al. 2023)",
        mixed="botorch_mixed:MixedLogEI",
    ),
    "qlognei": Peer(
        "botorch_plates:QLogNEI",
        "botorch",
        "BoTorch: Gaussian process and log noisy expected improvement of several points at once "
        "(Balandat et al. 2020; Ament et al. 2023)",
    ),
    "constrained-logei": Peer(
        "botorch_constrained:ConstrainedLogEI",
        "botorch",
        "BoTorch: log expected improvement, weighted by the probability of being feasible "
        "(Ament et al. 2023)",
    ),
    "gp-ucb": Peer(
        "botorch_bandits:GPUCB",
        "botorch",
        "BoTorch: Gaussian process and an upper confidence bound (Srinivas et al. 2012)",
    ),
    "gp-ts": Peer(
        "botorch_bandits:GPThompson",
        "botorch",
        "BoTorch: Gaussian process and Thompson sampling (Chowdhury and Gopalan 2017)",
    ),
    "gp-ei": Peer(
        "botorch_bandits:GPEI",
        "botorch",
        "BoTorch: Gaussian process and log expected improvement on the least posterior mean",
    ),
    "turbo": Peer(
        "turbo:TuRBO",
        "botorch",
        "TuRBO-1: Gaussian process in a trust region, Thompson sampling (Eriksson et al. 2019)",
    ),
    "tpe": Peer(
        "optuna_study:TPE",
        "optuna",
        "Optuna: tree-structured Parzen estimator (Bergstra et al. 2011)",
        mixed="optuna_study:TPE",
        conditional="optuna_conditional:ConditionalTPE",
        several="optuna_fronts:FrontTPE",
    ),
    "gpsampler": Peer(
        "optuna_study:GPSampler",
        "optuna",
        "Optuna: Gaussian process and log expected improvement (Ament et al. 2023)",
        mixed="optuna_study:GPSampler",
        several="optuna_fronts:FrontGPSampler",
    ),
    "egobox": Peer(
        "egor:Egor",
        "egobox",
        "egobox: Gaussian process and log expected improvement, in Rust (Lafage 2022)",
        mixed="egor:Egor",
    ),
    "smac": Peer(
        "smac_facade:SMAC",
        "smac",
        "SMAC3's default: random forest and log expected improvement (Lindauer et al. 2022)",
        mixed="smac_facade:SMAC",
        conditional="smac_facade:SMAC",
    ),
    "smac-bb": Peer(
        "smac_facade:BlackBoxSMAC",
        "smac",
        "SMAC3's black-box facade: Gaussian process and expected improvement, seconds an ask",
    ),
    "bads": Peer(
        "bads:AdaptiveDirectSearch",
        "pybads",
        "PyBADS: Bayesian adaptive direct search, with restarts (Acerbi and Ma 2017)",
    ),
    "cma": Peer("cmaes:CMAES", "cma", "CMA-ES with restarts (Hansen 2016; Auger and Hansen 2005)"),
    "ars": Peer(
        "ars:ARS",
        "numpy",
        "augmented random search V1 of a controller's weights (Mania et al. 2018)",
    ),
    "ars-small": Peer(
        "ars:SmallARS",
        "numpy",
        "augmented random search with the constants of RL Baselines3 Zoo for small tasks",
    ),
    "cma-al": Peer(
        "augmented_lagrangian:ConstrainedCMAES",
        "cma",
        "CMA-ES with restarts, and an augmented Lagrangian of constraints (Dufosse and Hansen "
        "2020)",
    ),
    "cobyqa": Peer(
        "scipy_constrained:COBYQA",
        "scipy",
        "scipy: quadratic models in a trust region, with restarts (Ragonneau and Zhang 2023)",
    ),
    "de": Peer(
        "scipy_search:DifferentialEvolution",
        "scipy",
        "scipy: differential evolution (Storn and Price 1997)",
    ),
    "dual-annealing": Peer(
        "scipy_search:DualAnnealing",
        "scipy",
        "scipy: generalised simulated annealing with local search (Xiang et al. 1997)",
    ),
    "nsga2": Peer(
        "",
        "optuna",
        "Optuna: NSGA-II, of several objectives (Deb et al. 2002)",
        several="optuna_fronts:NSGA2",
    ),
    "qlognehvi": Peer(
        "",
        "botorch",
        "BoTorch: Gaussian processes and log noisy expected hypervolume improvement, of several "
        "objectives (Daulton et al. 2021; Ament et al. 2023)",
        several="botorch_nehvi:QLogNEHVI",
    ),
}


def make_method(name: str, dim: int, budget: int, seed: int, space: Space | None = None) -> Method:
    """Start a run of a method.

    Args:
        name: a key of `PEERS`; a policy of `rnnbbo.Optimizer`: the name of a shipped one or of
            `trained_methods()`, or the path of a weights file; or `module:attribute` or
            `./file.py:attribute`, for a policy or a method of one's own.
        dim: number of dimensions.
        budget: number of evaluations that will be made, for methods that plan ahead.
        seed: the same seed gives the same run.
        space: integers and categories, one a cell of the cube, for the methods that can be told;
            its conditions for those that can be told these, too.

    Raises:
        PolicyError: the name is neither a peer nor a policy.
        ConfigError: a module, file or attribute is missing, fails to import, or is no method; or
            the method takes several objectives only.
        MissingExtraError: the peer's package is not installed.
    """
    if is_own(name):
        return _own_method(name)(dim, budget, seed)
    if name not in PEERS:
        from rnnbbo.benchmarks.methods.own_policy import OwnPolicy

        return OwnPolicy(source_of(name), dim, budget, seed, space)
    peer = PEERS[name]
    if not peer.target:
        ones = ", ".join(name for name, peer in PEERS.items() if peer.target)
        raise ConfigError(
            f"method = {name!r}, which takes several objectives only; expected a policy of rnnbbo, "
            f"or one of {ones}"
        )
    target = peer.target
    told: tuple[Space, ...] = ()
    if space is not None and space.conditional and peer.conditional:
        target, told = peer.conditional, (space,)
    elif space is not None and peer.mixed:
        target, told = peer.mixed, (without_conditions(space),)
    made: Method = _made_peer(name, target, dim, budget, seed, *told)
    return made


def make_multi_objective(
    name: str, dim: int, budget: int, seed: int, reference_point: Sequence[float]
) -> MultiObjectiveMethod:
    """Start a run of a method with several objectives.

    Args:
        name: see `make_method`; a class of one's own is called as (dim, budget, seed,
            reference_point).
        dim: number of dimensions.
        budget: number of evaluations that will be made.
        seed: the same seed gives the same run.
        reference_point: K numbers, what hypervolume is measured against.

    Raises:
        PolicyError: the name is neither a peer nor a policy.
        ConfigError: the method takes one objective only, or is none.
        MissingExtraError: the peer's package is not installed.
    """
    if is_own(name):
        own: Callable[..., Any] = _own_method(name)
        if not hasattr(own, "tell_objectives"):
            raise _takes_one(name)
        begun: MultiObjectiveMethod = own(dim, budget, seed, reference_point)
        return begun
    if name not in PEERS:
        from rnnbbo.benchmarks.methods.own_policy import OwnPolicy

        return OwnPolicy(source_of(name), dim, budget, seed, reference_point=reference_point)
    if not PEERS[name].several:
        raise _takes_one(name)
    target = PEERS[name].several
    made: MultiObjectiveMethod = _made_peer(name, target, dim, budget, seed, reference_point)
    return made


def _takes_one(name: str) -> ConfigError:
    several = ", ".join(name for name, peer in PEERS.items() if peer.several)
    return ConfigError(
        f"method = {name!r}, which takes one objective only; expected one of {several}, a policy "
        "of rnnbbo, or a class with tell_objectives"
    )


def _made_peer(name: str, target: str, *arguments: Any) -> Any:
    """Return what a peer's target makes of the arguments.

    Raises:
        MissingExtraError: the peer's package is not installed.
    """
    module, _, make = target.partition(":")
    try:
        return getattr(import_module(f"{__package__}.{module}"), make)(*arguments)
    except ImportError as error:
        if isinstance(error, MissingExtraError) or (error.name or "").startswith("rnnbbo"):
            raise
        raise MissingExtraError(
            f"the method {name!r} needs {PEERS[name].package}, which cannot be imported ({error}): "
            "pip install -c constraints.txt '.[bench]'"
        ) from error


def is_own(name: str) -> bool:
    """Tell whether a name is `module:attribute` of a method that is neither a peer nor a policy.

    Raises:
        ConfigError: a module, file or attribute is missing, or fails to import.
    """
    return is_target(name) and not _names_policy(name)


def about_method(name: str) -> str:
    """Return in one line what a method is: a peer's source and package, or a policy's parts.

    Raises:
        PolicyError: the name is neither a peer nor a policy.
        ConfigError: a module, file or attribute is missing, fails to import, or is no method.
    """
    if is_own(name):
        return (inspect.getdoc(_own_method(name)) or name).splitlines()[0]
    if name in PEERS:
        return f"{PEERS[name].about}; needs {PEERS[name].package}"
    if name in trained_methods():
        return f"policy of rnnbbo: {about_trained(name)}"
    return f"policy of rnnbbo: {shipped.describe_policy(name) or name}"


@cache
def _names_policy(target: str) -> bool:
    try:
        return shipped.names_policy(target)
    except PolicyError as error:
        raise ConfigError(
            f"method = {target!r}, which cannot be imported ({error}); expected {OWN_FORM}"
        ) from error


@cache
def _own_method(target: str) -> Callable[[int, int, int], Method]:
    found = import_object(target, ConfigError)
    if not callable(found):
        raise ConfigError(f"method = {target!r}, which is {found!r}; expected {OWN_FORM}")
    make: Callable[[int, int, int], Method] = found
    return make
