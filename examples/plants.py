"""Tune a PI controller for each of a thousand plants at once: python examples/plants.py [PICTURE].

Every plant is of first order with a dead time, the form by which most processes are described: gain
K, lag T and dead time L, with T / L from .1 to 10. Each has an actuator that reaches twice what the
set point needs. A controller u = k_c (e + integral of e / t_i) is to follow a step of the set
point, and to get over a load that comes on half-way. What is minimised is the integral of the
absolute error over time, in units of the plant's own time. One call simulates all plants.

Beside it stand the rules of Astrom and Hagglund (2004, AMIGO) and of Skogestad (2003, SIMC), which
need no simulation, and scipy's Nelder-Mead, one plant after the other, on some of the plants. Times
are the processor's.
"""

import sys
import time

import numpy as np

from rnnbbo import minimize_many

PLANTS, CALLS, ALONE = 1000, 30, 10
STEPS, LENGTH, LIMIT = 400, 8.0, 2.0  # of the simulation; its length in L + T; of the actuator
BOUNDS = [(0.1, 10.0, "log-uniform"), (0.1, 10.0, "log-uniform")]  # of `controllers`

rng = np.random.default_rng(0)
GAIN = np.exp(rng.uniform(np.log(0.2), np.log(5.0), PLANTS))
LAG = np.exp(rng.uniform(np.log(0.1), np.log(10.0), PLANTS))
DEAD = np.ones(PLANTS)  # the unit of time


def simulate(controller, plants):
    """Return outputs (STEPS, n) of closed loops, and steps a unit of time of each.

    Args:
        controller: (n, 2) k_c and t_i.
        plants: (n,) which of them.
    """
    gain, lag, dead = GAIN[plants], LAG[plants], DEAD[plants]
    k_c, t_i = controller.T
    dt = LENGTH * (dead + lag) / STEPS
    delay = np.maximum(1, np.rint(dead / dt)).astype(int)
    keep = np.exp(-dt / lag)
    each, n = np.arange(len(gain)), delay.max()
    sent = np.zeros((STEPS + n, len(gain)))
    y, integral = np.zeros(len(gain)), np.zeros(len(gain))
    outputs = np.zeros((STEPS, len(gain)))
    for step in range(STEPS):
        outputs[step] = y
        error = 1.0 - y
        wanted = k_c * (error + integral / t_i)
        u = np.clip(wanted, -LIMIT / gain, LIMIT / gain)
        integral += dt * np.where(u == wanted, error, 0.0)  # none is added up at the limit
        sent[step + n] = u
        load = -0.5 / gain if step > STEPS // 2 else 0.0
        y = keep * y + (1.0 - keep) * gain * (sent[step + n - delay, each] + load)
    return outputs, dt


def error(scaled, plants=slice(None)):
    """Return the integral of the absolute error (n,) over L + T, of scaled controllers (n, 2)."""
    outputs, dt = simulate(controllers(scaled, plants), plants)
    return np.abs(1.0 - outputs).sum(axis=0) * dt / (DEAD + LAG)[plants]


def controllers(scaled, plants=slice(None)):
    """Return k_c and t_i (n, 2), of numbers that are of one size for all plants."""
    gain, lag, dead = GAIN[plants], LAG[plants], DEAD[plants]
    k_c = scaled[:, 0] * (0.2 * dead + 0.5 * lag) / (gain * dead)
    return np.stack([k_c, scaled[:, 1] * (0.4 * dead + 0.8 * lag)], axis=1)


def published(rule):
    """Return k_c and t_i (PLANTS, 2) of a rule."""
    k, t, d = GAIN, LAG, DEAD
    if rule == "AMIGO":
        k_c = 0.15 / k + (0.35 - d * t / (d + t) ** 2) * t / (k * d)
        return np.stack([k_c, 0.35 * d + 13 * d * t**2 / (t**2 + 12 * d * t + 7 * d**2)], axis=1)
    return np.stack(
        [t / (k * 2 * d), np.minimum(t, 8 * d)], axis=1
    )  # SIMC, closed loop as fast as L


def error_of(controller):
    """Return the errors (PLANTS,) of controllers in plain units."""
    outputs, dt = simulate(controller, slice(None))
    return np.abs(1.0 - outputs).sum(axis=0) * dt / (DEAD + LAG)


def nelder_mead(plant):
    """Return the least error of a plant by scipy, and the evaluations that it took."""
    from scipy.optimize import minimize

    def func(logs):
        return float(error(np.exp(logs)[None], np.array([plant]))[0])

    options = {"fatol": 1e-3, "xatol": 1e-2, "initial_simplex": [[0, 0], [0.7, 0], [0, 0.7]]}
    limits = [np.log(bound[:2]) for bound in BOUNDS]
    found = minimize(func, [0.0, 0.0], method="Nelder-Mead", bounds=limits, options=options)
    return found.fun, found.nfev


def draw(path, best):
    """Draw the steps of three plants, by the rule and by the controller found."""
    from matplotlib.figure import Figure

    figure = Figure((7.5, 2.6), layout="constrained")
    shown = np.argsort(LAG)[np.linspace(0, PLANTS - 1, 3).astype(int)]
    panels = figure.subplots(1, 3, sharey=True)
    for panel, plant in zip(panels, shown, strict=True):
        for name, one in (("AMIGO", published("AMIGO")[plant]), ("found", best[plant])):
            outputs, dt = simulate(one[None], np.array([plant]))
            panel.plot(np.arange(STEPS) * dt[0], outputs[:, 0], label=name, linewidth=1.2)
        panel.axhline(1.0, color="#cccccc", zorder=0)
        panel.set_title(f"T / L = {LAG[plant]:.2g}", fontsize=9)
        panel.set_xlabel("time / L")
    panels[0].set_ylabel("output")
    panels[0].legend(frameon=False, fontsize=8)
    figure.savefig(path)


def main(picture):
    """Tune all plants, and say what it took."""
    begin = time.process_time()
    result = minimize_many(error, BOUNDS, PLANTS, CALLS, policy="lstm", rng=0)
    seconds = time.process_time() - begin
    print(f"{'':26}mean error   processor seconds")
    print(f"{'AMIGO, by formula':26}{error_of(published('AMIGO')).mean():10.3f}")
    print(f"{'SIMC, by formula':26}{error_of(published('SIMC')).mean():10.3f}")
    print(f"{f'{CALLS} evaluations of each':26}{result.fun.mean():10.3f}{seconds:13.1f}")
    begin = time.process_time()
    alone = [nelder_mead(plant) for plant in range(ALONE)]
    each = (time.process_time() - begin) / ALONE
    least, counts = np.array(alone).T
    print(f"the first {ALONE}: {result.fun[:ALONE].mean():.3f}; by Nelder-Mead {least.mean():.3f},")
    print(
        f"{counts.mean():.0f} evaluations, {each:.2f} s each: {each * PLANTS:.0f} s for all plants"
    )
    if picture:
        draw(picture, controllers(result.x))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
