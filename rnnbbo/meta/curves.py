"""A picture of a training's curves, drawn from its log."""

import json
from pathlib import Path
from typing import Any

import numpy as np


def read_log(path: str | Path) -> list[dict[str, Any]]:
    """Return the records of a `log.jsonl`, one an update."""
    with open(path) as file:
        return [json.loads(line) for line in file]


def draw_curves(log: str | Path, picture: str | Path) -> None:
    """Draw loss, validation regret and the signs of a collapse against updates."""
    from matplotlib.figure import Figure  # no pyplot: no global state, no display

    records = read_log(log)
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    loss_axis, regret_axis, spread_axis = figure.subplots(1, 3)
    update = np.array([r["update"] for r in records])
    loss = np.array([r["loss"] for r in records])
    window = max(1, len(loss) // 50)

    def smooth(key: str) -> tuple[np.ndarray, np.ndarray]:
        values = [r[key] for r in records]
        return update[window - 1 :], np.convolve(values, np.ones(window) / window, mode="valid")

    loss_axis.plot(update, loss, color="0.8", linewidth=0.6)
    loss_axis.plot(*smooth("loss"), color="C0", label=f"mean of {window}")
    low, high = np.percentile(loss, [1, 99])
    margin = 0.1 * (high - low) + 1e-9
    loss_axis.set(xlabel="update", ylabel="training loss", ylim=(low - margin, high + margin))
    loss_axis.legend()
    measured = [r for r in records if "query_spread" in r and any("regret" in k for k in r)]
    at = [r["update"] for r in measured]
    keys = sorted(k for k in (measured[0] if measured else {}) if k.endswith("_30"))
    for color, key in enumerate(keys):
        values = [r[key] for r in measured]
        name = key.split("_")[1].upper()
        regret_axis.semilogy(at, values, marker=".", color=f"C{color}", label=f"{name}, t = 30")
    regret_axis.set(xlabel="update", ylabel="validation: normalised simple regret")
    if keys:
        regret_axis.legend()
    spread_axis.plot(*smooth("query_spread"), label="spread of queries")
    spread_axis.plot(*smooth("border_share"), label="share on the border")
    spread_axis.set(xlabel="update", ylabel=f"mean of {window}", ylim=(0, None))
    spread_axis.legend()
    figure.savefig(picture, dpi=120)
