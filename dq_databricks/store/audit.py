"""The audit log: changes become entries, each chained to the one before of its workspace."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from dq_databricks.errors import WriteConflictError
from dq_databricks.model.actor import Actor
from dq_databricks.model.audit import AuditEvent
from dq_databricks.model.base import Record
from dq_databricks.model.ids import Context
from dq_databricks.store.access import Table
from dq_databricks.store.changes import Change
from dq_databricks.store.conditional import Against, insert_unless
from dq_databricks.store.filters import Condition, eq
from dq_databricks.store.group_commit import GroupCommit, SharedWorkError, Step
from dq_databricks.store.page import Page

CHAIN_FORMAT = "1"
MOST_TRIES = 50
MOST_BYTES = 300_000
"""Of entries in one commit; a warehouse takes parameters of up to 1 MB."""
_BYTES_BESIDE = 1_000
_UNTOLD = frozenset({"version", "updated_at", "created_at", "deleted_at"})


@dataclass(frozen=True, slots=True)
class _Given:
    """An entry to be, and who made the change."""

    entry: Mapping[str, str]
    actor: Actor

    @property
    def size(self) -> int:
        """About how many bytes of a parameter it takes."""
        return sum(len(text.encode()) for text in self.entry.values()) + _BYTES_BESIDE


class AuditLog:
    """Entries of every workspace; each workspace has a chain of its own."""

    def __init__(
        self, table: Table[AuditEvent], context: Context, group: GroupCommit | None = None
    ) -> None:
        self.table = table
        self._context = context
        self._group = group

    def write(self, changes: Sequence[Change], actor: Actor) -> tuple[AuditEvent, ...]:
        """Append `changes` to the chain of the actor's workspace, in one commit."""
        hide = self._context.redaction.hide
        told = [_told(change) for change in changes]
        return self.append([{**one, "changes": hide(one["changes"])} for one in told], actor)

    def append(self, entries: Sequence[Mapping[str, str]], actor: Actor) -> tuple[AuditEvent, ...]:
        """Append entries (action, entity_type, entity_id, changes as JSON) to the actor's chain.

        All enter in one commit, up to a size; of two writers of one place one succeeds, the other
        moves. Raises WriteConflictError when others were first every time.
        """
        given = [_Given(entry, actor) for entry in entries]
        return tuple(event for part in _parts(given) for event in self._enter(part))

    def _enter(self, part: Sequence[_Given]) -> Sequence[AuditEvent]:
        """Append one part, in one commit with what others append to the same chain."""
        if self._group is None:
            return self._append(part)
        try:
            return self._group.together(
                ("audit", self.table.name, part[0].actor.workspace_id),
                part,
                self._append_all,
                step=Step.RECORD,
                size=sum(given.size for given in part),
                most_size=MOST_BYTES,
            )
        except SharedWorkError:
            return self._append(part)

    def _append_all(self, parts: Sequence[Sequence[_Given]]) -> list[Sequence[AuditEvent]]:
        events = iter(self._append([given for part in parts for given in part]))
        return [tuple(islice(events, len(part))) for part in parts]

    def _append(self, part: Sequence[_Given]) -> Sequence[AuditEvent]:
        workspace_id = part[0].actor.workspace_id
        with self._context.logging:
            for _ in range(MOST_TRIES):
                events = _chained(self.head(workspace_id), part, self._context.now())
                first: Against = {"workspace_id": workspace_id, "sequence": events[0].sequence}
                if insert_unless(self.table, events, first):
                    return events
        raise WriteConflictError(
            f"audit log of workspace {workspace_id!r}: others wrote first {MOST_TRIES} times"
        )

    def head(self, workspace_id: str) -> AuditEvent | None:
        """The newest entry of a workspace, or None."""
        page = self.table.select(eq("workspace_id", workspace_id), order_by=("-sequence",), limit=1)
        return next(iter(page), None)

    def select(
        self, *conditions: Condition, limit: int | None = None, cursor: str | None = None
    ) -> Page[AuditEvent]:
        """Entries that meet `conditions`, newest first."""
        return self.table.select(*conditions, order_by=("-sequence",), limit=limit, cursor=cursor)


def entry_hash(event: AuditEvent) -> str:
    """SHA-256 over the format, the previous hash and every other field, each with its length."""
    parts = [CHAIN_FORMAT, event.previous_hash]
    for name in AuditEvent.model_fields:
        if name not in ("previous_hash", "entry_hash"):
            parts += [name, _text(getattr(event, name))]
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()


def _parts(entries: Sequence[_Given]) -> Iterator[Sequence[_Given]]:
    """The entries in parts that one parameter of a statement can hold."""
    part: list[_Given] = []
    size = 0
    for entry in entries:
        if part and size + entry.size > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(entry)
        size += entry.size
    if part:
        yield part


def _chained(head: AuditEvent | None, entries: Sequence[_Given], at: datetime) -> list[AuditEvent]:
    events: list[AuditEvent] = []
    for given in entries:
        head = _next(head, given, at)
        events.append(head)
    return events


def _next(head: AuditEvent | None, given: _Given, at: datetime) -> AuditEvent:
    actor = given.actor
    event = AuditEvent.model_validate(
        {
            **given.entry,
            "workspace_id": actor.workspace_id,
            "sequence": 1 if head is None else head.sequence + 1,
            "actor": actor.name,
            "actor_type": actor.actor_type,
            "api_key_id": actor.api_key_id,
            "request_id": actor.request_id,
            "source_address": actor.source_address,
            "created_at": at,
            "previous_hash": "" if head is None else head.entry_hash,
            "entry_hash": "",
        }
    )
    return event.model_copy(update={"entry_hash": entry_hash(event)})


def _told(change: Change) -> dict[str, str]:
    row = change.row
    return {
        "action": change.action,
        "entity_type": row.ENTITY,
        "entity_id": "/".join(str(getattr(row, name)) for name in row.KEY),
        "changes": json.dumps(_differences(change), ensure_ascii=False, sort_keys=True),
    }


def _differences(change: Change) -> dict[str, dict[str, Any]]:
    old, new = _plain(change.old), _plain(change.new)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return {name: {"old": old.get(name), "new": new.get(name)} for name in names}


def _plain(row: Record | None) -> dict[str, Any]:
    if row is None:
        return {}
    told = row.model_dump(mode="json", exclude=set(_UNTOLD | row.HIDDEN))
    return {name: value for name, value in told.items() if value is not None}


def _text(value: object) -> str:
    """A field as it is hashed; None differs from every text."""
    if value is None:
        return "\x00"
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
