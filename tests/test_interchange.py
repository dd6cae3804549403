"""Spaces and dimensions of other libraries."""

import re
import warnings

import pytest

from rnnbbo import Optimizer, minimize
from rnnbbo.errors import PointError, SpaceError, SpaceWarning
from rnnbbo.space import Categorical, Fixed, Integer, Ordinal, Real, Space


def test_distributions_of_scipy_are_dimensions():
    stats = pytest.importorskip("scipy.stats")
    space = Space(
        {"a": stats.uniform(-1, 3), "b": stats.loguniform(1e-3, 1), "c": stats.randint(1, 9)}
    )
    assert space.dimensions == [
        Real(-1, 2, name="a"),
        Real(1e-3, 1, "log-uniform", "b"),
        Integer(1, 8, name="c"),
    ]
    assert Space([stats.randint(3, 4), (0.0, 1.0)]).dimensions[0].is_constant
    for other in (stats.norm(0, 1), stats.loguniform(1e-3, 1, loc=1)):
        with pytest.raises(SpaceError, match=r"distribution = .*; expected uniform"):
            Space([other])


def tree():
    """Return a ConfigSpace with every form of condition and clause that has one here."""
    cs = pytest.importorskip("ConfigSpace")
    model = cs.CategoricalHyperparameter("model", ["svm", "forest", "net"])
    trees = cs.UniformIntegerHyperparameter("trees", 1, 500, log=True)
    gamma = cs.UniformFloatHyperparameter("svm:gamma", 1e-4, 1.0, log=True)
    size = cs.OrdinalHyperparameter("size", ["s", "m", "l"])
    layers = cs.UniformIntegerHyperparameter("layers", 1, 5)
    deep = cs.UniformFloatHyperparameter("deep", 0.0, 1.0)
    large = cs.UniformFloatHyperparameter("large", 0.0, 1.0)
    other = cs.UniformFloatHyperparameter("other", 0.0, 1.0)
    seed = cs.Constant("seed", 7)
    low, high = (cs.UniformIntegerHyperparameter(name, 1, 9) for name in ("low", "high"))
    space = cs.ConfigurationSpace(seed=0)
    space.add(model, trees, gamma, size, layers, deep, large, other, seed, low, high)
    space.add(
        cs.EqualsCondition(trees, model, "forest"),
        cs.InCondition(gamma, model, ["svm"]),
        cs.AndConjunction(
            cs.EqualsCondition(deep, model, "net"), cs.GreaterThanCondition(deep, layers, 2)
        ),
        cs.OrConjunction(
            cs.GreaterThanCondition(large, size, "s"), cs.LessThanCondition(large, layers, 3)
        ),
        cs.NotEqualsCondition(other, model, "net"),
    )
    space.add(
        cs.ForbiddenAndConjunction(
            cs.ForbiddenEqualsClause(model, "forest"), cs.ForbiddenInClause(size, ["l"])
        ),
        cs.ForbiddenGreaterThanRelation(low, high),
        cs.ForbiddenLessThanClause(gamma, 1e-3),
    )
    return space


def test_a_config_space_is_a_space_with_its_tree_and_clauses():
    theirs = tree()
    space = Space(theirs)
    assert space.mapping
    kinds = dict(zip(space.names, space.dimensions, strict=True))
    assert kinds["seed"] == Fixed(7, "seed")
    assert kinds["trees"] == Integer(1, 500, "log-uniform", "trees", when={"model": ["forest"]})
    assert kinds["size"] == Ordinal(["s", "m", "l"], "size")
    assert kinds["other"] == Real(0, 1, name="other", when={"model": ["svm", "forest"]})
    assert len(space.where) == 3
    for _ in range(200):
        drawn = dict(theirs.sample_configuration())
        assert set(space.as_mapping(space.check(drawn))) == set(drawn)


def test_what_is_proposed_is_a_configuration():
    from ConfigSpace import Configuration

    theirs = tree()
    optimizer = Optimizer(theirs, rng=0)
    for _ in range(12):
        point = optimizer.ask()
        Configuration(theirs, values=point).check_valid_configuration()
        optimizer.tell(point, float(point["low"]))
    with pytest.raises(PointError, match="where not"):
        optimizer.tell({**point, "low": 9, "high": 1}, 1.0)
    result = minimize(lambda p: p["low"] + p["seed"], theirs, 5, rng=0, max_failures=0)
    assert result.best["seed"] == 7


def test_what_a_config_space_says_besides_is_warned_of_and_the_rest_refused():
    cs = pytest.importorskip("ConfigSpace")
    normal = cs.NormalFloatHyperparameter("n", mu=0.0, sigma=1.0, lower=-3.0, upper=3.0)
    with pytest.warns(SpaceWarning, match="'n': its distribution is not used"):
        assert Space([normal]).dimensions == [Real(-3, 3, name="n")]
    weighted = cs.CategoricalHyperparameter("c", ["a", "b"], weights=[1, 2])
    with pytest.warns(SpaceWarning, match="'c': its weights is not used|weights"):
        assert Space([weighted]).dimensions == [Categorical(["a", "b"], "c")]


def test_a_constraint_of_scikit_optimize_is_known():
    skopt_space = pytest.importorskip("skopt.space")
    theirs = skopt_space.Space([(0.0, 1.0), (0.0, 1.0)], constraint=lambda x: x[0] <= x[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        space = Space(theirs)
    assert all(a <= b for a, b in map(space.from_cube, space.allowed))
    with pytest.raises(PointError, match=re.escape("where")):
        space.check([0.9, 0.1])


def test_nothing_of_them_is_imported_for_a_plain_space():
    import subprocess
    import sys

    code = (
        "import sys, rnnbbo; rnnbbo.Optimizer({'a': (0., 1.), 'b': ['x']}, rng=0).ask(); "
        "print({'ConfigSpace', 'scipy', 'skopt'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
