"""What a study was made with beside its space, policy and seed, as its file keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Whatever changes what a value means; each has a default, which the file does without.

    Attributes:
        maximize: whether larger values are better.
        prior: earlier studies, {"x": points (n, cube_dim), "y": values} each, lower is better.
    """

    maximize: bool = False
    prior: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "prior", tuple(self.prior))

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
