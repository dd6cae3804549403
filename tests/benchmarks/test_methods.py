import logging
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from rnnbbo import Integer, Space, shipped
from rnnbbo.benchmarks import methods
from rnnbbo.benchmarks.methods.base import Cells
from rnnbbo.errors import ConfigError, MissingExtraError, PolicyError

ROOT = Path(__file__).resolve().parent.parent.parent

# Just past the first points, for methods that take long to ask.
BUDGETS = {
    "logei": 7,
    "skopt": 12,
    "gpsampler": 13,
    "spearmint": 5,
    "turbo": 8,
    "egobox": 8,
    "constrained-logei": 7,
    "qlognei": 7,
    "gp-ucb": 7,
    "gp-ts": 7,
    "gp-ei": 7,
}

SLOW = {"spearmint", "smac", "smac-bb", "constrained-logei", "qlognei", "gp-ts", "gp-ei"}


def marked(names: list[str]) -> list[object]:
    return [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in names]


# Those of several objectives are tested in test_several_objectives.py.
PEERS = marked([name for name, peer in methods.PEERS.items() if peer.target])
ALL = [*PEERS, "lstm", "dnc"]


def bowl(x: np.ndarray) -> float:
    return float(np.sum((x - 0.3) ** 2))


def run(
    name: str, seed: int, dim: int = 2, budget: int | None = None, failed: tuple[int, ...] = (0, 3)
) -> np.ndarray:
    """The points of a run on a bowl, some of whose evaluations fail."""
    budget = budget or BUDGETS.get(name, 14)
    method = methods.make_method(name, dim, budget, seed)
    points = []
    for t in range(budget):
        points.append(method.ask())
        method.tell(points[-1], np.nan if t in failed else bowl(points[-1]))
    return np.array(points)


@pytest.mark.parametrize("name", ALL)
def test_a_run_stays_in_the_cube_and_repeats_with_its_seed(name: str) -> None:
    points = run(name, seed=5)
    assert points.dtype == float
    assert points.shape == (BUDGETS.get(name, 14), 2)
    assert np.all((points >= 0.0) & (points <= 1.0))
    # Dual annealing's local search evaluates its first point again; PyBADS begins with doing so.
    assert len(np.unique(points[:5], axis=0)) == 5 - (name == "bads")
    assert np.array_equal(points, run(name, seed=5))
    other = methods.make_method(name, 2, len(points), 6)
    assert not np.array_equal(points[0], other.ask())


@pytest.mark.parametrize("name", ALL)
def test_no_method_touches_the_global_generators(name: str) -> None:
    before = np.random.get_state()[1].copy(), torch.random.get_rng_state()  # noqa: NPY002
    run(name, seed=0, budget=BUDGETS.get(name, 40))
    assert np.array_equal(before[0], np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(before[1], torch.random.get_rng_state())


@pytest.mark.parametrize("name", PEERS)
def test_peers_take_one_dimension_and_the_largest_seed(name: str) -> None:
    points = run(name, seed=2**32 - 1, dim=1)
    assert points.shape == (BUDGETS.get(name, 14), 1)
    assert np.all((points >= 0.0) & (points <= 1.0))


@pytest.mark.parametrize("name", PEERS)
def test_peers_go_on_while_every_evaluation_fails(name: str) -> None:
    points = run(name, seed=0, budget=12, failed=tuple(range(12)))
    assert len(np.unique(points, axis=0)) > 6


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        pytest.param("skopt", 14, marks=pytest.mark.slow),
        pytest.param("logei", 9, marks=pytest.mark.slow),
        ("gpsampler", 14),
        ("tpe", 40),
        ("cma", 60),
        ("egobox", 12),
        ("bads", 30),
        pytest.param("smac-bb", 14, marks=pytest.mark.slow),
        ("de", 180),
        ("dual-annealing", 20),
    ],
)
def test_peers_learn_from_what_they_are_told(name: str, budget: int) -> None:
    def best(method: str, seed: int) -> float:
        return min(map(bowl, run(method, seed, budget=budget, failed=())))

    uniform = np.median([best("random", seed) for seed in range(50)])
    assert np.median([best(name, seed) for seed in range(3)]) < 0.3 * uniform


@pytest.mark.parametrize("name", ["cma", "de"])
def test_searches_start_again_when_they_have_converged(name: str) -> None:
    points = run(name, seed=0, budget=3000)
    distances = np.max(np.abs(points - 0.3), axis=1).reshape(-1, 10)
    converged = int(np.argmax(np.all(distances < 1e-4, axis=1)))
    assert np.all(distances[converged] < 1e-4)
    assert np.any(distances[converged:] > 0.2)


def test_bads_starts_again_at_another_point_and_leaves_logging_as_it_is() -> None:
    handlers = list(logging.getLogger().handlers)
    points = run("bads", seed=0, dim=1, budget=40, failed=())
    # It evaluates its first point twice.
    starts = [t for t in range(39) if points[t] == points[t + 1]]
    assert starts[0] == 0
    assert any(t > 10 and abs(points[t] - points[0]) > 0.01 for t in starts)
    assert np.min(np.abs(points - 0.3)) < 1e-3
    assert logging.getLogger().handlers == handlers


def test_a_panic_in_egobox_is_an_error_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from rnnbbo.benchmarks.methods import egor

    class PanicException(BaseException):
        pass

    class Panicking:
        def suggest(self, *_: object, **__: object) -> np.ndarray:
            raise PanicException("no clusters")

    monkeypatch.setattr(egor.egobox, "Egor", lambda specs: Panicking())
    with pytest.raises(RuntimeError, match="egobox panicked: no clusters"):
        run("egobox", seed=0)


@pytest.mark.slow
def test_smac_visits_the_points_of_its_own_optimize(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ConfigSpace
    import smac

    def objective(config: dict[str, float], seed: int = 0) -> float:
        asked.append([config["x0"], config["x1"]])
        return bowl(np.array(asked[-1]))

    asked: list[list[float]] = []
    space = ConfigSpace.ConfigurationSpace(seed=7)
    space.add([ConfigSpace.Float(f"x{i}", (0.0, 1.0)) for i in range(2)])
    scenario = smac.Scenario(
        space, deterministic=True, n_trials=14, seed=7, output_directory=tmp_path / "theirs"
    )
    smac.HyperparameterOptimizationFacade(scenario, objective, logging_level=False).optimize()
    (tmp_path / "ours").mkdir()
    monkeypatch.chdir(tmp_path / "ours")
    assert run("smac", 7, budget=14, failed=()).tolist() == asked
    assert not list((tmp_path / "ours").iterdir())


def test_raw_samples_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from botorch.acquisition import LogExpectedImprovement

    sizes: list[int] = []
    forward = LogExpectedImprovement.forward

    def counting(self: LogExpectedImprovement, X: torch.Tensor) -> torch.Tensor:
        sizes.append(len(X))
        return forward(self, X)

    monkeypatch.setattr(LogExpectedImprovement, "forward", counting)
    run("logei", 7, budget=6, failed=())
    assert max(sizes) == 512
    assert sizes.count(512) == 1


def test_skopt_visits_the_points_of_gp_minimize() -> None:
    from skopt import gp_minimize

    def objective(x: list[float]) -> float:
        return bowl(np.array(x))

    result = gp_minimize(objective, [(0.0, 1.0)] * 2, n_calls=12, random_state=7)
    assert np.array_equal(run("skopt", 7, failed=()), result.x_iters)


@pytest.mark.parametrize(
    ("dim", "budget", "expected"), [(1, 100, 5), (2, 100, 5), (6, 200, 12), (6, 40, 8), (6, 10, 5)]
)
def test_log_ei_begins_with_the_sobol_points_that_ax_would_take(
    dim: int, budget: int, expected: int
) -> None:
    from rnnbbo.benchmarks.methods.botorch_logei import initial_points

    assert initial_points(dim, budget) == expected


def test_log_ei_recommends_by_its_model_and_not_by_a_lucky_value() -> None:
    method = methods.make_method("logei", 1, 40, 0)
    assert isinstance(method, methods.Recommender)
    x = np.linspace(0.0, 1.0, 12).repeat(2)
    y = (x - 0.3) ** 2 + 0.03 * np.tile([1.0, -1.0], 12)
    y[-2] = -0.3  # at x = 1, where the other value is 0.46
    for point, value in zip(x, y, strict=True):
        method.tell(np.array([point]), value)
    method.tell(np.array([0.31]), np.nan)
    assert abs(method.recommend()[0] - 0.3) < 0.25
    assert method.recommend()[0] in x


def test_asking_for_recommendations_does_not_change_a_run() -> None:
    plain, asked = (methods.make_method("logei", 2, 8, 0) for _ in range(2))
    for _ in range(7):
        x = plain.ask()
        assert np.array_equal(x, asked.ask())
        plain.tell(x, bowl(x))
        asked.tell(x, bowl(x))
        assert asked.recommend().shape == (2,)


MIXED = Space([Integer(2, 6), ("a", "b", "c"), Integer(0, 1)])
COUNTS = np.array([5, 3, 2])
TAKES_SPACES = [name for name, peer in methods.PEERS.items() if peer.mixed]


@pytest.mark.parametrize("name", marked([*TAKES_SPACES, "kernel", "dnc"]))
def test_declared_points_are_the_middles_of_cells(name: str) -> None:
    budget = 6 if name == "logei" else BUDGETS.get(name, 14)
    runs = []
    for _ in range(1 if name == "logei" else 2):  # that it repeats, a slow test says
        method = methods.make_method(name, 3, budget, 4, MIXED)
        points = []
        for t in range(budget):
            x = method.ask()
            points.append(x)
            method.tell(x, np.nan if t == 0 else bowl(x))
        runs.append(np.array(points))
    positions = runs[0] * COUNTS - 0.5
    assert np.allclose(positions, positions.round(), atol=1e-12)
    assert (positions > -0.1).all() and (positions < COUNTS - 0.9).all()
    assert np.array_equal(runs[0], runs[-1])
    # Points at random may share a cell; five of them come first.
    assert name != "logei" or not {*map(tuple, runs[0][5:])} & {*map(tuple, runs[0][:5])}


@pytest.mark.slow
def test_log_ei_of_integers_and_categories_repeats_with_its_seed_and_no_point() -> None:
    method, again = (methods.make_method("logei", 3, 20, 0, MIXED) for _ in range(2))
    seen = set()
    for t in range(14):
        x = method.ask()
        assert t < 5 or tuple(x) not in seen  # Sobol points may share a cell
        seen.add(tuple(x))
        method.tell(x, bowl(x))
        if t < 8:
            assert np.array_equal(again.ask(), x)
            again.tell(x, bowl(x))


def test_cells_lie_in_order() -> None:
    cells = Cells(MIXED)
    assert cells.counts == [5, 3, 2]
    assert cells.middle([2, "a", 0]).tolist() == [0.1, 1 / 6, 0.25]
    assert cells.middle([6, "c", 1]).tolist() == [0.9, 2.5 / 3, 0.75]
    assert Cells(Space([(0.0, 1.0), ("x", "y")])).middle([0.3, "y"]).tolist() == [0.3, 0.75]


def test_methods_that_take_no_space_see_the_cube() -> None:
    told, plain = (methods.make_method("cma", 3, 20, 0, space) for space in (MIXED, None))
    for _ in range(5):
        x = told.ask()
        assert np.array_equal(x, plain.ask())
        told.tell(x, bowl(x))
        plain.tell(x, bowl(x))


def test_failures_are_replaced_by_the_worst_finite_value() -> None:
    finite = methods.WorstFinite(first=7.0)
    told = [np.nan, 1.0, 3.0, -np.inf, 2.0, np.inf]
    assert [finite(y) for y in told] == [7.0, 1.0, 3.0, 3.0, 2.0, 3.0]


def test_unknown_name_is_refused() -> None:
    with pytest.raises(PolicyError, match="no-such-method"):
        methods.make_method("no-such-method", 2, 10, 0)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("sobol", "scipy.stats"),
        ("skopt", "skopt"),
        ("logei", "botorch.acquisition"),
        ("tpe", "optuna"),
        ("gpsampler", "optuna"),
        ("cma", "cma"),
        ("egobox", "egobox"),
        ("bads", "pybads"),
        ("smac", "smac"),
        ("de", "scipy.optimize"),
    ],
)
def test_missing_package_names_the_extra(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = methods.PEERS[name]
    home = f"{methods.__name__}.{peer.target.partition(':')[0]}"
    monkeypatch.delitem(sys.modules, home, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"'{name}' needs {peer.package},.*\.\[bench\]"):
        methods.make_method(name, 2, 10, 0)


@pytest.mark.parametrize("name", methods.PEERS)
def test_every_peer_is_at_home_and_described(name: str) -> None:
    peer = methods.PEERS[name]
    for target in filter(None, (peer.target, peer.mixed, peer.several)):
        assert find_spec(f"{methods.__name__}.{target.partition(':')[0]}") is not None
    assert peer.target or peer.several
    assert methods.about_method(name) == f"{peer.about}; needs {peer.package}"
    assert "\n" not in peer.about


def test_a_policy_is_described_by_its_parts() -> None:
    assert methods.about_method("lstm") == "policy of rnnbbo: lstm with a scored head"
    with pytest.raises(PolicyError, match="no-such-method"):
        methods.about_method("no-such-method")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("no.such:Method", "there is no module 'no.such'"),
        ("none.py:Method", "there is no file 'none.py'"),
        ("faulty_methods:Nothing", "has no 'Nothing'; it has .*Steady"),
        ("own_policies:number", "which is 3"),
    ],
)
def test_a_method_of_ones_own_that_is_none_is_named_with_what_is_expected(
    name: str, fault: str
) -> None:
    expected = rf"method = '{name}', .*{fault}.*; expected module:attribute or .*a class called as"
    with pytest.raises(ConfigError, match=expected):
        methods.make_method(name, 2, 4, 0)
    with pytest.raises(ConfigError, match=expected):
        methods.about_method(name)


def test_the_bench_extra_brings_what_the_peers_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["bench"]
    brought = {line.partition(">=")[0] for line in lines}
    assert {peer.package for peer in methods.PEERS.values()} <= brought


def test_listing_methods_loads_no_heavy_library() -> None:
    program = (
        "import sys; from rnnbbo.benchmarks.methods import PEERS, about_method\n"
        "for name in PEERS: about_method(name)\n"
        "heavy = {'torch', 'scipy', 'skopt', 'sklearn', 'botorch', 'optuna', 'cma', 'smac'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_weights_beside_the_benchmarks_are_methods_and_no_shipped_policies() -> None:
    folder = ROOT / "benchmarks" / "weights"
    names = sorted(path.stem for path in folder.glob("*.safetensors"))
    assert list(methods.trained_methods()) == names
    for name in names:
        assert methods.about_method(name).startswith("policy of rnnbbo: ")
        with pytest.raises(PolicyError, match=name):
            shipped.load(name)
        run_of = shipped.load(methods.source_of(name))
        assert run_of.name == name
        assert run_of.provenance["config"]["train"]["loss"] in methods.about_method(name)
        assert not run_of.provenance["commit"].endswith("-dirty")
        points = run(name, seed=1, failed=())
        assert ((points >= 0.0) & (points <= 1.0)).all()
        assert np.array_equal(points, run(name, seed=1, failed=()))
    assert methods.source_of("lstm") == "lstm"
