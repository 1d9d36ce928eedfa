"""A statement: Databricks SQL text with named parameters, and the values bound to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Parameter = str | int | float | bool | date | datetime | Decimal | bytes | Sequence[str] | None
"""What may be bound: a scalar, None, or a list of strings. Datetimes carry a zone."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One Databricks SQL statement. `tags` (such as the run id) reach engines that record them."""

    text: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the text, blanks folded: the same query has the same fingerprint."""
        return hashlib.sha256(" ".join(self.text.split()).encode()).hexdigest()

    def tagged(self, **tags: str) -> Statement:
        """The same statement with `tags` added."""
        return Statement(self.text, self.parameters, {**self.tags, **tags})
