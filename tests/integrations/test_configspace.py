"""A loop that asks for configurations of ConfigSpace, and tells their costs."""

import math
import subprocess
import sys

import pytest

from rnnbbo import Optimizer
from rnnbbo.errors import PointError, SpaceError

cs = pytest.importorskip("ConfigSpace")

from rnnbbo.integrations.configspace import ConfigurationOptimizer  # noqa: E402


def branched():
    """Return a space of two branches, with values that ConfigSpace changes when it draws them."""
    space = cs.ConfigurationSpace(seed=0)
    kind = cs.CategoricalHyperparameter("kind", ["small", "large"])
    size = cs.CategoricalHyperparameter("size", [1, 2.5])
    rate = cs.UniformFloatHyperparameter("rate", 1e-9, 1.0, log=True)
    count = cs.UniformIntegerHyperparameter("count", 1, 50)
    space.add(kind, size, rate, count)
    space.add(cs.EqualsCondition(rate, kind, "small"), cs.EqualsCondition(count, kind, "large"))
    space.add(cs.ForbiddenGreaterThanClause(count, 40))
    return space


def cost(configuration):
    if configuration["kind"] == "large":
        return 5.0 + configuration["count"] / 10
    return abs(math.log10(configuration["rate"]) + 5.0) + configuration["size"]


def test_what_is_asked_for_is_a_configuration_of_the_space_and_the_incumbent_is_one():
    space = branched()
    optimizer = ConfigurationOptimizer(space, rng=0)
    assert optimizer.incumbent is None
    for _ in range(25):
        configuration = optimizer.ask()
        assert isinstance(configuration, cs.Configuration)
        configuration.check_valid_configuration()
        assert ("rate" in configuration) == (configuration["kind"] == "small")
        optimizer.tell(configuration, cost(configuration))
    costs = list(map(cost, optimizer.configurations))
    assert cost(optimizer.incumbent) == min(costs) == optimizer.result().fun
    assert min(costs) < 1.5


def test_it_is_the_optimizer_asked_and_told_the_same_though_numbers_were_rounded():
    ours, theirs = Optimizer(branched(), rng=0), ConfigurationOptimizer(branched(), rng=0)
    moved = 0
    for _ in range(12):
        point, configuration = ours.ask(), theirs.ask()
        assert dict(configuration) == pytest.approx(point, abs=1e-13)
        moved += dict(configuration) != point
        value = cost(configuration)
        ours.tell(point, value)
        theirs.tell(configuration, value)
    assert moved  # of small numbers 13 decimals are few digits
    assert theirs.result().x_iters == ours.result().x_iters


def test_several_at_a_time_others_than_asked_for_and_failures():
    space = branched()
    optimizer = ConfigurationOptimizer(space, rng=0, default_first=True)
    asked = optimizer.ask(3)
    assert asked[0] == space.get_default_configuration()
    assert len(set(asked)) == 3
    optimizer.tell(asked[1], float("nan"))
    assert optimizer.incumbent is None
    optimizer.tell({"kind": "large", "size": 2.5, "count": 3}, 7.0)
    drawn = space.sample_configuration()
    optimizer.tell(drawn, 9.0)
    assert dict(optimizer.incumbent) == {"kind": "large", "size": 2.5, "count": 3}
    assert optimizer.configurations[-1] == drawn
    with pytest.raises(PointError):
        optimizer.tell({"kind": "large", "size": 1, "count": 41}, 1.0)
    assert len(optimizer.configurations) == 3


def test_another_space_is_refused():
    with pytest.raises(SpaceError, match=r"expected a ConfigSpace\.ConfigurationSpace"):
        ConfigurationOptimizer({"x": (0.0, 1.0)})


def test_without_configspace_the_command_that_brings_it_is_named():
    program = (
        "import sys\nsys.modules['ConfigSpace'] = None\n"
        "from rnnbbo import Space\nfrom rnnbbo.errors import MissingExtraError\n"
        "for use in (lambda: __import__('rnnbbo.integrations.configspace'),\n"
        "            lambda: Space([(0.0, 1.0)]).to_configspace()):\n"
        "    try:\n        use()\n    except MissingExtraError as error:\n        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("pip install 'ConfigSpace>=1.2'") == 2
