"""Count the rooms that a tell of `kernel` and the ask after it enter, and the changes of room.

    python tools/rooms.py                          # in 6 dimensions, 20 to 29 values told
    python tools/rooms.py --at 50 --top 10         # once the network has no more say
    python tools/rooms.py --dim 2 --values 1 --seeds 1

A room is a module of rnnbbo. A change of room is a call from a function of one room that enters a
function of another, or the return of such a call: every one of them is a file more that a reader
follows. Python's profiler reports both; a call that comes from Python code of others (numpy, the
standard library) is none, nor is one within a room. To resume a generator is a call, and each value
that it yields a return.

How many there are depends on what the hypotheses do, by half from one value to the next (every
tenth ask refines the incumbent). So the figure is the mean over ten tells and five seeds, and the
same at every call on one machine. By it the tree had 29 rooms and 1,435 changes before it was
rearranged.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from statistics import mean
from types import FrameType
from typing import Any

import rnnbbo
from rnnbbo import Optimizer
from rnnbbo.functions import get_problem

PACKAGE = Path(rnnbbo.__file__).parent
HARTMANN_DIM = 6  # other dimensions get a function that comes in any
FUNCTIONS_SHOWN = 5  # of each pair of rooms

Change = tuple[str, str, str]  # the caller's room, the other room, the function called there


@cache
def room(filename: str) -> str | None:
    """Name the module of rnnbbo that a file holds; None for a file of others."""
    if not filename.startswith(f"{PACKAGE}/"):
        return None
    inner = Path(filename).relative_to(PACKAGE).with_suffix("")
    return ".".join(part for part in inner.parts if part != "__init__") or "rnnbbo"


def trace(call: Callable[[], Any]) -> tuple[Any, set[str], Counter[Change]]:
    """Call a function and watch where it goes.

    Returns:
        What it returned; the rooms entered; and how often each change of room happened.
    """
    rooms: set[str] = set()
    changes: Counter[Change] = Counter()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        here = room(frame.f_code.co_filename)
        if event not in ("call", "return") or here is None:
            return
        rooms.add(here)
        there = room(frame.f_back.f_code.co_filename) if frame.f_back else None
        if there is not None and there != here:
            changes[there, here, frame.f_code.co_qualname] += 1

    sys.setprofile(watch)
    try:
        returned = call()
    finally:
        sys.setprofile(None)
    return returned, rooms, changes


def count(dim: int, at: int, values: int, seed: int) -> list[tuple[set[str], Counter[Change]]]:
    """Return rooms and changes of each tell and the ask after it, from value number `at` on."""
    problem = get_problem("hartmann6" if dim == HARTMANN_DIM else "levy", dim)
    optimizer = Optimizer(list(problem.bounds), policy="kernel", rng=seed)
    counted = []
    x = optimizer.ask()
    for told in range(1, at + values):
        y = problem(x)
        if told < at:
            optimizer.tell(x, y)
            x = optimizer.ask()
            continue
        _, tell_rooms, changes = trace(partial(optimizer.tell, x, y))
        x, ask_rooms, ask_changes = trace(optimizer.ask)
        counted.append((tell_rooms | ask_rooms, changes + ask_changes))
    return counted


def show_pairs(changes: Counter[Change], counted: int, top: int) -> None:
    """Print the pairs of rooms with the most changes, and the functions that cause them."""
    pairs: Counter[tuple[str, str]] = Counter()
    functions: dict[tuple[str, str], Counter[str]] = {}
    for (caller, called, function), times in changes.items():
        first, second = sorted((caller, called))
        pairs[first, second] += times
        functions.setdefault((first, second), Counter())[f"{called}.{function}"] += times
    print(f"\n{'changes':>7}  rooms, and the functions called across")
    for pair, times in pairs.most_common(top):
        print(f"{times / counted:7.0f}  {pair[0]} - {pair[1]}")
        for function, part in functions[pair].most_common(FUNCTIONS_SHOWN):
            print(f"{part / counted:16.1f}  {function}")


def main() -> int:
    """Read the options, count and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--dim", type=int, default=HARTMANN_DIM, help="dimensions of the cube")
    parser.add_argument("--at", type=int, default=20, help="values told at the first tell counted")
    parser.add_argument("--values", type=int, default=10, help="tells counted, one after another")
    parser.add_argument("--seeds", type=int, default=5, help="runs: seeds 0, 1, ...")
    parser.add_argument("--top", type=int, default=0, help="pairs of rooms to show")
    options = parser.parse_args()
    every = [
        one
        for seed in range(options.seeds)
        for one in count(options.dim, options.at, options.values, seed)
    ]
    rooms = set().union(*(rooms for rooms, _ in every))
    totals = [changes.total() for _, changes in every]
    print(f"a tell of kernel and the ask after it, {options.dim} dimensions,", end=" ")
    print(f"{options.at} to {options.at + options.values - 1} values told, {options.seeds} seeds")
    print(f"rooms              {len(rooms):6,}   {', '.join(sorted(rooms))}")
    print(f"changes of room    {mean(totals):6,.0f}   from {min(totals):,} to {max(totals):,}")
    if options.top:
        show_pairs(sum((changes for _, changes in every), Counter()), len(every), options.top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
