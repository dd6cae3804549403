import numpy as np
import pytest

from rnnbbo.functions.noise_laws import (
    Gaussian,
    GrowingWithHeight,
    NoiseLaw,
    StudentT,
    VaryingByPlace,
)

CENTRE = np.full(2, 0.5)


def errors(law: NoiseLaw, u: np.ndarray = CENTRE, height: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([law(rng, u, height) for _ in range(4000)])


def test_student_t_has_its_tails_and_the_scale_as_its_unit() -> None:
    found = errors(StudentT(2.0))
    # Quartiles and the upper percent of t with two degrees of freedom.
    assert np.quantile(found, [0.25, 0.75]) == pytest.approx([-0.816, 0.816], abs=0.06)
    assert np.mean(np.abs(found) > 6.965) == pytest.approx(0.02, abs=0.008)


def test_the_deviation_grows_with_the_height() -> None:
    law = GrowingWithHeight(floor=0.2, slope=0.5)
    assert [np.std(errors(law, height=height)) for height in (0.0, 1.0, 10.0)] == pytest.approx(
        [0.2, 0.7, 5.2], rel=0.05
    )


def test_the_deviation_varies_along_a_direction() -> None:
    law = VaryingByPlace((0.6, -0.8), decades=2.0)
    deviations = [np.std(errors(law, np.array(u))) for u in ((0.0, 1.0), CENTRE, (1.0, 0.0))]
    assert deviations == pytest.approx([0.1, 1.0, 10.0], rel=0.05)


@pytest.mark.parametrize(
    "law", [Gaussian(), StudentT(2.0), GrowingWithHeight(0.1, 0.3), VaryingByPlace((1.0, 0.0), 3.0)]
)
def test_what_is_drawn_does_not_depend_on_the_point(law: NoiseLaw) -> None:
    here, there = np.random.default_rng(1), np.random.default_rng(1)
    for _ in range(20):
        law(here, np.array([0.1, 0.9]), 0.0)
        law(there, np.array([0.8, 0.2]), 30.0)
    assert here.random() == there.random()
