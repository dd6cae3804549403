"""The page of a study that others work on, kept up to date for as long as somebody looks at it.

Looking costs the run nothing: the study's file is read without a lock, a twentieth of one core at
most is spent on what is cheap, and what a model makes of it is worked out now and then, by a
process of the lowest priority. Where nobody looks, nothing is done.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnbbo.errors import RnnbboError
from rnnbbo.study.observer import StudyObserver, StudyView
from rnnbbo.webpage.html_file import html_document
from rnnbbo.webpage.model_view import ModelView, model_view_apart
from rnnbbo.webpage.page_content import page_content, status_text

_SHARE = 20.0  # the page takes one second of so many
_PAUSE_S = 1.0  # between two looks at the study, at least
_MODEL_PAUSE_S = 20.0  # between two models, at least
_MODEL_SHARE = 5.0  # a model takes one second of so many, but for the first
_AWAY_S = 30.0  # without a request, after which nobody looks
_STEP_S = 0.25


class LivePage:
    """What is served. Its methods may be called from several threads at once.

    Args:
        path: the study's file.

    Raises:
        StudyError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._observer = StudyObserver(path)
        self._lock = threading.Lock()
        self._view: StudyView | None = None
        self._seen: Any = None
        self._content = "null"
        self._version = 0
        self._next_look = self._asked_at = self._looked_at = 0.0
        self._model: ModelView | None = None
        self._shown_model: ModelView | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_model, name="rnnbbo-model", daemon=True)
        self._thread.start()

    def document(self) -> str:
        """Return the whole page, as it is now."""
        reply = self._reply("")
        content = None if reply["content"] is None else json.loads(reply["content"])
        given = {**reply, "content": content, "live": True}
        return html_document(given, self._path.name)

    def news(self, have: str) -> str:
        """Return, as JSON, what has changed.

        Args:
            have: the version that the page shows.
        """
        reply = self._reply(have)
        content = reply.pop("content") or "null"
        return f'{json.dumps(reply)[:-1]},"content":{content}}}'

    def _reply(self, have: str) -> dict[str, Any]:
        with self._lock:
            self._asked_at = time.monotonic()
            error = ""
            try:
                self._look()
            except RnnbboError as problem:
                error = str(problem)
            wait = max(_PAUSE_S, self._next_look - time.monotonic())
            status = "" if self._view is None else status_text(self._view, self._looked_at)
            version = str(self._version)
            return {
                "version": version,
                "status": status,
                "error": error,
                "wait": round(1000.0 * min(wait, _AWAY_S / 3.0)),
                "content": None if have == version else self._content,
            }

    def _look(self) -> None:
        """Bring the content up to date, unless it is too early for that."""
        if time.monotonic() < self._next_look:
            return
        self._looked_at = time.time()
        new_model = self._model is not self._shown_model
        if not (new_model or self._observer.changed()):
            return
        begun = time.thread_time()
        view, model = self._observer.look(), self._model
        self._view = view
        seen = (len(view.told), [(trial.number, trial.state) for trial in view.open])
        if new_model or seen != self._seen:  # else it was a heartbeat
            content = page_content(view, model, time.time())
            self._content = json.dumps(content, allow_nan=False, separators=(",", ":"))
            self._seen, self._shown_model = seen, model
            self._version += 1
        took = time.thread_time() - begun  # of a busy machine, not of this page
        self._next_look = time.monotonic() + max(_PAUSE_S, _SHARE * took)

    def _keep_model(self) -> None:
        """Work out a model whenever there are new values, somebody looks, and it is time."""
        next_s = 0.0
        while not self._stop.wait(_STEP_S):
            view = self._view
            told = 0 if view is None else len(view.told)
            known = 0 if self._model is None else self._model.n_told
            if told == known or time.monotonic() < next_s or not self._is_watched():
                continue
            begun = time.monotonic()
            try:
                model = model_view_apart(self._path, stopped=lambda: not self._is_watched())
            except (RnnbboError, OSError) as error:
                model = ModelView(missing=f"The model is not shown: {error}")
            if not self._is_watched():
                continue
            # One that could not be made counts as made: it is not tried again and again.
            self._model = model if model.n_told else _of(model, told)
            took = time.monotonic() - begun
            next_s = time.monotonic() + max(_MODEL_PAUSE_S, _MODEL_SHARE * took)

    def _is_watched(self) -> bool:
        return not self._stop.is_set() and time.monotonic() - self._asked_at < _AWAY_S

    def close(self) -> None:
        """End what is being worked out."""
        self._stop.set()
        self._thread.join()


def _of(model: ModelView, told: int) -> ModelView:
    return replace(model, n_told=told)
