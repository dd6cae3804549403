"""Film strips: what is drawn is where it was, and the picture is a PNG of the size it should be."""

import numpy as np
import pytest

from rnnbbo.functions.control import PolicySearch
from rnnbbo.functions.film_strip import (
    capsules,
    draw_cart,
    draw_pendulum,
    film_strip,
    panorama,
)

image = pytest.importorskip("matplotlib.image")


def test_frames_stand_side_by_side(tmp_path) -> None:
    out = tmp_path / "strip.png"
    film_strip(
        out,
        [0.1 * k for k in range(10)],
        lambda axes, angle, alpha: draw_pendulum(angle, axes, alpha),
        window=(-1.2, 1.2, -1.2, 1.2),
        frames=[0, 4, 9],
        seconds=0.05,
        title="three",
    )
    pixels = image.imread(out)
    assert pixels.shape[1] == 1210
    dark = pixels[..., :3].sum(axis=-1) < 1.8  # the rods, and the words
    third = dark.shape[1] // 3
    assert all(dark[60:-40, k * third : (k + 1) * third].any() for k in range(3))


def test_a_cart_is_drawn_where_it_is() -> None:
    axes = pytest.importorskip("matplotlib.pyplot").subplots()[1]
    draw_cart((0.5, 0.0), axes, 0.5, length=1.0)
    (pole,) = axes.lines
    assert np.allclose(pole.get_xdata(), 0.5)
    assert np.ptp(pole.get_ydata()) == pytest.approx(1.0)


def test_a_body_is_seen_from_the_side(tmp_path) -> None:
    pytest.importorskip("mujoco")
    search = PolicySearch("hopper", 0, True, 1, 0)
    seen = search.watch(np.zeros(search.dim), 0, capsules)
    parts = seen[0]
    assert len(parts) == 4
    assert max(z for part in parts for _, z in part.ends) == pytest.approx(1.45, abs=0.02)
    lengths = sorted(np.hypot(*np.subtract(*part.ends)) for part in parts)
    assert lengths == pytest.approx([0.39, 0.4, 0.45, 0.5])
    out = tmp_path / "body.png"
    panorama(out, seen, frames=[0, 10], seconds=0.008, title="two")
    assert image.imread(out).shape[1] == 1100
