"""Ask and tell for searches that call the objective themselves."""

import weakref
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

import numpy as np

from rnnbbo.benchmarks.methods.base import FloatArray

CubeFunction = Callable[[FloatArray], float]
Searcher = Callable[[CubeFunction, np.random.Generator], object]


class Inverted:
    """A search turned inside out: what it calls its objective with is what is asked.

    The search lives in a thread of its own and takes turns with the caller: it computes during
    `ask` only, and otherwise waits for a value. So a run is deterministic, and its time is the
    time of `ask`. When the search returns, it starts again with a new generator. The thread ends
    when this object is dropped.

    Args:
        search: minimises an objective, to be called with (dim,) in the unit cube. It must not hold
            on to this object.
        seed: seeds the generators that the search gets.
        stand_in: turns a value that was told, which may not be finite, into one for the search.
    """

    def __init__(self, search: Searcher, seed: int, stand_in: Callable[[float], float]) -> None:
        self._stand_in = stand_in
        self._questions: SimpleQueue[FloatArray | _Raised] = SimpleQueue()
        self._answers: SimpleQueue[float | None] = SimpleQueue()
        self._answer = np.nan
        self._raised: _Raised | None = None
        rng = np.random.default_rng(seed)
        arguments = (search, rng, self._questions, self._answers)
        # The thread knows the queues only: a reference to this object would keep it alive.
        self._thread = Thread(target=_search_again_and_again, args=arguments, daemon=True)
        weakref.finalize(self, self._answers.put, None)

    def ask(self) -> FloatArray:
        """See `Method.ask`.

        Raises:
            Exception: what the search raised.
        """
        if self._raised is None:
            if self._thread.ident is None:
                self._thread.start()
            else:
                self._answers.put(self._answer)
            question = self._questions.get()
            if not isinstance(question, _Raised):
                return question
            self._raised = question
        raise self._raised.error

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._answer = float(self._stand_in(y))


class _Raised:
    def __init__(self, error: Exception) -> None:
        self.error = error


class _Dropped(BaseException):
    """Unwinds a search whose run was dropped; no `except Exception` in its way holds it up."""


def _search_again_and_again(
    search: Searcher,
    rng: np.random.Generator,
    questions: "SimpleQueue[FloatArray | _Raised]",
    answers: "SimpleQueue[float | None]",
) -> None:
    asked = False

    def objective(x: FloatArray) -> float:
        nonlocal asked
        asked = True
        questions.put(np.array(x, dtype=float))
        answer = answers.get()
        if answer is None:
            raise _Dropped
        return answer

    try:
        while True:
            asked = False
            search(objective, rng.spawn(1)[0])
            if not asked:
                raise RuntimeError("the search returned without evaluating its objective")
    except _Dropped:
        pass
    except Exception as error:
        questions.put(_Raised(error))
