"""How a method looks in every figure: a colour, and a second channel for those who see few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rnnbbo.benchmarks.reports.data import Method

Dashes = Literal["solid"] | tuple[float, tuple[float, ...]]
"""A line style of matplotlib."""

# Okabe and Ito (2008), without the yellow and the black that one background each would swallow.
_OURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_PEERS = ("#E69F00", "#56B4E9", "#8C6BB1", "#7F7F7F", "#A6761D", "#5AAE61")
_OURS_MARKERS = ("o", "s", "^", "D", "P", "X", "v", "p")
_PEER_MARKERS = ("x", "<", "h", "*", ">", "+")
_SOLID: Dashes = "solid"
_DASHES: tuple[Dashes, ...] = ((0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)))


@dataclass(frozen=True)
class Style:
    """A method's look: matplotlib's colour, line style, marker, and width in points."""

    color: str
    line: Dashes
    marker: str
    width: float


def drawn_in_order(methods: Sequence[Method]) -> list[str]:
    """Return the methods' names, those of rnnbbo last, so that they lie on top."""
    return [method.name for method in sorted(methods, key=lambda method: method.ours)]


def styles(methods: Sequence[Method], shown: Sequence[str] = ()) -> Mapping[str, Style]:
    """Return a style for each method: ours solid and bold, peers dashed and thin.

    Args:
        methods: all methods; the same ones in the same order always look the same.
        shown: methods that are seen together, and get colours of their own as far as they go.
    """
    ours = [method.name for method in methods if method.ours]
    peers = [method.name for method in methods if not method.ours]
    peers.sort(key=lambda name: name not in shown)
    found = {}
    for i, name in enumerate(ours):
        line = _SOLID if i < len(_OURS) else _DASHES[0]
        marker = _OURS_MARKERS[i % len(_OURS_MARKERS)]
        found[name] = Style(_OURS[i % len(_OURS)], line, marker, 2.0)
    for i, name in enumerate(peers):
        line = _DASHES[(i // len(_PEERS) + i) % len(_DASHES)]
        marker = _PEER_MARKERS[i % len(_PEER_MARKERS)]
        found[name] = Style(_PEERS[i % len(_PEERS)], line, marker, 1.5)
    return found
