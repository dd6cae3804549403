import json

import numpy as np
import pytest

from rnnbbo.errors import RnnbboError, SpaceError
from rnnbbo.escaping import LINE, as_line, as_plain, end_of, one_line, printable, repr_of, shorten
from rnnbbo.trial import Outcome


class Silent:
    """Raises where it is shown."""

    def __repr__(self):
        raise RuntimeError("no")


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError("no")


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def looped():
    value = [1.0]
    value.append(value)
    return value


def test_what_no_terminal_shows_is_escaped_and_the_rest_stays():
    assert printable("a\x1b[31m\x9b\r\x00\u202e\udcff") == r"a\x1b[31m\x9b\r\x00\u202e\udcff"
    for text in ("ü 😀\n\tx \\x1b", "3\u202f000\xa0€", "\u0645\u06cc\u200c\u062e"):
        assert printable(text) == text


@pytest.mark.parametrize("text", ["x" * 5000, "\x00" * 5000, "\x1b" * (LINE // 2), "ab" * LINE])
def test_a_long_text_says_how_long_it_was_and_is_short_from_then_on(text):
    short = shorten(text)
    assert len(short) <= LINE
    assert f"[{len(text)} characters in all]" in short
    assert short.startswith(printable(text[:4])[:4])
    assert shorten(short) == short
    assert as_line(short) == short


def test_the_end_of_a_long_text_says_that_it_is_one():
    end = end_of("x\x1b" * 5000 + "END\n", 1000)
    assert len(end) == 1000
    assert end.startswith("[the end of 10004 characters] ... ")
    assert end.endswith(r"x\x1bEND" + "\n")
    assert end_of(end, 1000) == end


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Silent(), "<Silent whose repr raises RuntimeError>"),
        ([Silent()], "<list whose repr raises RuntimeError>"),
        (nested(5000), "..."),
        (looped(), "[1.0, [...]]"),
        (list(range(10**5)), "[0, 1, 2"),
        (10**5000, "<a whole number of 16610 bits>"),
        ("\x1b[31m\udcff", r"'\x1b[31m\udcff'"),
        (np.eye(2), "array([[1., 0.], [0., 1.]])"),
        ({"loss": 1, "aux": 2}, "{'loss': 1, 'aux': 2}"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_can_be_shown_in_a_line(value, words):
    text = repr_of(value)
    assert words in text
    assert len(text) <= LINE
    assert text.isprintable()


def test_an_exception_is_one_line_whatever_it_says():
    assert one_line(ValueError("a\n b\x1b")) == r"ValueError: a b\x1b"
    assert one_line(SilentError()) == "SilentError: <its text raises RuntimeError>"
    assert len(one_line(ValueError("x" * 8_000_000))) <= LINE


def test_what_json_has_no_form_for_becomes_text():
    info = {
        "numbers": [np.int64(3), np.float32(0.5), True, 10**5000],
        "array": np.eye(2),
        "texts": ["\udcff\x1b\n", np.str_("a")],
        "silent": Silent(),
        3: (1, {2}),
        "deep": nested(5000),
        "looped": looped(),
        "nan": float("nan"),
        "nothing": None,
    }
    said = as_plain(info)
    json.dumps(said).encode()
    assert said["numbers"] == [3, 0.5, True, "<a whole number of 16610 bits>"]
    assert said["array"] == [[1.0, 0.0], [0.0, 1.0]]
    assert said["texts"] == [r"\udcff\x1b" + "\n", "a"]
    assert said["silent"] == "<Silent whose repr raises RuntimeError>"
    assert (said["3"], said["nothing"]) == ([1, [2]], None)
    assert as_plain({"a": [1.5, "x", None]}) == {"a": [1.5, "x", None]}
    assert as_plain(("\udcff", object, 2), str) == ["\udcff", "<class 'object'>", 2]


@pytest.mark.slow
def test_many_shared_parts_do_not_multiply_without_end():
    shared = [1.0]
    for _ in range(29):
        shared = [shared, shared]
    assert "..." in json.dumps(as_plain(shared))


def test_an_outcome_is_safe_however_it_is_made():
    outcome = Outcome(error="\udcff\x1b\nx" * 5000, info={"a": Silent()}, stderr="\x1b" * 10**6)
    for text in (outcome.error, outcome.stderr):
        text.encode()
        assert "\x1b" not in text
    assert len(outcome.error) <= LINE
    assert len(outcome.stderr) <= 64 * 1024
    json.dumps(outcome.info)
    assert Outcome(error=ValueError("bad")).error == "ValueError: bad"
    assert Outcome(value=1.0, info=[1]).info == {"info": [1]}
    assert Outcome(value=1.0, info=None).info == {}


def test_errors_are_safe_to_show():
    assert str(RnnbboError("a\x1b\udcff\nb")) == "a\\x1b\\udcff\nb"
    assert str(SpaceError(3)) == "3"
