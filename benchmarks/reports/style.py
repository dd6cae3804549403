"""How a method looks in every figure: a colour of its own, and a second channel beside it."""

import colorsys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Literal

from rnnbbo.benchmarks.reports.data import ComparedMethod

Dashes = Literal["solid"] | tuple[float, tuple[float, ...]]
"""A line style of matplotlib."""

# Of Okabe and Ito (2008) as far as they go, without the yellow and the black that one background
# each would swallow. The first of each are those of the methods that figures show at first.
_DEFAULT = "#D55E00"
_OURS = ("#0072B2", "#009E73", "#6A3D9A", "#17A2A2", "#8C8C00")
_PEERS = ("#CC79A7", "#56B4E9", "#7F7F7F", "#E69F00", "#A6761D", "#5AAE61", "#B2182B", "#9E9AC8")
_OURS_MARKERS = ("s", "^", "D", "P", "X", "v", "p")
_PEER_MARKERS = ("x", "<", "h", "*", ">", "+")
_SOLID: Dashes = "solid"
_DASHES: tuple[Dashes, ...] = ((0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)))
_WIDEST, _WIDE, _NARROW = 3.2, 1.7, 1.4
_GOLDEN = 0.618034  # steps of this on the circle of hues come near to no earlier one


@dataclass(frozen=True)
class Style:
    """A method's look: matplotlib's colour, line style, marker, and width in points."""

    color: str
    line: Dashes
    marker: str
    width: float


def drawn_in_order(methods: Sequence[ComparedMethod]) -> list[str]:
    """Return the methods' names, those of rnnbbo last and the default at the very end, on top."""
    ordered = sorted(methods, key=lambda method: (method.default, method.ours))
    return [method.name for method in ordered]


def styles(methods: Sequence[ComparedMethod], shown: Sequence[str] = ()) -> Mapping[str, Style]:
    """Return a style for each method: the default boldest, ours solid, peers dashed and thin.

    No two have the same colour.

    Args:
        methods: all methods; the same ones in the same order always look the same.
        shown: methods that are seen together, whose colours are the furthest apart.
    """
    ranked = sorted(methods, key=lambda m: shown.index(m.name) if m.name in shown else len(shown))
    more = _more()
    our_colours, peer_colours = chain(_OURS, more), chain(_PEERS, more)
    found: dict[str, Style] = {}
    ours = peers = 0
    for method in ranked:
        if method.default:
            found[method.name] = Style(_DEFAULT, _SOLID, "o", _WIDEST)
        elif method.ours:
            line = _SOLID if ours < len(_OURS) else _DASHES[0]
            marker = _OURS_MARKERS[ours % len(_OURS_MARKERS)]
            found[method.name] = Style(next(our_colours), line, marker, _WIDE)
            ours += 1
        else:
            # Colours, markers and dashes go round at different paces.
            line = _DASHES[(peers // len(_DASHES) + peers) % len(_DASHES)]
            marker = _PEER_MARKERS[peers % len(_PEER_MARKERS)]
            found[method.name] = Style(next(peer_colours), line, marker, _NARROW)
            peers += 1
    return found


def _more() -> Iterator[str]:
    """Yield colours without end, no two alike."""
    for i in count():
        parts = colorsys.hsv_to_rgb(i * _GOLDEN % 1.0, 0.6, 0.7)
        yield "#" + "".join(f"{round(255 * part):02X}" for part in parts)
