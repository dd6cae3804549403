import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions import PROBLEMS, Problem, get_problem, perturb
from rnnbbo.functions.perturb import REACH, Perturbed

SEEDS = range(20)


def _variants(name, dim=None):
    return [perturb(get_problem(name, dim), np.random.default_rng(seed)) for seed in SEEDS]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_minimum_stays_and_is_taken_inside_the_unit_cube(name):
    base = get_problem(name)
    for variant in _variants(name):
        assert variant.bounds == ((0.0, 1.0),) * base.dim
        assert variant.minimum == base.minimum
        assert 1 <= len(variant.minimizers) <= len(base.minimizers)
        for u in variant.minimizers:
            # Goldstein-Price's curvature there is 1e6, so rounding in u costs about 1e-9.
            assert variant(u) == pytest.approx(base.minimum, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["branin", "goldstein_price", "hartmann3", "hartmann6"])
def test_dense_search_of_a_variant_finds_nothing_below_its_minimum(name):
    for variant in _variants(name)[:5]:
        values = variant.func(np.random.default_rng(0).random((20_000, variant.dim)))
        assert values.min() >= variant.minimum - 1e-12


def test_the_transform_is_the_one_documented():
    base = Problem(
        "sum", ((0.0, 10.0), (0.0, 1.0), (-1.0, 1.0)), _weighted, 0.0, ((0.0, 0.0, 0.0),)
    )
    func = Perturbed(base, order=(2, 0, 1), gain=(1.1, -0.9, 1.0), shift=(0.05, 0.0, -0.1))
    u = np.array([0.5, 0.25, 0.7])
    # v = 1/2 + gain * (u[order] - 1/2) + shift
    v = [0.5 + 1.1 * 0.2 + 0.05, 0.5, 0.5 - 0.25 - 0.1]
    x = np.array([10 * v[0], v[1], -1 + 2 * v[2]])
    assert func(u) == pytest.approx(_weighted(x))
    assert func.inverse(x) == pytest.approx(u)


def _weighted(x):
    return x @ np.array([1.0, 10.0, 100.0])


def test_flips_permutations_shifts_and_scales_really_happen_and_keep_their_ranges():
    funcs = [variant.func for variant in _variants("hartmann3")]
    gain = np.array([func.gain for func in funcs])
    shift = np.array([func.shift for func in funcs])
    assert len({func.order for func in funcs}) > 3
    assert len({tuple(row) for row in np.sign(gain)}) > 3
    assert np.all((np.abs(gain) >= 0.9) & (np.abs(gain) <= 1.1))
    assert np.all(np.abs(shift) <= 0.1)
    assert np.ptp(np.abs(gain)) > 0.1
    assert np.ptp(shift) > 0.1


def test_the_generator_fixes_the_variant():
    one, same, other = (
        perturb(get_problem("hartmann6"), np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert one.minimizers == same.minimizers
    assert one.func.order == same.func.order
    assert one.minimizers != other.minimizers


def test_a_minimizer_that_would_leave_is_never_declared():
    # The minimizer on the border leaves the cube in about half of the draws of shift and scale.
    base = Problem("edge", ((0.0, 1.0),), _first, 0.0, ((0.0,),), margin=REACH)
    places = [perturb(base, np.random.default_rng(seed)).minimizers[0][0] for seed in SEEDS]
    assert all(0 <= u <= 1 for u in places)


def _first(x):
    return x[..., 0] ** 2


@pytest.mark.parametrize(
    ("margin", "minimizers", "message"),
    [(0.0, ((0.5,),), "margin"), (REACH, (), "minimizers"), (REACH, ((2.0,),), "minimizers")],
)
def test_problems_whose_minimum_would_be_unsure_are_refused(margin, minimizers, message):
    base = Problem("odd", ((0.0, 1.0),), _first, 0.0, minimizers, margin=margin)
    with pytest.raises(ConfigError, match=message):
        perturb(base, np.random.default_rng(0))
