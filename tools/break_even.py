"""From which cost of an evaluation on minimize_many pays, beside a CMA-ES with ten times as many.

python tools/break_even.py --problems 2000 --threads 1
python tools/break_even.py --problems 1000 --examples        # on examples/plants.py and sensors.py

Samples of Gaussian processes, standardised, as `rnnbbo benchmark measure many` has them. The CMA-ES
is evosax's, vectorised over problems and compiled by JAX; it needs `pip install evosax`, and the
extra `bench`. Times are without those of the objective, the second of two runs. What an evaluation
may cost where both take as long is (seconds of ours - seconds of theirs) / (evaluations of theirs -
evaluations of ours), a problem each. On the examples times are the processor's, with the
objective's own.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import jax
import numpy as np
from evosax.algorithms import CMA_ES

from rnnbbo.benchmarks.measures.batched_runs import BatchedObjectives, own_seconds
from rnnbbo.many import ManyResult, minimize_many
from rnnbbo.many.bounds import Bounds, as_bounds

DIM, OURS, TIMES = 6, 30, 10
POPULATION, DEVIATION = 10, 0.3


class CmaEs:
    """The CMA-ES of all problems at once, compiled by its first run.

    Args:
        dim: numbers of a problem.
    """

    def __init__(self, dim: int) -> None:
        algorithm = CMA_ES(POPULATION, np.zeros(dim, np.float32))
        self._dim = dim
        self._params = algorithm.default_params.replace(std_init=DEVIATION)
        self._init = jax.jit(jax.vmap(algorithm.init, (0, None, None)))
        self._ask = jax.jit(jax.vmap(algorithm.ask, (0, 0, None)))
        self._tell = jax.jit(jax.vmap(algorithm.tell, (0, 0, 0, 0, None)))
        self._split = jax.jit(partial(jax.random.split, num=2))

    def run(
        self,
        objectives: Callable[[np.ndarray], np.ndarray],
        problems: int,
        seed: int,
        evaluations: int,
    ) -> np.ndarray:
        """Return the best values (problems,) of points of the cube (problems, dim)."""
        key = jax.random.key(seed)
        best = np.full(problems, np.inf)
        state = self._init(
            jax.random.split(key, problems), np.full(self._dim, 0.5, np.float32), self._params
        )
        for _ in range(evaluations // POPULATION):
            key, now = self._split(key)
            keys = jax.random.split(now, problems)
            points, state = self._ask(keys, state, self._params)
            given = np.clip(np.asarray(points), 0.0, 1.0)
            values = np.stack([objectives(given[:, i]) for i in range(POPULATION)], axis=1)
            best = np.minimum(best, values.min(axis=1))
            state, _ = self._tell(keys, points, values.astype(np.float32), state, self._params)
        jax.block_until_ready(state)
        return best


def on_examples(problems: int, policies: Sequence[str], seed: int, threads: int) -> None:
    """Print a table of both examples."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))
    import plants
    import sensors

    _, measured = sensors.make(problems)
    calibration = partial(sensors.deviation, measured=measured)
    print("| example | method | evaluations | mean value | processor time a problem |")
    print("| --- | --- | --- | --- | --- |")
    for name, objective, bounds, count in (
        ("plants", plants.error, plants.BOUNDS, plants.PLANTS),
        ("sensors", calibration, sensors.BOUNDS, problems),
    ):
        strategy, scaled = CmaEs(len(bounds)), partial(_scaled, objective, as_bounds(bounds, count))
        for evaluations in (OURS, OURS * TIMES):
            run = partial(strategy.run, scaled, count, seed, evaluations)
            print(f"| {name} | CMA-ES | {evaluations} | {_mean_and_time(run, count)} |")
        many = partial(minimize_many, objective, bounds, count, OURS, rng=seed, threads=threads)
        for policy in policies:
            ours = partial(_least, many, policy)
            print(f"| {name} | {policy} | {OURS} | {_mean_and_time(ours, count)} |")


def _scaled(
    objective: Callable[[np.ndarray], np.ndarray], bounds: Bounds, u: np.ndarray
) -> np.ndarray:
    return objective(bounds.from_cube(u))


def _least(many: Callable[..., ManyResult], policy: str) -> np.ndarray:
    return many(policy=policy).fun


def _mean_and_time(run: Callable[[], np.ndarray], problems: int) -> str:
    """Return two cells: the mean of best values, and a problem's time in the second of two runs."""
    run()  # compiles
    begin = time.process_time()
    mean = run().mean()
    each = (time.process_time() - begin) / problems
    return f"{mean:.3f} | {1e3 * each:.3g} ms"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problems", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--policies", nargs="*", default=["lstm", "dnc", "lstm-direct"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", action="store_true")
    given = parser.parse_args()
    if given.examples:
        on_examples(given.problems, given.policies, given.seed, given.threads)
        return
    objectives = BatchedObjectives(given.problems, DIM, given.seed)
    strategy = CmaEs(DIM)
    for _ in range(2):
        theirs, best = own_seconds(
            objectives,
            partial(strategy.run, objectives, given.problems, given.seed, OURS * TIMES),
        )
    print("| method | evaluations | time a problem | mean best value | break-even |")
    print("| --- | --- | --- | --- | --- |")
    each = theirs / given.problems
    print(f"| CMA-ES | {OURS * TIMES} | {1e3 * each:.3g} ms | {best.mean():.2f} | |")
    run = partial(minimize_many, objectives, [(0.0, 1.0)] * DIM, given.problems, OURS)
    for policy in given.policies:
        for _ in range(2):
            own, found = own_seconds(
                objectives, partial(run, policy=policy, rng=given.seed, threads=given.threads)
            )
        ours = own / given.problems
        cost = (ours - each) / (OURS * (TIMES - 1))
        reached = f"{1e3 * ours:.3g} ms | {found.fun.mean():.2f} | {1e6 * cost:.3g} µs"
        print(f"| {policy} | {OURS} | {reached} |")


if __name__ == "__main__":
    main()
