"""Draws the pictures of the page "How it works": python docs/pictures/draw.py.

They show what the policies compute, on a small problem; the same run gives the same files.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnbbo import Optimizer
from rnnbbo.policies import plateaus
from rnnbbo.policies.climb import climb
from rnnbbo.policies.kernel import search
from rnnbbo.policies.kernel.acquisition import Acquisition
from rnnbbo.policies.kernel.hypotheses import heights
from rnnbbo.policies.kernel.view import make_view

HERE = Path(__file__).parent
BLUE, ORANGE, GREEN, RED, GREY = "#2a6f97", "#e07a1f", "#4f8a4c", "#b3262e", "#777777"

mpl.rcParams.update(
    {
        "svg.hashsalt": "rnnbbo",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.use": True,
    }
)


def save(figure: Figure, name: str) -> None:
    """Write a picture without a date, on white so that it is read on a dark page too."""
    path = HERE / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None}, facecolor="white")
    plt.close(figure)
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def box(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    """Draw a labelled box."""
    style = {"boxstyle": "round,pad=0.5", "facecolor": color, "edgecolor": "none"}
    axes.text(x, y, text, ha="center", va="center", color="white", bbox=style)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow between two places."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY, "lw": 1.4})


def unrolled() -> None:
    """Three steps of the recurrence."""
    figure, axes = plt.subplots(figsize=(8.0, 2.9))
    for i in range(3):
        x, t = 2.6 * i, f"t{i - 1:+d}".replace("t+0", "t").replace("t-0", "t")
        box(axes, x, 1.0, "RNN", BLUE)
        box(axes, x + 1.3, 0.0, "f", ORANGE)
        arrow(axes, (x + 0.35, 0.85), (x + 1.1, 0.12))
        axes.text(x + 0.62, 0.32, f"$x_{{{t}}}$", ha="right")
        arrow(axes, (x + 0.4, 1.0), (x + 2.2, 1.0))
        axes.text(x + 1.3, 1.1, f"$h_{{{t}}}$", ha="center")
        if i < 2:
            arrow(axes, (x + 1.5, 0.12), (x + 2.3, 0.8))
            axes.text(x + 2.0, 0.32, f"$x_{{{t}}}, y_{{{t}}}$", ha="left")
    arrow(axes, (-1.0, 1.0), (-0.4, 1.0))
    axes.text(-0.75, 1.1, "$h_{t-2}$", ha="center")
    axes.set(xlim=(-1.2, 7.8), ylim=(-0.4, 1.5))
    axes.axis("off")
    save(figure, "unrolled")


def observations(dim: int, count: int) -> tuple[Optimizer, np.ndarray, np.ndarray]:
    """Run the kernel policy on a wavy function, and return it with its points and values."""
    optimizer = Optimizer([(0.0, 1.0)] * dim, policy="kernel", rng=4)
    for _ in range(count):
        x = optimizer.ask()
        optimizer.tell(x, wavy(np.array(x)))
    return optimizer, np.array(optimizer.Xi), np.array(optimizer.yi)


def wavy(x: np.ndarray) -> float:
    """Return the value of the function that the pictures show."""
    return float(np.sum(np.sin(11.0 * x) + 2.0 * (x - 0.6) ** 2))


def unwarped(w: np.ndarray, log_c: float, y: np.ndarray) -> np.ndarray:
    """Back from a hypothesis's warped values (`kernel.hypotheses`) to the units of the values y."""
    c = float(np.exp(log_c))
    z = c * np.expm1(np.maximum(w, -c) / c)
    return np.min(y) + z * np.std(y)


def hypotheses() -> None:
    """One ask of the kernel policy in one dimension."""
    optimizer, x, y = observations(1, 5)
    belief = optimizer.state.belief
    order = np.argsort(-belief.weight, kind="stable")
    scales = belief.hypotheses.log_lengthscale[order, 0]
    # The heaviest, and a shorter and a longer one beside it.
    chosen = order[[0, int(scales[:20].argmin()), int(scales[:20].argmax())]]
    weight = belief.weight[chosen] / belief.weight[chosen].sum()
    view = make_view(belief, chosen, weight, x, heights(y), np.empty((0, 1)))
    grid = np.linspace(0.0, 1.0, 400)[:, None]
    mean, deviation = view.predict(grid)

    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8.0, 5.4), sharex=True, height_ratios=(3, 2)
    )
    truth = [wavy(point) for point in grid]
    above.plot(grid[:, 0], truth, color="black", ls=":", lw=1.2, label="the function")
    for i, color in enumerate((BLUE, ORANGE, GREEN)):
        h = belief.hypotheses.take(chosen[[i]])
        length, log_c = float(np.exp(h.log_lengthscale[0, 0])), float(h.log_warp[0])
        middle, low, high = (
            unwarped(mean[i] + k * deviation[i], log_c, y) for k in (0.0, -1.0, 1.0)
        )
        label = f"length-scale {length:.2f}, weight {weight[i]:.2f}"
        above.plot(grid[:, 0], middle, color=color, label=label)
        above.fill_between(grid[:, 0], low, high, color=color, alpha=0.12)
    above.plot(x[:, 0], y, "o", color="black", label="observations")
    span = float(np.ptp(truth))
    above.set(ylabel="y", ylim=(min(truth) - 0.4 * span, max(truth) + 0.4 * span))
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=9)

    rng = np.random.default_rng(0)
    space = optimizer.space
    flat = plateaus.find(x, y, space.category_columns)
    # Over the cube, and near the incumbent.
    candidates = search.make_candidates(
        rng, space, view.incumbent[None], view.lengthscales[:, 0], flat
    )
    scores, index = Acquisition(view).score(candidates)
    begin = candidates[search.starts(scores, index)]
    unit = np.exp(np.log(view.lengthscales[:, 0]).mean(axis=0))
    found, values = climb(np, view.climbed, begin, unit, search.STEPS, search.GAIN)
    score, _ = view.climbed(grid)
    floor = score.max() - 12.0
    below.plot(grid[:, 0], np.maximum(score, floor), color="black", lw=1.2)
    below.plot(
        candidates[index, 0],
        np.maximum(scores, floor),
        "o",
        markersize=3,
        color=GREY,
        alpha=0.5,
        label="candidates",
    )
    best = int(values.argmax())
    below.plot(found[best], values[best], "v", color=RED, markersize=10, label="next query")
    below.set(ylabel="average log EI", xlabel="x", ylim=(floor - 0.5, score.max() + 1.5))
    below.legend(frameon=False, loc="lower center", fontsize=9)
    save(figure, "hypotheses")


def memory() -> None:
    """How much each observation weighs when a candidate reads, for two length-scales."""
    x = np.random.default_rng(3).random((14, 2))
    candidate = np.array([0.5, 0.5])
    figure, panels = plt.subplots(1, 2, figsize=(8.0, 4.2), sharey=True)
    squares = np.square(x - candidate).sum(axis=1)
    for axes, length in zip(panels, (0.12, 0.4), strict=True):
        weight = np.exp(-0.5 * squares / length**2)
        weight /= weight.sum()
        for point, share in zip(x, weight, strict=True):
            axes.plot(*zip(candidate, point, strict=True), color=BLUE, lw=14.0 * share, alpha=0.5)
        axes.scatter(*x.T, s=30, color=BLUE, zorder=3, label="observation")
        axes.scatter(*candidate, s=90, marker="*", color=ORANGE, zorder=4, label="candidate")
        axes.set(title=f"a head with length-scale {length:g}", aspect="equal", xlabel="$x_0$")
    panels[0].set_ylabel("$x_1$")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    save(figure, "memory")


if __name__ == "__main__":
    unrolled()
    hypotheses()
    memory()
