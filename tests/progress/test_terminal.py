import os
import sys
import threading

import pytest
from screen_support import PseudoTerminal, screen_of

from rnnbbo.progress.tally import Standing
from rnnbbo.progress.terminal import Terminal, is_live

FIRST = Standing(done=1, total=9, best=2.0, feasible=True, since=0)
LATER = Standing(done=5, total=9, best=1.0, feasible=True, since=2)


@pytest.fixture
def terminal():
    """A pseudo-terminal that this process prints to, in `as_streams`."""
    with PseudoTerminal(60) as pseudo:
        yield pseudo


def test_the_screen_of_the_tests():
    assert screen_of("ab\r\ncd\rx\x1b[Ay", 80) == ["ay", "xd"]
    assert screen_of("abcdef\r\x1b[A\x1b[Jz", 4) == ["z"]


@pytest.mark.parametrize("columns", [20, 60, 500])
def test_two_lines_are_drawn_again_in_place_and_others_stay_above(columns, terminal):
    terminal.resize(columns)
    with terminal.as_streams():
        shown = Terminal(sys.stderr)
        shown.show(FIRST, None, 0.0)
        shown.line("trial 0: 2")
        shown.show(LATER, None, 1.0)
        lines = terminal.screen()
        assert lines[0] == "trial 0: 2"
        assert lines[1].startswith("5/9")
        assert lines[2].startswith("best 1")
        assert len(lines) == 3
        shown.close(None)
        assert terminal.screen() == ["trial 0: 2", ""]


def test_a_line_about_the_end_may_stay(terminal):
    with terminal.as_streams():
        shown = Terminal(sys.stderr)
        shown.show(FIRST, None, 0.0)
        shown.close(LATER)
        shown.close(LATER)
        assert terminal.screen() == ["5 of 9 evaluations in 0 ms; best 1 (2 ago)", ""]


def test_what_the_objective_prints_comes_above(terminal):
    with terminal.as_streams():
        shown = Terminal(sys.stderr)
        shown.show(FIRST, None, 0.0)
        print("epoch", end=" ")
        print("1")
        print("oh", file=sys.stderr)
        shown.show(FIRST, None, 1.0)
        assert [line[:8] for line in terminal.screen()] == ["epoch 1", "oh", "1/9 |██▍", "best 2 ("]
        print("a bar", end="", flush=True)  # a line that is not ended is left alone
        shown.show(FIRST, None, 2.0)
        assert terminal.screen() == ["epoch 1", "oh", "a bar"]
        shown.line("trial 1: 2")
        assert terminal.screen()[2:4] == ["a bar", "trial 1: 2"]
        print("the end", end="")
        shown.close(None)
        assert terminal.screen()[3:] == ["trial 1: 2", "the end"]
        assert sys.stdout is sys.stderr is terminal.stream


def test_a_narrower_terminal_leaves_no_rest(terminal):
    with terminal.as_streams():
        shown = Terminal(sys.stderr)
        shown.show(FIRST, None, 0.0)
        wide = terminal.read()
        terminal.resize(25)
        shown.show(LATER, None, 1.0)
        narrow = terminal.read()[len(wide) :]
        # The terminal has broken the first line of 53 characters into three.
        assert narrow.startswith("\r\x1b[A\x1b[A\x1b[A\x1b[J5/9")


def test_an_encoding_without_blocks():
    with PseudoTerminal(60, encoding="ascii") as pseudo, pseudo.as_streams():
        shown = Terminal(sys.stderr)
        shown.show(LATER, None, 0.0)
        shown.line("trial 0: 1  a=\u00e9")
        assert pseudo.screen()[0] == "trial 0: 1  a=\\xe9"
        assert "|#####" in pseudo.screen()[1]
        shown.close(None)


def test_a_terminal_that_nobody_reads_holds_up_nothing(terminal):
    with terminal.as_streams():
        shown = Terminal(sys.stderr)

        def fill():
            for i in range(3000):
                shown.line("x" * 100)
                shown.show(LATER, None, i)
            shown.close(LATER)

        filling = threading.Thread(target=fill, daemon=True)
        filling.start()
        filling.join(30.0)
        stuck = filling.is_alive()
        terminal.read()  # and let it go
        assert not stuck


def test_a_terminal_that_has_gone_ends_nothing():
    with PseudoTerminal(60) as pseudo, pseudo.as_streams():
        shown = Terminal(sys.stderr)
        os.close(pseudo.slave)
        pseudo.slave = -1
        shown.line("lost")
        shown.show(LATER, None, 0.0)
        shown.close(LATER)


def test_where_lines_are_drawn_in_place(terminal, monkeypatch, tmp_path):
    assert is_live(terminal.stream)
    with (tmp_path / "log").open("w") as log:
        assert not is_live(log)
    assert not is_live(log)
    assert not is_live(None)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_live(terminal.stream)
