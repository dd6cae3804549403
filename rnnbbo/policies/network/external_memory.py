"""The memory of a differentiable neural computer, equation by equation.

Source: Graves et al., "Hybrid computing using a neural network with dynamic external memory",
Nature 538 (2016), Methods; the letters are theirs. Shapes: B batch, N memory rows, W word size,
R read heads. Everything is a pure function: the new value is returned, nothing is changed.
"""

from typing import NamedTuple

from rnnbbo.policies.ops import Array, Namespace, matmul_rows, softmax

NORM_EPSILON = 1e-6  # added to squared norms: an empty row has a finite gradient


class Interface(NamedTuple):
    """What the controller emits for the memory at one step, already in its valid range.

    Attributes:
        read_keys: (B, R, W) k^r.
        read_strengths: (B, R) beta^r, at least 1.
        write_key: (B, 1, W) k^w.
        write_strength: (B, 1) beta^w, at least 1.
        erase: (B, W) e, in [0, 1].
        write: (B, W) v.
        free_gates: (B, R) f, in [0, 1].
        allocation_gate: (B, 1) g^a, in [0, 1].
        write_gate: (B, 1) g^w, in [0, 1].
        read_modes: (B, R, 3) pi over backward, content, forward; sums to 1.
    """

    read_keys: Array
    read_strengths: Array
    write_key: Array
    write_strength: Array
    erase: Array
    write: Array
    free_gates: Array
    allocation_gate: Array
    write_gate: Array
    read_modes: Array


class MemoryState(NamedTuple):
    """Memory M (B, N, W), usage u (B, N), precedence p (B, N), links L (B, N, N), weightings.

    `write_weighting` is (B, N) and `read_weightings` (B, R, N): each sums to at most 1.
    """

    memory: Array
    usage: Array
    precedence: Array
    links: Array
    write_weighting: Array
    read_weightings: Array


def init_memory(
    xp: Namespace, batch: int, rows: int, word: int, heads: int, *, like: Array
) -> MemoryState:
    """Return an empty memory, on the device and in the dtype of `like`."""

    def zeros(*shape: int) -> Array:
        return xp.zeros(shape, dtype=like.dtype, device=like.device)

    return MemoryState(
        zeros(batch, rows, word),
        zeros(batch, rows),
        zeros(batch, rows),
        zeros(batch, rows, rows),
        zeros(batch, rows),
        zeros(batch, heads, rows),
    )


def content_weighting(xp: Namespace, memory: Array, keys: Array, strengths: Array) -> Array:
    """Return C(M, k, beta): softmax over rows of beta times the cosine of key and row.

    Args:
        xp: array namespace.
        memory: (B, N, W).
        keys: (B, K, W).
        strengths: (B, K).

    Returns:
        (B, K, N), summing to 1 over N.
    """
    dot = matmul_rows(xp, keys, memory.mT)
    row_norm = xp.sqrt(xp.sum(memory * memory, axis=-1) + NORM_EPSILON)
    key_norm = xp.sqrt(xp.sum(keys * keys, axis=-1) + NORM_EPSILON)
    cosine = dot / (key_norm[:, :, None] * row_norm[:, None, :])
    return softmax(xp, cosine * strengths[:, :, None])


def retention(xp: Namespace, free_gates: Array, read_weightings: Array) -> Array:
    """Return psi = prod_i (1 - f_i w^r_i), (B, N): how much of each row is not freed."""
    return xp.prod(1.0 - free_gates[:, :, None] * read_weightings, axis=1)


def usage(usage: Array, write_weighting: Array, psi: Array) -> Array:
    """Return u_t = (u + w^w - u w^w) psi, (B, N), in [0, 1]."""
    return (usage + write_weighting - usage * write_weighting) * psi


def allocation_weighting(xp: Namespace, usage: Array) -> Array:
    """Return a[phi_j] = (1 - u[phi_j]) prod_{i<j} u[phi_i], phi the rows in order of usage.

    Written without the sort: the product runs over the rows that are used less, ties going to the
    lower index, which is the same order. (B, N), summing to at most 1.
    """
    n = usage.shape[-1]
    index = xp.arange(n, device=usage.device)
    mine, other = usage[:, :, None], usage[:, None, :]
    first = (other < mine) | ((other == mine) & (index[None, :] < index[:, None])[None])
    others = xp.where(first, other, xp.ones_like(other))
    return (1.0 - usage) * xp.prod(others, axis=-1)


def write_weighting(
    allocation_gate: Array, write_gate: Array, allocation: Array, content: Array
) -> Array:
    """Return w^w = g^w (g^a a + (1 - g^a) c^w), (B, N)."""
    return write_gate * (allocation_gate * allocation + (1.0 - allocation_gate) * content)


def write_memory(memory: Array, weighting: Array, erase: Array, value: Array) -> Array:
    """Return M_t = M (1 - w^w e^T) + w^w v^T, (B, N, W)."""
    w = weighting[:, :, None]
    return memory * (1.0 - w * erase[:, None, :]) + w * value[:, None, :]


def precedence(xp: Namespace, precedence: Array, write_weighting: Array) -> Array:
    """Return p_t = (1 - sum w^w) p + w^w, (B, N)."""
    return (1.0 - xp.sum(write_weighting, axis=-1, keepdims=True)) * precedence + write_weighting


def temporal_links(xp: Namespace, links: Array, write_weighting: Array, precedence: Array) -> Array:
    """Return L_t[i, j] = (1 - w^w[i] - w^w[j]) L[i, j] + w^w[i] p_{t-1}[j], zero where i = j."""
    w = write_weighting
    n = w.shape[-1]
    linked = (1.0 - w[:, :, None] - w[:, None, :]) * links + w[:, :, None] * precedence[:, None, :]
    return linked * (1.0 - xp.eye(n, dtype=w.dtype, device=w.device))


def read_weightings(
    xp: Namespace, modes: Array, links: Array, previous: Array, content: Array
) -> Array:
    """Return w^r_i = pi_i[1] b_i + pi_i[2] c_i + pi_i[3] f_i, f = L w, b = L^T w; (B, R, N)."""
    forward = xp.matmul(previous, links.mT)
    backward = xp.matmul(previous, links)
    return modes[:, :, 0:1] * backward + modes[:, :, 1:2] * content + modes[:, :, 2:3] * forward


def access(xp: Namespace, state: MemoryState, interface: Interface) -> tuple[MemoryState, Array]:
    """Write once, then read with every head: one step of the memory.

    Returns:
        The new state and the read vectors r = M^T w^r, (B, R, W).
    """
    i = interface
    psi = retention(xp, i.free_gates, state.read_weightings)
    u = usage(state.usage, state.write_weighting, psi)
    content = content_weighting(xp, state.memory, i.write_key, i.write_strength)[:, 0, :]
    w = write_weighting(i.allocation_gate, i.write_gate, allocation_weighting(xp, u), content)
    memory = write_memory(state.memory, w, i.erase, i.write)
    links = temporal_links(xp, state.links, w, state.precedence)
    found = content_weighting(xp, memory, i.read_keys, i.read_strengths)
    reads = read_weightings(xp, i.read_modes, links, state.read_weightings, found)
    p = precedence(xp, state.precedence, w)
    return MemoryState(memory, u, p, links, w, reads), xp.matmul(reads, memory)
