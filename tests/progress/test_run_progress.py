import itertools
import math
import threading

import pytest

from rnnbbo import minimize
from rnnbbo.errors import ConfigError, StudyError
from rnnbbo.loop import Limits
from rnnbbo.optimization import Opened
from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.journal import Journal, Spacing
from rnnbbo.progress.policy_lines import PolicyLines
from rnnbbo.progress.run_progress import BRIEF, VERBOSE, RunProgress
from rnnbbo.stopping import ToldValue
from rnnbbo.trial import Outcome, Trial

QUICK = {"policy": "lstm-direct", "rng": 0}


class Told:
    """A history of values that are told by hand."""

    def __init__(self):
        self.all, self.reports = [], 0

    def values(self, after):
        return self.all[after:]

    def report(self):
        self.reports += 1
        return PolicyReport("kernel", "the best", 0.5, 0.25, ("noise of 0.1",))


class Screen:
    """A display that keeps what it was given."""

    def __init__(self):
        self.lines, self.shown, self.ended = [], [], False

    def is_due(self, now):
        return True

    def show(self, standing, report, now):
        self.shown.append((standing, report))

    def line(self, text):
        self.lines.append(text)

    def close(self, end):
        self.ended = True


class Run:
    """A run whose clock, history and display are in the test's hands."""

    def __init__(self, level=BRIEF, maximize=False, display=None, study=None, cost=0.0):
        self.now, self.number = 0.0, 0
        self.history, self.display = Told(), Screen() if display is None else display
        report, self.history.report = self.history.report, lambda: self._spent(report, cost)
        self.progress = RunProgress(
            ["a"],
            level,
            leaves=False,
            display_of=lambda level, now: self.display,
            clock=lambda: self.now,
        )
        self.progress.begin(Opened(self.history, study, maximize, Limits(99)))

    def _spent(self, report, cost):
        self.now += cost
        return report()

    def tell(self, value=None, seconds=1.0, error=None, **constraints):
        trial = Trial(self.number, [0.25])
        self.number += 1
        self.progress.begun(trial)
        self.now += seconds
        outcome = Outcome(
            math.nan if value is None else value, error, seconds=seconds, constraints=constraints
        )
        trial = Trial(trial.number, trial.x, outcome)
        self.history.all.append(ToldValue(trial.value, True, trial.constraints))
        self.progress.add(trial)


@pytest.mark.parametrize(
    ("maximize", "values", "lines"),
    [
        (True, [1.0, 0.5, 2.0, -3.0], ["trial 0: 1  a=0.25", "trial 2: 2  a=0.25"]),
        (
            (True, False),
            [[1.0, 1.0], [2.0, 2.0], [0.0, 2.0], [3.0, 0.0]],
            ["trial 0: 1, 1  a=0.25", "trial 1: 2, 2  a=0.25", "trial 3: 3, 0  a=0.25"],
        ),
    ],
)
def test_better_values_alone_are_lines(maximize, values, lines):
    run = Run(maximize=maximize)
    for value in values:
        run.tell(value)
    assert run.display.lines == lines


def test_every_trial_is_a_line_where_that_is_wanted_and_the_policy_says_why():
    run = Run(VERBOSE)
    run.tell(3.0)
    run.tell(error="too far")
    run.tell(4.0, room=2.0)
    assert run.display.lines == [
        "trial 0: 3, the best so far  a=0.25  (1.0 s)",
        "seen in the values: noise of 0.1",
        "trial 1 failed: too far  a=0.25  (1.0 s)",
        "trial 2: 4, not feasible  a=0.25  (1.0 s)",
    ]


def test_one_failure_after_another_for_the_same_reason_is_one_line():
    run = Run()
    for error in ("lost", "lost", "late", "late"):
        run.tell(error=error)
    assert run.display.lines == ["trial 0 failed: lost", "trial 2 failed: late"]


def test_what_is_running_is_shown_and_the_clock_goes_on():
    run = Run()
    run.progress.begun(Trial(0, [0.0]))
    run.now = 300.0
    run.progress.wait()
    standing, report = run.display.shown[-1]
    assert (standing.running, standing.passed, standing.left) == (1, 300.0, None)
    assert (report.noise, report.gain_left) == (0.5, 0.25)


def test_the_policy_is_asked_so_rarely_that_it_takes_a_fiftieth_of_the_time():
    run = Run(cost=0.5)
    for _ in range(300):
        run.tell(1.0)
    assert run.history.reports == pytest.approx(300 / 25, abs=2)
    quick = Run(cost=0.001)
    for _ in range(300):
        quick.tell(1.0, seconds=0.01)
    assert quick.history.reports == pytest.approx(3, abs=1)  # once a second


def test_what_other_processes_tell_counts():
    run = Run(study=object())
    run.tell(3.0)
    run.history.all.append(ToldValue(2.0, True))
    run.now += 5.0
    run.progress.wait()
    run.progress.wait()
    assert run.display.lines == ["trial 0: 3  a=0.25", "2 by another process of this study"]
    assert (run.display.shown[-1][0].done, run.display.shown[-1][0].best) == (2, 2.0)


def test_a_display_that_fails_is_closed_and_the_run_goes_on():
    class Broken(Screen):
        def line(self, text):
            raise OSError("no space left on device")

    run = Run(display=Broken())
    run.tell(3.0)
    run.tell(2.0)
    assert run.display.ended
    run.progress.close()


def test_a_study_that_cannot_be_read_for_a_moment_ends_nothing():
    run = Run(study=object())
    values, run.history.values = run.history.values, lambda after: locked()

    def locked():
        raise StudyError("locked")

    run.tell(3.0)
    run.history.values = values
    run.tell(4.0)
    assert run.display.shown[-1][0].done == 0  # of when the second one began
    run.progress.close()
    assert run.display.ended


def test_why_is_said_once():
    lines = PolicyLines(PolicyReport("dnc", "quick"))
    first = PolicyReport("kernel", "the best", seen=("noise of 0.1 (weight 0.9)",))
    assert lines.new(first) == [
        "policy kernel: the best",
        "seen in the values: noise of 0.1 (weight 0.9)",
    ]
    assert lines.new(first._replace(seen=("noise of 0.2 (weight 0.95)",))) == []
    assert lines.new(first._replace(seen=())) == []
    assert lines.new(first) == ["seen in the values: noise of 0.1 (weight 0.9)"]


def log_of(seconds, n):
    """Return what a log has of a run of so many evaluations, each better than all before."""
    said = []
    run = Run(display=Journal(said.append, 0.0))
    for i in range(n):
        run.tell(-float(i), seconds=seconds)
        for _ in range(2):
            run.progress.wait()
    return said


def test_an_hour_makes_a_few_hundred_lines_however_quick_its_evaluations_are():
    assert len(log_of(0.5, 7200)) < 400
    assert len(log_of(0.01, 100)) <= 21  # the first 20 come at once


def test_a_run_of_long_evaluations_says_that_it_lives():
    said = []
    run = Run(display=Journal(said.append, 0.0))
    run.progress.begun(Trial(0, [0.0]))
    times = []
    for second in range(1, 7200):
        run.now, before = float(second), len(said)
        run.progress.wait()
        times += [second] * (len(said) > before)
    assert times[0] == 10
    assert max(b - a for a, b in itertools.pairwise(times)) <= 600
    assert len(times) < 80
    assert said[-1].startswith("0 of 99 evaluations, no value yet; 1 running;")


def test_spacing_grows_with_the_time_passed():
    spacing = Spacing(0.0)
    assert all(spacing.allows(0.0) for _ in range(20))
    assert not spacing.allows(0.5)
    assert spacing.allows(1.0)
    assert spacing.allows(5000.0)
    assert not spacing.allows(5099.0)
    assert spacing.allows(5100.0)


@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"study": "run.db"}])
def test_minimize_shows_itself_and_gives_the_same_run(options, tmp_path, capsys):
    if "study" in options:
        options = {"study": tmp_path / "run.db"}
    quiet = minimize(lambda x: x[0] ** 2, [(-1.0, 2.0)], 5, **QUICK)
    assert capsys.readouterr().err == ""
    threads = threading.active_count()
    shown = minimize(lambda x: x[0] ** 2, [(-1.0, 2.0)], 5, verbose=True, **options, **QUICK)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[0].startswith("trial ")
    assert said.err.splitlines()[-1].startswith("5 of 5 evaluations in ")
    assert threading.active_count() == threads
    if not options:
        assert shown.x_iters == quiet.x_iters


def test_minimize_shows_several_objectives_constraints_and_failures(capsys):
    def several(x):
        if x[0] == 1.75:
            raise ValueError("too far")
        return {"value": [x[0], -x[0]], "constraints": {"c": -x[0]}}

    with pytest.warns(RuntimeWarning, match="too far"):
        minimize(several, [(-1.0, 2.0)], 4, x0=[[-0.5], [1.75], [1.0]], verbose=2, rng=0)
    said = capsys.readouterr().err
    assert "trial 0: -0.5, 0.5, not feasible, the best so far  x0=-0.5" in said
    assert "trial 1 failed: ValueError: too far  x0=1.75" in said
    assert "; front of " in said.splitlines()[-1]


def test_minimize_shows_how_it_stood_when_it_was_interrupted(capsys):
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize(interrupted, [(-1.0, 2.0)], 5, verbose=True, **QUICK)
    assert "0 of 5 evaluations in " in capsys.readouterr().err


@pytest.mark.parametrize("verbose", [3, -1, None, "yes", 1.0])
def test_verbose_is_a_switch_or_two(verbose):
    with pytest.raises(ConfigError, match=r"^verbose = .*; expected False, True, or 2"):
        minimize(lambda x: x[0], [(0.0, 1.0)], 3, verbose=verbose)
