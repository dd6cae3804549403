"""Points on their way to an interpreter, and answers on their way back."""

import json

import pytest

from rnnbbo.cli.main import run_command

OBJECTIVE = """
import numpy as np

def f(x):
    kinds = [type(value).__name__ for value in x]
    value = x[0] + x[1][0] + len(x[2])
    x[2].append(9)
    return {"value": value, "info": {"kinds": kinds, "text": "\\udcff"}}

f.bounds = [list(np.arange(1, 6)), [(1, 2), (3, 4)], [[1], [2, 3]], (None, "a")]
"""


@pytest.mark.parametrize("options", [[], ["--jobs", "2"], ["--eval-timeout", "60"]], ids=str)
def test_categories_of_any_kind_arrive_as_they_are(options, tmp_path, capsys):
    script, study = tmp_path / "objective.py", tmp_path / "run.db"
    script.write_text(OBJECTIVE)
    command = ["minimize", f"{script}:f", "-n", "6", "--seed", "0", "--policy", "lstm-direct"]
    assert run_command([*command, "--json", "--study", str(study), *options]) == 0
    trials = json.loads(capsys.readouterr().out)["trials"]
    assert len(trials) == 6
    for trial in trials:
        number, pair, some, last = trial["x"].values()
        assert (type(number), len(pair)) == (int, 2)
        assert some in ([1], [2, 3])
        assert trial["value"] == number + pair[0] + len(some)
        kinds = ["int", "tuple", "list", "NoneType" if last is None else "str"]
        assert trial["info"] == {"kinds": kinds, "text": "\\udcff"}
    assert run_command(["study", "export", str(study), "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)["trials"]
    known = {trial["trial"]: trial["x"]["x0"] for trial in trials}
    assert {trial["trial"]: trial["x"]["x0"] for trial in shown} == known
