"""What every stored row has in common: it is frozen, names its table and its key."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, ConfigDict


class SqlType:
    """Marks a field whose column type is not the default of its Python type."""

    def __init__(self, name: str) -> None:
        self.name = name


SmallCount = Annotated[int, SqlType("INT")]
"""A count stored as INT, where seed tables ask for INT instead of BIGINT."""


class Record(BaseModel):
    """A row of a metadata table. Fields are columns, in order; `TABLE` and `KEY` name both.

    Changes of a model with an `ENTITY` (its name in the audit log) are audited; the values of its
    `HIDDEN` fields appear in no log and no answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    ENTITY: ClassVar[str] = ""
    HIDDEN: ClassVar[frozenset[str]] = frozenset()


class EventRecord(Record):
    """A row that is written once and never changed."""


class MutableRecord(Record):
    """A row that people edit: conditional on `version`, removed softly by `deleted_at`.

    Every child declares these four where its table has them: fields are columns, in order.
    """

    if TYPE_CHECKING:
        version: int
        created_at: datetime
        updated_at: datetime
        deleted_at: datetime | None
