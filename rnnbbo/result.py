"""What an optimization found, in the form that SciPy and scikit-optimize users know."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnbbo import core
from rnnbbo.direction import MAXIMIZE, Maximize, OneOrSeveral, flags_of, in_words, worst_value
from rnnbbo.errors import MissingExtraError
from rnnbbo.incumbents import best_index
from rnnbbo.objectives import count_of, is_finite
from rnnbbo.pictures.run_data import RunData
from rnnbbo.recommendation import Recommendation
from rnnbbo.result_front import hypervolume_of, make_front, reference_point
from rnnbbo.space import Space
from rnnbbo.violations import is_feasible

if TYPE_CHECKING:
    from rnnbbo.pictures.importance import Importance


class OptimizeResult(dict):
    """A dictionary whose keys are attributes too, like SciPy's class of this name.

    `skopt.plots.plot_convergence`, `skopt.plots.plot_evaluations` and `skopt.dump` take it as it
    is. `to_skopt` of its `space` gives scikit-optimize's own space where more is needed.

    Attributes:
        x: best point, a list of n_dims values in user units; None if no trial succeeded. With
            several objectives, of the front the one that is nowhere far from the best: in units of
            the front's range, whose worst objective is least.
        best: the same by name, {name: value}, without what is inactive.
        fun: its value; infinity if no trial succeeded, -infinity where it maximizes. A list with
            several objectives, as values are everywhere then.
        maximize: whether larger values are better; with several objectives, of all of them.
        directions: "minimize" or "maximize" of each of several objectives; None with one.
        front: with several objectives the `rnnbbo.result_front.Front`, those of feasible trials
            that no other one dominates; None with one.
        reference: with several objectives the reference point of the hypervolume, as given, or
            derived from the front: a tenth of its range beyond its worst value of each; None with
            one objective, and while nothing is feasible.
        hypervolume: what the front dominates within the reference point, which takes long for a
            large front of five or more: from four on it is worked out when it is first asked for.
            None with one objective.
        feasible: whether all constraints are at most 0 at `x`; None if no trial succeeded. While
            no trial is feasible `x` is the one that violates them least, by their sum.
        constraints: values of the constraints at `x`, by name; empty where there are none.
        recommended: the point told whose noise-free value is probably the best: `x` itself unless
            the values are noisy, see `Optimizer.recommend`; None if no trial succeeded.
        recommended_value: its estimated noise-free value; None where the values do not seem noisy,
            or the policy knows of no noise.
        noise: deviation of the noise of a value about there, likewise.
        gain_left: by how much one more evaluation is expected to improve on the best value, at
            least 0, in the unit of the values; None where the policy does not know that, or not
            yet: see `Optimizer.gain_left`.
        total: where every value counts (goal = "cumulative"), the sum of those that did not fail;
            None where the best one does.
        x_iters: every point told, in the order told: a list of points.
        func_vals: their values, (len(x_iters),) float64, or (len(x_iters), K) of K objectives. A
            failed trial, whatever its objective returned, is +infinity here, -infinity where it
            maximizes: it never is the best, and running minima, or maxima, stay right. One that is
            not feasible keeps its value.
        constraint_vals: values of the constraints of every trial, {name: (len(x_iters),) float64},
            NaN where one is not known; empty where there are none.
        n_failed: number of failed trials.
        errors: why trials failed, {index in x_iters: one line}, as far as it is known.
        nfev: number of evaluations, failed ones included; values given as `y0` are not counted.
        success: whether at least one trial succeeded, and is feasible.
        message: how the run ended, and how many trials there are.
        status: how the run ended, as one word of `rnnbbo.status.Status`: "ok", "timeout", ...; only
            in what `rnnbbo.minimize` returns or raises.
        space: the `rnnbbo.space.Space`.
        policy: name of the policy that proposed the last points.
        policy_why: why it was chosen; empty where the caller did.
        core: what computed it: a level of the compiled core, "avx2" or "plain", or "numpy".
        seen: what it sees in the values, in words, a list: outliers, noise, ties, trends.
        models: always empty: nothing is fitted to the values.
        specs: {"args": arguments of the call}, as in scikit-optimize.
        random_state: the `rng` given.
    """

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """Return this class, or SciPy's class of the same name wherever that one is loaded.

        skopt.plots asks `isinstance(result, scipy.optimize.OptimizeResult)`. This answers yes
        without importing SciPy; `type(result)` still tells the truth.
        """
        scipy_optimize = sys.modules.get("scipy.optimize")
        return getattr(scipy_optimize, "OptimizeResult", OptimizeResult)

    def __missing__(self, key: str) -> Any:
        """Work out the hypervolume, which is left until it is asked for."""
        if key != "hypervolume" or self.get("front") is None:
            raise KeyError(key)
        self[key] = hypervolume_of(self["front"], self["reference"], self["directions"])
        return self[key]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the result has no {name!r}; it has {', '.join(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"the result has no {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted({*dict.__dir__(self), *self})

    def __reduce__(self) -> tuple[Any, ...]:
        return OptimizeResult, (dict(self),)

    def run_data(self) -> RunData:
        """Return the trials as pictures need them."""
        values = np.asarray(self["func_vals"], dtype=np.float64)
        values = values[:, None] if values.ndim == 1 else values
        flags = flags_of(signs_of(self), values.shape[1])
        succeeded = np.isfinite(values).all(axis=1, keepdims=True)
        known = np.where(succeeded, values, np.nan)
        limits, errors = self.get("constraint_vals", {}), self.get("errors", {})
        return RunData(self["space"], self["x_iters"], known, flags, limits, errors)

    def plot(
        self,
        kind: str = "convergence",
        *,
        ax: Any = None,
        objective: int = 0,
        at: Any = None,
    ) -> Any:
        """Draw a picture of the run with matplotlib, to go on with or to look at.

        Args:
            kind: "convergence", every value and the best so far; "slices", what the model of
                `kernel` believes along each parameter through a point; "parallel", a line a trial
                across all parameters; "importance", how much each parameter matters, see
                `importance`; "front", of several objectives; "places", where evaluations lay.
            ax: axes of matplotlib to draw in, for kinds of one pair of them; by default new ones.
            objective: of several, the one that is drawn, from 0.
            at: the point that slices go through; by default the best one.

        Returns:
            The axes; an array of them for slices and places, and the front of three objectives and
            more.

        Raises:
            ConfigError: there is no such kind or objective, or the run has nothing to draw of it.
            PointError: `at` is no point of the space.
            MissingExtraError: matplotlib is not installed.
        """
        from rnnbbo.pictures.gallery import draw_kind, shown_figure

        data = self.run_data()
        return draw_kind(data, kind, shown_figure, ax=ax, objective=objective, at=at)

    def importance(self, objective: int = 0) -> list[Importance]:
        """Return how much each parameter matters, the most important first.

        Its shares of the function's variance over the space, alone and with all others (Sobol'
        indices), by a model of what was told; see `rnnbbo.pictures.importance`.

        Args:
            objective: of several, which, from 0.

        Returns:
            One a parameter; an empty list while four different points do not have values, or all
            values are equal.
        """
        from rnnbbo.pictures.importance import importance

        return importance(self.run_data(), objective=objective)

    def to_dataframe(self) -> Any:
        """Return the trials as a `pandas.DataFrame`, a row each, in the order told.

        Its columns are those of the parameters, then value, or value_1 and so on, NaN of what
        failed; where there are constraints feasible and constraint_NAME; and error where trials
        failed. A parameter called like one of the others is param_NAME. What is inactive is missing
        (None, or NaN among numbers).

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MissingExtraError("to_dataframe needs pandas: pip install pandas") from None
        from rnnbbo.pictures.frames import frame_columns

        return pandas.DataFrame(frame_columns(self.run_data()))

    def in_html(self, what: str) -> str:
        """Return it as notebooks show it, under the name of what it is of."""
        from rnnbbo.pictures.notebook import run_html

        if not self:
            return f"<p>{what}: nothing</p>"
        differs = self["recommended"] is not None and self["recommended"] != self["x"]
        return run_html(
            f"{what}: {self['message']}",
            self.run_data(),
            *_sentences(self),
            self["recommended"] if differs else None,
        )

    def _repr_html_(self) -> str:
        return self.in_html("rnnbbo result")

    def __repr__(self) -> str:
        if not self:
            return "OptimizeResult()"
        shown = {key: value for key, value in self.items() if not _says_nothing(key, value)}
        width = max(map(len, shown), default=0)
        return "\n".join(f"{key:>{width}}: {_shown(key, value)}" for key, value in shown.items())


def _sentences(result: OptimizeResult) -> tuple[str, list[str]]:
    """Return what a result has found, and what else there is to say of it, for a notebook."""
    if result["x"] is None:
        first = "no trial succeeded"
    elif result["front"] is not None:
        front = f"{len(result['front'])} trials on the front"
        first = f"{front}, hypervolume {result.hypervolume:.6g}; a compromise among them:"
    elif not result["feasible"]:
        first = f"no point is feasible yet; the least violating has {result['fun']:.10g}:"
    else:
        first = f"best value {result['fun']:.10g}, at"
    said = [
        f"constraint {name} = {value:.6g}" + ("" if value <= 0.0 else ", not met")
        for name, value in result["constraints"].items()
    ]
    said += [f"seen in the values: {line}" for line in result["seen"]]
    if result["total"] is not None:
        said.append(total_text(result))
    if result["gain_left"] is not None:
        said.append(f"a further evaluation is expected to gain {result['gain_left']:.2g}")
    why = f" ({result['policy_why']})" if result["policy_why"] else ""
    return first, [*said, f"policy {result['policy']}{why}"]


_AT_ONCE = 3  # objectives up to which the hypervolume takes milliseconds
_ALWAYS = ("x", "fun", "message")  # shown also where there is nothing yet


def _says_nothing(key: str, value: Any) -> bool:
    """Tell whether a line for a value would be clutter: there is none, or it is empty."""
    empty = value is None or (isinstance(value, list | dict | str) and not value)
    return key not in _ALWAYS and (empty or key == "specs" or (key == "n_failed" and not value))


def _shown(key: str, value: Any) -> str:
    """Return one line for a value; histories and arguments are only counted."""
    if key == "x_iters":
        return f"[{len(value)} points]"
    if isinstance(value, np.ndarray):
        return f"[{value.size} values]"
    if key == "constraint_vals":
        return f"{{{', '.join(f'{name!r}: [{len(one)} values]' for name, one in value.items())}}}"
    if key == "errors" and value:
        index, error = list(value.items())[-1]
        return f"{{{len(value)} errors, the last one {index}: {error!r}}}"
    return repr(value)


def make_result(
    space: Space,
    x_iters: Sequence[list[Any]],
    y_iters: Sequence[OneOrSeveral],
    *,
    constraints: Sequence[Mapping[str, float]] = (),
    policy: str | None = None,
    policy_why: str = "",
    recommended: Recommendation | None = None,
    gain_left: float | None = None,
    counts_all: bool = False,
    random_state: Any = None,
    maximize: bool = False,
    directions: tuple[bool, ...] | None = None,
    reference: Sequence[float] | None = None,
    message: str | None = None,
    specs: dict[str, Any] | None = None,
) -> OptimizeResult:
    """Sum up the trials told so far.

    Args:
        space: the search space.
        x_iters: n points in user units.
        y_iters: n values, lists with several objectives; one that is not finite marks a failed
            trial.
        constraints: theirs, n mappings, or none.
        policy: name of the policy.
        policy_why: why it was chosen.
        recommended: what the policy recommends.
        gain_left: by how much it expects the next value to improve on the best one.
        counts_all: whether every value counts, and not the best one.
        random_state: what the caller gave as seed or generator.
        maximize: whether larger values are better.
        directions: the same of each of several objectives; None where `maximize` says it of all.
        reference: reference point of the hypervolume, in the user's signs; None to derive it.
        message: how the run ended; by default a count of the trials.
        specs: the call's arguments, {"args": {...}}.

    Returns:
        The result; the first of several points of the best value is its `x`.
    """
    signs: Maximize = maximize if directions is None else directions
    limits = constraints or [{}] * len(y_iters)
    names = list(dict.fromkeys(name for one in limits for name in one))
    known = [i for i, value in enumerate(y_iters) if is_finite(value)]
    n_failed = len(y_iters) - len(known)
    told, theirs = [y_iters[i] for i in known], [limits[i] for i in known]
    count = count_of(told[0]) if told else len(directions or (maximize,))
    flags = flags_of(signs, count)
    worst = [worst_value(flag) for flag in flags]
    values = np.tile(np.array(worst), (len(y_iters), 1))
    if told:
        values[known] = np.array(told, dtype=np.float64).reshape(len(told), count)
    place = best_index(told, theirs, signs)
    best = None if place is None else known[place]
    fun = worst if best is None else values[best].tolist()
    recommended = Recommendation(None) if recommended is None else recommended
    result = OptimizeResult(
        message=count_text(len(values), n_failed) if message is None else message,
        success=best is not None and is_feasible(limits[best]),
        fun=fun if count > 1 else fun[0],
        x=None if best is None else list(x_iters[best]),
        maximize=all(flags),
        feasible=None if best is None else is_feasible(limits[best]),
        constraints={} if best is None else dict(limits[best]),
        best=None if best is None else space.as_mapping(x_iters[best]),
        directions=None,
        front=None,
        reference=None,
        hypervolume=None,
        nfev=len(values),
        n_failed=n_failed,
        policy=policy,
        policy_why=policy_why,
        core=core.name(),
        seen=list(recommended.seen),
        recommended=recommended.x,
        recommended_value=recommended.value,
        noise=recommended.noise,
        gain_left=gain_left,
        total=float(np.sum(told)) if counts_all and told else None,
        x_iters=[list(x) for x in x_iters],
        func_vals=values if count > 1 else values[:, 0],
        constraint_vals={
            name: np.array([one.get(name, math.nan) for one in limits]) for name in names
        },
        errors={},
        space=space,
        random_state=random_state,
        models=[],
        specs={"args": {}} if specs is None else specs,
    )
    if count > 1:
        front = make_front(x_iters, values, limits, flags)
        point, words = reference_point(front, reference, flags), in_words(flags)
        result.update(directions=words, front=front, reference=point)
        if count <= _AT_ONCE:
            result["hypervolume"] = hypervolume_of(front, point, words)
        else:
            del result["hypervolume"]
    return result


def signs_of(result: OptimizeResult) -> Maximize:
    """Return which values of a result are better."""
    words = result.get("directions")
    return bool(result.maximize) if words is None else tuple(one == MAXIMIZE for one in words)


def total_text(result: OptimizeResult) -> str:
    """Return the sum of a result's values in words."""
    known = len(result["x_iters"]) - result["n_failed"]
    return f"all {known} values together {result['total']:.6g}, {result['total'] / known:.6g} each"


def count_text(n_trials: int, n_failed: int) -> str:
    """Return how many trials there are, and how many of them failed, in words."""
    return f"{n_trials} trials" + (f", {n_failed} failed" if n_failed else "")
