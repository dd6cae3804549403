"""The measure of adaptation: its families differ, and what it prints."""

import numpy as np
import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks.measures import adaptation
from rnnbbo.benchmarks.measures.drawn_families import FAMILY_KINDS, drawn_family

DENSE = np.random.default_rng(0).random((4000, 2))


@pytest.mark.parametrize("kind", FAMILY_KINDS)
def test_members_share_the_traits_of_their_family(kind: str) -> None:
    family = drawn_family(kind, 2, "test")
    first, again, other = (family(np.random.default_rng(seed), 2)(DENSE) for seed in (0, 0, 1))
    assert first.shape == (4000,)
    assert np.isfinite(first).all()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    elsewhere = drawn_family(kind, 2, "tune")(np.random.default_rng(0), 2)(DENSE)
    assert not np.array_equal(first, elsewhere)


def test_the_minima_of_a_region_lie_in_one_box_and_those_of_funnels_do_not() -> None:
    def spread(kind: str) -> float:
        family = drawn_family(kind, 2, "test")
        members = [family(np.random.default_rng(seed), 2)(DENSE) for seed in range(40)]
        lowest = np.array([DENSE[values.argmin()] for values in members])
        return float(lowest.std(axis=0).max())

    assert spread("region") < 0.1 < 0.15 < spread("funnel")


def test_it_shows_a_row_for_each_family_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptation, "PLAN", {2: (1, 2)})
    monkeypatch.setattr(adaptation, "_TIMES", (3, 4))
    run = ["--kinds", "funnel", "--dim", "1", "--members", "2", "--split", "tune"]
    done = CliRunner().invoke(adaptation.command, run, catch_exceptions=False)
    assert done.exit_code == 0
    assert done.output.count("funnel") == 4  # by two ways, after two budgets
    wrong = CliRunner().invoke(adaptation.command, ["--from", "lstm-direct"])
    assert "expected a network with a scored head" in str(wrong.exception or wrong.output)
    wrong = CliRunner().invoke(adaptation.command, ["--functions", "mine"])
    assert "--functions = 'mine'; expected a family" in str(wrong.exception or wrong.output)
