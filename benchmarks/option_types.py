"""Values of command-line options."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click


class Seconds(click.ParamType):
    """A finite number of seconds.

    Attributes:
        or_zero: whether 0 is one.
    """

    name = "seconds"

    def __init__(self, or_zero: bool = False) -> None:
        self.or_zero = or_zero

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number that a text is."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not (0.0 < number < math.inf or (self.or_zero and number == 0.0)):
            least = ">= 0" if self.or_zero else "> 0"
            self.fail(f"{value!r}; expected a number of seconds {least}", param, ctx)
        return number


class WholeNumbers(click.ParamType):
    """Integers from 1 on, separated by commas.

    Attributes:
        example: what the message shows where something else came.
    """

    name = "N[,N...]"

    def __init__(self, example: str = "10,20,30") -> None:
        self.example = example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return them as they were given."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(int(part) for part in str(value).split(","))
        except ValueError:
            numbers = ()
        if not numbers or min(numbers) < 1:
            self.fail(f"{value!r}; expected integers >= 1, such as {self.example}", param, ctx)
        return numbers


class Names(click.ParamType):
    """Names separated by commas, each kept once.

    Attributes:
        known: the names that there are; None where any may come.
    """

    name = "NAME[,NAME...]"

    def __init__(self, known: Collection[str] | None = None) -> None:
        self.known = known

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return them in the order in which they were given."""
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(part.strip() for part in str(value).split(",")))
        if "" in names:
            self.fail(f"{value!r}; expected names separated by commas", param, ctx)
        unknown = [name for name in names if self.known is not None and name not in self.known]
        if unknown:
            known = ", ".join(self.known or ())
            self.fail(f"{unknown[0]!r}; expected some of {known}", param, ctx)
        return names


class MethodNames(Names):
    """Names of methods that `make_method` knows."""

    name = "METHOD[,METHOD...]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return them in the order in which they were given."""
        from rnnbbo.benchmarks.methods import about_method
        from rnnbbo.errors import RnnbboError
        from rnnbbo.importing import is_target

        names = super().convert(value, param, ctx)
        for name in names:
            try:
                about_method(name)
            except RnnbboError as error:
                form = "expected a method that `rnnbbo benchmark list` names, or module:attribute"
                self.fail(str(error) if is_target(name) else f"{name!r}; {form}", param, ctx)
        return names


class RecordsFolder(click.Path):
    """A folder of records."""

    name = "folder"

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return its path."""
        if not Path(value).is_dir():
            form = "expected a folder that `rnnbbo benchmark run` made"
            self.fail(f"{str(value)!r}: no such folder; {form}", param, ctx)
        return super().convert(value, param, ctx)


class MarkdownFile(click.Path):
    """A file of Markdown to write, in a folder that is there."""

    name = "file.md"

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return its path."""
        path = Path(value)
        if path.suffix != ".md":
            self.fail(f"{str(path)!r}; expected the name of a file that ends in .md", param, ctx)
        if not path.parent.is_dir():
            form = "expected a file in a folder that exists"
            self.fail(f"{str(path)!r}: no folder {str(path.parent)!r}; {form}", param, ctx)
        return super().convert(value, param, ctx)
