"""A plate: points that were asked for, written as a table, measured elsewhere, and taken back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from rnnbbo.dimensions import Dimension
from rnnbbo.escaping import repr_of
from rnnbbo.objectives import count_of
from rnnbbo.sheet import (
    TRIAL,
    VALUE,
    column_names,
    constraint_columns,
    csv_line,
    objective_columns,
)
from rnnbbo.sheet_points import SheetPoint, refuse_cells
from rnnbbo.space import Integer, Real, Space
from rnnbbo.study.store import TrialStore
from rnnbbo.trial import Outcome, Trial

_SAME = 1e-5  # of a dimension's range: a spreadsheet may round what it saves
_DIGITS = range(6, 18)


class Taken(NamedTuple):
    """What a table has changed in a study.

    Attributes:
        told: numbers of trials that were told, those of new points included.
        planned: numbers of new points without a value, which wait for one.
        unchanged: number of rows whose value the study had already.
        open: number of rows without a value, of trials that still wait for one.
    """

    told: list[int]
    planned: list[int]
    unchanged: int
    open: int


def plate_rows(
    space: Space,
    trials: Iterable[Trial],
    *,
    limits: Sequence[str] = (),
    n_objectives: int = 1,
    decimal_comma: bool = False,
) -> list[list[str]]:
    """Return the cells of a plate: a header, and a row a trial, its value empty until it is told.

    Args:
        space: the search space.
        trials: those of the plate.
        limits: names of the study's constraints, as far as they are known.
        n_objectives: number of the study's objectives.
        decimal_comma: write 0,5 for 0.5. A real number has six digits, or as many as it takes.
    """
    columns = column_names(space.names)
    values = objective_columns(n_objectives, columns)
    rows = [[TRIAL, *columns, *values, *constraint_columns(limits, columns)]]
    for trial in trials:
        cells = [_text(dim, value) for dim, value in zip(space.dimensions, trial.x, strict=True)]
        outcome = trial.outcome
        cells += [""] * n_objectives if outcome is None else _cells_of(outcome, n_objectives)
        own = [trial.constraints.get(name, math.nan) for name in limits]
        cells += ["" if math.isnan(value) else repr(value) for value in own]
        if decimal_comma:
            numbers = [
                *(_holds_numbers(dim, x) for dim, x in zip(space, trial.x, strict=True)),
                *[True] * (n_objectives + len(limits)),
            ]
            cells = [
                cell.replace(".", ",") if number else cell
                for cell, number in zip(cells, numbers, strict=True)
            ]
        rows.append([str(trial.number), *cells])
    return rows


def plate_csv(rows: Iterable[Sequence[str]], *, decimal_comma: bool = False) -> str:
    """Return rows of `plate_rows` as a CSV file; with decimal commas, cells end in semicolons."""
    delimiter = ";" if decimal_comma else ","
    return "".join(csv_line(row, delimiter) for row in rows)


def _holds_numbers(dim: Dimension, value: Any) -> bool:
    return isinstance(dim, (Real, Integer)) or isinstance(value, float)


def _text(dim: Dimension, value: Any) -> str:
    if not isinstance(dim, Real) or value is None or dim.is_constant:
        return "" if value is None else str(value)
    for digits in _DIGITS:
        text = f"{value:.{digits}g}"
        try:
            if _is_same(dim, dim.check(float(text)), value, _SAME / 10.0):
                return text
        except ValueError:  # rounded to beyond a bound
            continue
    return repr(value)


def _is_same(dim: Dimension, one: Any, other: Any, within: float) -> bool:
    if one is None or other is None or not isinstance(dim, Real) or dim.is_constant:
        return bool(one == other)
    to_cube = dim.to_cube()
    return abs(to_cube(one) - to_cube(other)) <= within


@dataclass
class _Plan:
    """What is to be written down."""

    tell: list[tuple[int, Outcome]]
    new: list[SheetPoint]
    unchanged: int = 0
    open: int = 0


def take_points(store: TrialStore, space: Space, points: Sequence[SheetPoint], name: str) -> Taken:
    """Tell a study the points of a table, all or nothing.

    A row with a number is that trial; one without is a trial with the same point that nobody has
    told, or a new one. A row whose value the study has already changes nothing.

    Args:
        store: the study's trials, inside of a transaction.
        space: its space.
        points: the rows.
        name: what messages call the table.

    Raises:
        TableError: a row contradicts the study; each by row and column. Nothing has changed.
    """
    trials = {
        trial.number: replace(trial, x=space.decode(trial.x)) for trial in store.trials(told=False)
    }
    plan = _Plan([], [])
    wrong = _other_counts(points, store.n_objectives())
    claimed: set[int] = set()
    for point in points:
        if point.number is None:
            continue
        trial = trials.get(point.number)
        if trial is None:
            expected = f"one of the study's {len(trials)}, from 0, or nothing for a new point"
            wrong.append(f"row {point.row}, {TRIAL} = {point.number}; expected {expected}")
            continue
        fault = _contradiction(space, point, trial)
        if fault is not None:
            wrong.append(f"row {point.row}, {fault}")
            continue
        claimed.add(trial.number)
        trials[trial.number] = _take(plan, point, trial)
    refuse_cells(name, wrong)
    free = [trial for number, trial in trials.items() if number not in claimed]
    for point in points:
        if point.number is None:
            found = _find(space, point, free)
            if found is None:
                plan.new.append(point)
            else:
                free.remove(found)
                _take(plan, point, found)
    return _write(store, space, plan)


def _other_counts(points: Sequence[SheetPoint], count: int | None) -> list[str]:
    """Return in words which rows have another number of objectives than the study."""
    wrong = []
    for point in points:
        if point.outcome is None or point.outcome.error is not None:
            continue
        own = count_of(point.outcome.value)
        count = own if count is None else count
        if own != count:
            wrong.append(f"row {point.row}, number of values = {own}; expected {count}")
    return wrong


def _contradiction(space: Space, point: SheetPoint, trial: Trial) -> str | None:
    """Return what of a row is not as the study has it, in words."""
    columns = column_names(space.names)
    for column, dim, cell, value in zip(columns, space.dimensions, point.x, trial.x, strict=True):
        if not _is_same(dim, cell, value, _SAME):
            return (
                f"{column} = {repr_of(cell)}; expected {_text(dim, value) or 'nothing'} as trial "
                f"{trial.number} has it, or no number in {TRIAL!r} for a point of its own"
            )
    if trial.outcome is None or point.outcome is None or _agree(point.outcome, trial.outcome):
        return None
    difference = _difference(point.outcome, trial.outcome, columns)
    return (
        f"{difference}, which trial {trial.number} was told before, or no number in {TRIAL!r} for "
        "a second measurement"
    )


def _cells_of(outcome: Outcome, n_objectives: int) -> list[str]:
    if outcome.error is not None:
        return ["fail"] * n_objectives
    return list(map(repr, outcome.value if isinstance(outcome.value, list) else [outcome.value]))


def _told(outcome: Outcome) -> str:
    return "fail" if outcome.error is not None else repr(outcome.value)


def _difference(point: Outcome, told: Outcome, columns: Sequence[str]) -> str:
    """Return in words where a row says something else than what was told before."""
    if not _same_value(point, told):
        return f"{VALUE} = {_told(point)}; expected {_told(told)}"
    name = _other_constraints(point, told)[0]
    (column,) = constraint_columns([name], columns)
    return (
        f"{column} = {point.constraints.get(name, 'nothing')}; expected "
        f"{told.constraints.get(name, 'nothing')}"
    )


def _agree(point: Outcome, told: Outcome) -> bool:
    """Return whether a row says what was told before; it may pass over constraints."""
    return _same_value(point, told) and not _other_constraints(point, told)


def _same_value(one: Outcome, other: Outcome) -> bool:
    if one.error is not None or other.error is not None:
        return one.error is not None and other.error is not None
    mine, theirs = (v if isinstance(v, list) else [v] for v in (one.value, other.value))
    return len(mine) == len(theirs) and all(map(_close, mine, theirs))


def _other_constraints(point: Outcome, told: Outcome) -> list[str]:
    names = [*point.constraints, *told.constraints] if point.constraints else []
    unknown = math.nan
    return [
        name
        for name in names
        if not _close(point.constraints.get(name, unknown), told.constraints.get(name, unknown))
    ]


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))


def _take(plan: _Plan, point: SheetPoint, trial: Trial) -> Trial:
    """Enter what a row says of a trial into the plan, and return the trial as it is then."""
    if point.outcome is None:
        plan.open += trial.outcome is None
        plan.unchanged += trial.outcome is not None
        return trial
    if trial.outcome is not None:
        plan.unchanged += 1
        return trial
    plan.tell.append((trial.number, point.outcome))
    return replace(trial, outcome=point.outcome)


def _find(space: Space, point: SheetPoint, free: Sequence[Trial]) -> Trial | None:
    """Return the trial that a row without a number is, if any: one with its value, or untold."""
    same = [
        trial
        for trial in free
        if all(
            _is_same(dim, cell, value, _SAME)
            for dim, cell, value in zip(space.dimensions, point.x, trial.x, strict=True)
        )
    ]
    if point.outcome is None:
        return next(iter(same), None)
    for trial in same:
        if trial.outcome is not None and _agree(point.outcome, trial.outcome):
            return trial
    return next((trial for trial in same if trial.outcome is None), None)


def _write(store: TrialStore, space: Space, plan: _Plan) -> Taken:
    told, planned = [], []
    for number, outcome in plan.tell:
        store.tell(number, outcome)
        told.append(number)
    for point in plan.new:
        number = store.insert(space.encode(point.x), asked=point.outcome is None)
        if point.outcome is None:
            planned.append(number)
        else:
            store.tell(number, point.outcome)
            told.append(number)
    return Taken(told, planned, plan.unchanged, plan.open)
