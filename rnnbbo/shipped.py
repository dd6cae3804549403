"""The catalogue of policies: by name, by file, or of one's own."""

from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo import auto, checkpoint, core
from rnnbbo.arguments import REPEAT_AUTO
from rnnbbo.checkpoint import SUFFIX, Checkpoint
from rnnbbo.errors import PolicyError
from rnnbbo.escaping import repr_of
from rnnbbo.goal import Asking, Goal
from rnnbbo.importing import import_object, is_target
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.protocol import Adviser, BatchedPolicy, Policy, as_batched

DEFAULT = auto.NAME
ADVISER = "lstm"
"""The shipped network that advises `kernel`."""

Source = str | Path | Checkpoint | Policy
"""What names a policy: a name, a weights file, `module:attribute`, or the thing itself."""


def _kernel() -> Checkpoint:
    """Make the policy that has no weights but its adviser's."""
    network = _shipped(ADVISER)
    adviser = network.policy
    assert isinstance(adviser, Adviser)
    how = {"training": f"of its adviser, {ADVISER}"}
    return Checkpoint("kernel", KernelPolicy(adviser=adviser), network.params, how)


_MADE: dict[str, Callable[[], Checkpoint]] = {"kernel": _kernel}
"""Policies without a weights file of their own."""


def _files() -> dict[str, Path]:
    folder = Path(str(resources.files("rnnbbo"))) / "weights"
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def available(batched: bool = False) -> tuple[str, ...]:
    """Return the names of the policies that ship, without "auto", which chooses one of them.

    Args:
        batched: only those that step for many functions at once.
    """
    names = sorted([*_files(), *_MADE])
    return tuple(name for name in names if not batched or _shipped(name).policy.batched)


def taking_constraints() -> tuple[str, ...]:
    """Return the names of what takes constraints that are known by evaluating."""
    return (auto.NAME, *(name for name in available() if _shipped(name).policy.constrained))


def require_constrained(policy: Source | None) -> None:
    """Make sure that a policy takes constraints.

    Raises:
        PolicyError: it does not.
    """
    if policy is None or (isinstance(policy, str) and policy == auto.NAME):
        return
    loaded = load(policy)
    if not loaded.policy.constrained:
        raise PolicyError(
            f"policy = {loaded.name!r}, which takes no constraints; expected "
            + " or ".join(taking_constraints())
        )


def require_asking(policy: Source | None, asking: Asking, objectives: int | None) -> None:
    """Make sure that a policy can ask as a run wants it.

    Args:
        policy: as for `stages_of`.
        asking: how points are asked for.
        objectives: how many there are, if that is known.

    Raises:
        PolicyError: it cannot.
    """
    if asking.again:
        argument, lacks = f"repeat = {REPEAT_AUTO!r}", "what another value of a point is worth"
        _require_one_objective(argument, objectives, f"no policy knows {lacks}")
        _require_knowing(policy, "knows_repeats", argument, f"does not know {lacks}")
    if asking.goal is Goal.CUMULATIVE:
        argument = f"goal = {asking.goal.value!r}"
        _require_one_objective(argument, objectives, "there is no sum")
        _require_knowing(policy, "knows_cumulative", argument, "looks for the best point")


def _require_one_objective(argument: str, objectives: int | None, why: str) -> None:
    if objectives is not None and objectives > 1:
        raise PolicyError(
            f"{argument}, and {objectives} objectives; expected one: of several {why}"
        )


def _require_knowing(policy: Source | None, what: str, argument: str, instead: str) -> None:
    """Make sure that a policy has an attribute of what an argument needs."""
    if policy is None or (isinstance(policy, str) and policy == auto.NAME):
        return
    loaded = load(policy)
    if not getattr(loaded.policy, what):
        raise PolicyError(
            f"{argument}, with policy = {loaded.name!r}, which {instead}; expected "
            "'auto' or 'kernel'"
        )


@cache
def _shipped(name: str) -> Checkpoint:
    """Return a shipped policy, read once a process."""
    return _MADE[name]() if name in _MADE else checkpoint.load_file(_files()[name])


def load(policy: Source) -> Checkpoint:
    """Return a policy with its weights.

    Args:
        policy: name of a shipped policy; path of a weights file (it ends in .safetensors), which
            may change under its name; `module:attribute` or `./file.py:attribute`, which names a
            policy object, a class of them, or a `Checkpoint`; or one of these objects.

    Raises:
        PolicyError: there is no such policy, or it is none.
        CheckpointError: the file is missing, foreign or damaged.
        ConfigError: `RNNBBO_CORE` is none of its values.
    """
    return _loaded(policy, batched=False)


def load_batched(policy: Source) -> tuple[Checkpoint, BatchedPolicy]:
    """Return a policy that steps for many functions at once, with its weights, and as such.

    Args:
        policy: as for `load`.

    Raises:
        PolicyError: as for `load`, or it does not run in batches.
        CheckpointError: as for `load`.
    """
    loaded = _loaded(policy, batched=True)
    batched = as_batched(loaded.policy)
    if batched is None:
        raise PolicyError(
            f"policy = {loaded.name!r}, which does not run in batches; expected "
            + _expected(batched=True)
        )
    return loaded, batched


def _loaded(policy: Source, batched: bool) -> Checkpoint:
    core.library()  # a wrong RNNBBO_CORE is refused before anything is evaluated
    if isinstance(policy, Checkpoint):
        return policy
    if isinstance(policy, Policy):
        return _of_object(policy, type(policy).__name__)
    if isinstance(policy, (str, Path)):
        name = str(policy)
        if name.endswith(SUFFIX):
            return checkpoint.load_file(policy)
        if is_target(name):
            return _imported(name)
        if name in (*_files(), *_MADE):
            return _shipped(name)
    raise PolicyError(f"policy = {_shown(policy)}; expected {_expected(batched)}")


def _shown(policy: Any) -> str:
    if isinstance(policy, str) and policy == auto.NAME:
        return f"{policy!r}, which chooses among policies for a single run"
    return repr_of(str(policy) if isinstance(policy, Path) else policy)


def _expected(batched: bool) -> str:
    names = available(batched) if batched else (auto.NAME, *available())
    return (
        f"one of {', '.join(names)}, the path of a {SUFFIX} file, module:attribute, or a policy"
        + (" that is batched" if batched else "")
    )


def _imported(target: str) -> Checkpoint:
    found = import_object(target, PolicyError)
    if isinstance(found, type) and issubclass(found, Policy):
        found = found()
    if isinstance(found, Checkpoint):
        return found
    if isinstance(found, Policy):
        return _of_object(found, target)
    raise PolicyError(
        f"{target} = {repr_of(found)}; expected an rnnbbo.policies.protocol.Policy or a Checkpoint"
    )


def _of_object(policy: Policy, name: str) -> Checkpoint:
    params = policy.init_params(np.random.default_rng(0))
    return Checkpoint(name, policy, params, {"training": "none"})


def stages_of(
    policy: Source | None = None,
    n_calls: int | None = None,
    call_seconds: float | None = None,
    counts_all: bool = False,
) -> tuple[auto.Stage, ...]:
    """Return which policies propose in a run, in their order.

    Args:
        policy: as for `load`; "auto", or None for the default, which is the same.
        n_calls: number of evaluations planned, if known.
        call_seconds: time of an evaluation in seconds, if known.
        counts_all: whether every value counts, and not the best one.

    Raises:
        PolicyError: as for `load`.
        CheckpointError: as for `load`.
    """
    if policy is None or (isinstance(policy, str) and policy == auto.NAME):
        if counts_all:
            return (auto.COUNTING_ALL,)
        return auto.make_stages(n_calls, call_seconds)
    return (auto.Stage((load(policy),), 0, ""),)


def digest(policy: Source | None = None) -> tuple[str, str]:
    """Return a policy's name, and a text that it shares only with the same weights.

    Args:
        policy: as for `stages_of`. "auto" has the weights of all that may propose in a run of any
            length.
    """
    if policy is not None and not (isinstance(policy, str) and policy == auto.NAME):
        loaded = load(policy)
        return loaded.name, checkpoint.digest_of(loaded.params)
    names = {load(source).name for stage in auto.make_stages() for source in stage.policies}
    params = {
        f"{name}/{key}": value for name in sorted(names) for key, value in load(name).params.items()
    }
    return auto.NAME, checkpoint.digest_of(params)


def describe_policy(policy: Source) -> str:
    """Return in a line what a policy is; arguments and errors as for `load`, "auto" included."""
    return auto.ABOUT if policy == auto.NAME else load(policy).policy.about


def names_policy(target: str) -> bool:
    """Tell whether `module:attribute` or `./file.py:attribute` names what `load` takes as a policy.

    Raises:
        PolicyError: there is no such module, file or attribute, or it fails to import.
    """
    found = import_object(target, PolicyError)
    return isinstance(found, (Checkpoint, Policy)) or (
        isinstance(found, type) and issubclass(found, Policy)
    )
