"""Families of functions that differ in kind, for measuring adaptation.

A kind draws a family's traits from a generator, and the family draws members from another: members
share the traits and nothing else. All are maps from points (n, D) of the unit cube to n values.
"""

from collections.abc import Callable

import numpy as np

from rnnbbo.meta.family import Family, Member

_FEATURES = 96  # cosines of a sample path


def _path(rng: np.random.Generator, scales: np.ndarray) -> Member:
    """Draw a sample path of a Gaussian process by random features (Rahimi and Recht 2007)."""
    frequency = rng.standard_normal((_FEATURES, len(scales))) / scales
    phase = rng.uniform(0.0, 2.0 * np.pi, _FEATURES)
    weight = rng.standard_normal(_FEATURES) * np.sqrt(2.0 / _FEATURES)
    return lambda u: np.cos(u @ frequency.T + phase) @ weight


def anisotropic(traits: np.random.Generator, dim: int) -> Family:
    """Sample paths that vary fast along one dimension of the family, and slowly along the rest."""
    scales = traits.uniform(0.6, 1.2, dim)
    scales[traits.integers(dim)] = traits.uniform(0.08, 0.2)
    return lambda rng, _: _path(rng, scales)


def shared_region(traits: np.random.Generator, dim: int) -> Family:
    """Cones with ripples on them, whose minima all lie in one small box."""
    low, waves = traits.uniform(0.05, 0.8, dim), traits.uniform(2.0, 5.0)

    def draw(rng: np.random.Generator, _: int) -> Member:
        centre = low + rng.uniform(0.0, 0.15, dim)
        depth, path = rng.uniform(0.5, 1.5), _path(rng, np.full(dim, 0.3))

        def values(u: np.ndarray) -> np.ndarray:
            away = u - centre
            cone = 2.0 * depth * np.sqrt(np.square(away).sum(axis=1) + 1e-3)
            ripples = 0.25 * np.cos(2.0 * np.pi * waves * away).mean(axis=1)
            return cone + 0.1 * path(u) - ripples

        return values

    return draw


def valley(traits: np.random.Generator, dim: int) -> Family:
    """Narrow valleys, bent by a parabola from dimension to dimension (after Rosenbrock 1960)."""
    order = traits.permutation(dim)
    steep, bend = traits.uniform(20.0, 200.0), traits.uniform(0.5, 1.5)

    def draw(rng: np.random.Generator, _: int) -> Member:
        at, shift = rng.uniform(0.2, 0.8), rng.uniform(-0.15, 0.15)
        turn = bend * rng.choice([-1.0, 1.0])

        def values(u: np.ndarray) -> np.ndarray:
            v = u[:, order]
            walls = v[:, 1:] - 0.5 - shift - turn * np.square(v[:, :-1] - 0.5)
            along = np.square(v[:, 0] - at) + steep * np.square(walls).sum(axis=1)
            return np.log(along + 1e-3)

        return values

    return draw


def funnel(traits: np.random.Generator, dim: int) -> Family:
    """Funnels of the family's width in each dimension, with a plateau all round."""
    width = traits.uniform(0.12, 0.3, dim)

    def draw(rng: np.random.Generator, _: int) -> Member:
        centre, size = rng.uniform(0.2, 0.8, dim), width * rng.uniform(0.8, 1.2)
        floor = np.exp(-rng.uniform(4.0, 12.0))
        return lambda u: -np.log(np.exp(-np.square((u - centre) / size).sum(axis=1)) + floor)

    return draw


FAMILY_KINDS: dict[str, Callable[[np.random.Generator, int], Family]] = {
    "anisotropic": anisotropic,
    "region": shared_region,
    "valley": valley,
    "funnel": funnel,
}

_TRAITS = {"tune": 2000, "test": 1000}


def drawn_family(kind: str, dim: int, split: str) -> Family:
    """Return the family of a kind whose traits are those of a split, "tune" or "test"."""
    traits = np.random.default_rng((_TRAITS[split], list(FAMILY_KINDS).index(kind)))
    return FAMILY_KINDS[kind](traits, dim)
