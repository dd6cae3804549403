"""Calibrate five hundred small models at once: python examples/many_problems.py.

Each of 500 patients has measurements of a drug's concentration after a dose. A model with one
compartment has three parameters a patient: absorption rate, elimination rate, and volume. One call
of the objective computes the error of all patients' models, and one batched policy proposes the
next parameters for each.
"""

import numpy as np

from rnnbbo import minimize_many

PATIENTS = 500
HOURS = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0])
DOSE = 100.0  # mg

BOUNDS = [
    (0.1, 5.0, "log-uniform"),  # absorption rate, 1/h
    (0.01, 1.0, "log-uniform"),  # elimination rate, 1/h
    (5.0, 100.0, "log-uniform"),  # volume, l
]


def concentration(parameters):
    """Return concentrations (n, 7) in mg/l for parameters (n, 3): the Bateman function."""
    absorption, elimination, volume = (parameters[:, i : i + 1] for i in range(3))
    difference = absorption - elimination
    difference = np.where(np.abs(difference) < 1e-6, 1e-6, difference)
    decay = np.exp(-elimination * HOURS) - np.exp(-absorption * HOURS)
    return DOSE / volume * absorption / difference * decay


rng = np.random.default_rng(0)
truth = np.exp(rng.normal(np.log([1.5, 0.15, 30.0]), 0.3, (PATIENTS, 3)))
measured = concentration(truth) * np.exp(rng.normal(0.0, 0.05, (PATIENTS, len(HOURS))))


def error(parameters):
    """Return mean squared errors (n,) of the logarithm of the concentration."""
    return np.mean(np.log(concentration(parameters) / measured) ** 2, axis=1)


if __name__ == "__main__":
    result = minimize_many(error, BOUNDS, PATIENTS, 40, rng=0)
    print(f"median error of the first guess: {np.median(result.func_vals[:, 0]):.3f}")
    print(f"median error after 40 evaluations: {np.median(result.fun):.4f}")
    print(f"error of the parameters that made the data: {np.median(error(truth)):.4f}")
    off = np.median(np.abs(np.log(result.x / truth)), axis=0)
    for name, value in zip(("absorption", "elimination", "volume"), off, strict=True):
        print(f"median relative deviation of the {name}: {value:.0%}")
