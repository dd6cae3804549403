"""The few array operations that every policy shares.

A step is written once, against the array-API standard: `xp` is the namespace of the arrays at hand
(`numpy` when proposing, `array_api_compat.torch` when meta-training). `Params`
maps names to arrays; modules own a prefix each.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

Array = Any  # an array of either namespace; the array-API standard has no static type
Namespace = Any
Params = Mapping[str, Array]

_BLOCK = 16  # rows, or columns, of a product that is taken in parts
_ONE_THREAD = 2**18  # multiply-adds up to which OpenBLAS keeps to one thread


def namespace(array: Array) -> Namespace:
    """Return the array-API namespace of `array`: numpy is its own, torch needs the adapter."""
    if isinstance(array, np.ndarray):
        return np
    from array_api_compat import array_namespace  # the extra `train` brings it, as it does torch

    return array_namespace(array)


def keep_heap(size: int) -> None:
    """Let the C library keep up to 2 `size` bytes of freed memory for the next array.

    The GNU allocator gives freed memory back to the system beyond a limit, and that limit grows
    with the largest block freed so far. A step makes and frees large arrays again and again:
    without this, a third of its time and more goes into mapping and clearing their pages.
    """
    np.empty(size, dtype=np.uint8)


def dense(
    rng: np.random.Generator, fan_in: int, shape: tuple[int, ...], gain: float = 1.0
) -> Array:
    """Draw float32 weights of the given shape with standard deviation gain / sqrt(fan_in)."""
    return (rng.standard_normal(shape) * (gain / math.sqrt(fan_in))).astype(np.float32)


def sigmoid(xp: Namespace, x: Array) -> Array:
    """Return the logistic function, in the form that does not overflow."""
    return 0.5 * xp.tanh(0.5 * x) + 0.5


def softplus(xp: Namespace, x: Array) -> Array:
    """Return log(1 + exp(x)), in the form that does not overflow."""
    return xp.log1p(xp.exp(-xp.abs(x))) + xp.clip(x, 0.0, None)


def oneplus(xp: Namespace, x: Array) -> Array:
    """Return 1 + log(1 + exp(x)): the strengths of a DNC (Graves et al. 2016, Methods)."""
    return 1.0 + softplus(xp, x)


def softmax(xp: Namespace, x: Array) -> Array:
    """Return the softmax over the last axis."""
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def matmul_rows(xp: Namespace, a: Array, b: Array) -> Array:
    """Return a @ b for a (B, m, k) of many rows, and b (B, k, n) or (k, n); also for a (m, k).

    A BLAS would spread the product over all cores. Waking them costs more than the product, and far
    more while the user's own program, or another chunk of `minimize_many`, keeps them busy. Blocks
    of rows that are too small for that give the same numbers at the same speed on one core.
    """
    m, k = a.shape[-2:]
    small = m * k * b.shape[-1] <= _ONE_THREAD
    if small or not isinstance(a, np.ndarray) or m % _BLOCK:
        return xp.matmul(a, b)
    blocks = a.reshape(*a.shape[:-2], m // _BLOCK, _BLOCK, k)
    product = np.matmul(blocks, b[:, None] if b.ndim == 3 else b)
    return product.reshape(*a.shape[:-1], b.shape[-1])


def matmul_columns(xp: Namespace, a: Array, b: Array) -> Array:
    """Return a @ b for a (B, m, k), and b (B, k, n) of many columns, in blocks as `matmul_rows`."""
    batch, k, n = b.shape
    m = a.shape[1]
    small = m * k * n <= _ONE_THREAD
    if small or not isinstance(b, np.ndarray) or n % _BLOCK:
        return xp.matmul(a, b)
    product = np.empty((batch, m, n), dtype=np.result_type(a, b))

    def blocks(array: np.ndarray) -> np.ndarray:
        return array.reshape(batch, -1, n // _BLOCK, _BLOCK).swapaxes(1, 2)

    np.matmul(a[:, None], blocks(b), out=blocks(product))
    return product
