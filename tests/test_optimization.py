import pytest

from rnnbbo import OptimizeResult, Space, Study, TooManyFailuresError, minimize, optimization
from rnnbbo.errors import ObjectiveError
from rnnbbo.evaluation.evaluator import Inline
from rnnbbo.loop import Limits
from rnnbbo.optimization import Optimization
from rnnbbo.status import Status, TrialState
from rnnbbo.trial import Outcome, Trial, best_of

SPACE = Space([(-1.0, 1.0), (1, 8)])
QUICK = {"policy": "lstm-direct", "rng": 0}


def bowl(x):
    return x[0] ** 2 + x[1]


class Spy(Inline):
    """Evaluates at once, and knows whether it was stopped."""

    def __init__(self, func=bowl):
        super().__init__(func)
        self.stopped = 0

    def stop(self):
        self.stopped += 1


class Watcher(optimization.Watcher):
    """Sees everything, and ends the run where it is told to."""

    def __init__(self, at_once=False, after=None):
        self.at_once, self.after = at_once, after
        self.opened, self.trials = None, []

    def begin(self, opened):
        self.opened = opened
        return self.at_once

    def add(self, trial):
        self.trials.append(trial)
        return len(self.trials) == self.after


def run(watcher, evaluator, n_calls=4, **options):
    limits = {name: options.pop(name) for name in ("timeout", "max_failures") if name in options}
    prepared = Optimization(SPACE, Limits(n_calls, **limits), **{**QUICK, **options})
    return prepared.run(lambda opened: evaluator, watcher)


def test_a_run_is_watched_from_its_beginning_and_its_evaluator_stopped():
    watcher, evaluator = Watcher(), Spy()
    ended = run(watcher, evaluator)
    assert ended.status is Status.OK
    assert ended.trials == watcher.trials
    assert [trial.x for trial in watcher.trials] == ended.result.x_iters
    assert watcher.opened.study is None
    assert (evaluator.stopped, ended.error) == (1, None)


def test_a_watcher_may_end_it_before_anything_is_evaluated():
    watcher, evaluator = Watcher(at_once=True), Spy()
    ended = run(watcher, evaluator, known=[([0.5, 2], Outcome(3.0))])
    assert (ended.status, evaluator.stopped) == (Status.STOPPED, 1)
    assert [(trial.number, trial.value) for trial in ended.trials] == [(0, 3.0)]
    assert (ended.result.fun, ended.result.nfev) == (3.0, 0)


def test_an_evaluator_is_stopped_where_a_watcher_raises_and_what_was_told_is_kept():
    class Broken(Watcher):
        def begin(self, opened):
            if self.at_once:
                raise RuntimeError("no display")

        def add(self, trial):
            raise RuntimeError("no display")

    for at_once, told in ((True, 0), (False, 1)):
        evaluator = Spy()
        ended = run(Broken(at_once=at_once), evaluator)
        assert (ended.status, str(ended.error)) == (Status.ERROR, "no display")
        assert (evaluator.stopped, len(ended.trials), ended.result.nfev) == (1, told, told)


def test_a_study_and_a_process_give_the_same_run(tmp_path):
    watcher = Watcher()
    kept = run(watcher, Spy(), study=tmp_path / "run.db")
    assert kept.result.x_iters == run(Watcher(), Spy()).result.x_iters
    assert [trial.number for trial in kept.trials] == [0, 1, 2, 3]
    assert watcher.opened.study.path == tmp_path / "run.db"
    with Study(tmp_path / "run.db", resume=True) as study:
        assert study.told() == kept.trials


def raises(error):
    def func(x):
        raise error

    return func


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ({}, "ok", "all evaluations were made; 4 trials"),
        ({"callback": lambda res: res.nfev == 2}, "stopped", "stopped by the callback; 2 trials"),
        ({"timeout": 1e-9}, "timeout", "stopped by the timeout; 1 trials"),
        (
            {"func": lambda x: None},
            "no_success",
            "all evaluations were made, and none succeeded; 4 trials, 4 failed",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:the trial at")
def test_a_result_says_how_its_run_ended(arguments, status, message):
    result = minimize(**{"func": bowl, "dimensions": SPACE, "n_calls": 4, **QUICK, **arguments})
    assert (result.status, result.message) == (status, message)
    assert Status(result.status).message == message.partition(";")[0]


class Broken:
    """An executor that has been shut down."""

    def submit(self, *args):
        raise RuntimeError("cannot schedule new futures after shutdown")


@pytest.mark.parametrize(
    ("arguments", "error", "status", "words"),
    [
        (
            {"func": lambda x: None, "max_failures": 1},
            TooManyFailuresError,
            "too_many_failures",
            "stopped by too many failures; 2 trials, 2 failed",
        ),
        ({"func": raises(KeyboardInterrupt())}, KeyboardInterrupt, "interrupted", "interrupted; 0"),
        (
            {"executor": Broken(), "workers": 1},
            ObjectiveError,
            "objective_error",
            "the executor takes no work",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:the trial at")
def test_what_is_raised_carries_how_its_run_ended(arguments, error, status, words):
    with pytest.raises(error) as hit:
        minimize(**{"func": bowl, "dimensions": SPACE, "n_calls": 4, **QUICK, **arguments})
    assert hit.value.result.status == status
    assert hit.value.result.message.startswith(words)


def test_words_print_as_text_and_a_result_prints_them():
    assert str([Status.TIMEOUT, TrialState.FAILED]) == "['timeout', 'failed']"
    assert f"{Status.OK} {TrialState.WAITING}" == "ok waiting"
    assert "status: 'ok'" in repr(OptimizeResult(status=Status.OK))


def test_the_best_of_trials_is_the_first_of_the_lowest():
    values = [2.0, 1.0, 1.0]
    trials = [Trial(i, [], Outcome(value)) for i, value in enumerate(values)]
    failed, waiting = Trial(8, [], Outcome(error="no")), Trial(9, [])
    assert best_of([waiting, failed, *trials], maximize=False).number == 1
    assert best_of([waiting, failed], maximize=False) is None
