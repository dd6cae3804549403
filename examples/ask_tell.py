"""Ask and tell in a loop of one's own: three points at a time, results in any order."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from math import nan

from rnnbbo import Optimizer


def experiment(x):
    """Stand for something slow; it fails where the mixture is too hot."""
    temperature, minutes, solvent = x
    if temperature > 95 and solvent == "ether":
        raise RuntimeError("boiled over")
    best = {"water": 80, "ether": 40}[solvent]
    return (temperature - best) ** 2 / 100 + (minutes - 12) ** 2 / 50 + (solvent == "ether")


optimizer = Optimizer([(20.0, 120.0), (1, 60), ("water", "ether")], n_calls=30, rng=0)
with ThreadPoolExecutor(3) as pool:
    for _ in range(10):
        running = {pool.submit(experiment, x): x for x in optimizer.ask(n_points=3)}
        for future in as_completed(running):
            # NaN tells of a failed trial.
            optimizer.tell(running[future], nan if future.exception() else future.result())

result = optimizer.result()
print(f"{result.fun:.3f} at {result.x} ({result.n_failed} of {result.nfev} failed)")
