"""Draws the pictures of the page "Look at a run": python docs/pictures/of_runs.py.

Each shows a run of the page's own example; the same run gives the same pictures.
"""

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

from rnnbbo import OptimizeResult, Real, minimize

HERE = Path(__file__).parent
SPACE: dict[str, Any] = {
    "temperature": (20.0, 90.0),
    "dose": (1e-4, 1.0, "log-uniform"),
    "solvent": ["water", "ethanol", "toluene"],
    "stirring": (1, 9),
    "reflux": Real(0.0, 1.0, when={"solvent": "toluene"}),
}


def impurity(point: dict[str, Any]) -> dict[str, Any]:
    """Return the impurity of a made-up reaction, and its cost above what is allowed."""
    heat, dose = point["temperature"], math.log10(point["dose"])
    if heat > 85.0 and point["solvent"] == "ethanol":
        raise RuntimeError("the solvent boils")
    loss = ((heat - 62.0) / 20.0) ** 2 + 0.5 * (dose + 1.6 - (heat - 62.0) / 40.0) ** 2
    loss += {"water": 0.8, "ethanol": 0.2, "toluene": 0.0}[point["solvent"]]
    loss += 0.4 * (point.get("reflux", 0.5) - 0.3) ** 2
    return {"value": 0.1 + loss, "constraints": {"cost": 0.3 * dose + 0.35}}


def both(point: dict[str, Any]) -> list[float]:
    """Return the impurity, and the hours that the reaction takes."""
    heat = point["temperature"]
    return [impurity({**point, "dose": 0.02})["value"], 8.0 * math.exp(-(heat - 20.0) / 40.0)]


def runs() -> dict[str, OptimizeResult]:
    """Return the runs that are drawn, by the kinds of pictures."""
    one = minimize(impurity, SPACE, n_calls=40, rng=1)
    kept = {key: SPACE[key] for key in ("temperature", "solvent", "reflux")}
    two = minimize(both, kept, n_calls=25, rng=0)
    kinds = ("convergence", "slices", "parallel", "importance", "places")
    return {**dict.fromkeys(kinds, one), "front": two}


def main() -> None:
    """Draw them all."""
    for kind, result in runs().items():
        axes = np.ravel(result.plot(kind))[0]
        axes.figure.savefig(
            HERE / f"run-{kind}.png", dpi=90, facecolor="white", metadata={"Software": None}
        )
        plt.close(axes.figure)


if __name__ == "__main__":
    main()
