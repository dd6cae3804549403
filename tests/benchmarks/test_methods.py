import sys

import numpy as np
import pytest

from rnnbbo.benchmarks import methods
from rnnbbo.errors import MissingExtraError, PolicyError


def run(name: str, seed: int, dim: int = 2, budget: int = 14) -> np.ndarray:
    method = methods.make_method(name, dim, budget, seed)
    points = []
    for t in range(budget):
        x = method.ask()
        # One failed evaluation, which no method may stumble over.
        method.tell(x, float(np.sum((x - 0.3) ** 2)) if t != 3 else np.nan)
        points.append(x)
    return np.array(points)


ALL = [*methods.PEERS, "lstm", "dnc"]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.filterwarnings("ignore:The balance properties of Sobol")
def test_a_run_stays_in_the_cube_and_repeats_with_its_seed(name: str) -> None:
    points = run(name, seed=5)
    assert points.shape == (14, 2)
    assert np.all((points >= 0.0) & (points <= 1.0))
    assert len(np.unique(points, axis=0)) == len(points)
    assert np.array_equal(points, run(name, seed=5))
    assert not np.array_equal(points, run(name, seed=6))


@pytest.mark.parametrize("name", ALL)
def test_no_method_touches_the_global_generator(name: str) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run(name, seed=0, budget=8)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("name", methods.PEERS)
def test_peers_take_one_dimension(name: str) -> None:
    assert run(name, seed=0, dim=1).shape == (14, 1)


@pytest.mark.parametrize("name", ["tpe", "cma"])
def test_peers_learn_from_what_they_are_told(name: str) -> None:
    late = np.median(
        [np.sum((run(name, seed, budget=60)[-10:] - 0.3) ** 2, axis=1) for seed in range(5)]
    )
    uniform = np.random.default_rng(0).random((10_000, 2))
    assert late < 0.3 * np.median(np.sum((uniform - 0.3) ** 2, axis=1))


def test_unknown_name_is_refused() -> None:
    with pytest.raises(PolicyError, match="no-such-method"):
        methods.make_method("no-such-method", 2, 10, 0)


@pytest.mark.parametrize(
    ("name", "package"), [("tpe", "optuna"), ("cma", "cma"), ("sobol", "scipy.stats")]
)
def test_missing_package_names_the_extra(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = methods.PEERS[name].target.partition(":")[0]
    monkeypatch.delitem(sys.modules, f"{methods.__name__}.{module}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"'{name}' needs .*\.\[bench\]"):
        methods.make_method(name, 2, 10, 0)
