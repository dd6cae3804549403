import numpy as np
import pytest

from rnnbbo.benchmarks.suites import SUITES, get_suite
from rnnbbo.errors import ConfigError


@pytest.mark.parametrize("name", SUITES)
def test_splits_share_no_function_and_longer_suites_begin_with_shorter(name: str) -> None:
    test, tune = get_suite(name, 50), get_suite(name, 50, split="tune")
    assert len({entry.name for entry in test + tune}) == 100
    assert [e.name for e in get_suite(name, 7)] == [e.name for e in test[:7]]


def test_gp_functions_repeat_and_differ() -> None:
    first, second = get_suite("gp-2d", 2)
    problem, again, other = first.build(), first.build(), second.build()
    assert first.dim == problem.dim == 2
    u = np.random.default_rng(0).random((200, 2))
    values, same, different = ([p.unit(x) for x in u] for p in (problem, again, other))
    assert min(values) >= problem.minimum
    assert values == same
    assert not np.allclose(values, different)


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


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"name": "gp-3d"}, r"'gp-3d'; expected one of gp-2d"),
        ({"name": "gp-2d", "split": "train"}, r"'train'; expected one of test, tune"),
        ({"name": "gp-2d", "functions": 0}, r"functions: got 0"),
    ],
)
def test_malformed_requests_are_refused(arguments: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        get_suite(**arguments)
