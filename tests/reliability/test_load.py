"""Many asks, many tells."""

import time

import numpy as np
import pytest
from reliability_support import BOX, POLICIES, bowl, slow

from rnnbbo import Optimizer


def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def turn_ms(optimizer):
    """Time of a tell and an ask, the least of a few: what the machine does besides is not meant."""
    twin = optimizer.copy()
    twin.ask()  # the first addition to a copied set lays it out again
    times = []
    for at in np.linspace(-0.9, 0.9, 15):
        start = time.process_time()
        twin.tell([at] * 6, 6.0 * at * at)
        twin.ask()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


@pytest.mark.fault(
    "100,000 tells in 6 dimensions",
    holds="memory growth < 200 MB; a tell and an ask do not slow down",
)
@pytest.mark.parametrize(
    ("policy", "tells"),
    [
        *[(policy, 600) for policy in POLICIES],
        *[slow(policy, 100_000) for policy in POLICIES],
    ],
)
def test_tells(policy, tells, figure):
    rng = np.random.default_rng(0)
    optimizer = Optimizer(BOX, policy=policy, rng=0)

    def tell(count):
        for _ in range(count // 100):
            points = rng.uniform(-1.0, 1.0, (100, 6))
            optimizer.tell(points, np.square(points).sum(axis=1))

    start = min(500, tells // 2)
    tell(start)  # the memory of every policy is full
    early, before = turn_ms(optimizer), resident_mb()
    tell(tells - start)
    late, growth = turn_ms(optimizer), resident_mb() - before
    assert len(optimizer.Xi) == tells
    assert growth < 200.0
    # Seen sets and histories are hashed and appended to: nothing depends on t. The
    # direct heads may settle on a point, and look round it for a new one: 0.1 ms.
    assert late < 2.0 * early + 0.3
    figure(
        policy,
        f"{growth:.0f} MB, a tell and an ask {early:.2g} ms after {start} tells, "
        f"{late:.2g} ms after {tells}",
    )


@pytest.mark.fault("1,000 asks without a tell", holds="no hang, distinct points")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("asks", [100, slow(1000)])
@pytest.mark.parametrize("tells", [0, 20])
def test_asks(policy, tells, asks, figure):
    optimizer = Optimizer(BOX, policy=policy, rng=0)
    for _ in range(tells):
        x = optimizer.ask()
        optimizer.tell(x, bowl(x))
    start = time.process_time()
    points = optimizer.ask(n_points=asks)
    seconds = time.process_time() - start
    told = {tuple(x) for x in optimizer.Xi}
    assert len({tuple(x) for x in points} - told) == asks
    # A space with fewer points than asks is gone through before one repeats.
    small = Optimizer([(1, 4), ("a", "b", "c")], policy=policy, rng=0)
    few = [tuple(x) for x in small.ask(n_points=30)]
    assert len(set(few[:12])) == 12
    name = f"{policy}, after {tells} tells"
    figure(name, f"{asks} distinct points, {1e3 * seconds / asks:.2g} ms each")
