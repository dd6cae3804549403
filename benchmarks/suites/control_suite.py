"""Policy search for control tasks of gymnasium and MuJoCo, of 1 to 30 ms an evaluation.

The splits share neither a policy's shape on a task, nor physical constants, nor starts. Most values
are deterministic, the others noisy: an observation is a mean over episodes that begin at random.

The minima are unknown. Regret is measured from the least value that `dense_search` found, by no
method that is compared. A method may find less: its regret is then slightly negative.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from rnnbbo.benchmarks.suites.entry import SEEDS, Entry
from rnnbbo.benchmarks.suites.stored_minima import with_minima
from rnnbbo.functions.control import PolicySearch, policy_problem

SEEDS_BETWEEN = 100
"""The starts of two problems have seeds at least this far apart."""

# Task, hidden units (0 for a linear policy), bias, episodes, changes of physical constants.
_Search = tuple[str, int, bool, int, dict[str, float]]

_DETERMINISTIC: Mapping[str, tuple[_Search, ...]] = {
    "tune": (
        ("cartpole", 0, True, 3, {"start": 0.2}),
        ("car", 0, True, 2, {}),
        ("pendulum", 0, False, 2, {}),
        ("hopper", 0, False, 2, {}),
        ("inverted", 0, False, 3, {"start": 0.16, "gravity": 30.0}),
        ("reacher", 0, False, 2, {}),
        ("acrobot", 0, False, 2, {"start": 0.5}),
        ("car-continuous", 0, True, 2, {}),
        ("inverted-double", 0, False, 2, {}),
        ("swimmer", 0, False, 2, {}),
        ("walker", 0, False, 2, {}),
        ("cartpole", 2, True, 3, {"start": 0.15, "length": 1.0}),
        ("pendulum", 2, True, 2, {"g": 12.0}),
        ("hopper", 2, False, 2, {"gravity": 8.0}),
        ("cartpole", 0, False, 4, {"start": 0.2, "gravity": 25.0, "x_threshold": 0.5}),
        ("car", 2, True, 2, {"force": 0.0012}),
        ("inverted", 2, True, 3, {"start": 0.1, "gravity": 20.0}),
        ("reacher", 2, False, 3, {"damping": 0.5}),
        ("car-continuous", 2, False, 3, {"power": 0.0012}),
        ("inverted-double", 2, False, 3, {"gravity": 15.0}),
        ("swimmer", 2, False, 2, {"damping": 2.0}),
        ("cartpole", 3, False, 3, {"start": 0.2, "force_mag": 5.0, "x_threshold": 0.6}),
        ("acrobot", 2, False, 2, {"LINK_LENGTH_1": 0.7}),
        ("pendulum", 4, False, 3, {"l": 1.2}),
    ),
    "test": (
        ("cartpole", 0, False, 3, {"start": 0.2, "gravity": 20.0, "x_threshold": 0.4}),
        ("car", 0, True, 2, {"gravity": 0.0028}),
        ("pendulum", 0, True, 3, {"g": 9.0}),
        ("hopper", 0, True, 2, {}),
        ("inverted", 0, True, 3, {"start": 0.12, "gravity": 15.0}),
        ("reacher", 0, True, 2, {"damping": 2.0}),
        ("acrobot", 0, True, 2, {"start": 0.3}),
        ("car-continuous", 0, True, 3, {"power": 0.001}),
        ("inverted-double", 0, True, 3, {"gravity": 7.0}),
        ("swimmer", 0, True, 2, {}),
        ("walker", 0, True, 2, {}),
        ("cartpole", 2, False, 3, {"start": 0.2, "length": 0.3, "x_threshold": 0.8}),
        ("pendulum", 2, False, 2, {"m": 1.3}),
        ("hopper", 2, True, 2, {"gravity": 12.0}),
        ("cartpole", 0, True, 4, {"start": 0.2, "force_mag": 6.0, "masspole": 0.5}),
        ("car", 2, False, 2, {"force": 0.0011}),
        ("inverted", 3, False, 2, {"start": 0.15, "gravity": 25.0}),
        ("reacher", 2, True, 2, {}),
        ("car-continuous", 3, True, 2, {"power": 0.0018}),
        ("inverted-double", 2, True, 2, {}),
        ("swimmer", 2, True, 2, {}),
        ("cartpole", 4, False, 3, {"start": 0.15, "length": 1.5}),
        ("acrobot", 2, True, 2, {"LINK_MASS_2": 0.7}),
        ("pendulum", 3, True, 2, {"l": 0.8}),
        ("car", 3, True, 2, {"gravity": 0.0023}),
        ("walker", 0, False, 2, {"gravity": 7.0}),
    ),
}
"""Problems whose episodes begin as their seeds say; a short suite holds all tasks."""

_NOISY: Mapping[str, tuple[_Search, ...]] = {
    "tune": (
        ("cartpole", 0, True, 2, {"start": 0.18, "tau": 0.025}),
        ("inverted", 0, True, 2, {"start": 0.1}),
        ("car-continuous", 2, True, 2, {}),
        ("inverted-double", 0, True, 2, {"gravity": 12.0}),
    ),
    "test": (
        ("cartpole", 2, True, 2, {"start": 0.15, "gravity": 12.0}),
        ("inverted", 2, False, 2, {"start": 0.14, "damping": 2.0}),
        ("car-continuous", 3, False, 2, {}),
        ("inverted-double", 0, False, 3, {"gravity": 8.0}),
    ),
}
"""Problems whose observations begin at random."""


def entries(split: str) -> Iterator[Entry]:
    """Yield the deterministic problems, then the noisy ones."""
    yield from with_minima("control", unsearched(split))


def unsearched(split: str) -> Iterator[Entry]:
    """Yield them with problems that have no minimum."""
    made = [(spec, False) for spec in _DETERMINISTIC[split]]
    made += [(spec, True) for spec in _NOISY[split]]
    for i, ((task, hidden, bias, episodes, changes), noisy) in enumerate(made):
        seed = SEEDS[split][SEEDS_BETWEEN * i]
        function = PolicySearch(task, hidden, bias, episodes, seed, tuple(changes.items()), noisy)
        name = _name(task, function)
        yield Entry(name, function.dim, partial(policy_problem, function, name))


def _name(task: str, function: PolicySearch) -> str:
    shape = f"tanh{function.hidden}" if function.hidden else "linear"
    changes = [f"{key}={value:g}" for key, value in function.changes]
    noise = ["noisy"] if function.start_at_random else []
    return "-".join([task, f"{shape}-{function.dim}d", *changes, *noise])
