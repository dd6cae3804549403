"""No sequence of calls ends in a silent wrong state."""

import copy
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from reliability_support import POLICIES, slow

from rnnbbo import Optimizer, Space, Study
from rnnbbo.errors import ConfigError, ObservationError, PointError, TrialError

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)
DIMENSIONS = st.one_of(
    st.tuples(FLOATS, st.floats(1e-3, 1e6)).map(lambda lw: (lw[0], lw[0] + lw[1])),
    st.tuples(st.floats(1e-9, 1.0), st.floats(1.5, 1e9)).map(
        lambda lr: (lr[0], lr[0] * lr[1], "log-uniform")
    ),
    st.tuples(st.integers(-5, 5), st.integers(1, 9)).map(lambda lw: (lw[0], lw[0] + lw[1])),
    st.sampled_from(
        [("a", "b"), (None, True, "x"), ((1, 2), (3, 4), "y", 0.5), ([1], {"k": 2}, "[1]")]
    ),
)
SPACES = st.lists(DIMENSIONS, min_size=1, max_size=4)
VALUES = st.one_of(
    st.floats(-10.0, 10.0),
    st.sampled_from([0.0, 1.0, 1e308, -1e308, 1e-308, 5e-324, 1e200, math.nan, math.inf, None]),
)
FRACTIONS = st.floats(0.0, 1.0)


def as_told(y):
    """The value as it is kept: NaN where the trial failed."""
    return y if y is not None and math.isfinite(y) else math.nan


class Calls(RuleBasedStateMachine):
    """Calls of an optimizer, beside a plain model of what it was told."""

    policy = "kernel"

    @initialize(space=SPACES, seed=st.integers(0, 2**32))
    def start(self, space, seed):
        self.space = Space(space)
        self.seed = seed
        self.begin()
        self.history = []  # (point,) pending, or (point, value)
        self.open = []

    def begin(self):
        self.optimizer = Optimizer(self.space, policy=self.policy, rng=self.seed)

    def point(self, fractions):
        u = (fractions * self.space.cube_dim)[: self.space.cube_dim]
        return self.space.from_cube(u)

    def ask_one(self):
        return self.optimizer.ask()

    def tell_one(self, x, y):
        self.optimizer.tell(x, y)

    @rule()
    def ask(self):
        x = self.ask_one()
        assert self.space.check(x) == x
        self.history.append((x,))
        self.open.append(x)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), y=VALUES)
    def tell(self, data, y):
        x = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        self.tell_one(x, y)
        self.history.append((x, as_told(y)))

    @rule(fractions=st.lists(FRACTIONS, min_size=1), y=VALUES)
    def tell_unasked(self, fractions, y):
        x = self.point(fractions)
        self.optimizer.tell(x, y)
        self.history.append((x, as_told(y)))

    @rule(n=st.integers(1, 3))
    def ask_several(self, n):
        points = self.optimizer.ask(n_points=n)
        assert [self.space.check(x) for x in points] == points
        assert len(points) == n
        self.history += [(x,) for x in points]
        self.open += points

    @precondition(lambda self: self.open)
    @rule(values=st.lists(VALUES, min_size=1, max_size=3))
    def tell_several(self, values):
        points, self.open = self.open[: len(values)], self.open[len(values) :]
        values = values[: len(points)]
        self.optimizer.tell(points, values)
        self.history += [(x, as_told(y)) for x, y in zip(points, values, strict=True)]

    @rule(fractions=st.lists(FRACTIONS, min_size=1))
    def add_pending(self, fractions):
        x = self.point(fractions)
        self.optimizer.add_pending(x)
        self.history.append((x,))

    @rule()
    def go_on_with_a_copy(self):
        before = self.optimizer
        self.optimizer = before.copy()
        before.tell(self.point([0.5]), -1e9)  # what happens to the other one does not matter

    @rule()
    def call_wrongly(self):
        x = self.point([0.5])
        for call, error in (
            (lambda: self.optimizer.tell(x, "text"), ObservationError),
            (lambda: self.optimizer.tell(x, True), ObservationError),
            (lambda: self.optimizer.tell([*x, 0.0], 0.0), PointError),
            (lambda: self.optimizer.tell([object()] * len(x), 0.0), PointError),
            (lambda: self.optimizer.tell([x, x], [0.0]), PointError),
            (lambda: self.optimizer.tell([x, x], [0.0, "text"]), ObservationError),
            (lambda: self.optimizer.tell([x, [*x, 0.0]], [0.0, 1.0]), PointError),
            (lambda: self.optimizer.tell(dict(enumerate(x)), 0.0), PointError),
            (lambda: self.optimizer.tell(None, 0.0), PointError),
            (lambda: self.optimizer.add_pending([math.nan] * len(x)), PointError),
            (lambda: self.optimizer.ask(0), ConfigError),
            (lambda: self.optimizer.ask(True), ConfigError),
        ):
            with pytest.raises(error):
                call()

    @invariant()
    def the_result_is_that_of_the_model(self):
        if not hasattr(self, "optimizer"):
            return
        told = [event for event in self.history if len(event) == 2]
        result = self.optimizer.result()
        assert result.x_iters == [x for x, _ in told]
        good = [y for _, y in told if math.isfinite(y)]
        assert result.fun == min(good, default=math.inf)
        assert result.n_failed == len(told) - len(good)
        if good:
            assert (result.x, result.fun) in told

    def teardown(self):
        """A new optimizer that is fed the same history goes on alike."""
        if not hasattr(self, "optimizer"):
            return
        assert self.twin().ask() == self.optimizer.ask()

    def twin(self):
        twin = Optimizer(self.space, policy=self.policy, rng=self.seed)
        for x, *y in copy.deepcopy(self.history):
            if y:
                twin.tell(x, y[0])
            else:
                twin.add_pending(x)
        return twin


class StudyCalls(Calls):
    """The same of a study, which is closed and opened again now and then."""

    policy = "lstm-direct"

    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "run.db"
        self.optimizer = Study(self.path, self.space, policy=self.policy, rng=self.seed)
        self.numbers = []

    def ask_one(self):
        trial = self.optimizer.ask()
        self.numbers.append((trial.number, trial.x))
        return trial.x

    def tell_one(self, x, y):
        at = next(i for i, (_, point) in enumerate(self.numbers) if point is x)
        number, _ = self.numbers.pop(at)
        self.optimizer.tell(number, y)
        with pytest.raises(TrialError):
            self.optimizer.tell(number, 0.0)

    @rule(fractions=st.lists(FRACTIONS, min_size=1), y=VALUES)
    def tell_unasked(self, fractions, y):
        x = self.point(fractions)
        self.optimizer.add(x, y)
        self.history.append((x, as_told(y)))

    @rule()
    def open_again(self):
        """What was not told is given out again, in the order of the trials."""
        self.optimizer.close()
        self.optimizer = Study(self.path, self.space, resume=True)
        for number, x in sorted(self.numbers):
            trial = self.optimizer.ask()
            assert (trial.number, trial.x) == (number, x)

    @rule()
    def call_wrongly(self):
        count = len(self.optimizer.trials())
        for call, error in (
            (lambda: self.optimizer.tell(count, 1.0), TrialError),
            (lambda: self.optimizer.tell(-1, 1.0), ConfigError),
            (lambda: self.optimizer.add([object()], 1.0), PointError),
            (lambda: self.optimizer.add(self.point([0.5]), "text"), ObservationError),
        ):
            with pytest.raises(error):
                call()

    ask_several = tell_several = add_pending = go_on_with_a_copy = None

    def teardown(self):
        if not hasattr(self, "optimizer"):
            return
        try:
            assert self.twin().ask() == self.optimizer.ask().x
        finally:
            self.optimizer.close()
            self.folder.cleanup()


def fuzz(machine, examples, steps):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.fault("random sequences of calls", holds="no silent wrong state")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("examples", "steps"), [(10, 20), slow(150, 50)])
def test_optimizer(policy, examples, steps, figure):
    fuzz(type("Calls", (Calls,), {"policy": policy}), examples, steps)
    figure(policy, f"{examples} sequences of up to {steps} calls")


@pytest.mark.fault("random sequences of calls", holds="no silent wrong state")
@pytest.mark.parametrize(("examples", "steps"), [(10, 20), slow(150, 50)])
def test_study(examples, steps, figure):
    fuzz(StudyCalls, examples, steps)
    figure("a study", f"{examples} sequences of up to {steps} calls")
