"""What functions of a family have in common, read from some values of each: a task embedding.

As in a neural statistician (Edwards and Storkey 2017), a set of functions is summed up by the mean
over its members of statistics of each, whatever their number and order. Here the statistics are
fixed, and a learned matrix takes them to the gates of an LSTM: `rnnbbo.policies.network.lstm`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from rnnbbo.errors import ConfigError
from rnnbbo.meta.family import Members
from rnnbbo.policies import candidates as points
from rnnbbo.policies.evidence import FEATURES_PER_DIM
from rnnbbo.policies.network import process_heads
from rnnbbo.policies.network.architecture import NetworkConfig
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.ops import Array, namespace

VALUES = 64
"""Values that are read of each function."""

_BINS = 4  # of a dimension, for what it explains
_HIGH = 0.05  # values less than this below the highest lie on a plateau, in deviations


def traits_of(known: Members) -> np.ndarray:
    """Return the traits (D, TRAITS) of a family's functions, float32, each about of unit size.

    Of each dimension: mean and deviation of where the lowest values lie; the share of the variance
    that it explains alone; correlation of the values with the coordinate, and with the square of
    its distance from the centre. Of all: skewness; the share of values on a plateau at the top;
    the squared difference of nearest neighbours.

    Args:
        known: K functions, of which one at least varies.

    Raises:
        ConfigError: a function returns something else than finite numbers, or all are constant.
    """
    u = points.quasi_random(np, np.full((1, known.dim), 0.37), 0, VALUES)[0]
    x = torch.from_numpy(u)[None].expand(known.batch, -1, -1)
    values = known(x).numpy()
    spread = values.std(axis=1, keepdims=True)
    varies = spread[:, 0] > 0.0
    if not varies.any():
        raise ConfigError(
            f"{known.batch} functions of the family, all of them constant at {VALUES} points; "
            "expected one at least that varies"
        )
    v = ((values - values.mean(axis=1, keepdims=True))[varies]) / spread[varies]
    lowest = u[v.argmin(axis=1)]
    own = [2.0 * lowest.mean(axis=0) - 1.0, 2.0 * lowest.std(axis=0)]
    own.append(np.array([_explained(v, u[:, d]) for d in range(known.dim)]))
    own += [(v @ _unit(column) / VALUES).mean(axis=0) for column in (u, np.square(u - 0.5))]
    square = np.square(u[:, None] - u[None]).sum(axis=2)
    nearest = (square + np.diag(np.full(VALUES, np.inf))).argmin(axis=1)
    shared = [
        0.5 * np.arcsinh((v**3).mean(axis=1)).mean(),
        (v.max(axis=1, keepdims=True) - v < _HIGH).mean(),
        0.5 * np.square(v - v[:, nearest]).mean(),
    ]
    columns = [*own, *(np.full(known.dim, one) for one in shared)]
    return np.stack(columns, axis=1).astype(np.float32)


def _explained(v: np.ndarray, column: np.ndarray) -> float:
    """Return twice the mean variance of a function's means (K, bins) over slices of a dimension."""
    slices = np.minimum((column * _BINS).astype(int), _BINS - 1)
    means = np.stack([v[:, slices == i].mean(axis=1) for i in range(_BINS)], axis=1)
    return float(2.0 * means.var(axis=1).mean())


def _unit(columns: np.ndarray) -> np.ndarray:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def with_traits(
    config: NetworkConfig, params: Mapping[str, Array], matrix: Array, traits: Array
) -> tuple[Network, dict[str, Array]]:
    """Return a network that knows a family, and its weights.

    Args:
        config: of a network with an LSTM that knows none.
        params: its weights, of numpy or torch.
        matrix: (TRAITS, 4 H) weights from traits to gates, likewise.
        traits: (D, TRAITS) of the family, likewise.
    """
    xp: Any = namespace(matrix)
    heads = config.process_heads if config.scores else 0
    before = FEATURES_PER_DIM + process_heads.INPUTS_PER_HEAD * heads
    cell = params["cell.x"]
    rows = xp.concat([cell[:before], matrix, cell[before:]], axis=0)
    told = replace(config, family_dims=traits.shape[0])
    return Network(told), {**params, "cell.x": rows, "cell.traits": traits}
