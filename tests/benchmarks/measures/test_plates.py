"""Runs in rounds, and the tables that are made of them."""

import numpy as np
import pytest

from rnnbbo import Optimizer
from rnnbbo.benchmarks.execute import measure_function, run_seed
from rnnbbo.benchmarks.measures.plate_rounds import DRAWN, make_rounds, regret_in_rounds
from rnnbbo.benchmarks.measures.plates import RunLines
from rnnbbo.benchmarks.suites import get_suite

POLICY = "lstm-direct"


def bowl(x: np.ndarray) -> np.ndarray:
    return np.sum((x - 0.3) ** 2, axis=-1)


def test_a_plate_of_one_is_a_plain_run() -> None:
    (entry,) = get_suite("reaction", 1, "tune")
    problem = entry.build()
    about = measure_function("reaction", entry, problem)
    found = regret_in_rounds(POLICY, entry, problem, about, 1, 12, [0])
    optimizer = Optimizer([(0.0, 1.0)] * 4, policy=POLICY, n_calls=12, rng=run_seed(entry.name, 0))
    values = []
    for _ in range(12):
        x = optimizer.ask()
        values.append(problem.unit(x))
        optimizer.tell(x, values[-1])
    best = (np.minimum.accumulate(values) - about.minimum) / about.reference
    np.testing.assert_allclose(found, np.minimum(best, 2.0))


@pytest.mark.parametrize("name", [POLICY, POLICY + DRAWN, "sobol", "response-surface"])
def test_a_method_gives_plates_of_distinct_points(name: str) -> None:
    method, again = (make_rounds(name)(2, 12, 3) for _ in range(2))
    for _ in range(3):
        plate = method.ask(4)
        assert plate.shape == (4, 2)
        assert ((plate >= 0.0) & (plate <= 1.0)).all()
        assert len(np.unique(plate, axis=0)) == 4
        np.testing.assert_array_equal(again.ask(4), plate)
        method.tell(plate, bowl(plate))
        again.tell(plate, bowl(plate))


@pytest.mark.slow
def test_a_measure_goes_on_where_it_was(tmp_path, measured) -> None:
    kept = tmp_path / "kept.jsonl"
    options = f"--policy {POLICY} --suites reaction --noisy gp-1d-noise10 --functions 1"
    options += f" --compared 1 --methods sobol --split tune --keep {kept}"
    picture = tmp_path / "plates.svg"
    first = measured("plates", *options.split(), "--picture", picture)
    tables = [table for part in first for table in part.tables]
    assert tables[0].head == ("suite", *(f"{n} at once" for n in (1, 2, 4, 8, 12, 24)))
    assert [row[0].text for table in tables for row in table.rows] == [
        "reaction",
        "gp-1d-noise10",
        "reaction",
        POLICY,
        "sobol",
    ]
    assert picture.read_text().startswith("<?xml") or "<svg" in picture.read_text()
    lines = kept.read_text().splitlines()
    assert len(lines) == 14

    def refuse() -> np.ndarray:
        raise AssertionError("made again")

    run = "sobol, reaction, amination-0.5, 8 of 40, 1 seeds"
    assert len(RunLines(kept).take(run, refuse)) == 5
    assert measured("plates", *options.split()) == first
    assert kept.read_text().splitlines() == lines


def test_sizes_that_do_not_fit_are_refused(refused) -> None:
    for sizes in ("1,5,8", "2,8"):
        message = refused("plates", "--sizes", sizes)
        assert f"--sizes = {sizes}; expected divisors of 48, 1 and 8 among them" in message
    assert "expected sizes or noise" in refused(
        "plates", "--parts", "methods", "--picture", "p.svg"
    )
