"""Two repellers are placed so that a falling particle is long near to targets: six parameters.

    python examples/repellers.py        # writes repellers.png

Needs the extra `control`, for the picture.
"""

import matplotlib.pyplot as plt
import numpy as np

from rnnbbo import minimize
from rnnbbo.functions.repellers import SIZE, draw_repellers, repellers_problem

fall = draw_repellers(2, np.random.default_rng(7))
problem = repellers_problem(fall, "fall")
result = minimize(problem, problem.bounds, n_calls=80, rng=0)
print(f"reward without repellers: {-fall(np.zeros(fall.dim)):.3f}")
print(f"reward after 80 evaluations: {-result.fun:.3f}")
for x, y, strength in np.reshape(result.x, (-1, 3)):
    print(f"repeller at ({x:.2f}, {y:.2f}), strength {strength:.1f}")
print(f"loss: {result.fun:.4f}")

INK, BLUE, RED, GREY = "#22303c", "#2a6f97", "#d1495b", "#b8c1cb"
figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 4.9), width_ratios=(1, 0.8))

# The paths of all points that were tried, and of the best one.
for x in result.x_iters:
    left.plot(*fall.path(np.array(x)).T, color=GREY, linewidth=0.7, alpha=0.55, zorder=1)
left.plot(*fall.path(np.zeros(fall.dim)).T, color=INK, linewidth=1.2, linestyle=":", zorder=2)
best = fall.path(np.array(result.x))
left.plot(*best.T, color=BLUE, linewidth=2.6, zorder=4)
left.scatter(*best[::40].T, s=16, color=BLUE, edgecolor="white", linewidth=0.8, zorder=5)
for target in fall.targets:
    left.add_patch(plt.Circle(target, 1.0, color="#f2c14e", alpha=0.35, linewidth=0, zorder=0))
    left.scatter(*target, s=26, color="#e09f1f", zorder=3)
for x, y, strength in np.reshape(result.x, (-1, 3)):
    for radius in (0.25, 0.5, 0.75):
        left.add_patch(
            plt.Circle((x, y), radius * strength / 40, color=RED, alpha=0.16, linewidth=0, zorder=2)
        )
    left.scatter(x, y, s=36, color=RED, zorder=6)
left.scatter(*fall.start, s=46, color=INK, zorder=6)
left.annotate("start", fall.start, (8, 4), textcoords="offset points", fontsize=8, color=INK)
left.set(xlim=(0, SIZE), ylim=(0, SIZE), aspect="equal", xlabel="x in m", ylabel="y in m")
left.set_title("path found, and all that were tried", fontsize=10, loc="left", color=INK)

values = -np.array(result.func_vals)
right.scatter(range(1, len(values) + 1), values, s=12, color=GREY, zorder=2)
right.step(
    range(1, len(values) + 1), np.maximum.accumulate(values), where="post", color=BLUE, linewidth=2
)
right.axhline(-fall(np.zeros(fall.dim)), color=INK, linewidth=1, linestyle=":")
right.set(xlabel="evaluations", xlim=(0, len(values) + 1), ylim=(0, None))
right.set_title("reward of each, and the best so far", fontsize=10, loc="left", color=INK)
for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
figure.tight_layout()
figure.savefig("repellers.png", dpi=110)
