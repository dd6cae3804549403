"""Rough functions for training: each part does what it says, alone."""

import math
from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from rnnbbo.errors import ConfigError
from rnnbbo.functions.declared import Declared, draw_declared
from rnnbbo.functions.gp import GPDistribution, GPTasks
from rnnbbo.functions.rough_tasks import PartlyRough, RoughDistribution, RoughTasks, read_rough

PARTS = [field.name for field in fields(RoughDistribution) if field.name != "smooth"]
NONE = RoughDistribution(**dict.fromkeys(PARTS, 0.0))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tasks(batch: int = 12, dim: int = 3, **shares: float) -> RoughTasks:
    return replace(NONE, **shares).sample(batch, dim, generator())


def points(count: int = 400, batch: int = 12, dim: int = 3) -> Tensor:
    return torch.rand(batch, count, dim, generator=generator(1), dtype=torch.float64)


def test_without_any_part_it_is_the_sample_path() -> None:
    plain, x = tasks(), points()
    assert_close(plain(x), plain.path(x))
    value = plain(x)[:, 0]
    assert_close(plain.observe(value, generator()), torch.minimum(value, plain.top))


def test_stepped_coordinates_have_few_values() -> None:
    stepped = tasks(stepped=1.0)
    assert ((stepped.levels == 0) | (stepped.levels >= 2)).all()
    some = stepped.levels[0] > 0
    x = points()
    moved = x.clone()
    cell = torch.floor(x * stepped.levels[:, None]) / stepped.levels[:, None].clamp_min(1)
    moved = torch.where(stepped.levels[:, None] > 0, cell + 1e-9, x)
    assert some.any()
    assert_close(stepped(x), stepped(moved))


def test_a_plateau_holds_most_of_the_cube() -> None:
    value = tasks(plateaus=1.0)(points())
    largest = value == value.amax(dim=1, keepdim=True)
    share = largest.double().mean(dim=1)
    assert ((share > 0.2) & (share < 0.95)).all()


def test_rounded_values_are_multiples_of_the_step() -> None:
    rounded = tasks(rounded=1.0)
    ratio = rounded(points()) / rounded.step[:, None]
    assert_close(ratio, ratio.round())


def test_penalties_and_cliffs_spare_a_side() -> None:
    x = points()
    penalty, cliff = tasks(penalties=1.0), tasks(cliffs=1.0)
    inside = penalty.penalty.hold(x)
    share = inside.double().mean(dim=1)
    assert ((share > 0.05) & (share < 0.7)).all()
    value = penalty(x)
    assert (value[inside] == penalty.top[:, None].expand_as(value)[inside]).all()
    assert_close(value[~inside], penalty.path(x)[~inside])
    raised = cliff(x) - cliff.path(x)
    assert_close(raised, cliff.height[:, None] * cliff.cliff.hold(x))


def test_directed_functions_are_the_same_along_a_ray() -> None:
    directed = tasks(directed=1.0)
    away = points() - 0.5
    near, far = directed(0.5 + 0.8 * away), directed(0.5 + away)
    plain = tasks()
    spread = far.std()
    assert float((near - far).abs().mean() / spread) < 0.2
    assert float((plain(0.5 + 0.8 * away) - plain(0.5 + away)).abs().mean() / spread) > 0.1


def test_noise_and_outliers_leave_the_function_as_it_is() -> None:
    noisy = tasks(batch=300, noisy=1.0, outliers=1.0)
    value = torch.full((300,), 0.0, dtype=torch.float64)
    told = noisy.observe(value, generator(2))
    assert torch.isfinite(told).all()
    struck = (told == noisy.top).double().mean()
    assert 0.02 < float(struck) < 0.6
    assert float((told - value)[told != noisy.top].std()) > 0.0
    assert (told <= noisy.top + 1e-12).all()


def test_integers_and_categories_are_snapped_and_varied() -> None:
    declared = Declared(((0, 3),), torch.tensor([0.0, 0.0, 0.0, 4.0, 0.0], dtype=torch.float64))
    x = points(200, 2, 5)
    out = declared.snap(x)
    assert_close(declared.snap(out), out)
    assert (out[..., :3].sum(dim=-1) == 1).all()
    assert set(out[..., 3].unique().tolist()) == {0.125, 0.375, 0.625, 0.875}
    assert (out[..., 4] == x[..., 4]).all()
    varied = declared.vary(out, generator())
    changed = (varied != out).any(dim=-1).double().mean()
    assert 0.1 < float(changed) < 0.6
    assert_close(declared.snap(varied), varied)
    assert (varied[..., 4] == out[..., 4]).all()


def test_declared_spaces_are_drawn_with_their_share() -> None:
    drawn = [draw_declared(6, 0.5, generator(seed)) for seed in range(200)]
    mixed = sum(not bool(one.free.all()) for one in drawn)
    assert 60 < mixed < 140
    assert all(stop - start >= 2 for one in drawn for start, stop in one.blocks)
    assert all(draw_declared(6, 0.0, generator(seed)).free.all() for seed in range(20))


def test_a_part_of_the_batches_is_rough() -> None:
    both = PartlyRough(GPDistribution(), RoughDistribution(), 0.5)
    kinds = [type(both.sample(2, 2, generator(seed))) for seed in range(60)]
    assert 15 < kinds.count(RoughTasks) < 45
    assert kinds.count(RoughTasks) + kinds.count(GPTasks) == 60
    one, other = (both.sample(3, 2, generator(3)) for _ in range(2))
    assert type(one) is type(other)


@pytest.mark.parametrize("name", [*PARTS, "share"])
@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan, "x"])
def test_what_is_no_share_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"rough\.{name} = .*; expected a share from 0 to 1"):
        read_rough(GPDistribution(), {name: value})


def test_unknown_parts_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"unknown key rough\.waves"):
        read_rough(GPDistribution(), {"waves": 0.5})
