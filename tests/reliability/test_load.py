"""Many asks, many tells."""

import time
from statistics import median

import numpy as np
import pytest
from reliability_support import BOX, slow

from rnnbbo import Optimizer

POLICIES = ["kernel", "dnc", "lstm", "dnc-direct", "lstm-direct"]


def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def ask_ms(optimizer):
    """Time of an ask, the least of a few: what the machine does besides is not meant."""
    times = []
    for _ in range(9):
        copy = optimizer.copy()
        start = time.process_time()
        copy.ask()
        times.append(time.process_time() - start)
    return 1e3 * median(times)


@pytest.mark.fault(
    "100,000 tells in 6 dimensions", holds="memory growth < 200 MB; the ask does not slow down"
)
@pytest.mark.parametrize(
    ("policy", "tells"),
    [
        *[(policy, 1000) for policy in POLICIES],
        *[slow(policy, 100_000) for policy in POLICIES],
    ],
)
def test_tells(policy, tells, figure):
    rng = np.random.default_rng(0)
    optimizer = Optimizer(BOX, policy=policy, rng=0)

    def tell(count):
        for x in rng.uniform(-1.0, 1.0, (count, 6)):
            optimizer.tell(x, float(x @ x))

    tell(500)  # the memory of every policy is full
    early, before = ask_ms(optimizer), resident_mb()
    tell(tells - 500)
    late, growth = ask_ms(optimizer), resident_mb() - before
    assert len(optimizer.Xi) == tells
    assert growth < 200.0
    # Seen sets and histories are hashed and appended to: nothing in an ask depends on t.
    assert late < 2.0 * early + 1.0
    figure(
        policy, f"{growth:.0f} MB, ask {early:.2g} ms after 500 tells, {late:.2g} ms after {tells}"
    )


@pytest.mark.fault("1,000 asks without a tell", holds="no hang, distinct points")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("asks", [100, slow(1000)])
def test_asks(policy, asks, figure):
    optimizer = Optimizer(BOX, policy=policy, rng=0)
    start = time.process_time()
    points = optimizer.ask(n_points=asks)
    seconds = time.process_time() - start
    assert len({tuple(x) for x in points}) == asks
    # A space with fewer points than asks is gone through before one repeats.
    small = Optimizer([(1, 4), ("a", "b", "c")], policy=policy, rng=0)
    few = [tuple(x) for x in small.ask(n_points=30)]
    assert len(set(few[:12])) == 12
    figure(policy, f"{asks} distinct points, {1e3 * seconds / asks:.2g} ms each")
