"""Problems that take every step together, and what a step does.

A policy's state has one flag for its whole batch that says whether a result was told, so problems
are grouped by the number of evaluations that failed before their first success; mostly none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.many.draws import Draws, normal
from rnnbbo.policies import candidates as points
from rnnbbo.policies.candidates import SPRAYED, SPREAD, Candidates
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import Array, Namespace, Params, namespace
from rnnbbo.policies.outliers import tame_all, to_tell_again
from rnnbbo.policies.protocol import MOST_PENDING, BatchedPolicy
from rnnbbo.policies.units import half_step, unit_of

_SCORED = 8  # candidates of either kind, once something cheaper ranks them


class Group(NamedTuple):
    """m problems at the same step.

    Attributes:
        numbers: (m,) their rising numbers, a numpy array.
        shift: (m, D) start of each problem's quasi-random sequence, float64.
        state: the policy's state.
        asked: (m, t, D) points of the cube asked so far.
        values: (m, s) values of the last s of these, with stand-ins for failures.
        told: (m, s) what the policy knows of them (`rnnbbo.policies.outliers`).
        failed: evaluations that failed before the first success.
    """

    numbers: np.ndarray
    shift: Array
    state: Any
    asked: Array
    values: Array
    told: Array
    failed: int

    @property
    def unit(self) -> Array:
        """(m,) factor of values in the policy's unit; `rnnbbo.policies.units`."""
        xp = namespace(self.told)
        nothing = xp.zeros_like(self.shift[:, :1])
        return unit_of(xp, xp.max(xp.concat([nothing, xp.abs(self.told)], axis=1), axis=1))

    @property
    def waiting(self) -> bool:
        """Whether no evaluation has succeeded so far."""
        return self.state.evidence.told == 0


def host(array: Array) -> np.ndarray:
    """Return an array as one of numpy."""
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()


def _map(function: Callable[..., Array], *trees: Any) -> Any:
    """Apply a function to the arrays of named tuples; numbers are those of the first."""
    first = trees[0]
    if isinstance(first, tuple):
        mapped = [_map(function, *leaves) for leaves in zip(*trees, strict=True)]
        return tuple(mapped) if type(first) is tuple else type(first)(*mapped)
    return function(*trees) if hasattr(first, "shape") else first


def take(group: Group, which: np.ndarray | slice) -> Group:
    """Return some of a group's problems, as a group."""
    return _map(lambda array: array[which], group)


def merge(groups: Sequence[Group]) -> Group:
    """Return all problems of groups at the same step as one group, in rising order."""
    merged = _map(lambda *arrays: namespace(arrays[0]).concat(arrays, axis=0), *groups)
    return take(merged, np.argsort(merged.numbers))


def split(group: Group, chunk: int) -> list[Group]:
    """Cut a group into groups of at most `chunk` problems."""
    size = len(group.numbers)
    return [take(group, slice(i, i + chunk)) for i in range(0, size, chunk)]


def regroup(groups: list[Group], succeeded: np.ndarray, chunk: int) -> list[Group]:
    """Part the problems that got their first value from those that still wait for one.

    Args:
        groups: all groups.
        succeeded: (N,) whether the last evaluation of each problem did.
        chunk: most problems of a group.

    Returns:
        Groups of which all that still wait for a value waited, and failed, together.
    """
    waiting = [group for group in groups if group.waiting]
    if all(succeeded[group.numbers].all() for group in waiting):
        return groups
    together = merge(waiting)
    fine = succeeded[together.numbers]
    told = split(take(together, np.flatnonzero(fine)), chunk)
    rest = split(take(together, np.flatnonzero(~fine)), chunk)
    longer = [group._replace(failed=group.failed + 1) for group in rest]
    return [*(group for group in groups if not group.waiting), *told, *longer]


@dataclass(frozen=True)
class Stepper:
    """Takes groups from step to step.

    Attributes:
        xp: namespace of the arrays.
        device: where they lie.
        policy: the policy.
        params: its weights, there.
        draws: the run's random numbers.
    """

    xp: Namespace
    device: Any
    policy: BatchedPolicy
    params: Params
    draws: Draws

    def start(self, index: np.ndarray, dim: int) -> Group:
        """Return the group of problems before their first ask."""
        xp, m = self.xp, len(index)
        shift = xp.asarray(self.draws.uniform(index, 0, dim), device=self.device)
        x = xp.zeros((m, dim), dtype=xp.float32, device=self.device)
        y = xp.zeros((m,), dtype=xp.float64, device=self.device)
        state = self.policy.start(x, y)
        asked = xp.zeros((m, 0, dim), dtype=xp.float32, device=self.device)
        nothing = y[:, None][:, :0]
        return Group(index, xp.astype(shift, xp.float64), state, asked, nothing, nothing, 0)

    def tell(self, group: Group, y: Array) -> Group:
        """Feed the values (m,) of the last asks; in place of one that failed, the worst so far.

        As in `rnnbbo.Optimizer`: a group whose evaluations all failed stays as it is.
        """
        xp = self.xp
        if group.waiting and not bool(xp.any(xp.isfinite(y))):
            return group
        before = group.unit
        group, again = self._with_values(group, y)
        now = group.unit
        if bool(xp.any(before != now)):
            half, rescale = half_step(xp, before, now), self.policy.rescale
            group = group._replace(state=rescale(rescale(group.state, half), half))
        group = self._step(group, group.asked[:, -1], group.told[:, -1] * now, told=True)
        anew = np.flatnonzero(again)
        if not len(anew):
            return group
        return merge([take(group, np.flatnonzero(~again)), self._tell_anew(take(group, anew))])

    def _with_values(self, group: Group, y: Array) -> tuple[Group, np.ndarray]:
        """Return the group with more values (m,), and which problems have to be told all anew."""
        xp = self.xp
        value = y
        if group.values.shape[1]:  # else none of them failed
            value = xp.where(xp.isfinite(y), y, xp.max(group.values, axis=1))
        values = xp.concat([group.values, value[:, None]], axis=1)
        now = tame_all(xp, group.asked[:, group.failed :], values)
        again = to_tell_again(xp, group.told, now)
        told = xp.concat([group.told, now.y[:, -1:]], axis=1)
        told = xp.where(again[:, None], now.y, told)
        return group._replace(values=values, told=told), host(again)

    def _tell_anew(self, group: Group) -> Group:
        """Return the group with a state that follows from what is told now, as `Optimizer` does."""
        first = group.asked[:, 0]
        state = self.policy.start(first, group.told[:, 0])
        known, group = group, group._replace(state=state)
        for failed in range(known.failed + 1):
            last = known.asked[:, failed - 1] if failed else state.evidence.best_x
            group = self._step(group, last, group.told[:, 0], told=False)
        values = known.told * known.unit[:, None]
        for s in range(values.shape[1]):
            x = known.asked[:, known.failed + s]
            group = self._step(group, x, values[:, s], told=True)
        return group

    def ask(self, group: Group) -> Group:
        """Append the next point of every problem to `asked`."""
        if group.waiting:
            # The paper's dummy: nothing has been told since the last ask.
            last = group.asked[:, -1] if group.asked.shape[1] else group.state.evidence.best_x
            nothing = self.xp.zeros_like(group.shift[:, 0])
            group = self._step(group, last, nothing, told=False)
        u = self._choose(group)
        return group._replace(asked=self.xp.concat([group.asked, u[:, None]], axis=1))

    def _step(self, group: Group, x: Array, y: Array, told: bool) -> Group:
        steps = group.state.evidence.steps
        q = points.quasi_random(self.xp, group.shift, steps, 1)[:, 0]
        observation = Observation(x, y, self.xp.astype(q, x.dtype), told)
        return group._replace(state=self.policy.step(self.params, group.state, observation))

    def _choose(self, group: Group) -> Array:
        """Return the next points (m, D), as `rnnbbo.proposer` does for one problem."""
        state, ask = group.state, group.asked.shape[1] + 1
        if not self.policy.scores:
            u = self.policy.point(self.params, state)
            if not bool(self.xp.any(_repeats(self.xp, u, group.asked))):
                return u
            choices = self.xp.concat([u[:, None], self._sprayed(group, u, ask)], axis=1)
            away = choices - u[:, None]
            return _best_new(self.xp, choices, -self.xp.sum(away * away, axis=-1), group.asked)
        drawn = self._candidates(group, ask)
        pending = group.asked[:, : group.failed][:, -MOST_PENDING:] if group.failed else None
        choices, scores = self.policy.consider(self.params, state, drawn, pending)
        return _best_new(self.xp, choices, scores, group.asked)

    def _numbers(self, group: Group, ask: int) -> tuple[Array, Array, Array, Array]:
        """Draw uniform numbers (m, D), and `spray`'s normal (m, SPRAYED, D), radius and keep."""
        xp, (m, dim) = self.xp, group.shift.shape
        size = SPRAYED * dim
        drawn = self.draws.uniform(group.numbers, ask, 2 * size + SPRAYED + dim)
        u = xp.asarray(drawn, device=self.device)
        shape = (m, SPRAYED, dim)
        return (
            u[:, -dim:],
            xp.reshape(normal(xp, u[:, :size]), shape),
            u[:, 2 * size : 2 * size + SPRAYED],
            xp.reshape(u[:, size : 2 * size], shape),
        )

    def _sprayed(self, group: Group, centre: Array, ask: int) -> Array:
        _, normals, u_radius, u_keep = self._numbers(group, ask)
        centres = self.xp.broadcast_to(centre[:, None], normals.shape)
        return points.spray(self.xp, centres, normals, u_radius, u_keep)

    def _candidates(self, group: Group, ask: int) -> Candidates:
        """Draw candidates (m, SPREAD + SPRAYED, D), as a policy does for one problem."""
        xp = self.xp
        shift, normals, u_radius, u_keep = self._numbers(group, ask)
        if group.waiting:
            wide = SPREAD + SPRAYED
            return Candidates(points.quasi_random(xp, shift, 0, wide), wide)
        spread = points.quasi_random(xp, shift, 0, SPREAD)
        drawn = points.spray_best(xp, spread, group.state.evidence, normals, u_radius, u_keep)
        return drawn._replace(scored=_SCORED)


def _repeats(xp: Namespace, u: Array, asked: Array) -> Array:
    """Tell whether points (m, D) are among those asked before (m, t, D); (m,)."""
    return xp.any(xp.all(u[:, None] == asked, axis=-1), axis=-1)


def _best_new(xp: Namespace, choices: Array, scores: Array, asked: Array) -> Array:
    """Return, of choices (m, C, D), the best-scored that was not asked before, (m, D)."""
    count, dim = choices.shape[1:]
    number = xp.arange(count, device=choices.device)[None]
    first = None
    for _ in range(count):
        best = xp.argmax(scores, axis=1)
        at = xp.broadcast_to(best[:, None, None], (best.shape[0], 1, dim))
        u = xp.take_along_axis(choices, at, axis=1)[:, 0]
        first = u if first is None else first
        old = _repeats(xp, u, asked)
        if not bool(xp.any(old)):
            return u
        out = old[:, None] & (number == best[:, None])
        scores = xp.where(out, xp.full_like(scores, -xp.inf), scores)
    assert first is not None
    return xp.where(old[:, None], first, u)
