import pickle
import re
from collections import Counter

import numpy as np
import pytest

from rnnbbo.benchmarks import header, suites
from rnnbbo.benchmarks.suites import SPLITS, SUITES, Entry, get_suite
from rnnbbo.benchmarks.suites.bbob_suite import ORDER
from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.violations import is_feasible


@pytest.mark.parametrize("name", SUITES)
def test_splits_share_no_function_and_longer_suites_begin_with_shorter(name: str) -> None:
    test, tune = get_suite(name, 50), get_suite(name, 50, split="tune")
    assert test and tune
    assert len({entry.name for entry in test + tune}) == len(test) + len(tune)
    assert [e.name for e in get_suite(name, 3)] == [e.name for e in test[:3]]
    assert 1 <= len(get_suite(name)) == len(get_suite(name, None, "test"))


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_says_in_a_line_what_it_holds(name: str) -> None:
    about = suites.about_suite(name)
    assert about and "\n" not in about


def test_a_header_tells_the_versions_of_what_peers_and_suites_need() -> None:
    assert suites.package("sklearn") == "scikit-learn"
    assert suites.package("classic") == ""
    assert {"numpy", "botorch", "optuna", "coco-experiment"} <= set(header.packages())
    assert len(set(header.packages())) == len(header.packages())


SLOW = {"gp-10d", "gp-20d", "gp-50d"}  # seconds for the search of an optimum


# A noisy suite has the functions of the noise-free one.
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW))
        for name in SUITES
        if "-noise" not in name
    ],
)
def test_first_function_survives_pickling_and_declares_a_minimum_that_holds(
    name: str, split: str
) -> None:
    entry = get_suite(name, 1, split)[0]
    problem, again = entry.build(), pickle.loads(pickle.dumps(entry)).build()
    assert problem.dim == entry.dim
    u = np.random.default_rng(0).random((20, entry.dim))
    values = np.array([problem.unit(point) for point in u])
    for same in (again, pickle.loads(pickle.dumps(problem))):
        few = [same.unit(point) for point in u[:5]]
        assert np.array_equal(values[:5], few, equal_nan=True)
    assert np.isnan(values).any() == (name == "crash")
    counts = [is_feasible(problem.unit_constraints(point)) for point in u] & ~np.isnan(values)
    assert np.all(values[counts] >= problem.minimum)
    if problem.objectives is not None:  # few points at random lie within the reference point
        assert problem.unit_objectives(u[0]).tolist() == again.unit_objectives(u[0]).tolist()
        values = np.array([problem.unit_objectives(point)[0] for point in u])
    assert np.nanstd(values) > 0
    for x in problem.minimizers:
        assert problem(x) == pytest.approx(problem.minimum, rel=1e-9, abs=1e-9)


def test_gp_functions_repeat_and_differ() -> None:
    first, second = get_suite("gp-2d", 2)
    problem, again, other = first.build(), first.build(), second.build()
    assert first.dim == problem.dim == 2
    u = np.random.default_rng(0).random((200, 2))
    values, same, different = ([p.unit(x) for x in u] for p in (problem, again, other))
    assert min(values) >= problem.minimum
    assert values == same
    assert not np.allclose(values, different)


def test_noisy_suites_hold_the_functions_of_the_noise_free_one() -> None:
    plain, noisy, noisier = (
        get_suite(name, 5) for name in ("gp-3d", "gp-3d-noise10", "gp-3d-noise30")
    )
    assert [{entry.noise for entry in suite} for suite in (plain, noisy, noisier)] == [
        {0.0},
        {0.1},
        {0.3},
    ]
    assert [e.name for e in plain] == [e.name for e in noisy] == [e.name for e in noisier]
    assert plain[4].build().minimum == noisy[4].build().minimum


KINDS = {
    "outliers": {"outliers": 24},
    "penalty": {
        f"penalty-{size}{also}": 4 for size in ("1e2", "1e6", "1e30") for also in ("", "-violation")
    },
    "steps": {"rounded-inputs": 6, "rounded-outputs": 6, "plateau": 6, "cliff": 6},
    "heavy": {"student-10": 8, "student-30": 8, "by-height": 4, "by-place": 4},
}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", KINDS)
def test_rough_and_noisy_suites_hold_their_kinds_evenly(name: str, split: str) -> None:
    entries = get_suite(name, split=split)
    kinds = [re.split("-(?:gp|bbob)-", entry.name)[0] for entry in entries]
    assert Counter(kinds) == KINDS[name]
    for kind in KINDS[name]:
        dims = {entry.dim for entry, of in zip(entries, kinds, strict=True) if of == kind}
        families = {"-gp-" in e.name for e, of in zip(entries, kinds, strict=True) if of == kind}
        assert len(dims) >= 3
        assert families == {True, False}
    assert Counter(entry.dim for entry in entries) == {2: 8, 3: 4, 4: 4, 5: 4, 6: 4}
    assert all((entry.noise > 0) == (name == "heavy") for entry in entries)


@pytest.mark.parametrize("split", SPLITS)
def test_part_of_the_box_crashes_and_never_the_minimum(split: str) -> None:
    entries = get_suite("crash", split=split)
    assert Counter(entry.dim for entry in entries) == {2: 8, 3: 8, 5: 8}
    assert {entry.dim for entry in entries[:3]} == {2, 3, 5}
    for entry in entries:
        problem = entry.build()
        assert problem(problem.minimizers[0]) == pytest.approx(problem.minimum, abs=1e-9)
        u = np.random.default_rng(0).random((400, entry.dim))
        assert 0.2 < np.isnan(problem.func(problem.low + u * 10.0)).mean() < 0.7


# Those of BBOB are built in no time; the slow tests look at all.
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    ("name", "family"),
    [
        pytest.param(name, family, marks=[pytest.mark.slow] * (family != "-bbob-"))
        for name in ("outliers", "penalty", "steps")
        for family in ("-bbob-", "-")
    ],
)
def test_rough_functions_have_the_minimum_that_they_declare(
    name: str, family: str, split: str
) -> None:
    for entry in get_suite(name, split=split):
        if family not in entry.name:
            continue
        problem = entry.build()
        rng = np.random.default_rng(1)
        near = problem.minimizers[0] + 1e-3 * rng.standard_normal((300, entry.dim)) * (
            problem.high - problem.low
        )
        far = problem.low + rng.random((300, entry.dim)) * (problem.high - problem.low)
        points = np.clip(np.concatenate([near, far]), problem.low, problem.high)
        values = problem.func(points)
        slack = 1e-12 * max(1.0, abs(problem.minimum))
        assert values.min() >= problem.minimum - slack
        assert problem(problem.minimizers[0]) == pytest.approx(problem.minimum, abs=slack)
        assert len(set(values)) > 1


# As they were when the first figures were published: a changed function would make them stale.
@pytest.mark.parametrize(
    ("suite", "minimum", "value"),
    [
        ("gp-2d", -0.29776142, 0.53861632),
        ("gp-4d", -2.77940525, 0.39901787),
        ("gp-6d", -3.86634253, 0.89523947),
        ("classic", 0.39788736, 25.23018933),
    ],
)
def test_published_functions_stay(suite: str, minimum: float, value: float) -> None:
    entry = get_suite(suite, 1)[0]
    problem = entry.build()
    assert problem.minimum == pytest.approx(minimum, rel=1e-6)
    assert problem.unit(np.full(entry.dim, 0.25)) == pytest.approx(value, rel=1e-6)


def test_classic_goes_round_the_four_problems() -> None:
    entries = get_suite("classic", 8)
    assert [entry.dim for entry in entries] == [2, 2, 3, 6] * 2
    rng = np.random.default_rng(0)
    for entry in entries:
        problem = entry.build()
        assert problem.dim == entry.dim
        values = [problem.unit(rng.random(entry.dim)) for _ in range(200)]
        assert min(values) >= problem.minimum - 1e-9
    first, again = entries[0].build(), entries[4].build()
    assert first.unit([0.3, 0.6]) != again.unit([0.3, 0.6])


def test_classic_plain_is_what_was_published() -> None:
    problems = [entry.build() for entry in get_suite("classic-plain")]
    assert [problem.minimum for problem in problems] == pytest.approx(
        [0.397887, 3.0, -3.86278, -3.32237], abs=1e-5
    )


def test_bbob_takes_one_function_of_each_group_first_and_all_before_another_instance() -> None:
    groups = [range(1, 6), range(6, 10), range(10, 15), range(15, 20), range(20, 25)]
    assert sorted(ORDER) == list(range(1, 25))
    assert all(function in group for function, group in zip(ORDER[:5], groups, strict=True))
    names = [entry.name for entry in get_suite("bbob-2d", 26)]
    assert names[:2] == ["bbob-f01-i71-d2", "bbob-f06-i71-d2"]
    assert names[24:] == ["bbob-f01-i72-d2", "bbob-f06-i72-d2"]
    assert len(get_suite("bbob-5d")) == 24


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"name": "gp-5d"}, r"'gp-5d'; expected one of gp-1d"),
        ({"name": "gp-2d", "split": "train"}, r"'train'; expected one of test, tune"),
        ({"name": "gp-2d", "functions": 0}, r"functions = 0; expected an integer"),
    ],
)
def test_malformed_requests_are_refused(arguments: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        get_suite(**arguments)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites.catalogue, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"'bbob-2d' needs coco-experiment.*\[bench\]"):
        get_suite("bbob-2d")
    entries = get_suite("classic", 1)
    assert isinstance(entries[0], Entry)
