"""Ask and tell as scikit-optimize's `Optimizer` has them; scikit-optimize itself is not needed."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from rnnbbo import optimizer as native
from rnnbbo.arguments import as_count, as_pairs
from rnnbbo.errors import ConfigError, MissingExtraError, ObservationError
from rnnbbo.escaping import repr_of
from rnnbbo.objectives import read_value
from rnnbbo.result import OptimizeResult
from rnnbbo.space import Space

__all__ = ["Optimizer", "add_model"]

STRATEGIES = ("cl_min", "cl_mean", "cl_max")


class Optimizer:
    """A stand-in for `skopt.Optimizer`: change the import, and nothing else.

    What describes skopt's surrogate and its search has no meaning here: a value other than its
    default is accepted with one warning that names it. Arguments that change what is asked for are
    refused: `space_constraint`, and the acquisition functions "EIps" and "PIps", for which an
    objective returns its time too.

    It differs from skopt's in this: `ask()` gives a new point every time, also before a tell
    (skopt repeats itself once its initial points are told); points that were asked and not told
    are kept away from; NaN, infinity and None are failed trials instead of errors; `space` is a
    `rnnbbo.Space`, whose `to_skopt()` gives skopt's; `models` stays empty.

    Args:
        dimensions: the search space, in skopt's forms or rnnbbo's.
        base_estimator: no meaning here, as all others until `random_state`.
        n_random_starts: no meaning.
        n_initial_points: no meaning: the policy chooses the first points as well.
        initial_point_generator: no meaning.
        n_jobs: no meaning.
        acq_func: no meaning.
        acq_optimizer: no meaning.
        random_state: an integer, a `numpy.random.RandomState` or `Generator`, or None.
        model_queue_size: no meaning.
        space_constraint: must be None.
        acq_func_kwargs: no meaning.
        acq_optimizer_kwargs: no meaning.
        avoid_duplicates: no meaning: a point is repeated only when a discrete space is exhausted.
        policy: name of a policy of rnnbbo or path of a `.safetensors` file; None for the default.

    Attributes:
        space: the `rnnbbo.Space`.
        Xi: points told so far.
        yi: their values; NaN for a failed trial.
        rng: the random state.
        models: always empty.
        specs: the arguments of the call, as in skopt.

    Raises:
        SpaceError: the space is malformed, or has a constraint.
        PolicyError: there is no such policy.
        ConfigError: an argument is refused.
    """

    def __init__(
        self,
        dimensions: Any,
        base_estimator: Any = "gp",
        n_random_starts: int | None = None,
        n_initial_points: int = 10,
        initial_point_generator: Any = "random",
        n_jobs: int = 1,
        acq_func: str = "gp_hedge",
        acq_optimizer: str = "auto",
        random_state: Any = None,
        model_queue_size: int | None = None,
        space_constraint: Any = None,
        acq_func_kwargs: dict[str, Any] | None = None,
        acq_optimizer_kwargs: dict[str, Any] | None = None,
        avoid_duplicates: bool = True,
        *,
        policy: str | None = None,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name != "self"}
        if space_constraint is not None:
            raise ConfigError(
                f"space_constraint = {space_constraint!r}; expected None: none is supported"
            )
        if acq_func in ("EIps", "PIps"):
            raise ConfigError(
                f"acq_func = {acq_func!r}; expected another, and an objective that returns a "
                "number: values per second are not supported"
            )
        _warn_of_ignored(arguments)
        self.specs = {"args": arguments, "function": "Optimizer"}
        self.rng = _as_rng(random_state)
        self.policy = policy
        self.models: list[Any] = []
        self._optimizer = native.Optimizer(
            dimensions,
            policy=policy,
            rng=_draw(self.rng),
        )
        self.cache_: dict[tuple[int, str], list[list[Any]]] = {}

    @property
    def space(self) -> Space:
        """The search space."""
        return self._optimizer.space

    @property
    def Xi(self) -> list[list[Any]]:
        """Points told so far, in order."""
        return self._optimizer.Xi

    @property
    def yi(self) -> list[float]:
        """Their values; NaN for a failed trial."""
        return self._optimizer.yi

    def ask(self, n_points: int | None = None, strategy: str = "cl_min") -> Any:
        """Propose a point, or several that differ.

        Args:
            n_points: how many; None for a single point. Asking for as many again before a tell
                gives the same ones, as in skopt.
            strategy: "cl_min", "cl_mean" or "cl_max"; they make no difference, since the policy
                knows which points are pending.

        Raises:
            ConfigError: n_points or the strategy is none of these.
        """
        if n_points is None:
            return self._optimizer.ask()
        n_points = as_count("n_points", n_points)
        if strategy not in STRATEGIES:
            raise ConfigError(
                f"strategy = {strategy!r}; expected one of {', '.join(map(repr, STRATEGIES))}"
            )
        points = self.cache_.get((n_points, strategy))
        if points is None:
            points = self.cache_[n_points, strategy] = self._optimizer.ask(n_points)
        return [list(point) for point in points]

    def tell(self, x: Any, y: Any, fit: bool = True) -> OptimizeResult:
        """Take the value of a point, or a list of values of a list of points.

        Args:
            x: a point, or a list of points.
            y: its value, or their values.
            fit: no meaning: nothing is fitted.

        Returns:
            The result so far.

        Raises:
            PointError: a point is not in the space.
            ObservationError: a value is not a number, or one of several objectives.
        """
        for _, value in as_pairs(x, y):
            _require_one(value)
        self._optimizer.tell(x, y)
        self.update_next()
        return self.get_result()

    def run(self, func: Callable[[list[Any]], float], n_iter: int = 1) -> OptimizeResult:
        """Ask, evaluate and tell n_iter times.

        Args:
            func: the objective.
            n_iter: number of evaluations.

        Raises:
            ConfigError: n_iter is no integer of at least 0.
        """
        for _ in range(as_count("n_iter", n_iter, least=0)):
            x = self.ask()
            self.tell(x, func(x))
        return self.get_result()

    def update_next(self) -> None:
        """Forget the points that `ask(n_points)` would repeat."""
        self.cache_ = {}

    def get_result(self) -> OptimizeResult:
        """Return the result so far."""
        result = self._optimizer.result()
        result.update(specs=self.specs, random_state=self.rng)
        return result

    def copy(self, random_state: Any = None) -> Optimizer:
        """Return a new optimizer that was told the same values.

        Args:
            random_state: its random state.
        """
        twin = Optimizer(self.space, random_state=random_state, policy=self.policy)
        twin.specs = self.specs
        twin._optimizer.replay(zip(self.Xi, self.yi, strict=True))
        return twin


def _require_one(value: Any) -> None:
    """Refuse the values of several objectives, which scikit-optimize does not know.

    Raises:
        ObservationError: it is such a value.
    """
    if isinstance(read_value(value), list):
        raise ObservationError(
            f"y = {repr_of(value)}; expected one number: several objectives are told to "
            "rnnbbo.Optimizer"
        )


def add_model(result: OptimizeResult) -> OptimizeResult:
    """Return a result with a Gaussian process of scikit-learn fitted to it, in its `models`.

    It is for `skopt.plots.plot_objective` and others that draw a model; nothing is proposed by it.

    Args:
        result: of `rnnbbo.minimize`, or of an optimizer; failed trials are left out.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        ConfigError: no trial succeeded, or there are several objectives.
    """
    try:
        from sklearn.gaussian_process import GaussianProcessRegressor, kernels
    except ImportError as error:
        raise MissingExtraError(
            "add_model needs scikit-learn: pip install 'scikit-learn>=1.6'"
        ) from error
    if result.get("front") is not None:
        raise ConfigError(f"objectives of the result = {len(result.directions)}; expected one")
    if not result.success:
        raise ConfigError(f"result = {result.message!r}; expected one with a trial that succeeded")
    values = np.asarray(result.func_vals)
    fine = np.isfinite(values)
    places = result.space.transform(result.x_iters)[fine]
    matern = kernels.Matern(np.full(places.shape[1], 0.5), (1e-2, 1e2), nu=2.5)
    kernel = kernels.ConstantKernel() * matern + kernels.WhiteKernel(1e-4, (1e-10, 1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of length-scales at their bounds
        model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
        model.fit(places, values[fine])
    return OptimizeResult({**result, "models": [model]})


_IGNORED = {
    "base_estimator": ("gp", "GP"),
    "n_random_starts": (None,),
    "n_initial_points": (10,),
    "initial_point_generator": ("random",),
    "n_jobs": (1,),
    "acq_func": ("gp_hedge",),
    "acq_optimizer": ("auto",),
    "model_queue_size": (None,),
    "acq_func_kwargs": (None,),
    "acq_optimizer_kwargs": (None,),
    "avoid_duplicates": (True,),
}


def _warn_of_ignored(arguments: dict[str, Any]) -> None:
    given = [
        name
        for name, defaults in _IGNORED.items()
        if not any(type(arguments[name]) is type(d) and arguments[name] == d for d in defaults)
    ]
    if given:
        warnings.warn(
            f"{', '.join(given)}: no meaning for a policy that fits no surrogate; ignored",
            stacklevel=3,
        )


def _as_rng(random_state: Any) -> np.random.RandomState | np.random.Generator:
    if isinstance(random_state, (np.random.RandomState, np.random.Generator)):
        return random_state
    if random_state is None:
        return np.random.RandomState()
    if isinstance(random_state, numbers.Integral) and 0 <= int(random_state) < 2**32:
        return np.random.RandomState(int(random_state))
    raise ConfigError(
        f"random_state = {random_state!r}; expected an integer from 0 to 2**32 - 1, a numpy "
        "RandomState or Generator, or None"
    )


def _draw(rng: np.random.RandomState | np.random.Generator) -> int:
    draw = rng.integers if isinstance(rng, np.random.Generator) else rng.randint
    return int(draw(2**31 - 1))
