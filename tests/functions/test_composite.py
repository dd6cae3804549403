"""Random functions of many kinds."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from rnnbbo.errors import ConfigError
from rnnbbo.functions.composite import CompositeFamily


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_functions_are_finite_and_repeatable(dim: int) -> None:
    family = CompositeFamily()
    x = np.random.default_rng(0).random((50, dim))
    seen = set()
    for seed in range(60):
        func, again = (family.draw(dim, np.random.default_rng(seed)) for _ in range(2))
        y = func(x)
        assert y.shape == (50,)
        assert np.isfinite(y).all()
        assert_array_equal(y, again(x))
        assert func(x[3]) == pytest.approx(y[3], rel=1e-9, abs=1e-9)
        seen.add(tuple(y))
    assert len(seen) == 60


def test_idle_coordinates_have_no_influence() -> None:
    family = CompositeFamily(smooth=0.0, idle=1.0, bent=0.0)
    rng = np.random.default_rng(1)
    for _ in range(20):
        func = family.draw(5, rng)
        assert 1 <= len(func.active) < 5
        x = rng.random((8, 5))
        moved = x.copy()
        idle = np.setdiff1d(np.arange(5), func.active)
        moved[:, idle] = rng.random((8, len(idle)))
        assert_array_equal(func(x), func(moved))


def test_bent_values_keep_their_order() -> None:
    x = np.random.default_rng(2).random((200, 3))
    changed = 0
    for seed in range(30):
        straight, bent = (
            CompositeFamily(smooth=0.0, idle=0.0, bent=share).draw(3, np.random.default_rng(seed))
            for share in (0.0, 1.0)
        )
        y = bent(x)[np.argsort(straight(x))]
        assert np.all(np.diff(y) >= -1e-12 * np.abs(y).max())
        changed += not np.allclose(straight(x), bent(x))
    assert changed > 20


def test_smooth_functions_only() -> None:
    family = CompositeFamily(smooth=1.0)
    func = family.draw(2, np.random.default_rng(3))
    x = np.random.default_rng(4).random((500, 2))
    assert np.abs(func(x) - func(x + 1e-6)).max() < 1e-3
    values = [family.draw(2, np.random.default_rng(s))(x[:1])[0] for s in range(400)]
    assert np.std(values) == pytest.approx(1.0, abs=0.15)  # the prior's standard deviation


@pytest.mark.parametrize("key", ["smooth", "idle", "bent"])
@pytest.mark.parametrize("value", [-0.1, 1.5, True, "half"])
def test_malformed_shares_are_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"functions.{key}"):
        CompositeFamily(**{key: value})  # type: ignore[arg-type]
