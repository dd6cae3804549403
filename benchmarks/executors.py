"""Where runs are made: in processes of this machine, or on a Dask cluster.

Both take `submit(function, *args)`, return a `concurrent.futures.Future`, and know what the
exceptions of such a future mean.
"""

import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol

from rnnbbo.benchmarks.threads import VARIABLES, pin_threads
from rnnbbo.errors import ConfigError, MissingExtraError

GRACE = 10.0
"""Seconds beyond its time limit after which a run that does not end by itself is killed."""

CONNECTING = 10.0
"""Seconds that a scheduler has to answer."""


class Executor(Protocol):
    """What runs are submitted to."""

    def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        """Start a call as soon as there is room for it."""
        ...

    def reason(self, error: BaseException) -> tuple[str, str]:
        """Return the status and the message of a run whose future raised `error`."""
        ...


@contextmanager
def local(jobs: int, time_limit: float) -> Iterator[Executor]:
    """Start processes of this machine, each with one thread a numerical library.

    A run that hangs beyond its time limit is killed, and its process replaced.

    Args:
        jobs: the number of processes.
        time_limit: seconds a run.

    Raises:
        MissingExtraError: pebble is not installed.
    """
    try:
        from pebble import ProcessExpired, ProcessPool
    except ImportError as error:
        raise _missing("pebble") from error

    class Local:
        def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
            return pool.schedule(function, args=args, timeout=time_limit + GRACE)

        def reason(self, error: BaseException) -> tuple[str, str]:
            if isinstance(error, TimeoutError):
                return "timeout", f"killed after {time_limit:g} s"
            if isinstance(error, ProcessExpired):
                return "died", f"the process died with exit code {error.exitcode}"
            raise error

    # Spawned, not forked: no library's threads or locks are inherited.
    context = multiprocessing.get_context("spawn")
    with _environment(dict.fromkeys(VARIABLES, "1")):
        pool = ProcessPool(
            max_workers=jobs, context=context, initializer=_start_worker, initargs=(os.getpid(),)
        )
        try:
            yield Local()
        finally:
            # Nothing is waited for: either all is done, or the user wants to stop.
            pool.stop()
            pool.join()


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """Connect to the workers of a Dask scheduler, where rnnbbo and the peers have to be installed.

    A worker that dies loses its runs to another one; a run that kills several is given up.

    Args:
        address: such as tcp://host:8786.

    Raises:
        MissingExtraError: distributed is not installed.
        ConfigError: no scheduler answers there.
    """
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise _missing("distributed") from error
    try:
        client = Client(address, timeout=CONNECTING)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"scheduler = {address!r}, where no Dask scheduler answers ({error}); "
            "expected an address such as tcp://host:8786"
        ) from error

    class Cluster:
        def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
            return executor.submit(function, *args)

        def reason(self, error: BaseException) -> tuple[str, str]:
            if isinstance(error, KilledWorker):
                return "died", "the workers that made this run died"
            raise error

    with client, client.get_executor(pure=False) as executor:
        client.run(pin_threads)
        yield Cluster()


def _start_worker(parent: int) -> None:
    # Ctrl-C reaches the whole process group; the runner alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What the peers' libraries warn of is theirs; it would only tear the progress bar apart.
    warnings.simplefilter("ignore")
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process soon after its parent, even one that was killed."""
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(1)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _missing(package: str) -> MissingExtraError:
    return MissingExtraError(
        f"running benchmarks needs {package}, which is not installed: "
        "pip install -c constraints.txt '.[bench]'"
    )
