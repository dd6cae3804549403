"""Checksums by which a study notices that its file has changed behind its back.

Every row has one of its own. The history has a digest in which each ask and tell is chained to all
before it, so that pages of two states of one file, each whole in itself, are not taken for a third.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

START = ""
"""The digest of an empty history."""


def row_checksum(row: Sequence[object]) -> int:
    """Return the CRC-32 of a row: every change of a single bit changes it.

    Raises:
        TypeError: a value is of a type that no column has.
    """
    return zlib.crc32(json.dumps(list(row), separators=(",", ":")).encode())


def row_is_intact(row: Sequence[object], checksum: object) -> bool:
    """Return whether a row has the checksum."""
    try:
        return row_checksum(row) == checksum
    except TypeError:  # bytes, which no column of ours has
        return False


def chain(head: str, events: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return the digests of a history with more events: up to there, and after each of them.

    Args:
        head: the digest up to there.
        events: of each ask and tell, in order: place, number of the trial, point as the file has
            it, value, whether it was told, and constraints as the file has them; where there are
            none, they leave no trace.
    """
    heads = [head]
    for *event, constraints in events:
        more = () if constraints is None else (constraints,)
        text = json.dumps([heads[-1], *event, *more], separators=(",", ":"))
        heads.append(blake2b(text.encode(), digest_size=16).hexdigest())
    return heads
