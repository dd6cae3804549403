"""The classic test functions, as frozen problems that declare their optimum.

Formulae and domains are those of Surjanovic & Bingham, "Virtual Library of Simulation
Experiments: Test Functions and Datasets" (www.sfu.ca/~ssurjano); each docstring names the original
source. Optima without a closed form are roots of the gradient, found in 40-digit arithmetic from
the published ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem

# Every formula below holds beyond its domain, and has no lower value there than its minimum, at
# least up to this share of the domain's width: as far as `perturb` reaches.
MARGIN = 0.15

Func = Callable[[FloatArray], FloatArray]


def _problem(
    name: str,
    bounds: tuple[tuple[float, float], ...],
    func: Func,
    minimizers: tuple[tuple[float, ...], ...],
) -> Problem:
    """Declare the minimum as `func` computes it, so that no regret is lost to rounding."""
    minimum = float(func(np.array(minimizers)).min())
    return Problem(name, bounds, func, minimum, minimizers, MARGIN)


def _cube(name: str, dim: int, low: float, high: float, func: Func, x: float) -> Problem:
    """Make a problem of any dimension whose minimizer has the same coordinate `x` everywhere."""
    if dim < 1:
        raise ConfigError(f"{name}: dim = {dim!r}; expected at least 1")
    return _problem(name, ((low, high),) * dim, func, ((x,) * dim,))


_BRANIN_B, _BRANIN_C = 5.1 / (4 * np.pi**2), 5 / np.pi


def _branin(x: FloatArray) -> FloatArray:
    x1, x2 = x[..., 0], x[..., 1]
    b, c, r, s, t = _BRANIN_B, _BRANIN_C, 6.0, 10.0, 1 / (8 * np.pi)
    return (x2 - b * x1**2 + c * x1 - r) ** 2 + s * (1 - t) * np.cos(x1) + s


def branin() -> Problem:
    """Make Branin (1972), as in Dixon & Szego (1978); three global minima of 10 / (8 pi)."""
    # At x1 = (2k + 1) pi the cosine is -1, and x2 makes the square zero.
    minimizers = tuple(
        (x1, _BRANIN_B * x1**2 - _BRANIN_C * x1 + 6.0) for x1 in (-np.pi, np.pi, 3 * np.pi)
    )
    return _problem("branin", ((-5.0, 10.0), (0.0, 15.0)), _branin, minimizers)


def _goldstein_price(x: FloatArray) -> FloatArray:
    x1, x2 = x[..., 0], x[..., 1]
    p = 19 - 14 * x1 + 3 * x1**2 - 14 * x2 + 6 * x1 * x2 + 3 * x2**2
    q = 18 - 32 * x1 + 12 * x1**2 + 48 * x2 - 36 * x1 * x2 + 27 * x2**2
    return (1 + (x1 + x2 + 1) ** 2 * p) * (30 + (2 * x1 - 3 * x2) ** 2 * q)


def goldstein_price() -> Problem:
    """Make Goldstein & Price (1971); one global minimum of 3, and values up to a million."""
    return _problem("goldstein_price", ((-2.0, 2.0),) * 2, _goldstein_price, ((0.0, -1.0),))


@dataclass(frozen=True)
class _Hartmann:
    """-sum_i alpha_i exp(-sum_j A_ij (x_j - P_ij)^2), with P in units of 1e-4."""

    a: tuple[tuple[float, ...], ...]
    p: tuple[tuple[int, ...], ...]

    def __call__(self, x: FloatArray) -> FloatArray:
        alpha = np.array([1.0, 1.2, 3.0, 3.2])
        exponent = (np.array(self.a) * (x[..., None, :] - np.array(self.p) * 1e-4) ** 2).sum(-1)
        return -(np.exp(-exponent) @ alpha)


_HARTMANN3 = _Hartmann(
    a=((3, 10, 30), (0.1, 10, 35), (3, 10, 30), (0.1, 10, 35)),
    p=((3689, 1170, 2673), (4699, 4387, 7470), (1091, 8732, 5547), (381, 5743, 8828)),
)

_HARTMANN6 = _Hartmann(
    a=(
        (10, 3, 17, 3.5, 1.7, 8),
        (0.05, 10, 17, 0.1, 8, 14),
        (3, 3.5, 1.7, 10, 17, 8),
        (17, 8, 0.05, 10, 0.1, 14),
    ),
    p=(
        (1312, 1696, 5569, 124, 8283, 5886),
        (2329, 4135, 8307, 3736, 1004, 9991),
        (2348, 1451, 3522, 2883, 3047, 6650),
        (4047, 8828, 8732, 5743, 1091, 381),
    ),
)


def hartmann3() -> Problem:
    """Make Hartmann (1973) in three dimensions; four local minima, the global one -3.86278."""
    minimizer = (0.114588876655068968, 0.555648894616930045, 0.852546984686677438)
    return _problem("hartmann3", ((0.0, 1.0),) * 3, _HARTMANN3, (minimizer,))


def hartmann6() -> Problem:
    """Make Hartmann (1973) in six dimensions; six local minima, the global one -3.32237."""
    minimizer = (
        0.201689511006705424,
        0.150010691823457969,
        0.476873974221896990,
        0.275332430494056068,
        0.311651616600113242,
        0.657300534065620306,
    )
    return _problem("hartmann6", ((0.0, 1.0),) * 6, _HARTMANN6, (minimizer,))


def _six_hump_camel(x: FloatArray) -> FloatArray:
    x1, x2 = x[..., 0], x[..., 1]
    return (4 - 2.1 * x1**2 + x1**4 / 3) * x1**2 + x1 * x2 + (-4 + 4 * x2**2) * x2**2


def six_hump_camel() -> Problem:
    """Make Dixon & Szego (1978); six local minima, two of them global, -1.03163."""
    x1, x2 = 0.0898420131003180624, -0.712656403020739633
    bounds = ((-3.0, 3.0), (-2.0, 2.0))
    return _problem("six_hump_camel", bounds, _six_hump_camel, ((x1, x2), (-x1, -x2)))


def _ackley(x: FloatArray) -> FloatArray:
    root = np.sqrt((x**2).mean(-1))
    wave = np.cos(2 * np.pi * x).mean(-1)
    return -20 * np.exp(-0.2 * root) - np.exp(wave) + 20 + np.e


def ackley(dim: int) -> Problem:
    """Make Ackley (1987), with a = 20, b = 0.2, c = 2 pi; minimum 0 in the centre."""
    return _cube("ackley", dim, -32.768, 32.768, _ackley, 0.0)


def _rosenbrock(x: FloatArray) -> FloatArray:
    here, following = x[..., :-1], x[..., 1:]
    return (100 * (following - here**2) ** 2 + (here - 1) ** 2).sum(-1)


def rosenbrock(dim: int) -> Problem:
    """Make Rosenbrock (1960), chained over at least 2 dimensions; minimum 0 at the ones."""
    if dim < 2:
        raise ConfigError(f"rosenbrock: dim = {dim!r}; expected at least 2")
    return _cube("rosenbrock", dim, -5.0, 10.0, _rosenbrock, 1.0)


def _levy(x: FloatArray) -> FloatArray:
    w = 1 + (x - 1) / 4
    head, last = w[..., :-1], w[..., -1]
    middle = ((head - 1) ** 2 * (1 + 10 * np.sin(np.pi * head + 1) ** 2)).sum(-1)
    end = (last - 1) ** 2 * (1 + np.sin(2 * np.pi * last) ** 2)
    return np.sin(np.pi * w[..., 0]) ** 2 + middle + end


def levy(dim: int) -> Problem:
    """Make Levy & Montalvo (1985), as in Laguna & Marti (2005); minimum 0 at the ones."""
    return _cube("levy", dim, -10.0, 10.0, _levy, 1.0)


def _rastrigin(x: FloatArray) -> FloatArray:
    return (10 + x**2 - 10 * np.cos(2 * np.pi * x)).sum(-1)


def rastrigin(dim: int) -> Problem:
    """Make Rastrigin (1974), as in Muhlenbein, Schomisch & Born (1991); minimum 0 in the centre."""
    return _cube("rastrigin", dim, -5.12, 5.12, _rastrigin, 0.0)


def _griewank(x: FloatArray) -> FloatArray:
    waves = np.cos(x / np.sqrt(np.arange(1, x.shape[-1] + 1))).prod(-1)
    return (x**2).sum(-1) / 4000 - waves + 1


def griewank(dim: int) -> Problem:
    """Make Griewank (1981); minimum 0 in the centre."""
    return _cube("griewank", dim, -600.0, 600.0, _griewank, 0.0)


def _styblinski_tang(x: FloatArray) -> FloatArray:
    return 0.5 * (x**4 - 16 * x**2 + 5 * x).sum(-1)


def styblinski_tang(dim: int) -> Problem:
    """Make Styblinski & Tang (1990); minimum -39.16617 a dimension."""
    # The lowest root of the derivative, 4 x^3 - 32 x + 5 = 0.
    root = -2.9035340277711770951
    return _cube("styblinski_tang", dim, -5.0, 5.0, _styblinski_tang, root)


# The function is a sum over dimensions, so the minimizer's i-th coordinate is the same in every
# dimension that has it.
_MICHALEWICZ = (
    2.20290552017260935,
    1.57079632679489662,
    1.28499157055292436,
    1.92305846986636284,
    1.72046977256584128,
    1.57079632679489662,
    1.45441397136237903,
    1.75608652094502637,
    1.65571741682102910,
    1.57079632679489662,
)


def _michalewicz(x: FloatArray) -> FloatArray:
    i = np.arange(1, x.shape[-1] + 1)
    return -(np.sin(x) * np.sin(i * x**2 / np.pi) ** 20).sum(-1)


def michalewicz(dim: int) -> Problem:
    """Make Michalewicz (1992), steepness m = 10; minima -1.8013, -4.6877, -9.6602 at 2, 5, 10."""
    if not 1 <= dim <= len(_MICHALEWICZ):
        raise ConfigError(f"michalewicz: dim = {dim!r}; expected 1 to {len(_MICHALEWICZ)}")
    return _problem("michalewicz", ((0.0, np.pi),) * dim, _michalewicz, (_MICHALEWICZ[:dim],))


def _sphere(x: FloatArray) -> FloatArray:
    return (x**2).sum(-1)


def sphere(dim: int) -> Problem:
    """Make the sum of squares, De Jong's (1975) first function; minimum 0 in the centre."""
    return _cube("sphere", dim, -5.12, 5.12, _sphere, 0.0)


_FIXED: dict[str, tuple[int, Callable[[], Problem]]] = {
    "branin": (2, branin),
    "goldstein_price": (2, goldstein_price),
    "hartmann3": (3, hartmann3),
    "hartmann6": (6, hartmann6),
    "six_hump_camel": (2, six_hump_camel),
}
_ANY_DIM: dict[str, Callable[[int], Problem]] = {
    "ackley": ackley,
    "griewank": griewank,
    "levy": levy,
    "michalewicz": michalewicz,
    "rastrigin": rastrigin,
    "rosenbrock": rosenbrock,
    "sphere": sphere,
    "styblinski_tang": styblinski_tang,
}
_DEFAULT_DIM = 2

#: Name -> factory; the factories of any dimension take `dim`, the others nothing.
PROBLEMS: MappingProxyType[str, Callable[..., Problem]] = MappingProxyType(
    {name: factory for name, (_, factory) in _FIXED.items()} | _ANY_DIM
)


def get_problem(name: str, dim: int | None = None) -> Problem:
    """Return the problem of this name.

    Args:
        name: one of `PROBLEMS`.
        dim: its dimension; None takes the only one there is, or 2.

    Raises:
        ConfigError: no problem has this name, or it does not come in this dimension.
    """
    if name in _FIXED:
        only, factory = _FIXED[name]
        if dim not in (None, only):
            raise ConfigError(f"{name}: dim = {dim!r}; expected {only}")
        return factory()
    if name not in _ANY_DIM:
        raise ConfigError(f"problem = {name!r}; expected one of {', '.join(sorted(PROBLEMS))}")
    return _ANY_DIM[name](_DEFAULT_DIM if dim is None else dim)
