"""Calibrate ten thousand temperature sensors at once: python examples/sensors.py [COUNT].

A thermistor R(T) = R_25 exp(B (1 / T - 1 / 298.15)) stands in a divider over a resistor of 10 kohm,
whose voltage a converter of ten bits reads; the converter has an offset. Three numbers a sensor are
to be found, from readings at nine temperatures of a bath. A reading is noisy, and one in ten comes
from a loose contact. So what is minimised is the mean absolute deviation, in steps of the
converter, which such readings hardly move.

Beside it stands scipy's `least_squares`, one sensor after the other, with a loss that bears
outliers (soft_l1): the model is smooth, and its residuals are known one by one. Where that is so,
it finds more, and the example says how much, and for how long. Times are the processor's.
"""

import sys
import time
from functools import partial

import numpy as np

from rnnbbo import minimize_many

CALLS, ALONE = 30, 50
KELVIN = 273.15 + np.linspace(0.0, 80.0, 9)
SERIES, STEPS = 10.0, 1023.0
BOUNDS = [
    (5.0, 20.0, "log-uniform"),  # R_25, kohm
    (3000.0, 4500.0),  # B, K
    (-20.0, 20.0),  # the converter's offset, steps
]


def readings(parameters):
    """Return what the converter reads (n, 9) of sensors (n, 3), without error."""
    r_25, b, offset = (parameters[:, i : i + 1] for i in range(3))
    resistance = r_25 * np.exp(b * (1.0 / KELVIN - 1.0 / 298.15))
    return STEPS * SERIES / (SERIES + resistance) + offset


def make(count):
    """Return true parameters (count, 3), and readings with noise and loose contacts."""
    rng = np.random.default_rng(0)
    truth = np.stack(
        [
            10.0 * np.exp(0.2 * rng.standard_normal(count)).clip(0.55, 1.9),
            rng.uniform(3300.0, 4200.0, count),
            rng.normal(0.0, 5.0, count).clip(-19.0, 19.0),
        ],
        axis=1,
    )
    measured = readings(truth) + rng.normal(0.0, 1.0, (count, len(KELVIN)))
    loose = rng.random(measured.shape) < 0.1
    return truth, np.rint(
        np.where(loose, measured - rng.uniform(50, 300, measured.shape), measured)
    )


def deviation(parameters, measured):
    """Return the mean absolute deviation (n,) of readings (n, 9), in steps of the converter."""
    return np.abs(readings(parameters) - measured).mean(axis=1)


def celsius_off(parameters, truth):
    """Return the largest error (n,) in degrees that a calibration makes from 0 to 80 C."""
    r_25, b, offset = (parameters[:, i : i + 1] for i in range(3))
    share = (readings(truth) - offset).clip(1.0, STEPS - 1.0) / STEPS
    resistance = SERIES * (1.0 / share - 1.0)
    inverse = 1.0 / 298.15 + np.log(resistance / r_25) / b
    return np.abs(1.0 / inverse - KELVIN).max(axis=1)


def one_by_one(measured):
    """Return parameters (n, 3) by least_squares."""
    from scipy.optimize import least_squares

    low, high = np.array([bound[:2] for bound in BOUNDS]).T
    found = []
    for row in measured:
        fit = least_squares(
            lambda p, row=row: readings(p[None])[0] - row,
            [10.0, 3700.0, 0.0],
            bounds=(low, high),
            x_scale=(10.0, 1000.0, 10.0),
            loss="soft_l1",
        )
        found.append(fit.x)
    return np.array(found)


def main(count):
    """Calibrate, and say how well and how fast."""
    truth, measured = make(count)
    func = partial(deviation, measured=measured)

    print(f"{count} sensors        error, median and worst tenth   processor time a sensor")
    for policy in ("lstm-direct", "lstm"):
        begin = time.process_time()
        result = minimize_many(func, BOUNDS, count, CALLS, policy=policy, rng=0, threads=1)
        seconds = time.process_time() - begin
        show(f"{policy}, {CALLS} calls", celsius_off(result.x, truth), seconds / count)
    some = min(ALONE, count)
    begin = time.process_time()
    fits = one_by_one(measured[:some])
    seconds = time.process_time() - begin
    show(f"least_squares, {some}", celsius_off(fits, truth[:some]), seconds / some)


def show(name, off, seconds):
    """Print a line: errors in degrees, and milliseconds."""
    middle, high = np.quantile(off, [0.5, 0.9])
    print(f"{name:24}{middle:8.2f} C {high:8.2f} C {1e3 * seconds:20.2f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
