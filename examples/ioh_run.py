"""Our default policy on BBOB functions of IOHprofiler, logged for IOHanalyzer and iohinspector.

python examples/ioh_run.py
"""

import ioh

from rnnbbo import minimize

FUNCTIONS, INSTANCES, DIMENSIONS, RUNS = (1, 8, 15), (1, 2), (2,), 2
BUDGET = 10  # evaluations a dimension


def main() -> None:
    suite = ioh.suite.BBOB(FUNCTIONS, INSTANCES, DIMENSIONS)
    logger = ioh.logger.Analyzer(
        root="ioh_data", folder_name="auto", algorithm_name="rnnbbo-auto", store_positions=True
    )
    suite.attach_logger(logger)
    total = 0
    for problem in suite:
        box = list(zip(problem.bounds.lb, problem.bounds.ub, strict=True))
        for seed in range(RUNS):
            minimize(problem, box, n_calls=BUDGET * len(box), rng=seed)
            regret = problem.state.current_best.y - problem.optimum.y
            total += problem.state.evaluations
            about = problem.meta_data
            print(f"{about.name} {about.instance}, seed {seed}: {regret:.3g} above the optimum")
            problem.reset()  # else the next run is part of this one
    logger.close()
    print(f"{total} evaluations in {logger.output_directory}")


if __name__ == "__main__":
    main()
