"""Schedules as people keep them: list, show, add, edit, remove, preview, run now; and dispatch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from dq_databricks.errors import (
    AlreadyExistsError,
    NotFoundError,
    ParameterError,
    TargetError,
    UnknownNameError,
    VersionConflictError,
    WriteConflictError,
)
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import CatchUp, JobKind, Overlap, TargetType, TriggerSource
from dq_databricks.model.words import did_you_mean
from dq_databricks.model.work import Job, Schedule
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.scheduling.cron import Cron
from dq_databricks.scheduling.dispatcher import Dispatcher, DispatchReport
from dq_databricks.scheduling.slots import next_slot
from dq_databricks.store.filters import Condition, eq
from dq_databricks.store.page import Page
from dq_databricks.store.store import Store

__all__ = ["DispatchReport", "ScheduleFace"]

E = TypeVar("E", bound=StrEnum)
MOST_PREVIEWED = 100
MOST_CHARACTERS = 2000
_MOST_TRIES = 10
_LIMITS = {
    "jitter_s": (0, 3600),
    "timeout_s": (1, 7 * 24 * 3600),
    "max_attempts": (1, 10),
}
_EDITABLE = frozenset(
    {"name", "kind", "target_type", "target_ref", "cron", "timezone", "is_enabled", "catch_up"}
    | {"overlap", *_LIMITS}
)
_WORDS: Mapping[str, type[StrEnum]] = {
    "kind": JobKind,
    "target_type": TargetType,
    "catch_up": CatchUp,
    "overlap": Overlap,
}


@dataclass(frozen=True, slots=True)
class ScheduleFace:
    """The schedules of the projects that its face sees. They are named by id or by name."""

    store: Store
    context: Context
    actor: Actor
    writable: Callable[[], Store]
    catalog: CatalogFace
    project_key: str
    check_room: Callable[[], None]
    without_room: Callable[[], Mapping[str, str]]

    # --- looking ---------------------------------------------------------------------------

    def list(
        self, *, enabled: bool | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Schedule]:
        """Schedules, by name."""
        conditions: list[Condition] = []
        if enabled is not None:
            conditions.append(eq("is_enabled", value=enabled))
        table = self.store.schedules.table
        return table.select(*conditions, order_by=("name",), limit=limit, cursor=cursor)

    def show(self, name_or_id: str) -> Schedule:
        """One schedule; raises NotFoundError with near names."""
        table = self.store.schedules.table
        if (found := table.get(name_or_id)) is not None:
            return found
        named = table.select(eq("name", name_or_id), limit=2).items
        if len(named) == 1:
            return named[0]
        if named:
            raise NotFoundError(f"schedule {name_or_id!r}: several have this name; give its id")
        names = [schedule.name for schedule in self.list(limit=1000)]
        raise NotFoundError(f"no schedule {name_or_id!r}{did_you_mean(name_or_id, names)}")

    def preview(self, name_or_id: str, count: int = 5) -> tuple[datetime, ...]:
        """When a schedule fires next, UTC, whether or not it is enabled."""
        schedule = self.show(name_or_id)
        return self.preview_of(schedule.cron, schedule.timezone, count)

    def preview_of(self, cron: str, timezone: str = "UTC", count: int = 5) -> tuple[datetime, ...]:
        """When a cron expression fires next, UTC; raises CronError saying what to write."""
        if not 1 <= count <= MOST_PREVIEWED:
            raise ParameterError(f"preview of {count} times: ask for 1 to {MOST_PREVIEWED}")
        return Cron.parse(cron, timezone).upcoming(self.context.now(), count)

    # --- changing --------------------------------------------------------------------------

    def add(
        self,
        name: str,
        *,
        cron: str,
        kind: str,
        target_type: str,
        target_ref: str,
        schedule_id: str | None = None,
        **fields: Any,
    ) -> Schedule:
        """Add a schedule of `target_ref`: id or TARGET of a table, id or name of a group, suite.

        `fields` are further columns, such as `timezone` and `catch_up`. Two that are given the same
        `schedule_id` are one. Raises CronError,
        NotFoundError where there is no such target, ParameterError, UnknownNameError,
        AlreadyExistsError.
        """
        given = {"cron": cron, "kind": kind, "target_type": target_type, "target_ref": target_ref}
        values = self._checked({"name": name, **given, **fields})
        now = self.context.now()
        draft = Schedule.model_validate(
            {
                "schedule_id": schedule_id or self.context.new_id(),
                "project_key": self.project_key,
                "created_at": now,
                "updated_at": now,
                **values,
            }
        )
        complete = self._complete(draft, now)
        schedule = complete.model_copy(update={"next_run_at": next_slot(complete, now)})
        self._check_name(schedule)
        store = self.writable()
        return store.written(store.schedules.table.insert(schedule))

    def edit(
        self, name_or_id: str, *, expected_version: int | None = None, **changes: Any
    ) -> Schedule:
        """Change fields, and with them the next slot; None edits whatever is stored now.

        A slot that is claimed meanwhile stays claimed. Raises VersionConflictError, and what
        `add` raises.
        """
        values = self._checked(changes)
        if not values:
            raise ParameterError(f"schedule {name_or_id}: nothing to change was given")
        found = self.show(name_or_id)
        if values.get("name", found.name) != found.name:
            self._check_name(found.model_copy(update=values))
        version = found.version if expected_version is None else expected_version
        for _ in range(_MOST_TRIES):
            changed = self._edited(found, values, version)
            if changed is not None:
                return changed
            found = self.show(found.schedule_id)
        raise WriteConflictError(f"schedule {name_or_id!r}: it changed all the time; try again")

    def enable(self, name_or_id: str, *, expected_version: int | None = None) -> Schedule:
        """Let a schedule fire, from its next slot on; slots before now do not count as missed."""
        return self.edit(name_or_id, expected_version=expected_version, is_enabled=True)

    def disable(self, name_or_id: str, *, expected_version: int | None = None) -> Schedule:
        """Keep a schedule without firing; a job that it has queued is still carried out."""
        return self.edit(name_or_id, expected_version=expected_version, is_enabled=False)

    def remove(self, name_or_id: str, *, expected_version: int | None = None) -> Schedule:
        """Remove a schedule; its jobs stay. Raises NotFoundError, VersionConflictError."""
        found = self.show(name_or_id)
        version = found.version if expected_version is None else expected_version
        store = self.writable()
        store.schedules.table.remove([found.schedule_id], version)
        return store.written(found)

    def run(self, name_or_id: str, *, trigger: TriggerSource = TriggerSource.MANUAL) -> Job:
        """Queue what a schedule does now, beside its slots; raises LimitReachedError."""
        schedule, now = self.show(name_or_id), self.context.now()
        self.check_room()
        job = Job(
            job_id=self.context.new_id(),
            project_key=schedule.project_key,
            kind=schedule.kind,
            target_type=schedule.target_type,
            target_ref=schedule.target_ref,
            title=schedule.name,
            trigger_source=trigger,
            max_attempts=schedule.max_attempts,
            timeout_s=schedule.timeout_s,
            run_id=self.context.new_id(),
            schedule_id=schedule.schedule_id,
            requested_by=self.actor.name,
            created_at=now,
            updated_at=now,
        )
        store = self.writable()
        store.schedules.insert_jobs([job])
        return store.written(job)

    # --- machines --------------------------------------------------------------------------

    def dispatch(self, at: datetime | None = None) -> DispatchReport:
        """One round: queue a job for every slot that has come. Safe beside other dispatchers.

        Slots of an organization whose storage is full are missed; the report says why.
        """
        store = self.writable()
        dispatcher = Dispatcher(store.schedules, self.without_room)
        return store.written(dispatcher.round(at or self.context.now()))

    def recompute(self) -> int:
        """Move slots to come to where the zone rules of now put them; how many moved.

        Call it once when a process that dispatches starts.
        """
        store = self.writable()
        return store.written(Dispatcher(store.schedules).recompute(self.context.now()))

    # --- below -----------------------------------------------------------------------------

    def _edited(self, found: Schedule, values: Mapping[str, Any], version: int) -> Schedule | None:
        """The changed schedule; None when a slot was claimed meanwhile."""
        if found.version != version:
            raise VersionConflictError(
                f"schedule {found.name!r}: version {version} was expected, version "
                f"{found.version} is stored; read it again and repeat the edit"
            )
        now = self.context.now()
        draft = found.model_copy(update=dict(values))
        # What is only switched off may have lost its target, or its zone.
        is_off = set(values) == {"is_enabled"} and not draft.is_enabled
        complete = draft if is_off else self._complete(draft, now)
        told = {name: getattr(complete, name) for name in (*values, *_DERIVED)}
        told["next_run_at"] = next_slot(complete, now)
        changes = {**told, "version": version + 1, "updated_at": now}
        store = self.writable()
        unclaimed = [eq("version", version), eq("next_run_at", found.next_run_at)]
        if not store.schedules.table.change([found.schedule_id], changes, *unclaimed):
            return None
        return store.written(found.model_copy(update=changes))

    def _complete(self, draft: Schedule, now: datetime) -> Schedule:
        """`draft` with its target found and its cron expression read."""
        cron = Cron.parse(draft.cron, draft.timezone)
        _check_jitter(draft, cron, now)
        if draft.kind is JobKind.PROFILE and draft.target_type is TargetType.SUITE:
            raise ParameterError(
                f"schedule {draft.name!r}: a suite is tested, never profiled; "
                "give kind test, or a table or group as target"
            )
        target_ref, project_key = self._target(draft.target_type, draft.target_ref)
        update = {"cron": cron.expression, "target_ref": target_ref, "project_key": project_key}
        return draft.model_copy(update=update)

    def _target(self, target_type: TargetType, ref: str) -> tuple[str, str]:
        """The id of what is meant, and its project; raises NotFoundError."""
        if target_type is TargetType.TABLE:
            table = self._table(ref)
            return table, self._project_of_group(
                self.store.catalog.tables.require(table).table_group_id
            )
        if target_type is TargetType.GROUP:
            found = self.store.catalog.groups.get(ref) or self.catalog.group(ref)
            return found.table_group_id, self._project_of_group(found.table_group_id)
        tests = self.store.tests.select(eq("test_suite_key", ref), limit=1).items
        if not tests:
            raise NotFoundError(f"no suite {ref!r} has tests; see dq tests")
        return ref, self._project_of_group(tests[0].table_group_id)

    def _table(self, ref: str) -> str:
        if (found := self.store.catalog.tables.get(ref)) is not None:
            return found.table_id
        try:
            return self.catalog.table(ref).table_id
        except TargetError as error:
            # Whether a file exists that is not under watch is nobody's business here.
            raise NotFoundError(f"no table {ref!r} is under watch; see dq tables") from error

    def _project_of_group(self, table_group_id: str) -> str:
        group = self.store.catalog.groups.require(table_group_id)
        return self.store.catalog.connections.require(group.connection_id).project_key

    def _check_name(self, schedule: Schedule) -> None:
        same = [eq("name", schedule.name), eq("project_key", schedule.project_key)]
        found = self.store.schedules.table.select(*same, limit=1).items
        if found and found[0].schedule_id != schedule.schedule_id:
            raise AlreadyExistsError(
                f"schedule {schedule.name!r} exists already ({found[0].schedule_id}); "
                "edit it, or give another name"
            )

    def _checked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """`fields` with words as they are stored; raises ParameterError, UnknownNameError."""
        unknown = sorted(set(fields) - _EDITABLE)
        if unknown:
            raise ParameterError(
                f"schedules have no field {unknown[0]!r} to set; there are "
                f"{', '.join(sorted(_EDITABLE))}"
            )
        return {name: _value(name, value) for name, value in fields.items()}


_DERIVED = ("target_ref", "project_key", "cron")


def _value(name: str, value: Any) -> Any:
    if name in _WORDS:
        return _word(_WORDS[name], name, value)
    if name in _LIMITS:
        return _number(name, value)
    if name == "is_enabled":
        if not isinstance(value, bool):
            raise ParameterError(f"is_enabled {value!r}: give true or false")
        return value
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MOST_CHARACTERS:
        raise ParameterError(f"{name} {str(value)[:40]!r}: give 1 to {MOST_CHARACTERS} characters")
    return value


def _number(name: str, value: Any) -> int:
    low, high = _LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ParameterError(f"{name} {value!r}: give a whole number from {low} to {high:,}")
    return value


def _word(words: type[E], name: str, value: object) -> E:
    known = [word.value for word in words]
    if value not in known:
        hint = did_you_mean(str(value), known) or f"; there are {', '.join(known)}"
        raise UnknownNameError(f"{name} {value!r} is unknown{hint}")
    return words(value)


def _check_jitter(draft: Schedule, cron: Cron, now: datetime) -> None:
    """A start that is put off past the next slot would take its place."""
    slots = cron.upcoming(now, 2)
    if len(slots) == 2 and slots[1] - slots[0] <= timedelta(seconds=draft.jitter_s):
        raise ParameterError(
            f"jitter_s {draft.jitter_s}: {cron} fires every {slots[1] - slots[0]} or more often; "
            "give less"
        )
