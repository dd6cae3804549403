"""Lets a clock go on that is shown while this process is busy with an evaluation."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable


class Ticker:
    """Calls a function now and then from a thread that sleeps meanwhile.

    Args:
        call: the function.
        seconds: time between two calls.
    """

    def __init__(self, call: Callable[[], None], seconds: float) -> None:
        self._call, self._seconds = call, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rnnbbo-progress", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # Signals are for the thread that acts on them: it would not notice one while it waits.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._over.wait(self._seconds):
            self._call()

    def stop(self) -> None:
        """Call it no more."""
        self._over.set()
        self._thread.join()
