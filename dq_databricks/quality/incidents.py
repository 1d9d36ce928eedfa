"""Incidents: what is wrong now, what happened, and what people do about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from dq_databricks.alerting import acting
from dq_databricks.alerting.acting import BY_PEOPLE
from dq_databricks.alerting.telling import event_id, is_quiet, outbox_of_change
from dq_databricks.errors import VersionConflictError, WrongUseError
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident, IncidentEvent
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import IncidentEventType, IncidentStatus, Quiet, Resolution
from dq_databricks.store.filters import Condition, eq, in_query, is_in, is_null
from dq_databricks.store.incidents import IncidentCount
from dq_databricks.store.page import Page
from dq_databricks.store.store import Store

__all__ = ["BY_PEOPLE", "IncidentCount", "IncidentFace", "IncidentFilter"]

NOBODY = "nobody"
MOST_TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents; None and () let all through. `assignee` may be `nobody`.

    `quiet` True: only those that are snoozed or muted now; False: only the others. `on_board`
    leaves out those that are snoozed now.
    """

    status: tuple[str, ...] = ()
    severity: str | None = None
    table_id: str | None = None
    test_id: str | None = None
    assignee: str | None = None
    quiet: bool | None = None
    on_board: bool = False


ALL = IncidentFilter()


@dataclass(frozen=True, slots=True)
class IncidentFace:
    """Incidents as `actor` sees and works them. Edits need the version that was seen, or None.

    Each raises NotFoundError, VersionConflictError when somebody changed the incident meanwhile,
    and WrongUseError when the incident is not in a state for it.
    """

    store: Store
    context: Context
    actor: Actor
    writable: Callable[[], Store]

    # --- read --------------------------------------------------------------------------------

    def list(
        self, wanted: IncidentFilter = ALL, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Incident]:
        """Incidents that `wanted` lets through: the gravest first, then those last seen."""
        return self.store.incidents.select(*self._of(wanted), limit=limit, cursor=cursor)

    def counts(self, wanted: IncidentFilter = ALL) -> tuple[IncidentCount, ...]:
        """Those that `wanted` lets through, counted by status and severity; one read."""
        return self.store.incidents.counts(*self._of(wanted))

    def show(self, incident_id: str) -> Incident:
        """One incident; raises NotFoundError."""
        return self.store.incidents.get(incident_id)

    def timeline(
        self, incident_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> Page[IncidentEvent]:
        """What happened to an incident, oldest first; empty for one that is not there."""
        return self.store.incidents.timeline(incident_id, limit=limit, cursor=cursor)

    def results(
        self, incident_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[TestResult]:
        """The failing results of an incident, newest first."""
        events = self.store.incidents.events
        query = (
            f"SELECT result_id FROM {events.name.sql} WHERE incident_id = {{}}"
            f" AND event_type = '{IncidentEventType.FAILED.value}'"
        )
        of_incident = in_query("result_id", query, incident_id)
        return self.store.runs.results(of_incident, limit=limit, cursor=cursor)

    def is_quiet(self, incident: Incident) -> bool:
        """Whether it is snoozed or muted now."""
        return is_quiet(incident, self.context.now())

    # --- act ---------------------------------------------------------------------------------

    def acknowledge(self, incident_id: str, *, version: int | None = None) -> Incident:
        """Take note of an incident."""
        change = partial(acting.acknowledged, by=self.actor.name, at=self.context.now())
        return self._change(incident_id, version, IncidentEventType.ACKNOWLEDGED, change)

    def assign(self, incident_id: str, to: str | None, *, version: int | None = None) -> Incident:
        """Say who works on it; None: nobody."""
        change = partial(acting.assigned, to=to)
        notes = f"to {to.strip()}" if to and to.strip() else "to nobody"
        return self._change(incident_id, version, IncidentEventType.ASSIGNED, change, notes)

    def resolve(
        self, incident_id: str, resolution: str, notes: str, *, version: int | None = None
    ) -> Incident:
        """End it because of `resolution` (one of BY_PEOPLE); `notes` say what was done."""
        why = _resolution(resolution)
        change = partial(
            acting.resolved,
            by=self.actor.name,
            at=self.context.now(),
            resolution=why,
            notes=notes,
        )
        text = f"{why.value}: {acting.checked_notes(notes)}"
        return self._change(incident_id, version, IncidentEventType.RESOLVED, change, text)

    def reopen(
        self, incident_id: str, *, notes: str | None = None, version: int | None = None
    ) -> Incident:
        """Say that it is not over; refused where a later incident of its key exists."""
        return self._change(incident_id, version, IncidentEventType.REOPENED, self._reopened, notes)

    def snooze(self, incident_id: str, until: datetime, *, version: int | None = None) -> Incident:
        """Take it off the board until `until`; nobody is told of it so long."""
        return self._quiet(incident_id, Quiet.SNOOZE, until, version)

    def mute(self, incident_id: str, until: datetime, *, version: int | None = None) -> Incident:
        """Tell nobody of it until `until`; it stays on the board."""
        return self._quiet(incident_id, Quiet.MUTE, until, version)

    def wake(self, incident_id: str, *, version: int | None = None) -> Incident:
        """End a snooze or a mute before its time."""
        change = partial(acting.woken, at=self.context.now())
        return self._change(incident_id, version, IncidentEventType.WOKEN, change)

    def comment(self, incident_id: str, notes: str) -> IncidentEvent:
        """Say something in the timeline; the incident stays as it is."""
        store, text = self.writable(), acting.checked_notes(notes)
        incident = store.incidents.get(incident_id)
        event = self._event(incident, IncidentEventType.COMMENTED, self.context.new_id(), text)
        store.incidents.happened([event])
        entry = {
            "action": "comment",
            "entity_type": Incident.ENTITY,
            "entity_id": incident_id,
            "changes": json.dumps({"notes": {"old": None, "new": text}}, ensure_ascii=False),
        }
        store.audit.append([entry], self.actor)
        return store.written(event)

    # --- below -------------------------------------------------------------------------------

    def _quiet(
        self, incident_id: str, kind: Quiet, until: datetime, version: int | None
    ) -> Incident:
        change = partial(
            acting.quieted, kind=kind, by=self.actor.name, at=self.context.now(), until=until
        )
        types = {Quiet.SNOOZE: IncidentEventType.SNOOZED, Quiet.MUTE: IncidentEventType.MUTED}
        return self._change(incident_id, version, types[kind], change, f"until {until.isoformat()}")

    def _reopened(self, incident: Incident) -> Mapping[str, Any]:
        changes = acting.reopened_by_hand(incident)
        if later := self._later(incident):
            raise acting.overtaken(incident, later)
        return changes

    def _later(self, incident: Incident) -> Incident | None:
        """An incident of the same key that came after."""
        latest = self.store.incidents.latest_of(incident.project_key, [incident.table_id])
        same = (one for one in latest if one.incident_key == incident.incident_key)
        return next((one for one in same if one.ordinal > incident.ordinal), None)

    def _stay_last(self, store: Store, old: Incident, new: Incident) -> None:
        """Take a reopening back if a run opened the next incident of the key meanwhile.

        A run that opens it later sees the reopening, and resolves this incident itself.
        """
        later = self._later(new)
        if later is None:
            return
        stored = new
        while stored.status is not IncidentStatus.RESOLVED:
            with suppress(VersionConflictError):
                store.incidents.table.update(old, stored.version)
                break
            stored = store.incidents.get(new.incident_id)
        store.written(stored)
        raise acting.overtaken(new, later)

    def _change(
        self,
        incident_id: str,
        version: int | None,
        event_type: IncidentEventType,
        change: Callable[[Incident], Mapping[str, Any]],
        notes: str | None = None,
    ) -> Incident:
        """Change an incident if it has `version`; for None, whatever version it has."""
        store = self.writable()
        for _ in range(MOST_TRIES):
            old = store.incidents.get(incident_id)
            if version is not None and version != old.version:
                break
            changed = old.model_copy(update=dict(change(old)))
            try:
                new = store.incidents.table.update(changed, old.version)
            except VersionConflictError:
                continue  # a run was faster; with a version the next turn says so
            return self._told(store, old, new, event_type, notes)
        raise VersionConflictError(
            f"incident {incident_id!r}: version {old.version} is stored"
            f"{'' if version is None else f', version {version} was expected'}; "
            "read it again and repeat the change"
        )

    def _told(
        self,
        store: Store,
        old: Incident,
        new: Incident,
        event_type: IncidentEventType,
        notes: str | None,
    ) -> Incident:
        if event_type is IncidentEventType.REOPENED:
            self._stay_last(store, old, new)
        by_count = event_type in (IncidentEventType.RESOLVED, IncidentEventType.REOPENED)
        once = str(new.reopened_count if by_count else f"v{new.version}")
        store.incidents.happened(
            [self._event(new, event_type, event_id(new.incident_id, event_type, once), notes)]
        )
        store.outbox.write(outbox_of_change(old, new, self.context.now()))
        return store.written(new)

    def _event(
        self,
        incident: Incident,
        event_type: IncidentEventType,
        new_id: str,
        notes: str | None,
    ) -> IncidentEvent:
        return IncidentEvent(
            event_id=new_id,
            incident_id=incident.incident_id,
            project_key=incident.project_key,
            event_type=event_type,
            actor=self.actor.name,
            notes=notes,
            created_at=self.context.now(),
        )

    def _of(self, wanted: IncidentFilter) -> Sequence[Condition]:
        named = {
            "severity": wanted.severity,
            "table_id": wanted.table_id,
            "test_id": wanted.test_id,
        }
        found = [eq(column, value) for column, value in named.items() if value is not None]
        if wanted.status:
            found.append(is_in("status", wanted.status))
        if wanted.assignee is not None:
            is_nobody = wanted.assignee == NOBODY
            found.append(
                is_null("assigned_to") if is_nobody else eq("assigned_to", wanted.assignee)
            )
        now, incidents = self.context.now(), self.store.incidents
        if wanted.quiet is not None:
            found.append(incidents.quiet(now) if wanted.quiet else incidents.loud(now))
        if wanted.on_board:
            found.append(incidents.on_board(now))
        return found


def _resolution(name: str) -> Resolution:
    known = [one.value for one in BY_PEOPLE]
    if name not in known:
        raise WrongUseError(f"no resolution is named {name!r}; there are {', '.join(known)}")
    return Resolution(name)
