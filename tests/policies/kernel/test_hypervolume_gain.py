"""The expected gain in hypervolume: boxes, lines, and their slopes."""

import itertools

import numpy as np
import pytest

from rnnbbo import pareto
from rnnbbo.policies.gp.improvement import log_cdf_and_ratio, log_ei
from rnnbbo.policies.kernel.chebyshev_lines import Lines
from rnnbbo.policies.kernel.decomposition import decompose
from rnnbbo.policies.kernel.hypervolume_gain import Boxes
from rnnbbo.policies.kernel.hypotheses import warp_at

REFERENCE, LOG_WARP = 1.1, -0.3
Target = Boxes | Lines


def make_front(dim: int, seed: int = 0) -> np.ndarray:
    """Return values of a front, not warped."""
    values = np.random.default_rng(seed).random((30, dim))
    return values[pareto.front(values)]


def make_boxes(values: np.ndarray, log_warp: float = LOG_WARP) -> Boxes:
    dim = values.shape[1]
    corner = warp_at(np.full(dim, REFERENCE), log_warp)
    return Boxes.of(warp_at(values, log_warp)[None], corner[None], np.full((1, dim), log_warp))


def make_lines(values: np.ndarray) -> Lines:
    dim = values.shape[1]
    corner = warp_at(np.full(dim, REFERENCE), LOG_WARP)
    rng = np.random.default_rng(5)
    given = warp_at(values, LOG_WARP)[None], corner[None], np.full((1, dim), LOG_WARP)
    return Lines.of(rng, *given)


@pytest.mark.parametrize(("dim", "count"), [(2, 0), (2, 1), (2, 6), (3, 0), (3, 1), (3, 7)])
def test_boxes_hold_what_is_not_dominated_once(dim: int, count: int) -> None:
    values = make_front(dim)[:count]
    rank = np.argsort(np.argsort(values, axis=0), axis=0)
    lower, upper = decompose(rank)
    m = len(values)
    for step in itertools.product(
        range(m + 1), repeat=dim
    ):  # to each coordinate from the one before
        held = ((lower < step) & (np.array(step) <= upper)).all(axis=1).sum()
        dominated = (rank < np.array(step)).all(axis=1).any()
        assert held == (0 if dominated else 1)


@pytest.mark.parametrize("dim", [2, 3])
def test_a_certain_value_gains_what_it_adds(dim: int) -> None:
    values = make_front(dim)
    boxes = make_boxes(values)
    new = np.random.default_rng(1).random((40, dim)) * 0.9
    corner = np.full(dim, REFERENCE)
    before = pareto.hypervolume(values, corner)
    added = [pareto.hypervolume(np.vstack([values, one]), corner) - before for one in new]
    # Between coordinates of the front the warp is a line: so is what is told of it here.
    straight = np.column_stack(
        [np.interp(new[:, j], _knots(values[:, j]), _knots(boxes.w[j][0])) for j in range(dim)]
    )
    gain = np.exp(boxes.log_gain(straight[None], np.full((1, 40, dim), 1e-6)))
    assert gain[0] == pytest.approx(added, abs=1e-5)


def _knots(values: np.ndarray) -> np.ndarray:
    """Return coordinates with the reference point's, and one below with the slope of 1."""
    rising = np.sort(values)
    if rising[-1] != warp_at(np.array(REFERENCE), LOG_WARP):
        rising = np.append(rising, REFERENCE)
    return np.concatenate([[rising[0] - 1.0], rising])


def test_without_a_front_it_is_the_product_of_improvements() -> None:
    boxes = make_boxes(np.zeros((0, 3)), log_warp=20.0)
    rng = np.random.default_rng(2)
    mean, deviation = rng.random((1, 5, 3)), 0.1 + rng.random((1, 5, 3))
    each = [log_ei(np, np.array([REFERENCE]), mean[..., j], deviation[..., j]) for j in range(3)]
    assert boxes.log_gain(mean, deviation) == pytest.approx(np.sum(each, axis=0), abs=1e-6)


@pytest.mark.parametrize("dim", [2, 3])
def test_gain_is_the_integral_of_probabilities(dim: int) -> None:
    values = make_front(dim)[:4]
    boxes = make_boxes(values, log_warp=20.0)  # not warped
    mean, deviation = np.full((1, 1, dim), 0.4), np.linspace(0.2, 0.3, dim)[None, None]
    steps = np.linspace(-0.9, REFERENCE, {2: 201, 3: 61}[dim])
    steps = 0.5 * (steps[1:] + steps[:-1])
    grid = np.stack(np.meshgrid(*[steps] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    chance = np.exp(log_cdf_and_ratio(np, (grid - mean[0]) / deviation[0])[0]).prod(axis=1)
    free = np.ones(len(grid), dtype=bool)
    for value in values:
        free &= ~(value <= grid).all(axis=1)
    expected = chance[free].sum() * (steps[1] - steps[0]) ** dim
    assert np.exp(boxes.log_gain(mean, deviation))[0, 0] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("dim", [2, 3, 5])
@pytest.mark.parametrize("away", [0.0, 3.0, 40.0])
def test_slopes_are_those_of_the_value(dim: int, away: float) -> None:
    rng = np.random.default_rng(3)
    target: Target = make_boxes(make_front(dim)) if dim < 4 else make_lines(make_front(dim))
    mean, deviation = rng.random((1, 6, dim)) + away, 0.1 + 0.2 * rng.random((1, 6, dim))
    found = target.climbed(mean, deviation)
    assert found.value == pytest.approx(target.log_gain(mean, deviation), rel=1e-12)
    assert np.isfinite(found.value).all()
    h = 1e-5
    for j in range(dim):
        step = np.zeros(dim)
        step[j] = h
        by_mean = target.log_gain(mean + step, deviation) - target.log_gain(mean - step, deviation)
        assert found.by_mean[..., j] == pytest.approx(by_mean / (2.0 * h), rel=1e-4, abs=1e-4)
        more = target.log_gain(mean, deviation + step) - target.log_gain(mean, deviation - step)
        assert found.by_deviation[..., j] == pytest.approx(more / (2.0 * h), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("dim", [2, 3])
def test_the_bound_is_one(dim: int) -> None:
    boxes = make_boxes(make_front(dim))
    rng = np.random.default_rng(4)
    mean, deviation = 3.0 * rng.random((1, 200, dim)), 0.02 + 0.2 * rng.random((1, 200, dim))
    value, bound = boxes.log_gain(mean, deviation), boxes.log_bound(mean, deviation)
    assert (bound >= value - 1e-6).all()
    near = value > -10.0
    assert near.any() and bound[near] == pytest.approx(value[near], abs=1e-6)


def test_lines_say_what_boxes_say() -> None:
    values = make_front(3)
    boxes = make_boxes(values)
    given = warp_at(values, LOG_WARP), warp_at(np.full(3, REFERENCE), LOG_WARP)
    w, corner = (np.broadcast_to(one, (60, *one.shape)) for one in given)
    lines = Lines.of(np.random.default_rng(0), w, corner, np.full((60, 3), LOG_WARP))
    rng = np.random.default_rng(6)
    mean, deviation = rng.random((1, 60, 3)), 0.05 + 0.2 * rng.random((1, 60, 3))
    shape = (60, 60, 3)
    each = lines.log_gain(np.broadcast_to(mean, shape), np.broadcast_to(deviation, shape))
    ratio = np.log(np.exp(each).mean(axis=0)) - boxes.log_gain(mean, deviation)[0]
    assert ratio.std() < 0.2


def test_equal_values_make_no_width() -> None:
    values = np.array([[0.2, 0.8, 0.5], [0.2, 0.5, 0.8], [0.8, 0.2, 0.5]])
    boxes = make_boxes(values)
    gain = boxes.climbed(np.full((1, 1, 3), 0.4), np.full((1, 1, 3), 0.1))
    assert all(np.isfinite(one).all() for one in gain)


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_hypotheses_are_looked_through_at_once(dim: int) -> None:
    values, warps = make_front(dim), np.array([-1.0, 0.0, 2.0])
    rng = np.random.default_rng(7)
    shape = (3, 8, dim)
    mean, deviation = 4.0 * rng.random(shape), 0.02 + 0.2 * rng.random(shape)
    w = np.stack([warp_at(values, one) for one in warps])
    corner = np.stack([warp_at(np.full(dim, REFERENCE), one) for one in warps])
    log_warp = np.broadcast_to(warps[:, None], (3, dim))
    for h in range(3):
        one: Target
        together: Target
        if dim < 4:
            together = Boxes.of(w, corner, log_warp)
            one = Boxes.of(w[h : h + 1], corner[h : h + 1], log_warp[h : h + 1])
        else:
            together = Lines.of(np.random.default_rng(0), w, corner, log_warp)
            one = Lines(together.w[h : h + 1], together.log_weight[h : h + 1])
        alone = one.climbed(mean[h : h + 1], deviation[h : h + 1])
        for own, of_all in zip(alone, together.climbed(mean, deviation), strict=True):
            assert of_all[h] == pytest.approx(own[0], rel=1e-9, abs=1e-12)
