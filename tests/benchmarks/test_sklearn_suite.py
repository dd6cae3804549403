import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks.execute import measure_function
from rnnbbo.benchmarks.statistics import REFERENCE_EVALUATIONS
from rnnbbo.benchmarks.suites import get_suite, sklearn_minima, sklearn_suite
from rnnbbo.errors import ConfigError

pytest.importorskip("sklearn")


def test_every_function_has_a_minimum_that_was_searched() -> None:
    known = json.loads(sklearn_suite.MINIMA.read_text())["minima"]
    entries = get_suite("sklearn") + get_suite("sklearn", split="tune")
    assert list(known) == [entry.name for entry in entries]
    for entry in entries:
        assert 0 <= known[entry.name]["value"] < 1.5
        assert len(known[entry.name]["at"]) == entry.dim
    assert len(get_suite("sklearn")) >= 10


def test_few_searches_measure_the_reference_since_evaluations_are_slow() -> None:
    (entry,) = (e for e in get_suite("sklearn", split="tune") if e.name == "svc-wine")
    assert entry.searches == 11
    evaluated = []

    def counted(x: np.ndarray) -> np.ndarray:  # in place of fits, which take as long as they do
        evaluated.append(x)
        return np.abs(x).sum(-1) + 1.0

    problem = replace(entry.build(), func=counted, minimum=0.0)
    assert measure_function("sklearn", entry, problem).reference > 0
    assert len(evaluated) == 11 * REFERENCE_EVALUATIONS


@pytest.mark.slow
@pytest.mark.parametrize("split", ["test", "tune"])
def test_minima_are_taken_where_the_file_says_and_random_search_leaves_a_regret(split: str) -> None:
    for entry in get_suite("sklearn", split=split):
        problem = entry.build()
        assert problem(problem.minimizers[0]) == pytest.approx(problem.minimum, rel=1e-3)
        assert measure_function("sklearn", entry, problem).reference > 0


def test_search_finds_the_minimum_of_a_narrow_bowl_and_repeats() -> None:
    def bowl(u: np.ndarray) -> np.ndarray:
        return np.sqrt(((u - np.array([0.312, 1.0, 0.77])) ** 2).sum(-1))

    value, at = sklearn_minima.search_minimum(bowl, 3)
    assert value < 0.02
    assert bowl(at) == value
    assert np.all((at >= 0) & (at <= 1))
    assert sklearn_minima.search_minimum(bowl, 3)[0] == value


def test_command_keeps_the_minima_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "minima.json"
    monkeypatch.setattr(sklearn_minima, "MINIMA", file)
    monkeypatch.setattr(
        sklearn_minima, "search_minimum", lambda function, dim: (0.5, np.zeros(dim))
    )
    run = CliRunner().invoke
    assert run(sklearn_minima.main, []).exit_code == 0
    assert list(json.loads(file.read_text())["minima"]) == list(sklearn_minima.TUNINGS)
    monkeypatch.setattr(
        sklearn_minima, "search_minimum", lambda function, dim: (0.25, np.ones(dim))
    )
    assert run(sklearn_minima.main, ["svc-wine"]).exit_code == 0
    values = {n: found["value"] for n, found in json.loads(file.read_text())["minima"].items()}
    assert values.pop("svc-wine") == 0.25
    assert set(values.values()) == {0.5}
    assert run(sklearn_minima.main, ["svc-mnist"]).exit_code == 2


def test_missing_minimum_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sklearn_minima.json"
    file.write_text('{"minima": {}}')
    monkeypatch.setattr(sklearn_suite, "MINIMA", file)
    monkeypatch.setattr(sklearn_suite, "_minima", sklearn_suite._minima.__wrapped__)
    with pytest.raises(ConfigError, match=r"no svc-breast_cancer; run python -m rnnbbo"):
        get_suite("sklearn", 1)[0].build()
