"""Minimize Branin's function, whose minimum is 0.397887."""

from math import cos, pi

from rnnbbo import minimize


def branin(x):
    a, b = x
    return (
        (b - 5.1 / (4 * pi**2) * a**2 + 5 / pi * a - 6) ** 2 + 10 * (1 - 1 / (8 * pi)) * cos(a) + 10
    )


if __name__ == "__main__":
    result = minimize(branin, [(-5.0, 10.0), (0.0, 15.0)], n_calls=30, rng=0)
    print(f"{result.fun:.4f} at {result.x}")
