"""Evidence, rows, candidates and the direct head, each by what it promises."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo.policies import candidates, evidence, ops
from rnnbbo.policies.evidence import Evidence, Observation
from rnnbbo.policies.network import archive, content, direct, external_memory, lstm

RNG = np.random.default_rng(1)


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Give every test the same numbers, whichever tests ran before it."""
    globals()["RNG"] = np.random.default_rng(1)


def told(values: np.ndarray, points: np.ndarray) -> evidence.Evidence:
    e = evidence.no_evidence(np, points[:, 0], values[:, 0])
    for t in range(values.shape[1]):
        observation = Observation(points[:, t], values[:, t], points[:, t], True)
        e = evidence.update_evidence(np, e, observation)
    return e


def test_evidence_has_the_moments_and_the_two_best_of_the_history() -> None:
    y, x = 5 + RNG.standard_normal((4, 30)), RNG.random((4, 30, 3))
    e = told(y, x)
    order = np.argsort(y, axis=1)
    assert_allclose(e.mean, y.mean(1))
    assert_allclose(evidence.scale(np, e), y.std(1))
    assert_allclose(e.best_y, np.sort(y)[:, 0])
    assert_allclose(e.second_y, np.sort(y)[:, 1])
    for b in range(4):
        assert_allclose(e.best_x[b], x[b, order[b, 0]])
        assert_allclose(e.second_x[b], x[b, order[b, 1]])
    assert_allclose(evidence.standardise(np, e, y).mean(1), 0.0, atol=1e-12)


@pytest.mark.parametrize("values", [[2.0, 1.0], [1.0, 2.0]])
def test_the_second_result_is_the_runner_up_or_makes_the_first_so(values: list[float]) -> None:
    e = told(np.array([values]), np.array([[[0.1], [0.9]]]))
    assert e.best_y == 1.0
    assert e.second_y == 2.0
    assert_allclose(e.second_x, [[0.1 if values[0] == 2.0 else 0.9]])


def test_equal_values_give_finite_inputs() -> None:
    y, x = np.full((2, 5), 3.0), RNG.random((2, 5, 2))
    e = told(y, x)
    inputs = evidence.make_inputs(np, e, e, Observation(x[:, 0], y[:, 0], x[:, 0], True))
    assert np.isfinite(inputs.per_dim).all()
    assert np.isfinite(inputs.shared).all()


def fill(n: int, capacity: int, batch: int = 2) -> tuple[archive.Archive, np.ndarray, np.ndarray]:
    x, y = RNG.random((batch, n, 3)), RNG.standard_normal((batch, n))
    kept = archive.empty_archive(np, x[:, 0], y[:, 0])
    for t in range(n):
        best = x[np.arange(batch), y[:, : t + 1].argmin(1)]
        kept = archive.keep(np, kept, x[:, t], y[:, t], best, capacity)
    return kept, x, y


def test_rows_keep_everything_up_to_their_capacity() -> None:
    kept, x, y = fill(12, 12)
    assert_allclose(kept.x, x)
    assert_allclose(kept.y, y)


def test_full_rows_stay_bounded_whole_and_keep_the_incumbent() -> None:
    kept, x, y = fill(60, 10)
    assert kept.y.shape == (2, 10)
    for b in range(2):
        assert kept.y[b].min() == y[b].min()
        for point, value in zip(kept.x[b], kept.y[b], strict=True):
            at = np.flatnonzero(y[b] == value)
            assert_allclose(x[b, at[0]], point)
        assert len(set(kept.y[b])) == 10


def test_a_full_memory_drops_the_worse_of_the_closest_pair() -> None:
    x = np.array([[[0.0], [0.5], [0.52]]])
    kept = archive.keep(
        np, archive.Archive(x, np.array([[0.0, 1.0, 2.0]])), np.array([[1.0]]), np.array([3.0]),
        np.array([[0.0]]), 3
    )  # fmt: skip
    assert_allclose(kept.y, [[0.0, 1.0, 3.0]])


def read(
    params: dict[str, np.ndarray], e: Evidence, x: np.ndarray, y: np.ndarray, keys: np.ndarray
):
    """The features (C, F) of keys (1, C, D) with a context of zeros."""
    context = np.zeros((1, x.shape[2], 4))
    return archive.read_similar(np, params, context, e, archive.Archive(x, y), keys.swapaxes(1, 2))[
        0
    ].T


def one_head(lengthscale: float) -> dict[str, np.ndarray]:
    bias = np.full(1, -np.log(lengthscale))
    return {"rows.scale": np.zeros((4, 1)), "rows.scale_bias": bias}


def test_a_key_reads_the_row_it_lies_on() -> None:
    x, y = RNG.random((1, 6, 2)), RNG.standard_normal((1, 6))
    e = told(y, x)
    got = read(one_head(1e-3), e, x, y, x)
    z = np.arcsinh((y[0] - y.mean()) / y.std())
    assert_allclose(got[:, 0], z, rtol=1e-6)  # the mean is the row's value
    assert_allclose(got[:, 2], z, rtol=1e-6)  # and so is the corrected one
    assert_allclose(got[:, 6], z / 2, rtol=1e-6)  # one row of similarity 1, shrunk by half


def test_a_wide_kernel_reads_the_mean_and_twicing_follows_the_values() -> None:
    x = np.linspace(0, 1, 9)[None, :, None]
    y = x[..., 0] ** 2
    e = told(y, x)
    keys = np.array([[[0.25], [0.75]]])
    wide = read(one_head(100.0), e, x, y, keys)
    z = np.arcsinh((y - y.mean()) / y.std())
    assert_allclose(wide[:, 0], z.mean(), atol=1e-3)
    narrow = read(one_head(0.15), e, x, y, keys)
    truth = np.arcsinh((keys[0, :, 0] ** 2 - y.mean()) / y.std())
    assert (np.abs(narrow[:, 2] - truth) < np.abs(narrow[:, 0] - truth)).all()


def test_reading_no_rows_gives_zeros() -> None:
    x, y = np.zeros((1, 2)), np.zeros(1)
    e = evidence.no_evidence(np, x, y)
    got = read(one_head(0.1), e, *archive.empty_archive(np, x, y), RNG.random((1, 5, 2)))
    assert got.shape == (5, archive.SIMILAR_FEATURES)
    assert not got.any()


@pytest.mark.parametrize("dim", [1, 2, 6, 50])
def test_quasi_random_points_continue_one_sequence_inside_the_cube(dim: int) -> None:
    shift = RNG.random((2, dim))
    whole = candidates.quasi_random(np, shift, 0, 40)
    tail = candidates.quasi_random(np, shift, 25, 15)
    assert_allclose(tail, whole[:, 25:])
    assert ((whole >= 0) & (whole < 1)).all()
    assert len(np.unique(whole[0], axis=0)) == 40


def test_quasi_random_points_cover_the_square_better_than_random_ones() -> None:
    grid = RNG.random((400, 2))

    def largest_hole(points: np.ndarray) -> float:
        return np.linalg.norm(grid[:, None] - points[None], axis=-1).min(1).max()

    even = [
        largest_hole(candidates.quasi_random(np, s[None], 0, 64)[0]) for s in RNG.random((9, 2))
    ]
    chance = [largest_hole(RNG.random((64, 2))) for _ in range(9)]
    assert max(even) < min(chance)


def test_spray_stays_inside_moves_always_and_spans_the_radii() -> None:
    centres = RNG.random((1, 400, 6))
    got = candidates.spray(
        np, centres, RNG.standard_normal((1, 400, 6)), np.linspace(0, 1, 400)[None],
        RNG.random((1, 400, 6)),
    )  # fmt: skip
    assert ((got >= 0) & (got <= 1)).all()
    moved = np.abs(got - centres)[0]
    assert (moved.max(1) > 0).all()
    assert moved[:20].max() < 0.01 < 0.1 < moved[-20:].max()
    assert (moved[1::2] == 0).any()  # every other one leaves coordinates alone
    assert (moved[0::2] > 0).all()


@pytest.mark.parametrize(("x", "folded"), [(0.3, 0.3), (1.2, 0.8), (-0.2, 0.2), (2.1, 0.1), (1, 1)])
def test_fold_reflects_at_the_borders(x: float, folded: float) -> None:
    assert_allclose(direct.fold(np, np.array([x])), [folded], atol=1e-12)


def test_lstm_cell_by_hand() -> None:
    gates = np.array([[0.0, np.log(3.0), 0.0, 1.0]])  # i = 1/2, f = 3/4, o = 1/2, g = tanh 1
    h, c = lstm.lstm_cell(np, gates, np.array([[2.0]]))
    assert_allclose(c, [[0.75 * 2 + 0.5 * np.tanh(1)]])
    assert_allclose(h, 0.5 * np.tanh(c))


def test_a_forgetful_start_is_avoided() -> None:
    bias = lstm.Lstm(4).init_params(np.random.default_rng(0))["cell.bias"]
    assert_allclose(bias, [0] * 4 + [1] * 4 + [0] * 8)


def test_activations_do_not_overflow() -> None:
    x = np.array([-1e4, 0.0, 1e4], dtype=np.float32)
    with np.errstate(all="raise", under="ignore"):
        assert_allclose(ops.sigmoid(np, x), [0, 0.5, 1])
        assert_allclose(ops.softplus(np, x), [0, np.log(2), 1e4], rtol=1e-6)
        assert_allclose(ops.softmax(np, x), [0, 0, 1])
        assert_allclose(ops.oneplus(np, x[:1]), [1])


def test_the_nearest_row_is_read() -> None:
    x, y = RNG.random((2, 7, 3)), RNG.standard_normal((2, 7))
    keys = RNG.random((2, 20, 3))
    e = told(y, x)
    got = archive.read_nearest(np, e, archive.Archive(x, y), keys.swapaxes(1, 2)).swapaxes(1, 2)
    for b in range(2):
        distance = np.sqrt(np.square(keys[b, :, None] - x[b, None]).mean(-1))
        z = np.arcsinh((y[b] - y[b].mean()) / y[b].std())
        assert_allclose(got[b, :, 0], 0.2 * np.log(distance.min(1) + 1e-5) + 1, rtol=1e-5)
        assert_allclose(got[b, :, 1], z[distance.argmin(1)])


@pytest.mark.parametrize("shape", [(1, 256, 70), (1, 250, 70), (3, 256, 70), (1, 16, 7)])
@pytest.mark.parametrize("stacked", [True, False])
def test_a_product_in_blocks_of_rows_is_the_product(shape: tuple[int, ...], stacked: bool) -> None:
    a = RNG.standard_normal(shape)
    b = RNG.standard_normal((shape[0], shape[2], 50) if stacked else (shape[2], 50))
    assert_allclose(ops.matmul_rows(np, a, b), a @ b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 70, 256), (1, 70, 250), (3, 70, 256), (1, 7, 16)])
def test_a_product_in_blocks_of_columns_is_the_product(shape: tuple[int, ...]) -> None:
    a, b = RNG.standard_normal((shape[0], 50, shape[1])), RNG.standard_normal(shape)
    assert_allclose(ops.matmul_columns(np, a, b), a @ b, rtol=1e-9, atol=1e-12)


def test_reading_by_content_follows_the_memorys_own_addressing() -> None:
    # In double precision throughout: a mean of words may cancel to a fraction of them.
    drawn = content.init_key(np.random.default_rng(0), 4, 8)
    params = {name: weights.astype(np.float64) for name, weights in drawn.items()}
    context, best, x = RNG.random((2, 3, 4)), RNG.random((2, 3)), RNG.random((2, 5, 3))
    words = RNG.standard_normal((2, 6, 3 * 8))
    place = 2 * x - 1
    parts = np.stack([place, place**2, 2 * (x - best[:, None])], axis=-1)
    keys = (parts @ params["key.slices"]).reshape(2, 5, 3 * 8)
    strength = ops.oneplus(np, context.mean(1) @ params["key.strength"]) * np.ones((2, 5))
    weights = external_memory.content_weighting(np, words, keys, strength)
    mean = weights @ words.reshape(2, 6, 3, 8).mean(2)
    got = content.read_memory(np, params, context, best, words, x.swapaxes(1, 2))
    assert_allclose(got.swapaxes(1, 2), mean, rtol=1e-6)


def test_far_rows_neither_overflow_nor_leave_denormal_numbers() -> None:
    x = np.array([[[0.0], [1.0]]], dtype=np.float32)
    y = np.array([[0.0, 1.0]])
    e = told(y, x)
    with np.errstate(all="raise"):
        got = read(one_head(1e-3), e, x, y, np.linspace(0, 1, 7, dtype=np.float32)[None, :, None])
    assert np.isfinite(got).all()
