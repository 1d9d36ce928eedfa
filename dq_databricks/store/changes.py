"""Changes of audited rows, noted by the tables while they are made, to be written down together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.model.base import Record


@dataclass(frozen=True, slots=True)
class Change:
    """One row before and after; None where it did not exist before, or was removed."""

    old: Record | None
    new: Record | None

    @property
    def row(self) -> Record:
        """The row as it is now, or as it last was."""
        row = self.new or self.old
        if row is None:
            raise ValueError("a change has a row before or after")
        return row

    @property
    def action(self) -> str:
        """create, update or delete."""
        if self.old is None:
            return "create"
        return "delete" if self.new is None else "update"


class Changes:
    """What one face changed and has not written down yet."""

    def __init__(self) -> None:
        self._noted: list[Change] = []

    def note(self, old: Record | None, new: Record | None) -> None:
        """Remember a change of a row whose model is audited."""
        change = Change(old, new)
        if change.row.ENTITY:
            self._noted.append(change)

    def put_back(self, changes: Sequence[Change]) -> None:
        """Remember what was taken and could not be written down."""
        self._noted = [*changes, *self._noted]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was noted since the last call of `take`."""
        return not self._noted

    def take(self) -> Sequence[Change]:
        """What was noted since the last call."""
        taken, self._noted = self._noted, []
        return taken
