"""The options that give a run points before it begins: `--x0` and `--from-study`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rnnbbo.direction import Maximize
from rnnbbo.errors import ConfigError

if TYPE_CHECKING:
    from rnnbbo.space import Space
    from rnnbbo.trial import Outcome


def read_given(
    space: Space, x0_file: str | None, from_study: str | None, maximize: Maximize, n_calls: int
) -> tuple[list[list[Any]], list[tuple[list[Any], Outcome]]]:
    """Return points to evaluate first, and points whose values are known, the study's first.

    Args:
        space: the search space.
        x0_file: a table of points.
        from_study: the file of another study.
        maximize: which values are better in the run.
        n_calls: evaluations wanted, the points without a value among them.

    Raises:
        TableError: the table cannot be read, or has wrong cells.
        StudyError: the study cannot be read, or was made for something else.
        ConfigError: there are more points to evaluate than evaluations.
    """
    from rnnbbo.given import as_sheet, points_and_known
    from rnnbbo.study import is_study_file, told_in

    points: list[list[Any]] = []
    known: list[tuple[list[Any], Outcome]] = []
    if from_study is not None:
        known += told_in(from_study, space, maximize)
    if x0_file is not None:
        if is_study_file(x0_file):
            raise click.UsageError(
                f"--x0 = {x0_file!r}, which is a study; expected a CSV file, or --from-study"
            )
        sheet = as_sheet(space, "--x0", x0_file)
        assert sheet is not None  # what stands in a file is one
        points, more = points_and_known(space, sheet)
        known += more
    if len(points) > n_calls:
        raise ConfigError(
            f"--n-calls = {n_calls}; expected at least {len(points)}, the points of --x0 without "
            "a value"
        )
    return points, known
