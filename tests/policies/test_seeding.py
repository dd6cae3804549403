import numpy as np
import pytest

from rnnbbo.policies.seeding import seeded


@pytest.mark.parametrize("entropy", [0, 1, 2**32 - 1, 2**32, 2**63 - 1, 3**200])
@pytest.mark.parametrize("rest", [(1, 0), (2, 5), (0, 0), (1, 2**32 + 7)])
def test_numbers_are_those_of_numpy(entropy: int, rest: tuple[int, int]) -> None:
    found, expected = seeded((entropy, *rest)), np.random.default_rng((entropy, *rest))
    assert np.array_equal(found.random(3), expected.random(3))
    assert np.array_equal(found.integers(9, size=7), expected.integers(9, size=7))
