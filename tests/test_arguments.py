import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from rnnbbo.arguments import as_number, as_scalar, as_value
from rnnbbo.errors import ObservationError

ma = np.ma


class NAType:
    """Stands in for pandas.NA, which is none of the dependencies."""

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


NAType.__module__ = "pandas._libs.missing"


class Frame:
    """Stands in for a frame: a shape, and an array of what it holds."""

    def __init__(self, *rows):
        self.shape = (len(rows), len(rows[0]))
        self._rows = rows

    def __array__(self, dtype=None, copy=None):
        return np.array(self._rows, dtype=dtype)


class Sparse:
    shape = (1, 1)

    def toarray(self):
        return np.array([[1.5]])


class Liar(float):
    def __float__(self):
        raise RuntimeError("no")


def test_a_number_is_one_also_as_the_only_element():
    for y in (1.5, np.float32(1.5), np.array(1.5), np.array([[1.5]]), [1.5], ([[1.5]],)):
        assert as_number(y) == 1.5
    for y in (Decimal("1.5"), Fraction(3, 2), Frame([1.5]), Sparse(), ma.array([1.5])):
        assert as_number(y) == 1.5
    assert [as_number(y) for y in (3, np.int64(3), range(3, 4), [np.array([3])])] == [3.0] * 4


def test_tensors_are_numbers():
    torch = pytest.importorskip("torch")
    for shape in ((), (1,), (1, 1)):
        assert as_number(torch.full(shape, 1.5, requires_grad=True)) == 1.5
    assert as_number(torch.tensor([1.5, 2.5])) is None
    assert as_number(torch.tensor([True])) is None


# NumPy's item() is what lies under the mask, 0.0 for the constant.
MISSING = [
    ma.masked,
    ma.array(1.5, mask=True),
    ma.array([[1.5]], mask=[[True]]),
    [ma.masked],
    np.datetime64("NaT"),
    NAType(),
    [NAType()],
    [None],
    Decimal("nan"),
    Decimal("sNaN"),
    math.nan,
    [math.nan],
]


@pytest.mark.parametrize("y", MISSING, ids=lambda y: type(y).__name__)
def test_a_missing_value_is_a_failure(y):
    assert math.isnan(as_number(y))
    assert math.isnan(as_value(y))


def nested(levels):
    y = [1.0]
    for _ in range(levels):
        y = [y]
    return y


LOOP: list[object] = []
LOOP.append(LOOP)

# NumPy's item() makes whole numbers of nanoseconds.
WRONG = [
    *(
        "1.5",
        b"1.5",
        bytearray(b"1"),
        [],
        (),
        [1.0, 2.0],
        {},
        {1.5},
        1j,
        np.complex128(1),
        object(),
    ),
    *(True, np.True_, [True], np.array([True]), np.array("1.5"), ["1.5"], Frame([1.0, 2.0])),
    *(ma.array([1.0, 2.0], mask=[True, True]), np.datetime64("2020-01-01", "ns")),
    *(np.timedelta64(5, "ns"), np.array([np.timedelta64(5, "ns")]), nested(5000), LOOP, Liar(1.0)),
    *(10**400, 10**5000, Fraction(10**400), (v for v in [1.0])),
]


@pytest.mark.parametrize("y", WRONG, ids=lambda y: type(y).__name__)
def test_what_is_no_number_is_refused_by_name(y):
    assert as_number(y) is None
    with pytest.raises(ObservationError, match="expected a number"):
        as_value(y)


def test_a_scalar_has_no_brackets():
    assert as_scalar(np.array(2)) == 2
    assert type(as_scalar(np.int32(2))) is int
    assert as_scalar(Decimal("0.5")) == Decimal("0.5")
    for value in ([1.0], np.array([1.0]), "1", True, np.True_, None, ma.masked, math):
        assert as_scalar(value) is None
