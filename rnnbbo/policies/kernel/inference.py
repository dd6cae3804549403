"""Sequential Monte Carlo over hypotheses (Chopin 2002).

N particles are weighted by how well they predicted each new value, resampled when few of them carry
the weight, and moved by Markov chains that leave their posterior as it is. A tell costs O(N n^2)
for n observations, and O(n^3) for the few that are moved. The package has a page of notation.
"""

from typing import NamedTuple, Self

import numpy as np

from rnnbbo import core
from rnnbbo.core import Library
from rnnbbo.core import belief as compiled_belief
from rnnbbo.core import kernel as compiled
from rnnbbo.policies.gp import factors
from rnnbbo.policies.kernel import hypotheses, posterior
from rnnbbo.policies.kernel import prior as priors
from rnnbbo.policies.kernel.covariance import correlations, covariance, trend_covariances
from rnnbbo.policies.kernel.hypotheses import Hypotheses, MoveDraws, heights, warp
from rnnbbo.policies.kernel.prior import Prior

_MOST, _FEWEST = 64, 12  # particles at first, and with many observations
_FIRST = 8  # observations that come first where many come at once
_RESAMPLE_BELOW = 0.5  # share of the particles that carry the weight
_WORK = 3e6  # multiply-adds of moves that a tell may take
_LARGEST = 2.0 / np.sqrt(factors.JITTER)  # twice the norm of any exact inverse factor
_MORE = 1e-10  # variance added to observations whose factor is lost
_CORNER = 1e20  # above any square of whitened values: keeps the bordered matrix positive definite


class Belief(NamedTuple):
    """Weighted particles.

    Attributes:
        hypotheses: N, one a particle.
        log_weight: (N,) the largest is 0.
        log_target: (N,) log posterior density, up to a constant.
        inverse: (N, n, n) W, inverse Cholesky factors of the observations' covariances K.
        out: (n,) which of the observations are outliers.
    """

    hypotheses: Hypotheses
    log_weight: np.ndarray
    log_target: np.ndarray
    inverse: np.ndarray
    out: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """(N,) weights, of sum 1."""
        w = np.exp(self.log_weight)
        return w / w.sum()


def start_belief(rng: np.random.Generator, prior: Prior, dim: int) -> Belief:
    """Draw particles of equal weight from the prior."""
    h = priors.draw_hypotheses(rng, prior, _MOST, dim)
    return Belief(
        h,
        np.zeros(_MOST),
        priors.prior_log_density(prior, h),
        np.zeros((_MOST, 0, 0)),
        np.zeros(0, bool),
    )


def particle_count(n: int) -> int:
    """Return how many particles to keep of n observations: the posterior narrows as they come."""
    return int(min(max(_MOST * 24 / max(n, 1), _FEWEST), _MOST))


def move_count(n: int) -> int:
    """Return how many of them a tell moves."""
    return int(min(max(_WORK / (n**3 / 3 + 40 * n**2 + 1), 2), _MOST))


def log_target(prior: Prior, h: Hypotheses, evidence: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return the log posterior density (N,), up to a constant.

    Args:
        prior: of the hypotheses.
        h: N of them.
        evidence: (N,) log density of the heights: evidence of the warped values, plus Jacobian.
        out: (n,) which observations are outliers.
    """
    return (
        evidence
        + priors.prior_log_density(prior, h)
        + priors.glitches_log_density(prior, h, int(out.sum()))
    )


def whiten(inverse: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return u = W w and o = W 1, (N, n) each."""
    pair = inverse @ np.stack([w, np.ones_like(w)], axis=-1)
    return pair[..., 0], pair[..., 1]


def whiten_heights(
    h: Hypotheses, inverse: np.ndarray, z: np.ndarray, out: np.ndarray
) -> compiled_belief.Whitened:
    """Return what hypotheses make of heights z (n,), `out` (n,) outliers, by W (N, n, n)."""
    library = core.library()
    if library is not None:
        return compiled_belief.whiten(library, h, z, out.astype(np.float64), inverse)
    w, _, spread = warp(z, h.log_warp)
    u, o = whiten(inverse, w)
    found = posterior.profile_out(np, u, o, np.zeros(h.size), spread, h.counted(out))
    alpha = (found.residual[:, None, :] @ inverse)[:, 0]
    smooth = w - h.nuggets(out) * alpha
    return compiled_belief.Whitened(w, found.residual, alpha, smooth, found.mean, found.amplitude)


def particles(h: Hypotheses) -> compiled.Particles:
    """Return the hypotheses as the compiled functions take them."""
    return compiled.Particles(np.exp(-h.log_lengthscale), h.rbf, h.share, h.bend)


class Smooth(NamedTuple):
    """What N particles say of the observations' values without noise, in warped values.

    Attributes:
        w: (N, n) the values as told.
        mean: (N, n) posterior means at the observations, w - nugget alpha.
        noise: (N,) deviation of the noise; 0 where a hypothesis has none.
    """

    w: np.ndarray
    mean: np.ndarray
    noise: np.ndarray


def smooth(belief: Belief, z: np.ndarray) -> Smooth:
    """Return posterior means at the observations of heights z (n,), and the noise left out."""
    h = belief.hypotheses
    known = whiten_heights(h, belief.inverse, z, belief.out)
    noise = known.amplitude * np.sqrt(h.nugget - factors.JITTER)
    return Smooth(known.w, known.smooth, noise)


def _density(
    prior: Prior, h: Hypotheses, inverse: np.ndarray, z: np.ndarray, out: np.ndarray
) -> np.ndarray:
    w, jacobian, spread = warp(z, h.log_warp)
    u, o = whiten(inverse, w)
    half = -np.log(np.diagonal(inverse, axis1=-2, axis2=-1)).sum(axis=-1)
    found = posterior.profile_out(np, u, o, half, spread, h.counted(out))
    return log_target(prior, h, found.evidence + jacobian, out)


def factorise(h: Hypotheses, x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Make inverse factors W (N, n, n) from scratch, that rounding has not taken over."""
    library = core.library()
    if library is not None:
        found = compiled.factorise(library, particles(h), x, h.nuggets(out))
        if found is not None and not _lost(found).any():
            return found
    k = covariance(h, x, out)
    inverse = factors.invert_lower(np, factors.safe_cholesky(np, k))
    lost = _lost(inverse)
    if lost.any():
        raised = k[lost] + _MORE * np.eye(len(x))
        inverse[lost] = factors.invert_lower(np, factors.safe_cholesky(np, raised))
    return inverse


def _lost(inverse: np.ndarray) -> np.ndarray:
    """Tell which inverse factors, or rows of them, (N, ..., n), are larger than any exact one."""
    largest = np.abs(inverse).reshape(len(inverse), -1).max(axis=1)
    return ~(largest < _LARGEST)  # not a number, too


def _mended(
    h: Hypotheses, inverse: np.ndarray, newest: np.ndarray, x: np.ndarray, out: np.ndarray
) -> np.ndarray:
    """Return the factors, made again from scratch where the `newest` rows of one are lost."""
    lost = np.flatnonzero(_lost(newest))
    if len(lost):
        inverse[lost] = factorise(h.take(lost), x, out)
    return inverse


def extend(h: Hypotheses, inverse: np.ndarray, x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Append the last of the points x (n, D) to the factors of the others."""
    cross = correlations(h, x[-1:], x[:-1])
    own = (1.0 + h.nuggets(out[-1:]))[..., None]
    if h.curved.any():
        more = trend_covariances(h, x[-1:], x)
        cross, own = cross + more[..., :-1], own + more[..., -1:]
    return factors.append_rows(np, inverse, cross, own)


def systematic(rng: np.random.Generator, weight: np.ndarray, count: int) -> np.ndarray:
    """Draw indices by weight with one random number (Kitagawa 1996)."""
    positions = (rng.random() + np.arange(count)) / count
    index = weight.cumsum().searchsorted(positions * (1.0 - 1e-12))
    return np.minimum(index, len(weight) - 1)


def _resample(rng: np.random.Generator, belief: Belief, n: int) -> Belief:
    weight = belief.weight
    index = _redrawn(rng, weight, 1.0 / (weight @ weight), n)
    return belief if index is None else _taken(belief, index)


def _redrawn(
    rng: np.random.Generator, weight: np.ndarray, carrying: float, n: int
) -> np.ndarray | None:
    """Return which particles go on with n observations; None for all, with the weights they have.

    Args:
        rng: randomness.
        weight: (N,) theirs.
        carrying: how many of them carry it.
        n: number of observations.
    """
    wanted = min(particle_count(n), len(weight))
    if wanted == len(weight) and carrying >= _RESAMPLE_BELOW * wanted:
        return None
    return systematic(rng, weight, wanted)


def _taken(belief: Belief, index: np.ndarray) -> Belief:
    """Return the particles at an index array, of equal weight."""
    return Belief(
        belief.hypotheses.take(index),
        np.zeros(len(index)),
        belief.log_target[index],
        belief.inverse[index],
        belief.out,
    )


class _Steps(NamedTuple):
    """Metropolis steps to come, of M particles.

    Attributes:
        which: (M,) indices.
        draws: where they would go.
        log_chance: (M,) by which they go there.
    """

    which: np.ndarray
    draws: MoveDraws
    log_chance: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, size: int, dim: int, count: int) -> Self:
        """Draw them for so many of `size` particles at most."""
        index = rng.permutation(size)[:count]
        draws = MoveDraws.of(rng, size, dim, len(index))
        return cls(index, draws, np.log(draws.chance))


def _move(
    rng: np.random.Generator,
    prior: Prior,
    belief: Belief,
    x: np.ndarray,
    z: np.ndarray,
    count: int,
) -> Belief:
    """Take one Metropolis step with so many particles."""
    h = belief.hypotheses
    steps = _Steps.drawn(rng, h.size, x.shape[1], count)
    library = core.library()
    if library is not None:
        moved = compiled_belief.move(
            library,
            priors.numbers(prior, x.shape[1]),
            compiled_belief.Pointers.to(h),
            x,
            z,
            belief.out.astype(np.float64),
            None,
            *steps,
            belief.inverse,
            None,
            belief.log_target,
            own=False,
        )
        if moved is not None:
            return belief._replace(
                hypotheses=Hypotheses(*moved.fields),
                log_target=moved.log_target,
                inverse=moved.inverse,
            )
    return _moved(prior, belief, x, z, steps)


def _moved(prior: Prior, belief: Belief, x: np.ndarray, z: np.ndarray, steps: _Steps) -> Belief:
    """Return the particles after Metropolis steps."""
    h, out, index = belief.hypotheses, belief.out, steps.which
    new = hypotheses.propose_moves(h, index, steps.draws)
    factor, evidence = _factor_and_evidence(new, x, z, out)
    target = log_target(prior, new, evidence, out)
    accepted = steps.log_chance < target - belief.log_target[index]
    if not accepted.any():
        return belief
    at = index[accepted]
    inverse, density = belief.inverse.copy(), belief.log_target.copy()
    taken, fresh = new.take(accepted), factors.invert_lower(np, factor[accepted])
    inverse[at] = _mended(taken, fresh, fresh, x, out)
    density[at] = target[accepted]
    return belief._replace(hypotheses=h.put(at, taken), log_target=density, inverse=inverse)


def _factor_and_evidence(
    h: Hypotheses, x: np.ndarray, z: np.ndarray, out: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return factors L (N, n, n), and the log density (N,) of the heights without the prior."""
    n = len(z)
    w, jacobian, spread = warp(z, h.log_warp)
    # The values ride along as two more rows: their part of the factor is (W w)^T and (W 1)^T.
    k = np.zeros((h.size, n + 2, n + 2))
    k[:, :n, :n] = covariance(h, x, out)
    k[:, n, :n] = w
    k[:, n + 1, :n] = 1.0
    k[:, n, n] = k[:, n + 1, n + 1] = _CORNER
    whole = factors.safe_cholesky(np, k)
    factor = whole[:, :n, :n]
    half = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
    u, o = whole[:, n, :n], whole[:, n + 1, :n]
    found = posterior.profile_out(np, u, o, half, spread, h.counted(out))
    return factor, found.evidence + jacobian


def update_belief(
    rng: np.random.Generator,
    prior: Prior,
    belief: Belief,
    x: np.ndarray,
    z: np.ndarray,
    out: np.ndarray,
) -> Belief:
    """Take in the last of the observations x (n, D), z (n,), of which `out` (n,) are outliers."""
    h = belief.hypotheses
    belief = _with_outliers(belief, x[:-1], out[:-1])
    library = core.library()
    if library is not None:
        found = _updated_compiled(library, rng, prior, belief, x, z, out)
        if found is not None:
            return found
    # Appending row after row for points that all but coincide goes wrong: then from scratch.
    with np.errstate(over="ignore", invalid="ignore"):
        inverse = extend(h, belief.inverse, x, out)
    inverse = _mended(h, inverse, inverse[:, -1], x, out)
    density = _density(prior, h, inverse, z, out)
    log_weight = belief.log_weight + density - belief.log_target
    belief = Belief(h, log_weight - log_weight.max(), density, inverse, out)
    belief = _resample(rng, belief, len(z))
    return _move(rng, prior, belief, x, z, move_count(len(z)))


def _updated_compiled(
    library: Library,
    rng: np.random.Generator,
    prior: Prior,
    belief: Belief,
    x: np.ndarray,
    z: np.ndarray,
    out: np.ndarray,
) -> Belief | None:
    """Return what `update_belief` does, by two compiled functions; None where a factor is lost."""
    h, (n, dim) = belief.hypotheses, x.shape
    numbers, outliers = priors.numbers(prior, dim), out.astype(np.float64)
    theirs = compiled_belief.Pointers.to(h)
    # Where some particles go on, but not all, their factors are put together only then.
    longer = h.size <= particle_count(n)
    learnt = compiled_belief.learn(
        library,
        numbers,
        theirs,
        x,
        z,
        outliers,
        belief.inverse,
        belief.log_target,
        belief.log_weight,
        longer,
    )
    if learnt is None:
        return None
    chosen = _redrawn(rng, learnt.weight, learnt.carrying, n)
    size = h.size if chosen is None else len(chosen)
    steps = _Steps.drawn(rng, size, dim, move_count(n))
    moved = compiled_belief.move(
        library,
        numbers,
        theirs,
        x,
        z,
        outliers,
        chosen,
        *steps,
        belief.inverse if learnt.inverse is None else learnt.inverse,
        learnt.rows if learnt.inverse is None else None,
        learnt.log_target,
        own=True,
    )
    if moved is not None:
        log_weight = learnt.log_weight if chosen is None else np.zeros(size)
        return Belief(Hypotheses(*moved.fields), log_weight, moved.log_target, moved.inverse, out)
    inverse = learnt.inverse
    if inverse is None:
        inverse = np.zeros((h.size, n, n))
        inverse[:, :-1, :-1], inverse[:, -1] = belief.inverse, learnt.rows
    grown = Belief(h, learnt.log_weight, learnt.log_target, inverse, out)
    return _moved(prior, grown if chosen is None else _taken(grown, chosen), x, z, steps)


def _with_outliers(belief: Belief, x: np.ndarray, out: np.ndarray) -> Belief:
    """Return the belief with other observations x (n, D) for outliers."""
    if out.tobytes() == belief.out.tobytes():
        return belief
    glitchy = np.flatnonzero(belief.hypotheses.glitchy)
    inverse = belief.inverse.copy()
    if len(glitchy):
        inverse[glitchy] = factorise(belief.hypotheses.take(glitchy), x, out)
    return belief._replace(inverse=inverse, out=out)


def warped_at_least(belief: Belief, least: float) -> Belief:
    """Return the belief without particles whose log c is below the least one: they have that."""
    h = belief.hypotheses
    if not (h.log_warp < least).any():
        return belief
    return belief._replace(hypotheses=h._replace(log_warp=np.maximum(h.log_warp, least)))


def move_all(
    rng: np.random.Generator,
    prior: Prior,
    belief: Belief,
    x: np.ndarray,
    z: np.ndarray,
    rounds: int,
) -> Belief:
    """Take so many Metropolis steps with every particle, towards the posterior of what is known."""
    for _ in range(rounds):
        belief = _move(rng, prior, belief, x, z, belief.hypotheses.size)
    return belief


def condition_on(
    rng: np.random.Generator, prior: Prior, x: np.ndarray, y: np.ndarray, rounds: int
) -> Belief:
    """Return particles of many observations at once: x (n, D) of values y (n,), tamed.

    As if they had been told one by one, but twice as many each time, in an order drawn at random;
    the particles take `rounds` steps after each of these.
    """
    order = rng.permutation(len(y))
    x, y = x[order], y[order]
    belief, known = start_belief(rng, prior, x.shape[1]), _FIRST
    while True:
        known = min(known, len(y))
        part, z = x[:known], heights(y[:known])
        grown = rebuild_belief(prior, belief, part, z, np.zeros(known, dtype=bool))
        log_weight = belief.log_weight + grown.log_target - belief.log_target
        grown = grown._replace(log_weight=log_weight - log_weight.max())
        belief = move_all(rng, prior, _resample(rng, grown, known), part, z, rounds)
        if known == len(y):
            return _ordered(prior, belief, x, y, order)
        known *= 2


def _ordered(
    prior: Prior, belief: Belief, x: np.ndarray, y: np.ndarray, order: np.ndarray
) -> Belief:
    """Return the belief of observations x (n, D), y (n,) in the order before the permutation."""
    back = np.argsort(order)
    z = heights(y[back])
    return rebuild_belief(prior, belief, x[back], z, np.zeros(len(y), dtype=bool))


def rebuild_belief(
    prior: Prior, belief: Belief, x: np.ndarray, z: np.ndarray, out: np.ndarray
) -> Belief:
    """Return the same particles for other observations x (n, D) of heights z (n,)."""
    h = belief.hypotheses
    inverse = factorise(h, x, out)
    target = _density(prior, h, inverse, z, out)
    return belief._replace(inverse=inverse, log_target=target, out=out)
