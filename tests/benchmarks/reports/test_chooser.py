"""The head of a report: what it takes for a kind of problem, and how sure it says that is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnbbo.benchmarks.measures.duel import duel
from rnnbbo.benchmarks.reports import chooser, markdown, stored
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.pick import ANY, Pick, Rival, picks
from rnnbbo.benchmarks.reports.pool import at, pool
from rnnbbo.benchmarks.reports.published_duels import published_picks
from rnnbbo.errors import RecordError


def steady(level: float, spread: float = 0.02) -> Any:
    """Regret that stays at a level, with scatter between functions."""

    def regret(function: int, seed: int, t: int, rng: np.random.Generator) -> float:
        return level + spread * float(np.cos(7.0 * function + 3.0 * seed))

    return regret


@pytest.fixture
def loaded(records: Any) -> Records:
    """Eight functions in 2D and in 4D: a good, an equally good and a bad method."""
    made = records.made
    methods = {
        "good": made(steady(0.3), ours=True, seconds=2e-3),
        "as-good": made(steady(0.3, spread=-0.02), seconds=1e-3),
        "random": made(steady(0.5), seconds=1e-3),
    }
    return read_records(records.write(methods))


def pick(loaded: Records, kind: str, t: int) -> Pick:
    """Return what is taken for a kind after t evaluations."""
    return next(one for one in picks(loaded) if (one.kind, one.t) == (kind, t))


def test_the_tied_are_named_and_those_behind_too(loaded: Records) -> None:
    one = pick(loaded, "1 to 3 dimensions", 30)
    assert {one.take, *one.that_are("tied")} == {"good", "as-good"}
    assert one.that_are("ahead") == ["random"]
    assert one.functions == 8
    assert chooser.sure(one).startswith("◐ Tied with ")
    assert chooser.sure(one).endswith("; ahead of random.")


def test_its_figures_are_those_of_the_pool(loaded: Records) -> None:
    one, together = pick(loaded, ANY, 20), pool(loaded, at(20))
    assert together is not None
    assert one.regret == pytest.approx(float(np.mean(together.values[one.take])))
    rival = next(rival for rival in one.rivals if rival.name == "random")
    difference = together.difference("random", one.take)
    assert (rival.low, rival.high) == (float(difference.low), float(difference.high))
    assert one.worst is not None
    assert one.worst[0] in {"gp-2d", "gp-4d"}
    assert one.behind_random == 0.0


def test_one_ahead_of_all_others_is_sure(records: Any) -> None:
    made = records.made
    loaded = read_records(records.write({"a": made(steady(0.1)), "b": made(steady(0.5))}))
    assert chooser.sure(pick(loaded, ANY, 10)) == "● Ahead of b: all that it is compared with."
    assert pick(loaded, ANY, 10).behind_random is None


def test_too_few_functions_tell_nothing(records: Any) -> None:
    made = records.made
    methods = {"a": made(steady(0.1)), "b": made(steady(0.5))}
    loaded = read_records(records.write(methods, {"gp-2d": 2}, functions=5))
    assert chooser.sure(pick(loaded, ANY, 10)).startswith("○ Too few functions")


@pytest.fixture
def duels(loaded: Records, tmp_path: Path) -> Path:
    """The published duels of one method with both others."""
    tables = [duel(loaded, "good", other, (10, 20)) for other in ("as-good", "random")]
    return stored.write_tables(tmp_path / "duels.md", tables)[1]


def test_published_duels_say_the_same_as_the_records(loaded: Records, duels: Path) -> None:
    read = {one.t: one for one in published_picks("mine", duels, "good")}
    assert sorted(read) == [10, 20]
    one, direct = read[20], pick(loaded, ANY, 20)
    assert (one.kind, one.take, one.functions) == ("mine", "good", 16)
    assert one.regret == pytest.approx(0.3, abs=0.02)
    assert one.that_are("tied") == ["as-good"]
    assert one.that_are("ahead") == ["random"] == direct.that_are("ahead")
    assert one.worst is not None
    assert one.of == "gp-2d, gp-4d"
    row = published_picks("mine", duels, "good", "gp-2d")[0]
    assert (row.functions, row.worst, row.of) == (8, None, "gp-2d")


def test_where_another_one_is_ahead_it_is_taken(loaded: Records, tmp_path: Path) -> None:
    tables = [duel(loaded, "random", other, (10,)) for other in ("good", "as-good")]
    path = stored.write_tables(tmp_path / "duels.md", tables)[1]
    (one,) = published_picks("mine", path, "random")
    assert one.take in {"good", "as-good"}
    assert one.that_are("ahead") == ["random"]
    assert one.rivals[0].beside < one.rivals[0].regret


def test_a_file_without_such_duels_is_refused(duels: Path) -> None:
    with pytest.raises(RecordError, match=r"no duels of nobody on all; expected"):
        published_picks("mine", duels, "nobody")
    with pytest.raises(RecordError, match=r"no duels of good on nowhere"):
        published_picks("mine", duels, "good", "nowhere")


def test_every_combination_has_one_answer_and_says_where_it_is_of_another_number(
    loaded: Records, duels: Path
) -> None:
    elsewhere = tuple(published_picks("mine & <yours>", duels, "good"))
    section = chooser.section(replace(loaded, elsewhere=elsewhere), {})
    assert section.choices is not None
    kinds, times = (choice.options for choice in section.choices.of)
    places = [(answer.to["kind"], answer.to["t"]) for answer in section.choices.answers]
    assert sorted(places) == sorted((kind, t) for kind, _ in kinds for t, _ in times)
    assert ("mine-yours", "mine & <yours>") in kinds
    said = {place: answer for place, answer in zip(places, section.choices.answers, strict=True)}
    assert said["mine-yours", "30"].text[0] == (
        "Not measured after 30 evaluations; this is after 20."
    )
    assert said["mine-yours", "10"].text[0].startswith("After 10 evaluations its mean regret is")
    table = markdown.markdown_table(section.subsections[0].tables[0])
    assert "| mine & \\<yours\\> | ◐ good " in table


def test_times_without_other_work_stand_in_for_those_of_the_records(
    loaded: Records, duels: Path
) -> None:
    elsewhere = tuple(published_picks("mine", duels, "good"))
    idle = (30, {"good": 0.25, "as-good": 1.5})
    section = chooser.section(replace(loaded, elsewhere=elsewhere, idle=idle), {})
    assert section.choices is not None
    answer = section.choices.answers[-1]
    assert answer.asked.startswith("mine; ")
    assert answer.text[-1] == "A step of it takes 250 ms after 30 evaluations."
    row = next(row for row in answer.table.rows if row[0].text == "as-good")
    assert row[-1].text == "1.5 s"


def test_a_rival_is_told_apart_by_its_interval() -> None:
    standings = [Rival("b", 0.5, 0.3, *ends, n).standing for *ends, n in [
        (0.1, 0.3, 9), (-0.1, 0.3, 9), (-0.3, -0.1, 9), (0.1, 0.3, 5)
    ]]  # fmt: skip
    assert standings == ["ahead", "tied", "behind", "unknown"]
