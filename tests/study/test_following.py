"""The optimizer that follows from a study's history, and its state beside the file."""

import math
import os
import threading

import numpy as np
import pytest

from rnnbbo import Optimizer, Study
from rnnbbo.policies.kernel.kernel_policy import KernelState
from rnnbbo.study import follower, participants, shared_state, state_codec
from rnnbbo.study.shared_state import Saved, SharedState

SPACE = [(-1.0, 1.0), (1e-3, 1e3, "log-uniform"), (1, 9), ("a", "b")]
KERNEL = {"policy": "kernel", "rng": 3}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


def value(x):
    return x[0] ** 2 + abs(math.log10(x[1])) + x[2] + (x[3] == "a")


def advance(study, steps):
    points = []
    for _ in range(steps):
        trial = study.ask()
        study.tell(trial, value(trial.x))
        points.append(trial.x)
    return points


# States as bytes


def in_bytes(state):
    return b"".join(state_codec.encode(state))


@pytest.mark.parametrize(
    "policy", ["kernel", "lstm", "dnc", "lstm-direct", "dnc-direct", "snail-direct"]
)
def test_an_optimizer_goes_on_from_its_snapshot(policy):
    one, history = Optimizer(SPACE, policy=policy, rng=0), []
    for _ in range(9):
        x = one.ask()
        one.tell(x, value(x))
        history += [(x,), (x, value(x))]
    history.append((one.ask(),))
    other = Optimizer(SPACE, policy=policy, rng=0)
    other.restore(history, state_codec.decode(in_bytes(one.snapshot())))
    assert (other.Xi, other.yi) == (one.Xi, one.yi)
    for _ in range(3):
        x = one.ask()
        assert other.ask() == x
        one.tell(x, value(x))
        other.tell(x, value(x))
    assert other.recommend() == one.recommend()


def test_a_snapshot_after_the_policy_has_changed():
    one, history = Optimizer([(0.0, 1.0)] * 2, rng=0), []
    for x in np.random.default_rng(0).random((210, 2)).tolist():
        history.append((x, sum(x)))
    one.replay(history)
    other = Optimizer([(0.0, 1.0)] * 2, rng=0)
    other.restore(history, state_codec.decode(in_bytes(one.snapshot())))
    assert (other.policy_name, other.policy_why) == (one.policy_name, one.policy_why)
    assert one.policy_name != "kernel"
    assert other.ask() == one.ask()


def test_a_snapshot_of_another_history_changes_nothing():
    one = Optimizer(SPACE, **KERNEL)
    x = one.ask()
    one.tell(x, 1.0)
    other = Optimizer(SPACE, **KERNEL)
    for history in ([(x,)], [(x,), (x, 1.0), (x, 2.0)]):
        with pytest.raises(ValueError, match="another history"):
            other.restore(history, one.snapshot())
    assert other.yi == []
    assert other.ask() == x


def test_values_to_the_bit():
    shared = np.arange(6.0).reshape(2, 3)
    values = {
        "numbers": (1, -2.5, True, None, "text", math.inf, 0.1 + 0.2),
        "arrays": [shared, np.asfortranarray(shared), shared.T[::2], np.zeros((0, 4), np.float32)],
        "scalars": (np.float64(0.1), np.int64(-3), np.bool_(True)),
        "again": shared,
    }
    got = state_codec.decode(in_bytes(values))
    assert got["numbers"] == values["numbers"]
    for mine, theirs in zip(got["arrays"], values["arrays"], strict=True):
        assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        assert mine.tobytes() == theirs.tobytes()
    assert got["arrays"][1].flags.f_contiguous
    assert [type(one) for one in got["scalars"]] == [np.float64, np.int64, np.bool_]
    assert got["again"] is got["arrays"][0]


@pytest.mark.parametrize("state", [object(), np.array([object()]), {1: {2: print}}, 1j])
def test_what_has_no_form(state):
    with pytest.raises(state_codec.NotPlainError):
        state_codec.encode(state)


def test_nothing_but_our_named_tuples_is_made():
    content = in_bytes(KernelState(None, None, None, None, None))
    assert type(state_codec.decode(content)) is KernelState
    name = b"rnnbbo.policies.kernel.kernel_state:KernelState"
    for other in (b"os:stat_result", b"rnnbbo.policies.kernel.kernel_policy:np", b"nothing"):
        tree = content[8:].replace(name, other)
        with pytest.raises(state_codec.NotPlainError):
            state_codec.decode(len(tree).to_bytes(8, "little") + tree)
    for cut in (0, 4, 20):
        with pytest.raises(state_codec.NotPlainError):
            state_codec.decode(content[:cut])


# The file beside the study


def test_what_is_saved_is_read_by_whoever_has_the_key(path):
    one, two, other = (SharedState(path, key) for key in ("a", "a", "b"))
    assert two.read(0, 9) is None
    saved = Saved(7, "0f" * 16, [b"state" * 1000])
    one.write(saved)
    one.write(saved._replace(place=9, content=[b"sh", b"ort"]))
    assert two.read(8, 9) == saved._replace(place=9, content=[b"short"])
    assert other.read(8, 9) is None
    assert two.read(9, 12) is two.read(0, 8) is None  # of no use
    file = path.with_name("run.db-state")
    whole = file.read_bytes()
    for place in range(0, len(whole), 3):  # never taken for another state
        content = bytearray(whole)
        content[place] ^= 1
        file.write_bytes(content)
        got = two.read(0, 2**63)
        assert got is None or got.content == [b"short"]
    file.write_bytes(whole[:40])
    assert two.read(0, 9) is None
    for state in (one, two, other):
        state.close()


def test_a_study_goes_on_from_what_was_saved(path, monkeypatch):
    monkeypatch.setattr(follower, "_SAVED_S", 0.0)
    with Study(path, SPACE, **KERNEL) as study:
        points = advance(study, 6)
        study.backup(path.with_name("unsaved.db"))
        following = advance(study, 2)
        study.recommend()  # works out what the last tell changes
    assert path.with_name("run.db-state").is_file()

    def replay(*_):
        raise AssertionError("worked out again")

    with monkeypatch.context() as patched:
        patched.setattr(Optimizer, "replay", replay)
        with Study(path, resume=True) as study:
            assert [trial.x for trial in study.told()] == points + following
            unbroken = study.ask().x
            assert study.recommend() in points + following
    with Study(path.with_name("unsaved.db"), resume=True) as study:
        assert advance(study, 2) == following
        assert study.ask().x == unbroken


def test_what_was_saved_of_another_history_is_passed_over(path, monkeypatch):
    monkeypatch.setattr(follower, "_SAVED_S", 0.0)
    with Study(path, SPACE, **KERNEL) as study:
        advance(study, 4)
        study.backup(path.with_name("twin.db"))
        advance(study, 2)
    with Study(path.with_name("twin.db"), resume=True) as twin:
        twin.add([0.5, 1.0, 3, "a"], -1.0)
        twin.add([0.25, 1.0, 3, "a"], -2.0)
        twin.backup(path.with_name("alone.db"))
        expected = advance(twin, 2)
    for name in ("twin.db-state", "alone.db-state"):
        path.with_name(name).unlink(missing_ok=True)
    path.with_name("run.db-state").rename(path.with_name("alone.db-state"))
    with Study(path.with_name("alone.db"), resume=True) as alone:
        assert advance(alone, 2) == expected


def test_a_short_study_leaves_one_file(path, monkeypatch):
    monkeypatch.setattr(follower, "_SHARED_S", math.inf)  # nothing takes so long
    with Study(path, SPACE, policy="lstm-direct", rng=0) as study, Study(path, resume=True) as two:
        advance(study, 2)
        theirs, mine = two.ask(), study.ask()
        two.tell(theirs, 1.0)
        study.tell(mine, 2.0)
        advance(two, 1)
    assert [file.name for file in path.parent.iterdir()] == ["run.db"]


def test_one_asks_while_the_next_one_keeps_up(path):
    one, two, three = (SharedState(path, "a") for _ in range(3))
    kept_up, asked = threading.Event(), threading.Event()

    def wait():
        with two.turn_to_ask(kept_up.set):
            asked.set()

    with one.turn_to_ask(lambda: None):
        thread = threading.Thread(target=wait)
        thread.start()
        assert kept_up.wait(60.0)
        assert not asked.is_set()
    thread.join()
    assert asked.is_set()
    with three.turn_to_ask(lambda: pytest.fail("nobody else asks")):
        pass
    for state in (one, two, three):
        state.close()


def test_who_takes_too_long_is_not_waited_for(path, monkeypatch):
    monkeypatch.setattr(shared_state, "_PATIENCE_S", 0.01)
    one, two = SharedState(path, "a"), SharedState(path, "a")
    kept_up = []
    with one.turn_to_ask(lambda: None):
        with two.turn_to_ask(lambda: kept_up.append(1)):
            assert kept_up
        kept_up.clear()
        with two.turn_to_ask(lambda: kept_up.append(1)):
            assert not kept_up  # once is enough
    for state in (one, two):
        state.close()


def test_others_who_ask_meanwhile_are_known_of(path, monkeypatch):
    monkeypatch.setattr(participants, "has_others", lambda *_: False)  # no turns
    with Study(path, SPACE, **KERNEL) as study, Study(path, resume=True) as other:
        advance(study, 3)
        ask, times = Optimizer.ask, []

        def slow_ask(optimizer, *arguments):
            if not times:
                times.append(1)
                other.ask()
            return ask(optimizer, *arguments)

        monkeypatch.setattr(Optimizer, "ask", slow_ask)
        mine = study.ask()
        monkeypatch.undo()
        points = [trial.x for trial in study.trials()]
        assert len(points) == 5
        assert points[3] != points[4] == mine.x
        history = Optimizer(SPACE, **KERNEL)
        for x in points[:3]:
            assert history.ask() == x
            history.tell(x, value(x))
        assert [history.ask(), history.ask()] == points[3:]


# Interrupts


@pytest.mark.parametrize("name", ["ask", "replay", "catch_up"])
def test_an_interrupt_leaves_what_the_history_says(path, monkeypatch, name):
    with Study(path, SPACE, **KERNEL) as study:
        points = advance(study, 4)
        trial = study.ask()

        original = getattr(Optimizer, name)

        def interrupted(after):

            def call(*arguments):
                if after:
                    original(*arguments)
                raise KeyboardInterrupt

            return call

        for after in (False, True):
            with monkeypatch.context() as patched:
                patched.setattr(Optimizer, name, interrupted(after))
                if trial is not None:
                    study.tell(trial, value(trial.x))
                    points.append(trial.x)
                with pytest.raises(KeyboardInterrupt):
                    study.ask()
            trial = study.ask()
        points.append(trial.x)
    alone = Optimizer(SPACE, **KERNEL)
    for x in points[:-1]:
        assert alone.ask() == x
        alone.tell(x, value(x))
    assert alone.ask() == points[-1]


def test_a_trial_that_an_interrupt_kept_back_is_given_out(path, monkeypatch):
    with Study(path, SPACE, policy="lstm-direct", rng=0) as study:
        accept = follower.Follower.accept

        def interrupted(*arguments):
            accept(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(follower.Follower, "accept", interrupted)
            with pytest.raises(KeyboardInterrupt):
                study.ask()
        assert [trial.state for trial in study.trials()] == ["running"]
        assert study.ask().number == 0
        assert study.ask().number == 1


@pytest.mark.parametrize("content", [b"my own notes", b"SQLite format 3\0"])
def test_somebody_elses_file_is_left_alone(path, monkeypatch, content):
    monkeypatch.setattr(follower, "_SAVED_S", 0.0)
    beside = path.with_name("run.db-state")
    beside.write_bytes(content)
    with Study(path, SPACE, **KERNEL) as study:
        advance(study, 3)
    with Study(path, resume=True) as study:
        advance(study, 1)
    assert beside.read_bytes() == content


def test_a_state_that_is_a_pipe_or_claims_to_be_huge_is_passed_over(path):
    beside = path.with_name("run.db-state")
    shared = SharedState(path, "key")
    os.mkfifo(beside)
    shared.write(Saved(1, "00" * 16, [b"state"]))
    assert shared.read(0, 9) is None
    beside.unlink()
    shared.write(Saved(1, "00" * 16, [b"state"]))
    with beside.open("r+b") as file:
        file.truncate(2**40)
    assert shared.read(0, 9).content == [b"state"]
    shared.close()


def test_what_is_left_to_the_next_in_the_line_is_known_of_later(path, monkeypatch):
    monkeypatch.setattr(SharedState, "is_waited_for", lambda _: True)
    with Study(path, SPACE, **KERNEL) as study, Study(path, resume=True) as other:
        for _ in range(3):
            theirs, mine = other.ask(), study.ask()
            study.tell(mine, value(mine.x))
            other.tell(theirs, value(theirs.x))
        without = study.ask()  # of the values told since the last ask it knows nothing yet
        trials = {trial.number: trial for trial in study.trials()}
        with study._file.reading() as rows:
            history = [
                (trials[one.number].x, one.value) if one.told else (trials[one.number].x,)
                for one in rows.events(0)
            ]
        before = Optimizer(SPACE, **KERNEL)
        before.replay(history[:-3])
        assert before.ask() == without.x
        assert [len(one) for one in history[-3:]] == [2, 2, 1]
        alone = Optimizer(SPACE, **KERNEL)
        alone.replay(history)
        monkeypatch.undo()
        assert study.ask().x == alone.ask()
