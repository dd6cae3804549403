"""Generators of random numbers by seeds of several integers."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

_WORD = 2**32


def seeded(seed: Sequence[int]) -> np.random.Generator:
    """Return the generator `np.random.default_rng(seed)` does, in half of its time.

    A step makes two of them. NumPy takes integers apart into words by itself, one after another.
    """
    words = [word for number in seed for word in _words(number)]
    sequence = np.random.SeedSequence(np.array(words, np.uint32))  # type: ignore[arg-type]
    return np.random.Generator(np.random.PCG64(sequence))


@lru_cache(maxsize=1024)
def _words(number: int) -> tuple[int, ...]:
    """Return a number of at least 0 in words of 32 bits, the lowest first; 0 has one."""
    words = [number % _WORD]
    while number := number // _WORD:
        words.append(number % _WORD)
    return tuple(words)
