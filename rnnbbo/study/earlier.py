"""What other studies were told: as a start for the same problem, or as a prior for a like one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rnnbbo.direction import Maximize, difference
from rnnbbo.errors import ConfigError, PointError, SpaceWarning, StudyError, warn
from rnnbbo.given import KnownPoint
from rnnbbo.space import Space
from rnnbbo.study.study import Study
from rnnbbo.transfer_data import EarlierValues, as_earlier

_MAGIC = b"SQLite format 3\0"


def is_study_file(source: object) -> bool:
    """Return whether this is the path of a study, and not of a table, by what is in the file."""
    if not isinstance(source, (str, Path)):
        return False
    try:
        with open(source, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False


def told_in(
    source: Study | str | Path, space: Space, maximize: Maximize | None
) -> list[KnownPoint]:
    """Return what another study was told, in its order, as far as its points lie in a space.

    What does not is left out, and a warning says how much that is.

    Args:
        source: the study, or its file.
        space: the space, with the same names in any order.
        maximize: which values are better, which has to be as in the study; None for any.

    Raises:
        StudyError: it has other parameters or the other direction, or cannot be read.
    """
    if not isinstance(source, Study):
        with Study(source, resume=True) as study:
            return told_in(study, space, maximize)
    if sorted(source.space.names) != sorted(space.names):
        raise StudyError(
            f"parameters of the study {source.path} = {', '.join(source.space.names)}; expected "
            f"{', '.join(space.names)}"
        )
    if maximize is not None and source.signs != maximize:
        raise StudyError(
            f"the study {source.path} has the other direction: {difference(source.signs, maximize)}"
        )
    order = [source.space.names.index(name) for name in space.names]
    known: list[KnownPoint] = []
    outside: list[str] = []
    told = source.told()
    for trial in told:
        assert trial.outcome is not None
        try:
            known.append((space.check([trial.x[i] for i in order]), trial.outcome))
        except PointError as error:
            outside.append(str(error))
    if outside:
        warn(
            f"{len(outside)} of the {len(told)} trials that the study {source.path} was told lie "
            f"outside of the space, and are left out; the first one: {outside[0]}",
            SpaceWarning,
        )
    return known


def read_prior(space: Space, prior: Any, maximize: Maximize) -> tuple[EarlierValues, ...]:
    """Return earlier studies of like problems, some of which may be given by their files.

    Args:
        space: of the new problem.
        prior: as for `rnnbbo.transfer_data.as_earlier`, or paths of studies among them.
        maximize: which values of the new problem are better.

    Raises:
        ConfigError: as for `as_earlier`.
        StudyError: a study cannot be read.
    """
    if isinstance(maximize, tuple) and prior is not None:
        raise ConfigError(
            f"prior beside directions of {len(maximize)} objectives; expected one objective, of "
            "which earlier studies tell"
        )
    up = bool(maximize)
    found: list[EarlierValues] = []
    for item in prior if isinstance(prior, list) else [] if prior is None else [prior]:
        if isinstance(item, (str, Path)):
            with Study(item, resume=True) as study:
                found += as_earlier(space, study, up)
        else:
            found += as_earlier(space, item, up)
    return tuple(found)
