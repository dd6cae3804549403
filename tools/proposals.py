"""Hold a change of the code to the same proposals, to the last bit.

    python tools/proposals.py record before.json    # on the tree before the change
    python tools/proposals.py compare before.json   # on the tree after it, on the same machine

Every policy proposes in real, mixed and small discrete spaces, under noise, with pending points,
failures and plateaus, for a study, for many problems at once and through the interfaces of other
libraries; and each network takes a few steps of training. Only what is public is called, so that
both trees can run it. Rounding differs from processor to processor (and so, in time, do the
points): a record holds on the machine that made it.
"""

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read when numpy and torch are loaded

import numpy as np  # noqa: E402

import rnnbbo  # noqa: E402
from rnnbbo import Optimizer, Study, minimize, minimize_many  # noqa: E402

POLICIES = ("auto", "kernel", "lstm", "dnc", "lstm-direct", "dnc-direct")
NETWORKS = POLICIES[2:]
SEEDS = (0, 1, 2)

Point = list[Any]


def plain(value: Any) -> Any:
    """Return a value as JSON holds it, floats to the last bit."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if isinstance(value, (float, np.floating)):
        return float(value).hex()
    return value.item() if isinstance(value, np.generic) else value


def bowl(x: Point) -> float:
    """Return the value of a smooth function with ripples, in any number of dimensions."""
    x = np.asarray(x, dtype=float)
    return float(((x - 0.3) ** 2 * np.arange(1, len(x) + 1)).sum() + 0.1 * np.cos(9 * x).sum())


def mixture(x: Point) -> float:
    """Return the value at a real, a logarithmic real, an integer and a category."""
    a, b, c, d = x
    return (a - 0.4) ** 2 + (math.log10(b) + 2.0) ** 2 + abs(c - 7) / 8 + {"p": 0.3, "q": 0.0}[d]


MIXED = [(-1.0, 1.0), (1e-4, 1.0, "log-uniform"), (1, 16), ("p", "q")]


def run(
    policy: str, seed: int, space: Any, func: Callable[[Point], float], calls: int, **options: Any
) -> list[Any]:
    """Ask and tell in turns, and what is recommended."""
    optimizer = Optimizer(space, policy=policy, rng=seed, **options)
    for _ in range(calls):
        x = optimizer.ask()
        optimizer.tell(x, func(x))
    return [optimizer.Xi, optimizer.recommend()]


def real_2(policy: str, seed: int) -> Any:
    """Propose in two real dimensions."""
    return run(policy, seed, [(-2.0, 3.0), (0.0, 1.0)], bowl, 40)


def real_6(policy: str, seed: int) -> Any:
    """Propose in six real dimensions."""
    return run(policy, seed, [(0.0, 1.0)] * 6, bowl, 30)


def mixed(policy: str, seed: int) -> Any:
    """Propose in a mixed space."""
    return run(policy, seed, MIXED, mixture, 30)


def discrete(policy: str, seed: int) -> Any:
    """Propose in a space of six points, asked for more often than that."""
    return run(policy, seed, [(1, 3), ("p", "q")], lambda x: x[0] + len(x[1]), 10)


def noisy(policy: str, seed: int) -> Any:
    """Propose under noise, with recommendations on the way."""
    rng = np.random.default_rng(seed)
    optimizer = Optimizer([(0.0, 1.0)] * 3, policy=policy, rng=seed)
    said = []
    for t in range(30):
        x = optimizer.ask()
        optimizer.tell(x, bowl(x) + 0.3 * rng.standard_normal())
        if t % 5 == 4:
            said.append(optimizer.recommend())
    return [optimizer.Xi, said]


def pending(policy: str, seed: int) -> Any:
    """Propose with points in flight, told in another order, and one that is told unasked."""
    optimizer = Optimizer([(0.0, 1.0)] * 4, policy=policy, rng=seed)
    flying = optimizer.ask(4)
    asked = list(flying)
    optimizer.tell([0.5] * 4, bowl([0.5] * 4))
    for t in range(24):
        x = flying.pop((7 * t) % len(flying))
        optimizer.tell(x, bowl(x))
        if t % 3 != 2:
            flying += [optimizer.ask() for _ in range(1 + t % 2)]
            asked += flying[-1:]
    twin = optimizer.copy()
    return [asked, optimizer.ask(2), twin.ask(2), optimizer.recommend()]


def failures(policy: str, seed: int) -> Any:
    """Propose where trials fail, the first two among them."""

    def func(x: Point) -> float:
        calls.append(x)
        return math.nan if len(calls) in (1, 2, 6, 7, 15) else bowl(x)

    calls: list[Point] = []
    return run(policy, seed, [(0.0, 1.0)] * 3, func, 25)


def plateaus(policy: str, seed: int) -> Any:
    """Propose where the inputs have steps."""
    return run(policy, seed, [(0.0, 1.0)] * 2, lambda x: bowl([round(5 * v) / 5 for v in x]), 30)


def known(policy: str, seed: int) -> Any:
    """Propose after points known and points to begin with, through `minimize`."""
    space = [(0.0, 1.0)] * 2
    first = minimize(bowl, space, 12, policy=policy, x0=[[0.1, 0.2], [0.9, 0.8]], rng=seed)
    known = minimize(bowl, space, 12, policy=policy, x0=[[0.5, 0.2]], y0=[2.0], rng=seed)
    return [first.x_iters, first.x, first.recommended, known.x_iters, known.recommended]


def study(policy: str, seed: int) -> Any:
    """Propose in a study that is closed and opened again, with a trial under way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.db"
        asked = []
        for part in range(3):
            with Study(path, MIXED, policy=policy, rng=seed, resume=part > 0) as opened:
                trials = [opened.ask() for _ in range(2)]
                for _ in range(6):
                    trial = trials.pop(0)
                    asked.append(trial.x)
                    opened.tell(trial, mixture(trial.x))
                    trials.append(opened.ask())
                said = opened.recommend()
        return [asked, said]


def long(policy: str, seed: int) -> Any:
    """Propose past the number of observations that a policy keeps."""
    return run(policy, seed, [(0.0, 1.0)] * 2, bowl, 225 if seed == 0 else 0)


def hurried(policy: str, seed: int) -> Any:
    """Propose where evaluations cost nothing: `auto` hands over to a network."""
    space = [(0.0, 1.0)] * 2
    if policy != "auto":
        return []
    return run(policy, seed, space, bowl, 20, n_calls=3000 * 10**6, call_seconds=1e-9)


def many(policy: str, seed: int) -> Any:
    """Propose for many problems at once, some of which fail at first."""
    if policy not in NETWORKS:
        return []
    centre = np.random.default_rng(seed).random((40, 3))
    calls = []

    def func(x: np.ndarray) -> np.ndarray:
        calls.append(len(x))
        y = ((x - centre) ** 2).sum(axis=1)
        if len(calls) < 4:
            y[len(calls) :: 9] = np.nan
        return y

    return minimize_many(func, [(0.0, 1.0)] * 3, 40, 12, policy=policy, rng=seed, threads=1).x_iters


def optuna(policy: str, seed: int) -> Any:
    """Propose as Optuna's sampler."""
    import optuna as library

    from rnnbbo.integrations.optuna import RnnSampler

    library.logging.set_verbosity(library.logging.ERROR)
    made = library.create_study(sampler=RnnSampler(policy=policy, seed=seed))
    made.optimize(
        lambda trial: mixture(
            [
                trial.suggest_float("a", -1, 1),
                trial.suggest_float("b", 1e-4, 1, log=True),
                trial.suggest_int("c", 1, 16),
                trial.suggest_categorical("d", ["p", "q"]),
            ]
        ),
        n_trials=15,
    )
    return [sorted(trial.params.items()) for trial in made.trials]


def sklearn(policy: str, seed: int) -> Any:
    """Propose as scikit-learn's search."""
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    from rnnbbo.integrations.sklearn import RnnSearchCV

    x, y = load_iris(return_X_y=True)
    tree = DecisionTreeClassifier(random_state=0)
    grid = {"max_depth": (1, 9), "min_samples_leaf": (1, 20), "criterion": ["gini", "entropy"]}
    options = {"policy": policy}
    search = RnnSearchCV(tree, grid, options, n_iter=8, random_state=seed, cv=3).fit(x, y)
    return [sorted(one.items()) for one in search.cv_results_["params"]]


def skopt(policy: str, seed: int) -> Any:
    """Propose as scikit-optimize's stand-in."""
    from rnnbbo.integrations.skopt import Optimizer as Stand

    optimizer = Stand(MIXED, policy=policy, random_state=seed)
    for _ in range(12):
        x = optimizer.ask()
        optimizer.tell(x, mixture(x))
    return [optimizer.Xi, optimizer.ask(n_points=3)]


def trained(policy: str, seed: int) -> Any:
    """Train a small network for a few updates."""
    if policy not in NETWORKS or seed:
        return []
    recurrence, _, direct = policy.partition("-")
    head, loss = ("direct", "oi") if direct else ("scored", "candidates")
    text = f"""
[train]
name = "small"
loss = "{loss}"
updates = 3
batch = 8
horizon = [3, 6]
dims = [1, 3]

[policy]
recurrence = "{recurrence}"
head = "{head}"
hidden = 8
memory_rows = 4
process_heads = {0 if direct else 2}
layer = 8
"""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "small.toml"
        config.write_text(text)
        command = [sys.executable, "-m", "rnnbbo.cli.main", "train", config, "--threads", "1"]
        done = subprocess.run(
            [*command, "--out", folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        from safetensors.numpy import load_file

        weights = load_file(Path(folder) / "small.safetensors")
        text = "".join(name + weights[name].tobytes().hex() for name in sorted(weights))
        return hashlib.sha256(text.encode()).hexdigest()


SCENARIOS = (
    real_2, real_6, mixed, discrete, noisy, pending, failures, plateaus, known, study, long,
    hurried, many, optuna, sklearn, skopt, trained,
)  # fmt: skip


def proposals() -> Iterator[tuple[str, Any]]:
    """Yield everything that is proposed, by name."""
    warnings.simplefilter("ignore")
    for scenario in SCENARIOS:
        for policy in POLICIES:
            for seed in SEEDS:
                yield f"{scenario.__name__} {policy} {seed}", plain(scenario(policy, seed))


def main(verb: str, path: str) -> int:
    """Record to a file, or compare with it; return the exit status."""
    print(f"rnnbbo of {Path(rnnbbo.__file__).parent}")
    if verb == "record":
        Path(path).write_text(json.dumps(dict(proposals())))
        return 0
    before = json.loads(Path(path).read_text())
    count, different = 0, []
    for name, made in proposals():
        count += 1
        if before[name] != made:
            different.append(name)
            print(f"differs: {name}", flush=True)
    print(f"{count - len(different)} of {count} are the same to the last bit")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
