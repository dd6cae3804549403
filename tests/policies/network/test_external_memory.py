"""The DNC's equations, against values worked out by hand and against their invariants."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo.policies.network import external_memory as m

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Give every test the same numbers, whichever tests ran before it."""
    globals()["RNG"] = np.random.default_rng(0)


def weighting(*shape: int) -> np.ndarray:
    """Random non-negative weights that sum to at most 1 over the last axis."""
    w = RNG.random(shape)
    return w / w.sum(-1, keepdims=True) * RNG.random((*shape[:-1], 1))


def test_content_weighting_by_hand() -> None:
    memory = np.array([[[1.0, 0.0], [0.0, 2.0]]])
    keys = np.array([[[3.0, 0.0], [1.0, 1.0]]])
    got = m.content_weighting(np, memory, keys, np.array([[2.0, 5.0]]))
    # Cosines are (1, 0) and (1, 1)/sqrt(2): softmax of (2, 0), and equal weights.
    assert_allclose(got[0, 0], [np.exp(2) / (np.exp(2) + 1), 1 / (np.exp(2) + 1)], rtol=1e-5)
    assert_allclose(got[0, 1], [0.5, 0.5], rtol=1e-5)


def test_content_weighting_does_not_depend_on_lengths_of_words() -> None:
    memory, keys = RNG.standard_normal((2, 5, 3)), RNG.standard_normal((2, 4, 3))
    strengths = 1 + RNG.random((2, 4))
    plain = m.content_weighting(np, memory, keys, strengths)
    assert_allclose(plain.sum(-1), 1.0)
    assert_allclose(m.content_weighting(np, 9 * memory, 7 * keys, strengths), plain, rtol=1e-4)


def test_allocation_weighting_by_hand() -> None:
    # Order of usage: rows 1, 0, 2. a[1] = 0.8, a[0] = 0.5 * 0.2, a[2] = 0.2 * 0.2 * 0.5.
    got = m.allocation_weighting(np, np.array([[0.5, 0.2, 0.8]]))
    assert_allclose(got, [[0.1, 0.8, 0.02]])


def test_allocation_breaks_ties_by_index_and_finds_nothing_in_a_full_memory() -> None:
    assert_allclose(m.allocation_weighting(np, np.zeros((1, 3))), [[1.0, 0.0, 0.0]])
    assert_allclose(m.allocation_weighting(np, np.ones((1, 3))), [[0.0, 0.0, 0.0]])


def test_allocation_equals_the_sorted_form_of_the_paper() -> None:
    u = RNG.random((4, 7))
    expected = np.empty_like(u)
    for b in range(4):
        phi = np.argsort(u[b], kind="stable")
        for j, row in enumerate(phi):
            expected[b, row] = (1 - u[b, row]) * np.prod(u[b, phi[:j]])
    assert_allclose(m.allocation_weighting(np, u), expected)
    assert (expected.sum(-1) <= 1 + 1e-12).all()


def test_usage_and_retention_by_hand() -> None:
    psi = m.retention(np, np.array([[0.5, 1.0]]), np.array([[[0.4, 0.0], [0.5, 0.0]]]))
    assert_allclose(psi, [[(1 - 0.2) * (1 - 0.5), 1.0]])
    assert_allclose(m.usage(np.array([[0.5, 0.0]]), np.array([[0.2, 0.3]]), psi), [[0.24, 0.3]])


def test_usage_stays_in_the_unit_interval() -> None:
    u = np.zeros((3, 6))
    for _ in range(50):
        psi = m.retention(np, RNG.random((3, 2)), weighting(3, 2, 6))
        u = m.usage(u, weighting(3, 6), psi)
        assert (u >= 0).all()
        assert (u <= 1).all()


def test_write_weighting_interpolates_and_is_gated() -> None:
    a, c = np.array([[1.0, 0.0]]), np.array([[0.25, 0.75]])
    got = m.write_weighting(np.array([[0.5]]), np.array([[0.8]]), a, c)
    assert_allclose(got, [[0.8 * 0.625, 0.8 * 0.375]])
    assert_allclose(m.write_weighting(np.array([[0.5]]), np.array([[0.0]]), a, c), 0.0)


def test_write_erases_then_adds() -> None:
    memory = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    got = m.write_memory(
        memory, np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([[7.0, 10.0]])
    )
    assert_allclose(got, [[[7.0, 12.0], [3.0, 4.0]]])


def test_precedence_by_hand() -> None:
    got = m.precedence(np, np.array([[0.6, 0.4]]), np.array([[0.0, 0.5]]))
    assert_allclose(got, [[0.3, 0.7]])


def test_links_remember_the_order_of_writes() -> None:
    links, p = np.zeros((1, 3, 3)), np.zeros((1, 3))
    for row in (2, 0, 1):
        w = np.eye(3)[[row]]
        links, p = m.temporal_links(np, links, w, p), m.precedence(np, p, w)
    expected = np.zeros((3, 3))
    expected[0, 2] = expected[1, 0] = 1.0  # row 0 after row 2, row 1 after row 0
    assert_allclose(links[0], expected)
    at_0 = np.eye(3)[[[0]]]
    content = np.full((1, 1, 3), 1 / 3)

    def read(*modes: float) -> np.ndarray:
        return m.read_weightings(np, np.array([[modes]]), links, at_0, content)[0, 0]

    assert_allclose(read(0, 0, 1), [0, 1, 0])  # forward: what was written next
    assert_allclose(read(1, 0, 0), [0, 0, 1])  # backward: what was written before
    assert_allclose(read(0, 1, 0), 1 / 3)


def test_links_stay_substochastic_with_a_zero_diagonal() -> None:
    links, p = np.zeros((2, 5, 5)), np.zeros((2, 5))
    for _ in range(40):
        w = weighting(2, 5)
        links, p = m.temporal_links(np, links, w, p), m.precedence(np, p, w)
    assert (links >= -1e-12).all()
    assert (links.sum(-1) <= 1 + 1e-12).all()
    assert (links.sum(-2) <= 1 + 1e-12).all()
    assert_allclose(np.diagonal(links, axis1=1, axis2=2), 0.0)
    assert (p.sum(-1) <= 1 + 1e-12).all()


def interface(batch: int, heads: int, width: int) -> m.Interface:
    """A random interface, every part in its range."""
    modes = RNG.random((batch, heads, 3))
    return m.Interface(
        RNG.standard_normal((batch, heads, width)),
        1 + RNG.random((batch, heads)),
        RNG.standard_normal((batch, 1, width)),
        1 + RNG.random((batch, 1)),
        RNG.random((batch, width)),
        RNG.standard_normal((batch, width)),
        RNG.random((batch, heads)),
        RNG.random((batch, 1)),
        RNG.random((batch, 1)),
        modes / modes.sum(-1, keepdims=True),
    )


def test_access_keeps_every_invariant_and_changes_nothing_in_place() -> None:
    state = m.init_memory(np, 2, 6, 4, 3, like=np.zeros(0))
    for _ in range(30):
        before = [part.copy() for part in state]
        new, reads = m.access(np, state, interface(2, 3, 4))
        for part, copy in zip(state, before, strict=True):
            assert_allclose(part, copy)
        assert reads.shape == (2, 3, 4)
        assert (new.write_weighting.sum(-1) <= 1 + 1e-9).all()
        assert (new.read_weightings >= -1e-12).all()
        assert (new.read_weightings.sum(-1) <= 1 + 1e-9).all()
        state = new


def test_a_word_written_is_found_again_by_its_content() -> None:
    state = m.init_memory(np, 1, 4, 3, 1, like=np.zeros(0))
    words = np.array([[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]])

    def step(state: m.MemoryState, word: np.ndarray, write: float, key: np.ndarray):
        return m.access(
            np,
            state,
            m.Interface(
                key[None],
                np.array([[60.0]]),
                word[None],
                np.array([[1.0]]),
                np.ones((1, 3)),
                word,
                np.zeros((1, 1)),
                np.ones((1, 1)),
                np.full((1, 1), write),
                np.array([[[0.0, 1.0, 0.0]]]),
            ),
        )

    for word in words:
        state, _ = step(state, word, 1.0, word)
    assert_allclose(state.memory[0, :3], np.eye(3), atol=1e-12)  # one row each, in order
    for word in words:
        _, reads = step(state, word, 0.0, word)
        assert_allclose(reads[0, 0], word[0], atol=1e-6)


@pytest.mark.parametrize("part", ["memory", "usage", "links"])
def test_an_untouched_memory_is_empty(part: str) -> None:
    assert not getattr(m.init_memory(np, 1, 3, 2, 1, like=np.zeros(0)), part).any()
