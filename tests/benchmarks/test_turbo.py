import numpy as np
import pytest

from rnnbbo.benchmarks.methods.turbo import TrustRegion, TuRBO


def after(region: TrustRegion, outcomes: str) -> TrustRegion:
    """The region after s successes and f failures, in order."""
    for outcome in outcomes:
        region = region.after(outcome == "s")
    return region


@pytest.mark.parametrize(
    ("outcomes", "length"),
    [
        ("", 0.8),
        ("ss", 0.8),
        ("sss", 1.6),
        ("ssssss", 1.6),  # its largest
        ("ssfs", 0.8),  # successes count in a row only
        ("ffff", 0.4),
        ("fffsf", 0.8),
        ("ffffffff", 0.2),
        ("sssffff", 0.8),
    ],
)
def test_the_region_doubles_and_halves_as_published(outcomes: str, length: float) -> None:
    assert after(TrustRegion(failure_tolerance=4), outcomes).length == pytest.approx(length)


def test_the_region_converges_below_its_least_length() -> None:
    region = TrustRegion(failure_tolerance=4)
    halvings = 0
    while not region.converged:
        region = after(region, "ffff")
        halvings += 1
    # 0.8 / 2^n < 0.5^7
    assert halvings == 7


def test_the_box_keeps_the_volume_and_the_proportions_of_the_lengthscales() -> None:
    region = TrustRegion(failure_tolerance=4, length=0.1)
    lengthscales = np.array([0.2, 0.4, 1.6])
    low, high = region.box(np.full(3, 0.5), lengthscales)
    sides = high - low
    assert np.prod(sides) == pytest.approx(0.1**3)
    assert sides / sides[0] == pytest.approx(lengthscales / lengthscales[0])
    low, high = region.box(np.array([0.0, 0.5, 1.0]), lengthscales)
    assert (low[0], high[2]) == (0.0, 1.0)


def test_the_region_follows_what_is_told() -> None:
    method = TuRBO(1, 50, 0)
    for value in (3.0, 2.0):  # two first points
        method.tell(method.ask(), value)
    for value in (1.0, 0.5, 0.2):
        method.tell(method.ask(), value)
    assert method.region.length == pytest.approx(1.6)
    for value in (0.2, 0.3, np.nan, 5.0):  # an equal value is no success
        method.tell(method.ask(), value)
    assert method.region.length == pytest.approx(0.8)


def test_a_converged_region_is_given_up_for_new_first_points() -> None:
    method = TuRBO(2, 200, 0)
    method.region = TrustRegion(failure_tolerance=4, length=0.05)
    points = []
    while not method.region.converged:
        points.append(method.ask())
        method.tell(points[-1], float(len(points)))
    again = [method.ask()]
    assert method.region == TrustRegion(failure_tolerance=4)
    for _ in range(3):
        method.tell(again[-1], 1e3)
        again.append(method.ask())
    # Its first points are not those of the first region.
    assert not {tuple(x) for x in again} & {tuple(x) for x in points}
