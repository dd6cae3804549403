"""What a study was made with beside its space, policy and seed, as its file keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Settings:
    """Whatever changes what a value means; each has a default, which the file does without.

    Attributes:
        maximize: whether larger values are better.
    """

    maximize: bool = False

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
