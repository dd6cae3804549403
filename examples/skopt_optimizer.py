"""A loop written for scikit-optimize: only the import is another."""

# from skopt import Optimizer
from rnnbbo.integrations.skopt import Optimizer


def func(x):
    dose, rounds, mode = x
    return (dose - 0.3) ** 2 * 40 + (rounds - 12) ** 2 / 100 + 0.5 * (mode == "slow")


opt = Optimizer([(1e-3, 1.0, "log-uniform"), (1, 30), ["slow", "fast"]], random_state=0)
for _ in range(5):
    xs = opt.ask(n_points=4)  # to be evaluated at once
    result = opt.tell(xs, [func(x) for x in xs])
result = opt.run(func, n_iter=20)
print(f"{result.fun:.4f} at {result.x}")
