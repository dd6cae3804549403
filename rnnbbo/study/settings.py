"""What a study was made with beside its space, policy and seed, as its file keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from rnnbbo.direction import MAXIMIZE, Maximize, in_words


@dataclass(frozen=True)
class Settings:
    """Whatever changes what a value means; each has a default, which the file does without.

    Attributes:
        maximize: whether larger values are better.
        directions: the same of each of several objectives, in words; None where nobody said.
        reference: reference point of their hypervolume; None where it is derived.
        prior: earlier studies, {"x": points (n, cube_dim), "y": values} each, lower is better.
    """

    maximize: bool = False
    directions: tuple[str, ...] | None = None
    reference: tuple[float, ...] | None = None
    prior: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for name in ("prior", "directions", "reference"):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else tuple(given))

    @classmethod
    def of(
        cls,
        maximize: Maximize,
        reference: Sequence[float] | None,
        prior: Sequence[Mapping[str, Any]] = (),
    ) -> Settings:
        """Return those of which values are better, a reference point and earlier studies."""
        point = None if reference is None else tuple(reference)
        if isinstance(maximize, tuple):
            return cls(False, tuple(in_words(maximize)), point, tuple(prior))
        return cls(maximize, None, point, tuple(prior))

    @property
    def signs(self) -> Maximize:
        """Which values are better."""
        if self.directions is None:
            return self.maximize
        return tuple(one == MAXIMIZE for one in self.directions)

    @property
    def n_objectives(self) -> int | None:
        """Number of objectives, where it was said."""
        told = self.directions or self.reference
        return None if told is None else len(told)

    @property
    def text(self) -> str:
        """They as the file holds them."""
        defaults = {field.name: field.default for field in fields(self)}
        kept = {key: value for key, value in asdict(self).items() if value != defaults[key]}
        return json.dumps(kept)

    @classmethod
    def read(cls, text: str) -> Settings:
        """Return what the file holds.

        Raises:
            TypeError: it has one that this version does not know.
        """
        return cls(**json.loads(text))
