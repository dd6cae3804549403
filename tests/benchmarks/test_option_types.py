import click
import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks.option_types import Seconds, WholeNumbers


@click.command()
@click.option("--at", type=WholeNumbers(), default="30,10", show_default=True)
def program(at: tuple[int, ...]) -> None:
    """Print what came."""
    click.echo(repr(at))


@pytest.mark.parametrize(
    ("arguments", "numbers"), [([], "(30, 10)"), (["--at", "7"], "(7,)"), (["--at=1, 2"], "(1, 2)")]
)
def test_integers_come_in_their_order(arguments: list[str], numbers: str) -> None:
    assert CliRunner().invoke(program, arguments).output.strip() == numbers


@pytest.mark.parametrize("text", ["a", "", "10,,20", "0,5", "-3", "1.5"])
def test_anything_else_is_named_with_what_is_expected(text: str) -> None:
    result = CliRunner().invoke(program, ["--at", text])
    assert result.exit_code == 2
    assert f"{text!r}; expected integers >= 1, such as 10,20,30" in result.output


def test_seconds_are_finite() -> None:
    for option, texts in ((Seconds(), ("0.5", "1e9")), (Seconds(or_zero=True), ("0", "2"))):
        assert [option.convert(text, None, None) for text in texts] == [float(t) for t in texts]
    for text in ("0", "-1", "x", "nan", "NaN", "inf", "1e999", ""):
        with pytest.raises(click.BadParameter, match="expected a number of seconds > 0"):
            Seconds().convert(text, None, None)
