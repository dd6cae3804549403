"""`rnnbbo study html` and `serve`, as commands."""

import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from rnnbbo import Study
from rnnbbo.cli.main import run_command
from rnnbbo.webpage import html_file


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setattr(html_file, "_plotly", lambda: "/* what draws */")
    monkeypatch.setattr(html_file, "find_spec", lambda name: object())
    path = tmp_path / "run.db"
    with Study(path, [(0.0, 1.0), ("a", "b")], rng=0, policy="lstm") as opened:
        opened.add([[0.2, "a"], [0.7, "b"]], [2.0, 1.0])
    return path


def test_the_page_is_written_beside_the_study_and_leaves_it_as_it_is(study, capsys):
    content = study.read_bytes()
    assert run_command(["study", "html", str(study), "--no-model"]) == 0
    page = study.with_suffix(".html").read_text()
    assert "Take the point of trial 1: its value, 1, is the smallest of 2 trials" in page
    assert "run.html: 2 trials" in capsys.readouterr().err
    assert study.read_bytes() == content
    assert sorted(one.name for one in study.parent.iterdir()) == ["run.db", "run.html"]


def test_a_model_of_too_few_values_is_said_to_lack_them(study):
    assert run_command(["study", "html", str(study)]) == 0
    assert "A model needs 4 values at least." in study.with_suffix(".html").read_text()


def test_the_study_is_not_written_over(study, capsys):
    assert run_command(["study", "html", str(study), "-o", str(study)]) == 2
    assert "which is the study itself; expected another" in capsys.readouterr().err


def test_what_cannot_be_written_is_refused_first(study, capsys):
    target = study.parent / "no" / "run.html"
    assert run_command(["study", "html", str(study), "-o", str(target)]) == 2
    assert "which cannot be written" in capsys.readouterr().err


def test_a_study_that_is_not_there_has_its_own_exit_code(tmp_path, study, capsys):
    for command in ("html", "serve"):
        assert run_command(["study", command, str(tmp_path / "none.db")]) == 4
        assert "there is no study" in capsys.readouterr().err


def test_without_plotly_the_extra_is_named(study, monkeypatch, capsys):
    monkeypatch.setattr(html_file, "find_spec", lambda name: None)
    for command in ("html", "serve"):
        assert run_command(["study", command, str(study)]) == 2
        assert "needs plotly: pip install" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--dashboard", "--ui", "--port", "--web", "--visualize"])
def test_options_of_others_lead_to_the_page(option, capsys):
    assert run_command(["minimize", option, "-p", "x=float:0:1", "--", "true"]) == 2
    assert "`rnnbbo study serve FILE`" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["dashboard", "ui", "serve", "html"])
def test_commands_of_others_lead_to_the_page(command, capsys):
    assert run_command([command]) == 2
    assert "expected rnnbbo study serve, or rnnbbo study html" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_ends_cleanly(study, number):
    pytest.importorskip("plotly")
    command = [sys.executable, "-m", "rnnbbo.cli.main", "study", "serve", str(study), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{20,}", url)
        with urllib.request.urlopen(url) as answer:
            assert b"Take the point of trial 1" in answer.read()
        process.send_signal(number)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 0, err
    assert err.endswith("Ctrl-C ends it\nended\n")
    assert "Traceback" not in err
