"""Values of constraints: what is taken for them, and how they are compared."""

import math

import numpy as np
import pytest

from rnnbbo.errors import ObservationError
from rnnbbo.violations import (
    agreed,
    as_constraints,
    as_vector,
    is_feasible,
    listed_constraints,
    rank,
    violation,
)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, {}),
        ({}, {}),
        ({"mem": np.float32(0.5), "time": [-1]}, {"mem": 0.5, "time": -1.0}),
        ({"mem": None, "time": math.inf}, {"mem": math.nan, "time": math.nan}),
    ],
)
def test_a_mapping_of_names_to_numbers(given: object, found: dict[str, float]) -> None:
    assert as_constraints(given) == pytest.approx(found, nan_ok=True)


@pytest.mark.parametrize("given", [3.0, [1.0], {"mem": "much"}, {"": 1.0}, {3: 1.0}])
def test_anything_else_is_refused_by_what_it_is(given: object) -> None:
    with pytest.raises(ObservationError, match=r"^constraints = .*; expected a mapping of names"):
        as_constraints(given)


def test_names_are_those_of_the_first_value() -> None:
    names = agreed(None, {"a": 1.0, "b": 2.0}, failed=False)
    assert agreed(names, {"b": 0.0, "a": 0.0}, failed=False) == names == ("a", "b")
    assert agreed(names, {}, failed=True) == names
    assert agreed(None, {}, failed=True) is None
    assert agreed(None, {}, failed=False) == ()
    with pytest.raises(ObservationError, match=r"= 'a'; expected those .* before, 'a', 'b'"):
        agreed(names, {"a": 1.0}, failed=False)
    with pytest.raises(ObservationError, match="= none; expected"):
        agreed(names, {}, failed=False)


def test_feasible_is_at_most_0_and_what_is_not_known_is_not() -> None:
    assert is_feasible({}) and is_feasible({"a": 0.0, "b": -3.0})
    assert not is_feasible({"a": 1e-300}) and not is_feasible({"a": math.nan})
    assert violation({"a": 2.0, "b": -5.0, "c": 0.5}) == 2.5
    assert violation({"a": math.nan}) == math.inf
    order = [(3.0, {"a": 0.0}), (9.0, {"a": -1.0}), (5.0, {"a": 0.1}), (0.0, {"a": math.nan})]
    assert sorted(reversed(order), key=lambda one: rank(*one)) == order
    assert as_vector(("a", "b"), {"b": 1.0}).tolist()[1] == 1.0


def test_several_values_have_a_list_of_them() -> None:
    assert listed_constraints(None, 2) == [{}, {}]
    assert listed_constraints({"a": 1}, 1) == [{"a": 1.0}]
    assert listed_constraints([{"a": 1}, None], 2) == [{"a": 1.0}, {}]
    with pytest.raises(ObservationError, match="expected a list of 2 mappings"):
        listed_constraints({"a": 1}, 2)
    with pytest.raises(ObservationError, match="1 constraints for 2 values"):
        listed_constraints([{"a": 1}], 2)
