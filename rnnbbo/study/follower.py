"""The optimizer that follows from a study's history, worked out as little as possible."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from rnnbbo.errors import StudyError
from rnnbbo.optimizer import Optimizer
from rnnbbo.study import checksums, state_codec
from rnnbbo.study.database import Database
from rnnbbo.study.shared_state import Saved, SharedState
from rnnbbo.study.store import Event, TrialStore, read_constraints, restored_value

_SAVED_S = 1.0  # of work that whoever opens the study next is spared
_SHARED_S = 0.004  # the same, where others are at work now; about what reading it takes


class Followed(NamedTuple):
    """An optimizer at a place in the history.

    Attributes:
        optimizer: told of everything up to there.
        place: the place, 0 before the first event.
        head: digest of the history up to there.
    """

    optimizer: Optimizer
    place: int
    head: str


class Follower:
    """Keeps an optimizer up with a study's history.

    Args:
        path: the study's file.
        database: it, open.
        begin: makes an optimizer that has seen nothing.
        key: a text that is the same for all whose optimizers are in the same state after the same
            history.
    """

    def __init__(
        self, path: Path, database: Database, begin: Callable[[], Optimizer], key: str
    ) -> None:
        self._path = path
        self._database = database
        self._begin = begin
        self._shared = SharedState(path, key)
        self._followed: Followed | None = None
        self._unsaved_s = 0.0  # work since a state was saved or read
        self._event_s = float("inf")  # what an event takes
        self._changes = -1  # of the file when it was last looked at
        self.others = False
        """Whether others are at work."""

    def follow(self, store: TrialStore | None = None, *, asks_alone: bool = False) -> Followed:
        """Return the optimizer after everything that was asked and told.

        Args:
            store: where this is part of a transaction: its trials.
            asks_alone: only up to the last ask.

        Raises:
            StudyError: the history is not the one that it was.
        """
        # Whatever cuts this off, the next one begins from what the history says.
        mine, self._followed = self._followed, None
        if mine is None:
            mine = Followed(self._begin(), 0, checksums.START)
        if store is not None:
            events, head = store.events(mine.place), store.head()
        else:
            with self._database.reading() as connection:
                store = TrialStore(connection)
                events, head = store.events(mine.place), store.head()
        if events:
            heads = checksums.chain(mine.head, events)
            if heads[-1] != head:
                raise StudyError(f"{self._path} is damaged: its history has changed")
            while asks_alone and events and events[-1].told:
                events.pop()
            mine = self._feed(mine, events, heads)
        self._followed = mine
        return mine

    def follow_asks(self) -> Followed:
        """Return the optimizer after every ask, for a process whose turn it is to ask.

        What was told after the last of them is left to the next one in the line, if there is one,
        who is at it: nobody waits for the same work twice.
        """
        return self.follow(asks_alone=self.others and self._shared.is_waited_for())

    def turn_to_ask(self) -> AbstractContextManager[None]:
        """Take a turn at asking, if others are at work, who are to know of the point."""
        if not self.others:
            return nullcontext()
        return self._shared.turn_to_ask(self._keep_up)

    def _keep_up(self) -> None:
        """Follow what has been asked and told since the last time, if anything has."""
        changes = self._database.n_changes()
        if changes != self._changes:
            self._changes = changes
            self.follow()

    def accept(self, optimizer: Optimizer, events: Sequence[Event]) -> None:
        """Go on with an optimizer that knows of some events more."""
        mine, self._followed = self._followed, None
        assert mine is not None
        head = checksums.chain(mine.head, events)[-1]
        self._followed = Followed(optimizer, events[-1].place, head)

    def forget(self) -> None:
        """Begin anew from the history."""
        self._followed = None

    def close(self) -> None:
        """Save what was worked out."""
        if self._followed is not None and self._unsaved_s > _SAVED_S / 4:
            self._save(self._followed)
        self._shared.close()

    def _feed(self, mine: Followed, events: Sequence[Event], heads: Sequence[str]) -> Followed:
        """Return the optimizer after events more; heads are `checksums.chain` of at least these."""
        first = mine.place
        if events:
            mine = self._skip(mine, events, heads)
        events = events[mine.place - first :]
        if not events:
            return mine
        start = time.perf_counter()
        mine.optimizer.replay(self._history(mine.optimizer, events))
        mine.optimizer.catch_up()
        seconds = time.perf_counter() - start
        self._event_s = seconds / len(events)
        self._unsaved_s += seconds
        place = events[-1].place
        mine = Followed(mine.optimizer, place, heads[place - first])
        if self._unsaved_s > (_SHARED_S if self.others else _SAVED_S):
            self._save(mine)
        return mine

    def _skip(self, mine: Followed, events: Sequence[Event], heads: Sequence[str]) -> Followed:
        """Go on from a state that somebody has worked out, if there is one of this history."""
        if self._event_s * len(events) < _SHARED_S:
            return mine
        saved = self._shared.read(mine.place, events[-1].place)
        if saved is None or heads[saved.place - mine.place] != saved.head:
            return mine
        known = events[: saved.place - mine.place]
        try:
            state = state_codec.decode(saved.content[0])
            mine.optimizer.restore(self._history(mine.optimizer, known), state)
        except (state_codec.NotPlainError, ValueError):
            return mine
        self._unsaved_s = 0.0
        return Followed(mine.optimizer, saved.place, saved.head)

    def _save(self, followed: Followed) -> None:
        self._unsaved_s = 0.0
        try:
            content = state_codec.encode(followed.optimizer.snapshot())
        except state_codec.NotPlainError:
            self._unsaved_s = float("-inf")  # never again
            return
        self._shared.write(Saved(followed.place, followed.head, content))

    def _history(self, optimizer: Optimizer, events: Sequence[Event]) -> list[tuple[Any, ...]]:
        points = (optimizer.space.decode(json.loads(event.code)) for event in events)
        return [
            (x, restored_value(event.value), read_constraints(event.constraints))
            if event.told
            else (x,)
            for x, event in zip(points, events, strict=True)
        ]
