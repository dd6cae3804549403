import pytest

from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.standing_text import last_line, live_lines, log_line
from rnnbbo.progress.tally import Standing
from rnnbbo.progress.texts import span_text

HALF = Standing(
    done=34,
    total=100,
    running=4,
    failed=2,
    passed=192.0,
    best=0.0123,
    feasible=True,
    since=7,
    each=5.2,
    left=370.0,
)
SAYS = PolicyReport("kernel", "", 0.003, 0.0004)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0451, "45 ms"),
        (0.9999, "1.0 s"),
        (5.24, "5.2 s"),
        (9.96, "10 s"),
        (59.6, "1m00s"),
        (192.0, "3m12s"),
        (3599.7, "1h00m"),
        (3720.0, "1h02m"),
        (183_600.0, "2d03h"),
    ],
)
def test_a_span_of_time_has_its_two_largest_units(seconds, text):
    assert span_text(seconds) == text


def test_all_of_it_is_there_where_there_is_room():
    bar, more = live_lines(HALF, SAYS, 100, blocks=True)
    assert bar.startswith("34/100 |████") and bar.endswith("| 3m12s passed, about 6m10s left")
    assert more == (
        "best 0.0123 (7 ago)  2 failed  4 running  5.2 s each  noise 0.003  expected gain 0.0004"
    )
    assert log_line(HALF, SAYS) == (
        "34 of 100 evaluations, best 0.0123 (7 ago); 2 failed; 4 running; 5.2 s each; noise 0.003; "
        "expected gain 0.0004; 3m12s passed, about 6m10s left"
    )
    assert last_line(HALF) == "34 of 100 evaluations, 2 failed in 3m12s; best 0.0123 (7 ago)"


@pytest.mark.parametrize("width", [1, 9, 19, 39, 79, 499])
@pytest.mark.parametrize("blocks", [True, False])
def test_no_line_is_wider_than_the_terminal_and_the_best_value_stays_longest(width, blocks):
    lines = live_lines(HALF, SAYS, width, blocks=blocks)
    assert len(lines) == 2
    assert all(len(line) <= width for line in lines)
    if width > 10:
        assert lines[0].startswith("34/100")
        assert lines[1].startswith("best 0.0123")
    if not blocks:
        assert "".join(lines).isascii()


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"feasible": None, "best": None, "since": None}, "no value yet"),
        ({"feasible": False}, "no feasible point yet"),
        ({"best": None, "front_size": 3, "since": 0}, "front of 3 (just now)"),
    ],
)
def test_what_the_best_is(changed, text):
    assert live_lines(Standing(**{**vars(HALF), **changed}), None, 80, blocks=True)[1].startswith(
        text
    )


def test_what_is_not_known_is_not_said():
    lines = live_lines(Standing(done=0, total=9), None, 80, blocks=False)
    assert lines[0].endswith("0 ms passed, time left unknown")
    assert lines[1] == "no value yet"
    assert "at most 6m10s left" in log_line(Standing(**{**vars(HALF), "at_most": True}), None)
