"""The measure `control`: what a run counts, and when it ends."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco")

from rnnbbo.benchmarks.measures import learned_controllers
from rnnbbo.benchmarks.measures.learned_controllers import KeptRuns, LearningRun, learn, solves
from rnnbbo.benchmarks.measures.learned_tasks import LEARNED, minus_log
from rnnbbo.cli.main import run_command

GOOD = np.array([0.2, 0.3, 0.9, 0.9])  # a linear policy that keeps CartPole upright


def test_a_good_policy_solves_the_task_and_a_bad_one_does_not() -> None:
    task = LEARNED["cartpole"]
    assert solves(task, GOOD)
    assert not solves(task, -GOOD)


def test_a_run_counts_episodes_and_ends_when_it_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    class Steps:
        """Two bad policies, then a good one."""

        def __init__(self) -> None:
            self.points = iter([-GOOD, -GOOD, GOOD])
            self.told: list[float] = []

        def ask(self) -> np.ndarray:
            return (next(self.points) + 1.0) / 2.0

        def tell(self, x: np.ndarray, y: float) -> None:
            self.told.append(y)

    steps = Steps()
    monkeypatch.setattr(learned_controllers, "make_method", lambda *_: steps)
    task = replace(LEARNED["cartpole"], episodes=50)
    assert learn(task, "steps", 3) == LearningRun(episodes=2 + 5, evaluations=3, solved=True)
    assert steps.told[-1] == pytest.approx(-math.log(500.0))


def test_a_return_without_a_logarithm_has_a_value_no_better_than_others() -> None:
    losses = [minus_log(np.array([mean])) for mean in (-20.0, 0.0, 0.5, 2.0, 400.0)]
    assert losses[:3] == [0.0, 0.0, 0.0]
    assert losses[3:] == [-math.log(2.0), -math.log(400.0)]


@pytest.mark.parametrize("name", LEARNED)
def test_a_run_that_is_not_solved_counts_with_all_episodes(name: str) -> None:
    run = learn(replace(LEARNED[name], episodes=3, threshold=math.inf, most=math.inf), "random", 0)
    assert (run.episodes, run.solved) == (3, False)


def test_runs_are_kept_and_not_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "runs.jsonl"
    made = {("auto", 0): 20, ("auto", 1): 40, ("cma", 0): 100, ("cma", 1): 140, ("random", 0): 150}
    made[("random", 1)] = 150
    for (method, seed), episodes in made.items():
        run = {"episodes": episodes, "evaluations": 9, "solved": episodes < 150}
        line = {"task": "cartpole", "method": method, "seed": seed, "run": run}
        with file.open("a") as out:
            out.write(json.dumps(line) + "\n")
    assert KeptRuns(file).run("cartpole", "cma", 1) == LearningRun(140, 9, True)
    words = ["benchmark", "measure", "control", "--tasks", "cartpole", "--seeds", "2"]
    words += ["--first-seed", "0", "--methods", "auto,cma,random", "--records", str(file)]
    assert run_command(words) == 0
    shown = capsys.readouterr().out
    assert "30 (20 to 40); 2 of 2" in shown
    assert "150 (150 to 150); 0 of 2" in shown
    assert "0.25 (" in shown
