"""A family of functions: what is drawn, what is told, what is refused, and what it teaches."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rnnbbo import checkpoint, shipped
from rnnbbo.errors import ConfigError
from rnnbbo.meta import config, finetune, losses, trainer, unroll, validation
from rnnbbo.meta.config import TrainConfig
from rnnbbo.meta.family import FamilyDistribution, FamilyQueries, Member, Members
from rnnbbo.meta.schedule import Episode
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.network import Network


def bowls(rng: np.random.Generator, dim: int) -> Member:
    """Bowls whose centre always lies in the same corner."""
    centre = rng.uniform(0.1, 0.2, dim)
    return lambda u: 1e6 + np.square(u - centre).sum(axis=1)


def draw(batch: int = 3, dim: int = 2, seed: int = 0) -> Members:
    return FamilyDistribution(bowls).sample(batch, dim, torch.Generator().manual_seed(seed))


def test_members_follow_the_generator_and_differ() -> None:
    x = torch.rand(3, 5, 2, generator=torch.Generator().manual_seed(1))
    first, again, other = draw()(x), draw()(x), draw(seed=1)(x)
    assert first.shape == (3, 5)
    assert first.dtype == torch.float64
    assert_close(first, again, rtol=0, atol=0)
    assert not torch.equal(first, other)
    assert not torch.equal(draw()(x[:1].expand(3, -1, -1))[0], draw()(x[:1].expand(3, -1, -1))[1])


def test_minima_are_found_to_a_few_digits_without_derivatives() -> None:
    found = draw(4, 3).minima(np.random.default_rng(0), 256)
    np.testing.assert_allclose(found, 1e6, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (lambda u: u, r"returned shape \(4, 2\) for points of shape \(4, 2\); expected 4 finite"),
        (lambda u: np.full(4, np.nan), r"returned nan at \["),
        (lambda u: None, r"shape \(\)|None"),
        (lambda u: "low", r"'low'"),
        (lambda u: u @ np.ones(3), r"failed for points of shape \(4, 2\): ValueError"),
    ],
)
def test_a_member_that_returns_something_else_is_refused(member: Member, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Members((member,), 2)(torch.rand(1, 4, 2))


def test_a_family_that_fails_or_draws_no_function_is_refused() -> None:
    generator = torch.Generator().manual_seed(0)
    with pytest.raises(ConfigError, match=r"returned 1\.5; expected a function of points"):
        FamilyDistribution(lambda rng, dim: 1.5).sample(1, 2, generator)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"dim = 2: ZeroDivisionError"):
        FamilyDistribution(lambda rng, dim: 1 / 0).sample(1, 2, generator)  # type: ignore[arg-type]


def test_utility_is_the_improvement_on_everything_asked_pending_points_too() -> None:
    plane = Members((lambda u: u[:, 0], lambda u: 1.0 - u[:, 0]), 1)
    queries = FamilyQueries(plane, "cpu")
    candidates = torch.tensor([[[0.1], [0.5], [0.9]]] * 2, dtype=torch.float64)
    nothing = torch.zeros(2, 0, dtype=torch.long)
    at_first = torch.tensor([[0.4, 0.0, 0.0], [0.0, 0.0, 0.4]], dtype=torch.float64)
    assert_close(queries.utility(candidates, nothing), at_first)
    queries.evaluate(torch.tensor([[0.3], [0.3]], dtype=torch.float64))
    pending = torch.zeros(2, 1, dtype=torch.long)
    later = torch.tensor([[0.2, 0.0, 0.0], [0.0, 0.2, 0.6]], dtype=torch.float64)
    assert_close(queries.utility(candidates, pending), later)
    assert_close(queries.told(pending), torch.tensor([0.3, 0.7], dtype=torch.float64))


def test_improvement_loss_prefers_the_best_in_the_mean_to_the_one_that_is_best_most_often() -> None:
    # The first candidate wins twice by little, the second once by much.
    improvement = torch.tensor([[1.0, 0.9], [1.0, 0.9], [0.0, 1.0], [0.0, 0.0]])
    scores = torch.zeros(4, 2, requires_grad=True)
    loss = losses.improvement_loss(scores, improvement)
    assert_close(loss, torch.tensor([-0.95, -0.95, -0.5, 0.0]))
    loss.sum().backward()
    assert scores.grad is not None
    towards = -scores.grad.sum(dim=0)
    assert towards[1] > 0 > towards[0]
    assert_close(scores.grad[3], torch.zeros(2))


def test_a_run_on_members_is_told_their_values_at_full_precision() -> None:
    policy = Network(NetworkConfig("dnc", "scored", hidden=8, layer=12, forms=4))
    weights = policy.init_params(np.random.default_rng(0))
    params = {k: torch.tensor(v, requires_grad=True) for k, v in weights.items()}
    settings = TrainConfig("test", loss="improvement", candidates=12)
    members = draw()
    for workers in (1, 3):
        generator = torch.Generator().manual_seed(0)
        run = unroll.run_policy(
            policy, params, members, Episode(2, 6, workers), settings, generator
        )
        assert_close(run.f, members(run.x), rtol=0, atol=0)
        run.loss.backward()
        assert sum(float(p.grad.abs().sum()) for p in params.values() if p.grad is not None) > 0
    # A millionth of the values tells these bowls apart: float32 would not.
    assert len(torch.unique(run.f)) == run.f.numel()


def test_a_loss_that_needs_a_process_is_refused() -> None:
    policy = Network(NetworkConfig("lstm", "scored", hidden=8, layer=12, forms=4))
    settings = TrainConfig("test", loss="candidates")
    with pytest.raises(ConfigError, match="expected 'improvement' for a family of functions"):
        unroll.run_policy(policy, {}, draw(), Episode(2, 3, 1), settings, torch.Generator())


@pytest.fixture
def parent(tmp_path: Path) -> checkpoint.Checkpoint:
    policy = Network(NetworkConfig("lstm", "scored", hidden=8, layer=16, forms=4))
    weights = policy.init_params(np.random.default_rng(0))
    return checkpoint.Checkpoint("small", policy, weights, {})


def test_fine_tuning_gains_on_members_that_were_held_out(
    parent: checkpoint.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FUNCTIONS_PER_DIM": 12, "CANDIDATES": 24, "SEARCHED": 32}.items():
        monkeypatch.setattr(validation, name, value)
    train = TrainConfig(
        "tuned", loss="improvement", updates=30, batch=16, horizon=(10, 10), learning_rate=1e-2
    )
    family = FamilyDistribution(bowls)
    settings = finetune.configure(parent, "tests:bowls", train, dims=(2,))
    path = trainer.train(settings, family, tmp_path, start=parent, progress_bar=False)
    tuned = shipped.load(path)
    made = tuned.provenance["config"]
    assert made["start"] == {"name": "small", "sha256": checkpoint.digest_of(parent.params)}
    assert made["functions"] == {"family": "tests:bowls"}
    gain = finetune.measure_gain(parent, tuned, family, [2])[2]
    assert gain.before.shape == gain.after.shape == (12, 3)
    # The corner is learned: far ahead of an untrained network from the first points on.
    assert gain.after.mean() < 0.5 * gain.before.mean()


def test_a_training_from_other_weights_is_not_resumed(
    parent: checkpoint.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FUNCTIONS_PER_DIM": 2, "CANDIDATES": 8, "SEARCHED": 8}.items():
        monkeypatch.setattr(validation, name, value)
    train = TrainConfig("tuned", loss="improvement", updates=2, batch=2, horizon=(2, 2))
    family = FamilyDistribution(bowls)
    settings = finetune.configure(parent, "tests:bowls", train, dims=(1,))
    trainer.train(settings, family, tmp_path, start=parent, stop_after=1, progress_bar=False)
    moved = {name: weight + 1 for name, weight in parent.params.items()}
    other = checkpoint.Checkpoint("small", parent.policy, moved, {})
    settings = finetune.configure(other, "tests:bowls", train, dims=(1,))
    with pytest.raises(checkpoint.CheckpointError, match="another configuration"):
        trainer.train(settings, family, tmp_path, start=other, progress_bar=False)


@pytest.mark.parametrize("name", ["kernel", "lstm-direct"])
def test_policies_without_a_scored_head_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"--from {name}: .*; expected a network with a scored"):
        finetune.configure(shipped.load(name), "tests:bowls")


def test_a_file_for_fine_tuning_holds_the_table_train_only(tmp_path: Path) -> None:
    path = tmp_path / "fine.toml"
    path.write_text("[train]\nupdates = 7\n")
    train = config.load_train(path, finetune.DEFAULTS)
    assert (train.updates, train.loss) == (7, "improvement")
    path.write_text("[train]\nupdates = 7\n[policy]\nhidden = 4\n")
    with pytest.raises(ConfigError, match=r"a table \[policy\]; expected \[train\] alone"):
        config.load_train(path, finetune.DEFAULTS)
    path.write_text('[train]\nloss = "candidates"\n')
    with pytest.raises(ConfigError, match="'candidates'; expected 'improvement' for a family"):
        finetune.configure(shipped.load("dnc"), "f", config.load_train(path, finetune.DEFAULTS))
