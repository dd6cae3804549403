"""The point to take in the end, as policies and results speak of it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Recommendation(NamedTuple):
    """The point to take: of those told, that of probably the least noise-free value.

    Attributes:
        x: the point; in the cube from a policy, in user units else. None if no trial succeeded.
        value: its estimated noise-free value; None where no noise was noticed, or none is modelled.
        noise: deviation of the noise of a value about there, likewise.
        seen: what the policy sees in the values, a line each, in words.
    """

    x: Any
    value: float | None = None
    noise: float | None = None
    seen: tuple[str, ...] = ()
