"""What notebooks show, data frames, and the text of results."""

import math
from html.parser import HTMLParser

import numpy as np
import pytest

from rnnbbo import Categorical, MissingExtraError, Optimizer, Real, Space, Study, minimize

HOSTILE = "<script>alert(1)</script>"


class Tags(HTMLParser):
    """Tags of a document, each of which has to be closed."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.open = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in ("br", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def of(shown):
    text = shown._repr_html_()
    return text, Tags(text).seen


@pytest.fixture(scope="module")
def space():
    return Space(
        {
            HOSTILE: (0.5, 2.0, "log-uniform"),
            "kind": Categorical([HOSTILE, "b"]),
            "m": Real(0.0, 1.0, when={"kind": "b"}),
            "one": Categorical(["here"]),
        },
        where="m >= 0",
    )


@pytest.fixture(scope="module")
def result(space):
    return minimize(lambda p: p[HOSTILE] + (p["kind"] == "b") * 0.1, space, n_calls=12, rng=0)


def test_a_result(result):
    text, tags = of(result)
    assert "script" not in tags
    assert f"{result.fun:.10g}" in text
    assert "12 trials" in text
    assert tags.count("svg") == 1
    assert "the best 5 of 12 trials" in text


def test_a_space(space):
    text, tags = of(space)
    assert "script" not in tags
    assert "log-uniform" in text
    assert "where m &gt;= 0" in text
    assert "0.5 to 2" in text


def test_an_optimizer_and_a_study(tmp_path):
    optimizer = Optimizer([(0.0, 1.0)], rng=0)
    text, _ = of(optimizer)
    assert "no trial succeeded" in text
    optimizer.tell([0.25], 7.5)
    assert "7.5" in of(optimizer)[0]
    assert repr(optimizer) == "<Optimizer of 1 parameters: 1 told, kernel>"
    with Study(tmp_path / "run.db", [(0.0, 1.0)], rng=0) as study:
        study.tell(study.ask(), math.nan)
        assert "no trial succeeded" in of(study)[0]
        assert "run.db" in repr(study)


def test_several_objectives_and_constraints():
    def function(x):
        return {"value": [x[0], 1 - x[0]], "constraints": {HOSTILE: x[0] - 2}}

    text, tags = of(minimize(function, [(0.0, 1.0)], n_calls=6, rng=0))
    assert "hypervolume" in text
    assert "script" not in tags
    assert "svg" not in tags
    unmet = minimize(lambda x: {"value": x[0], "constraints": {"c": 1.0}}, [(0.0, 1.0)], n_calls=2)
    assert "no point is feasible yet" in of(unmet)[0]
    assert "constraint c = 1, not met" in of(unmet)[0]


def test_the_text_has_no_lines_that_say_nothing(result):
    keys = [line.split(":")[0].strip() for line in repr(result).splitlines()]
    assert {"x", "fun", "message", "best", "x_iters"} <= set(keys)
    assert not {"errors", "models", "constraints", "front", "specs", "n_failed"} & set(keys)
    nothing = repr(Optimizer([(0.0, 1.0)], rng=0).result())
    assert "x: None" in nothing


def test_a_data_frame():
    pandas = pytest.importorskip("pandas")
    space = {"value": (0.0, 1.0), "k": ["a", "b"], "m": Real(0.0, 1.0, when={"k": "b"})}

    def function(p):
        if p["value"] > 0.9:
            raise RuntimeError("too much")
        return {"value": p["value"], "constraints": {"c": p["value"] - 0.5}}

    with pytest.warns(RuntimeWarning, match="failed"):
        result = minimize(function, space, n_calls=15, rng=0)
    frame = result.to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    columns = ["param_value", "k", "m", "value", "feasible", "constraint_c", "error"]
    assert list(frame.columns) == columns
    assert frame["value"].isna().sum() == result.n_failed > 0
    assert frame["m"].isna().tolist() == [x[1] == "a" for x in result.x_iters]
    feasible = frame["constraint_c"] <= 0
    np.testing.assert_array_equal(frame["feasible"], feasible)
    assert frame.loc[frame["feasible"], "value"].min() == result.fun
    assert frame["error"].notna().sum() == result.n_failed


def test_pandas_is_asked_for(result, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="pip install pandas"):
        result.to_dataframe()
