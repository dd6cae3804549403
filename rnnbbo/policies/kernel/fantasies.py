"""Values drawn for pending points count as values to improve on.

Else every point of a plate looks for an improvement on what is known now, and eight of them look in
the same few places; with it each looks for what it adds to those before it, so that together they
climb the expected improvement of the plate (Ginsbourger et al. 2010, section 2.2; Wilson et al.
2018, greedy maximisation).
"""

from dataclasses import replace

import numpy as np

from rnnbbo.policies.kernel.posterior import Noise
from rnnbbo.policies.kernel.view import View


def to_improve_on(view: View, pending: np.ndarray) -> View:
    """Return a view whose hypotheses improve on the values that they drew for pending points, too.

    Args:
        view: conditioned on observations, and last on pending points with values drawn for them.
        pending: (P, D) these, at least one.
    """
    drawn, _ = view.predict(pending)
    least = drawn.argmin(axis=1)
    each = np.arange(len(least))
    lower = drawn[each, least] < view.best[:, 0]
    best = np.where(lower, drawn[each, least], view.best[:, 0])[:, None]
    noise = view.noise
    if noise is not None:
        row = len(view.points) - len(pending) + least
        link = noise.variance * (view.inverse[each, :, row][:, None, :] @ view.inverse)[:, 0]
        noise = Noise(noise.variance, np.where(lower[:, None], link, noise.link))
    return replace(view, best=best, noise=noise)
