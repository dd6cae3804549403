"""The searcher for Ray Tune: spaces, trials that end in every way, and a run with two workers."""

import json
import math
import os
import warnings
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    tune = pytest.importorskip("ray.tune")

from ray import cloudpickle
from ray.tune.search import ConcurrencyLimiter, Repeater, Searcher
from ray.tune.search.sample import Domain
from ray.tune.utils.util import merge_dicts

from rnnbbo import Space
from rnnbbo.dimensions import Categorical, Integer, Real
from rnnbbo.errors import ConfigError, PointError, PolicyError, SpaceError
from rnnbbo.integrations.ray import RnnSearch
from rnnbbo.integrations.ray.domains import Domains

BOX = {"x": tune.uniform(-1, 1), "y": tune.uniform(-1, 1)}


def search(config: Any = None, metric: Any = "loss", mode: Any = "min", **more: Any) -> RnnSearch:
    made = RnnSearch(metric=metric, mode=mode, **{"seed": 0, **more})
    assert made.set_search_properties(None, None, BOX if config is None else config, num_samples=9)
    return made


def bowl(config: dict[str, Any]) -> float:
    return (config["x"] - 0.3) ** 2 + config["y"] ** 2


def go_on(found: Searcher, names: str) -> list[dict[str, Any]]:
    configs = []
    for name in names:
        configs.append(found.suggest(name))
        found.on_trial_complete(name, {"loss": bowl(configs[-1])})
    return configs


@pytest.mark.parametrize(
    ("domain", "dimension", "values"),
    [
        (tune.uniform(0, 2), Real(0.0, 2.0, name="a"), {0.5: 0.5}),
        (tune.loguniform(1e-4, 1), Real(1e-4, 1.0, "log-uniform", "a"), {0.5: 0.5}),
        (tune.randint(1, 10), Integer(1, 9, name="a"), {9: 9}),
        (tune.lograndint(1, 10), Integer(1, 9, "log-uniform", "a"), {9: 9}),
        (tune.choice(["u", {"v": 1}]), Categorical(["u", {"v": 1}], "a"), {"u": "u"}),
        # The values are the multiples of the step: their numbers are what is searched.
        (tune.qrandint(1, 10, 3), Integer(1, 3, name="a"), {1: 3, 2: 6, 3: 9}),
        (tune.qrandint(1, 10, 1), Integer(1, 9, name="a"), {9: 9}),
        (tune.qrandint(2, 10, 2), Integer(1, 5, name="a"), {5: 10}),
        (tune.qlograndint(4, 64, 4), Integer(1, 16, "log-uniform", "a"), {16: 64}),
        (tune.quniform(0, 1, 0.1), Integer(0, 10, name="a"), {3: 0.1 * 3}),
        (tune.qloguniform(0.1, 10, 0.1), Integer(1, 100, "log-uniform", "a"), {100: 10.0}),
    ],
)
def test_a_domain_becomes_a_dimension_of_the_same_values(
    domain: Any, dimension: Any, values: dict[Any, Any]
) -> None:
    domains = Domains({"a": domain})
    assert domains.space.dimensions == [dimension]
    for inner, value in values.items():
        config = domains.config([inner])
        assert config == {"a": value}
        assert type(config["a"]) is type(value)
        assert domains.point(config) == [inner]
    if not isinstance(domain, type(tune.choice([1]))):
        drawn = {domains.point({"a": domain.sample()})[0] for _ in range(40)}
        assert min(drawn) >= dimension.low
        assert max(drawn) <= dimension.high


def test_a_category_that_is_a_mapping_and_domains_in_lists() -> None:
    config = {
        "net": {"layers": [tune.randint(1, 4), 7], "w": tune.uniform(0, 1), "act": "relu"},
        "opt": tune.choice([{"name": "sgd", "m": 0.9}, {"name": "adam"}]),
        "k": 5,
    }
    domains = Domains(config)
    assert domains.space.names == ["net/layers/0", "net/w", "opt"]
    made = domains.config([3, 0.5, {"name": "adam"}])
    # What is constant is left to Tune, which merges; but a list takes the place of a list.
    assert made == {"net": {"layers": [3, 7], "w": 0.5}, "opt": {"name": "adam"}}
    merged = merge_dicts({**config, "opt": None}, made)
    assert merged["net"] == {"layers": [3, 7], "w": 0.5, "act": "relu"}
    assert domains.point(merged) == [3, 0.5, {"name": "adam"}]
    whole = Domains(config, whole=True).config([3, 0.5, {"name": "adam"}])
    assert whole == {**made, "k": 5, "net": {**made["net"], "act": "relu"}}
    # What were not suggested would reach the trial as a domain.
    assert isinstance(merge_dicts(config, {"k": 1})["net"]["w"], Domain)
    assert config["net"]["layers"][1] == 7
    assert not isinstance(config["net"]["layers"][0], int)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"a": tune.grid_search([1, 2])}, "a = grid_search(...); expected tune.choice"),
        ({"a": {"b": tune.sample_from(lambda spec: 1)}}, "a/b of the param_space: Function"),
        ({"a": {"eval": "1"}}, "a of the param_space: Function"),
        ({"a": tune.randn(0, 1)}, "a of the param_space: Float by Normal"),
        ({"a": tune.qrandn(0, 1, 0.1)}, "a of the param_space: Float by Normal"),
        ({"a": tune.choice([1, 1])}, "1 twice"),
        ({"a": tune.qrandint(4, 5, 3)}, "without a multiple"),
        ({"a": tune.uniform(2, 1)}, "low = 2.0, high = 1.0"),
        ({"a": 3}, "at least one dimension"),
        ([1], "expected a param_space"),
    ],
)
def test_what_has_no_form_is_refused_by_name(config: Any, words: str) -> None:
    with pytest.raises(SpaceError) as error:
        Domains(config)
    assert words in str(error.value)


def test_the_search_finds_a_minimum_and_is_that_of_its_seed() -> None:
    first, second = search(), search()
    configs = go_on(first, "abcdefghijkl")
    assert configs == go_on(second, "abcdefghijkl")
    assert first.result().fun < 0.01


def test_mode_says_which_values_are_better() -> None:
    up = search(mode="max")
    for name in "abcdefghij":
        up.on_trial_complete(name, {"loss": -bowl(up.suggest(name))})
    assert up.result().fun > -0.01


def test_metric_and_mode_come_from_the_tuner_or_from_the_searcher() -> None:
    made = RnnSearch(seed=0)
    assert made.set_search_properties("loss", "max", BOX)
    assert (made.metric, made.mode) == ("loss", "max")
    # With an empty param_space Tune passes nothing on.
    own = RnnSearch(BOX, seed=0)
    with pytest.raises(ConfigError, match="metric and mode = None"):
        own.suggest("a")
    assert not own.set_search_properties("loss", "min", {})
    assert set(own.suggest("a")) == {"x", "y"}
    with pytest.raises(ConfigError, match="space = None"):
        RnnSearch(metric="loss", mode="min").suggest("a")


@pytest.mark.parametrize(
    ("metric", "mode", "words"),
    [
        ("loss", "least", "mode = 'least'"),
        (["a", "b"], ["min", "obs"], "mode = "),
        (["a", "b"], ["min"], "expected a mode a metric"),
        (["a", "b"], "min", "expected a mode a metric"),
        (3, "min", "metric = 3"),
    ],
)
def test_metric_and_mode_are_refused_by_name(metric: Any, mode: Any, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        RnnSearch(metric=metric, mode=mode)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "end",
    [
        {"error": True},
        {"result": None, "error": True},
        {"result": {"loss": math.nan}},
        {"result": {"loss": math.inf}},
        {"result": {"loss": "text"}},
        {"result": {"done": True}},
    ],
)
def test_a_trial_without_a_value_has_failed_and_holds_no_place(end: dict[str, Any]) -> None:
    found = search()
    go_on(found, "ab")
    found.suggest("c")
    for _ in range(2):  # once only
        found.on_trial_complete("c", **end)
    assert not found._live
    assert (found.result().nfev, found.result().n_failed) == (3, 1)
    assert found.suggest("d") not in [found.suggest("c2")]


def test_a_failed_trial_that_is_run_again_is_told_at_its_point(tmp_path: Path) -> None:
    # As `Tuner.restore(..., resume_errored=True)` does.
    found = search()
    config = found.suggest("a")
    found.on_trial_complete("a", error=True)
    found.save(str(tmp_path / "state"))
    again = search()
    again.restore(str(tmp_path / "state"))
    for _ in range(2):
        again.on_trial_complete("a", {"loss": 0.5})
    result = again.result()
    assert result.x_iters == [[config["x"], config["y"]]] * 2
    assert list(result.func_vals) == [math.inf, 0.5]


def test_the_value_is_what_was_reported_last_by_a_flat_name() -> None:
    found = search(metric="eval/loss")
    found.suggest("a")
    found.on_trial_result("a", {"eval/loss": 0.1})
    found.on_trial_complete("a", {"eval/loss": 0.5, "eval": {"loss": 0.2}})
    assert found.result().fun == 0.5


def test_an_ask_that_is_repeated_for_a_trial_is_the_same() -> None:
    found = search()
    assert found.suggest("a") == found.suggest("a") != found.suggest("b")


def test_points_to_evaluate_come_first_nested_or_flat() -> None:
    config = {"a": {"b": tune.qrandint(2, 8, 2)}, "c": tune.uniform(0, 1), "k": 1}
    points = [{"a": {"b": 4}, "c": 0.5}, {"a/b": 8, "c": 0.25, "k": 1}]
    found = search(config, points_to_evaluate=points)
    assert [found.suggest(name) for name in "xy"] == [
        {"a": {"b": 4}, "c": 0.5},
        {"a": {"b": 8}, "c": 0.25},
    ]
    assert found.suggest("z") not in points


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"x": 0.5, "y": 0, "z": 1}, "z = 1; expected no parameters but x, y"),
        ({"x": 0.5, "more": {"y": 0}}, "more = "),
        ({"x": 0.5}, "y"),
        ({"x": 5, "y": 0}, "x"),
        (3, "point = 3"),
    ],
)
def test_points_that_are_none_are_refused_by_name(point: Any, words: str) -> None:
    with pytest.raises(PointError) as error:
        search(points_to_evaluate=[point])
    assert words in str(error.value)


def test_known_rewards_are_told_and_not_tried() -> None:
    points = [{"x": 0.5, "y": 0.0}, {"x": -0.5, "y": 0.0}]
    found = search(points_to_evaluate=points, evaluated_rewards=[0.04, math.nan])
    assert (found.result().nfev, found.result().n_failed) == (2, 1)
    assert found.suggest("a") not in points
    found.add_evaluated_point({"x": 0.3, "y": 0.0}, 0.0)
    assert found.result().fun == 0.0
    with pytest.raises(ConfigError, match="1 evaluated_rewards for 2 points"):
        RnnSearch(points_to_evaluate=points, evaluated_rewards=[1.0])


def test_several_metrics_are_several_objectives() -> None:
    found = search(metric=["a", "b"], mode=["min", "max"])
    for name in "stuvw":
        x = found.suggest(name)["x"]
        found.on_trial_complete(name, {"a": x**2, "b": x})
    found.suggest("x")
    found.on_trial_complete("x", {"a": 1.0})
    result = found.result()
    assert result.directions == ["minimize", "maximize"]
    assert result.n_failed == 1


def test_metrics_may_be_constraints() -> None:
    found = search({"x": tune.uniform(0, 1)}, constraints=["short"])
    for name in "abcdefghijkl":
        x = found.suggest(name)["x"]
        found.on_trial_complete(name, {"loss": x, "short": 0.4 - x})
    result = found.result()
    assert result.feasible
    assert 0.4 <= result.x[0] < 0.5
    with pytest.raises(PolicyError):  # before the first trial
        search(constraints=["short"], policy="lstm-direct")


def test_known_constraints_hold() -> None:
    found = search(where="x + y <= 0")
    assert all(config["x"] + config["y"] <= 0 for config in go_on(found, "abcdef"))


def test_a_space_of_our_own_with_conditions() -> None:
    space = Space(
        [
            Categorical(["a", "b"], "net/kind"),
            Integer(1, 64, name="net/width", when={"net/kind": "b"}),
        ]
    )
    found = RnnSearch(space, "loss", "min", seed=0)
    configs = [found.suggest(name) for name in "abcdefgh"]
    assert {"kind": "a"} in [config["net"] for config in configs]
    assert all(("width" in one["net"]) == (one["net"]["kind"] == "b") for one in configs)


def test_saved_and_restored_it_goes_on_as_it_would_have(tmp_path: Path) -> None:
    file = str(tmp_path / "state")
    config = {**BOX, "k": tune.choice([None, "a"]), "q": tune.quniform(0, 1, 0.25)}
    points = [{"x": 0.0, "y": 0.0, "k": "a", "q": 0.5}] * 4
    found = search(config, points_to_evaluate=points)
    go_on(found, "ab")
    found.suggest("c")
    found.on_trial_complete("c", error=True)
    found.suggest("open")
    found.save(file)
    json.loads(Path(file).read_text())
    # As Tuner.restore does: another seed, and the space comes before or after.
    after = RnnSearch(metric="loss", mode="min", seed=1)
    after.restore(file)
    assert after.set_search_properties("loss", "min", config)
    before = search(config, seed=2)
    before.restore(file)
    for one in (found, after, before):
        one.on_trial_complete("open", {"loss": 0.5})
        one.on_trial_complete("a", {"loss": -9.0})  # it has ended
    names = "defg"
    assert go_on(found, names) == go_on(after, names) == go_on(before, names)
    assert after.result().x_iters == found.result().x_iters


def test_a_trial_that_was_begun_after_the_last_save_is_told_by_its_config(tmp_path: Path) -> None:
    file = str(tmp_path / "state")
    found = search()
    found.save(file)
    config = found.suggest("lost")
    again = search()
    again.restore(file)
    again.on_trial_complete("lost", {"loss": 0.25, "config": {**config}})
    assert again.result().x_iters == [[config["x"], config["y"]]]
    again.on_trial_complete("unknown", error=True)
    assert again.result().nfev == 1


def test_files_that_are_no_state_are_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "state"
    for text in ("", "[]", "{}", '{"format": "other"}'):
        file.write_text(text)
        with pytest.raises(ConfigError):
            search().restore(str(file))
    with pytest.raises(ConfigError, match="checkpoint_path"):
        search().restore(str(tmp_path / "none"))
    other = search({"z": tune.uniform(0, 1)})
    other.save(str(file))
    with pytest.raises(ConfigError, match="expected that of the file"):
        search().restore(str(file))
    RnnSearch().save(str(file))  # nothing has begun
    search().restore(str(file))


def test_it_goes_through_cloudpickle_before_and_within_a_run() -> None:
    fresh = cloudpickle.loads(cloudpickle.dumps(RnnSearch(metric="loss", mode="min", seed=0)))
    assert fresh.set_search_properties("loss", "min", BOX)
    found = search()
    assert go_on(fresh, "abc") == go_on(found, "abc")
    assert cloudpickle.loads(cloudpickle.dumps(found)).suggest("d") == found.suggest("d")


def test_a_second_run_goes_on_in_the_same_space_only() -> None:
    found = search()
    go_on(found, "abc")
    assert found.set_search_properties("loss", "min", BOX)
    assert found.result().nfev == 3
    assert not found.set_search_properties("loss", "min", {"z": tune.uniform(0, 1)})


def test_a_limited_search_waits_and_goes_on() -> None:
    found = search()
    limited = ConcurrencyLimiter(found, max_concurrent=2)
    first, second = limited.suggest("a"), limited.suggest("b")
    assert limited.suggest("c") is None
    limited.on_trial_complete("a", {"loss": bowl(first)})
    assert limited.suggest("c") not in (None, first, second)
    batches = ConcurrencyLimiter(search(), max_concurrent=2, batch=True)
    configs = [batches.suggest(name) for name in "ab"]
    for name, config in zip("ab", configs, strict=True):
        assert batches.suggest("c") is None
        batches.on_trial_complete(name, {"loss": bowl(config)})
    assert batches.suggest("c") is not None


def test_repeated_trials_are_told_as_their_mean_also_where_one_has_failed() -> None:
    found = search()
    repeated = Repeater(found, repeat=2)
    first, again = repeated.suggest("a"), repeated.suggest("b")
    assert {**first, "__trial_index__": 1} == again
    repeated.on_trial_complete("a", {"loss": 1.0})
    assert found.result().nfev == 0
    # The wrapper says that there was an error, and gives the mean of the others.
    repeated.on_trial_complete("b", error=True)
    assert list(found.result().func_vals) == [1.0]


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed(tmp_path: Path) -> None:
    import ray

    for trial in range(3):
        try:
            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
            break
        except Exception:  # a node has half a minute to start, also on a busy machine
            ray.shutdown()
            if trial == 2:
                raise

    def objective(config: dict[str, Any]) -> dict[str, float]:
        mark = tmp_path / "killed"
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return {"loss": bowl(config)}
        os.kill(os.getpid(), 9)
        return {"loss": 0.0}

    try:
        tuner = tune.Tuner(
            objective,
            param_space=BOX,
            tune_config=tune.TuneConfig(
                search_alg=RnnSearch(seed=0),
                metric="loss",
                mode="min",
                num_samples=6,
                max_concurrent_trials=2,
            ),
            run_config=tune.RunConfig(storage_path=str(tmp_path), name="run", verbose=0),
        )
        results = tuner.fit()
        assert (len(results), results.num_errors) == (6, 1)
        assert results.get_best_result().metrics["loss"] < 1.0
        # Tune has saved what was asked and told.
        (state,) = (tmp_path / "run").glob("searcher-state-*")
        again = RnnSearch(BOX, "loss", "min")
        again.restore(str(state))
        assert (again.result().nfev, again.result().n_failed) == (6, 1)
    finally:
        ray.shutdown()
