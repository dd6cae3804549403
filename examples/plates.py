"""Experiments in rounds, plate by plate: python examples/plates.py [FOLDER].

A reaction with eight catalysts is to give much product: it is simulated, by published kinetics. A
bench runs eight flasks at once, and each yield comes with an error of two per cent. A hot flask
takes its time to get hot, which is known before. A molecule of catalyst has to make sixty of the
product, which is known of a flask once it was measured.

FOLDER gets the study, the plates as they are carried to the bench and back, and a picture, if
matplotlib is installed.
"""

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

from rnnbbo import Study
from rnnbbo.functions.reactions import CATALYSTS, catalysis

FLASKS, ROUNDS, LEAST_TURNOVER = 8, 5, 60.0
SPACE = {
    "temperature": (30.0, 110.0),  # C
    "time": (60.0, 600.0, "log-uniform"),  # s
    "loading": (0.84, 4.17, "log-uniform"),  # of the catalyst, mmol/l
    "catalyst": CATALYSTS,
}
WHERE = "temperature <= 60 + time / 6"  # ten degrees a minute, from 60
bench = np.random.default_rng(1)


def true_yield(row):
    """Return yield and turnover of a row of a plate, without error."""
    settings = [float(row["temperature"]), float(row["time"]), 1e-3 * float(row["loading"])]
    return [float(part) for part in catalysis(np.array(settings), row["catalyst"])]


def write_plate(path, trials):
    """Write a plate for the bench: settings, and columns that are empty."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["trial", *SPACE, "value", "constraint_turnover"])
        table.writerows([one.number, *one.params.values(), "", ""] for one in trials)


def measure_plate(path):
    """Fill in a plate, as the bench does."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        share, turnover = true_yield(row)
        error = 1.0 + 0.02 * bench.standard_normal()
        row["value"] = f"{share * error:.4f}"
        row["constraint_turnover"] = f"{LEAST_TURNOVER - turnover * error:.2f}"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)


def work(folder):
    """Go through the rounds; return the yields, whether each was feasible, and what is best."""
    best = f"{'plate':>5}  best yield so far, at"
    print(best)
    with Study(
        folder / "bench.db", SPACE, where=WHERE, rng=0, maximize=True, repeat="auto"
    ) as study:
        for number in range(1, ROUNDS + 1):
            plate = folder / f"plate-{number}.csv"
            write_plate(plate, study.ask_new(FLASKS))
            measure_plate(plate)
            study.take_table(plate)
            result = study.result()
            print(f"{number:>5}  {result.fun:.3f}  {shown(study.space.as_mapping(result.x))}")
        told = [trial.outcome for trial in study.told()]
        recommended = study.space.as_mapping(study.recommend())
    values = [one.value for one in told]
    feasible = [one.constraints["turnover"] <= 0.0 for one in told]
    return values, feasible, recommended


def shown(params):
    """Return settings as text."""
    return ", ".join(f"{k} {v if k == 'catalyst' else format(v, '.3g')}" for k, v in params.items())


def draw(path, values, feasible):
    """Draw what each flask gave, plate after plate."""
    from matplotlib.figure import Figure

    figure = Figure((6.4, 3.2), layout="constrained")
    panel = figure.add_subplot()
    at = np.arange(len(values)) + 1
    good = np.array(feasible)
    panel.plot(at[good], np.array(values)[good], "o", label="enough turnover")
    panel.plot(at[~good], np.array(values)[~good], "x", color="#999999", label="too little")
    best = np.maximum.accumulate(np.where(good, values, 0.0))
    panel.step(at, best, where="post", linewidth=1, color="#2a6f97")
    for border in range(FLASKS, len(values), FLASKS):
        panel.axvline(border + 0.5, color="#dddddd", zorder=0)
    panel.set_xlabel("flask; a line after each plate")
    panel.set_ylabel("yield")
    panel.set_ylim(0.0, 1.0)
    panel.legend(frameon=False, loc="lower right")
    figure.savefig(path)


def main(folder):
    """Work, and say what was found."""
    values, feasible, recommended = work(folder)
    share, turnover = true_yield(recommended)
    print(f"recommended: {shown(recommended)}")
    print(f"true yield there: {share:.3f}, turnover {turnover:.1f}")
    print(f"missing to the best possible yield of 0.857: {0.857 - share:.3f}")
    try:
        draw(folder / "plates.png", values, feasible)
        print(f"picture: {folder / 'plates.png'}")
    except ImportError:
        pass


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
