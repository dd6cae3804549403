import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.conditional_tuning import (
    PIPELINES,
    ConditionalTuning,
    conditional_tuning_problem,
    conditional_tuning_space,
)
from rnnbbo.functions.libraries import library_object

pytest.importorskip("sklearn")

DATASETS = {"regressor": "friedman1-51", "classifier": "moons-51"}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_family_has_a_finite_loss_and_repeats_it(pipeline: str) -> None:
    space = conditional_tuning_space(pipeline)
    function = ConditionalTuning(pipeline, DATASETS[pipeline])
    problem = conditional_tuning_problem(function, "p")
    place, families = space.names.index("model"), PIPELINES[pipeline].estimators
    values = []
    for i, family in enumerate(families):
        u = np.full(space.n_dims, 0.5)
        u[place] = (i + 0.5) / len(families)
        assert function.hyper_parameters(u)["model"] == family
        values.append(problem.unit(u))
        assert pickle.loads(pickle.dumps(problem)).unit(u) == values[-1]
        assert 0.0 < values[-1] < 1.5
        idle = u.copy()
        others = {f"{d.name}" for d in space.dimensions} - set(function.hyper_parameters(u))
        idle[[space.names.index(name) for name in others]] = 0.1
        assert problem.unit(idle) == values[-1]
    assert len(set(values)) == len(families)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_families_have_the_arguments_that_are_tuned(pipeline: str) -> None:
    space, tuned = conditional_tuning_space(pipeline), PIPELINES[pipeline]
    function = ConditionalTuning(pipeline, DATASETS[pipeline])
    named: dict[str, set[str]] = {family: set() for family in tuned.estimators}
    for u in np.random.default_rng(0).random((200, space.n_dims)):
        values = function.hyper_parameters(u)
        named[values["model"]] |= set(values) - {"scaler", "model", "layers", "width1", "width2"}
    for family, (estimator, fixed) in tuned.estimators.items():
        assert named[family] | set(fixed) <= set(library_object(estimator)().get_params())
    assert set().union(*named.values()) | {"scaler", "model", "layers", "width1", "width2"} == set(
        space.names
    )


def test_reals_are_declared_on_their_own_scales() -> None:
    space = conditional_tuning_space("regressor")
    function = ConditionalTuning("regressor", "friedman1-51")
    u = np.zeros(space.n_dims)
    assert function.hyper_parameters(u)["C"] == pytest.approx(1e-2)
    u[space.names.index("C")] = 0.5
    assert function.hyper_parameters(u)["C"] == pytest.approx(10**0.5)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="pipeline = 'ring'; expected one of regressor, class"):
        conditional_tuning_space("ring")
    with pytest.raises(ConfigError, match="dataset = 'ring'"):
        conditional_tuning_problem(ConditionalTuning("regressor", "ring"), "p")
