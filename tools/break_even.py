"""From which cost of an evaluation on minimize_many pays, beside a CMA-ES with ten times as many.

python tools/break_even.py --problems 2000 --threads 1

Samples of Gaussian processes, standardised, as `rnnbbo benchmark measure many` has them. The CMA-ES
is evosax's, vectorised over problems and compiled by JAX; it needs `pip install evosax`, and the
extra `bench`. Times are without those of the objective, the second of two runs. What an evaluation
may cost where both take as long is (seconds of ours - seconds of theirs) / (evaluations of theirs -
evaluations of ours), a problem each.
"""

import argparse
import time
from functools import partial

import jax
import numpy as np
from evosax.algorithms import CMA_ES

from rnnbbo.benchmarks.measures.batched_runs import BatchedObjectives, own_seconds
from rnnbbo.many import minimize_many

DIM, OURS, TIMES = 6, 30, 10
POPULATION, DEVIATION = 10, 0.3


class CmaEs:
    """The CMA-ES of all problems at once, compiled by its first run."""

    def __init__(self) -> None:
        algorithm = CMA_ES(POPULATION, np.zeros(DIM, np.float32))
        self._params = algorithm.default_params.replace(std_init=DEVIATION)
        self._init = jax.jit(jax.vmap(algorithm.init, (0, None, None)))
        self._ask = jax.jit(jax.vmap(algorithm.ask, (0, 0, None)))
        self._tell = jax.jit(jax.vmap(algorithm.tell, (0, 0, 0, 0, None)))
        self._split = jax.jit(partial(jax.random.split, num=2))

    def run(
        self, objectives: BatchedObjectives, problems: int, seed: int
    ) -> tuple[float, np.ndarray]:
        """Return the seconds without the objective's, and the best values (problems,)."""
        key = jax.random.key(seed)
        best = np.full(problems, np.inf)
        objectives.seconds, begin = 0.0, time.perf_counter()
        state = self._init(
            jax.random.split(key, problems), np.full(DIM, 0.5, np.float32), self._params
        )
        for _ in range(OURS * TIMES // POPULATION):
            key, now = self._split(key)
            keys = jax.random.split(now, problems)
            points, state = self._ask(keys, state, self._params)
            given = np.clip(np.asarray(points), 0.0, 1.0)
            values = np.stack([objectives(given[:, i]) for i in range(POPULATION)], axis=1)
            best = np.minimum(best, values.min(axis=1))
            state, _ = self._tell(keys, points, values.astype(np.float32), state, self._params)
        jax.block_until_ready(state)
        return time.perf_counter() - begin - objectives.seconds, best


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problems", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--policies", nargs="*", default=["lstm", "dnc", "lstm-direct"])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    objectives = BatchedObjectives(given.problems, DIM, given.seed)
    strategy = CmaEs()
    for _ in range(2):
        theirs, best = strategy.run(objectives, given.problems, given.seed)
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
