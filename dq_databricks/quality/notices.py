"""Events for whoever is to be told: each is given out once, to whoever asks first.

How far they were given out stands in one row of `dq_settings`, which is written conditionally
before anything is given out: of two that ask at once, one gets an event. One that dies between
writing and telling has told nobody; the events stay in `dq_outbox`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import AlreadyExistsError, VersionConflictError, WriteConflictError
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import OutboxEvent
from dq_databricks.model.setting import Setting
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table
from dq_databricks.store.filters import ge
from dq_databricks.store.store import Store

POSITION = "notices_told"
LATE = timedelta(hours=1)
"""How long after it happened an event may still be stored, and is told all the same."""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_TRIES = 10


@dataclass(frozen=True, slots=True)
class _Position:
    """Everything before `after` was told of, and what is `told` of the time since."""

    after: datetime = _BEGINNING
    told: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str | None) -> _Position:
        if not text:
            return cls()
        document = json.loads(text)
        return cls(datetime.fromisoformat(document["after"]), frozenset(document["told"]))

    def written(self) -> str:
        return json.dumps({"after": self.after.isoformat(), "told": sorted(self.told)})

    def beyond(self, told: Sequence[OutboxEvent], since: Sequence[OutboxEvent]) -> _Position:
        """The position once `told` are told; `since` are all events that this one looks at."""
        after = max(self.after, max(event.created_at for event in told) - LATE)
        known = self.told | {event.event_id for event in told}
        kept = {e.event_id for e in since if e.created_at >= after and e.event_id in known}
        return _Position(after, frozenset(kept))


@dataclass(frozen=True, slots=True)
class NoticeFace:
    """The events of all projects, given out once."""

    store: Store
    engine: Engine
    settings: Settings
    context: Context
    writable: Callable[[], Store]

    def pending(self, *, limit: int = 1000) -> tuple[OutboxEvent, ...]:
        """Events that `take` would give out, oldest first."""
        return self._untold(_Position.read(self._value(self._row())))[0][:limit]

    def take(self, *, limit: int = 1000) -> tuple[OutboxEvent, ...]:
        """Up to `limit` events that were given to nobody before, oldest first.

        Raises WriteConflictError when others take events all the time.
        """
        store = self.writable()
        for _ in range(_MOST_TRIES):
            row = self._row()
            position = _Position.read(self._value(row))
            untold, since = self._untold(position)
            taken = untold[:limit]
            if not taken or self._moved(row, position.beyond(taken, since)):
                return store.written(taken)
        raise WriteConflictError("events: others take them all the time; try again")

    def _untold(
        self, position: _Position
    ) -> tuple[tuple[OutboxEvent, ...], tuple[OutboxEvent, ...]]:
        """What nobody was told of, and all that happened since `position`."""
        since = self.store.outbox.select(ge("created_at", position.after)).items
        return tuple(event for event in since if event.event_id not in position.told), since

    def _moved(self, row: Setting | None, position: _Position) -> bool:
        """Store the position, unless somebody else moved it meanwhile."""
        fresh = Setting(key=POSITION, value=position.written(), updated_at=self.context.now())
        try:
            if row is None:
                self._table.insert(fresh)
            else:
                self._table.update(fresh, row.version)
        except (AlreadyExistsError, VersionConflictError):
            return False
        return True

    def _row(self) -> Setting | None:
        return self._table.get(POSITION)

    @staticmethod
    def _value(row: Setting | None) -> str | None:
        return None if row is None else row.value

    @property
    def _table(self) -> Table[Setting]:
        """The settings; that a machine goes on is nothing for the audit log."""
        name = TableName(self.settings.catalog, self.settings.data_quality_schema, Setting.TABLE)
        return Table(self.engine, name, Setting, self.context, is_required=True)
