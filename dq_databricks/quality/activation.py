"""A connection put to use: its table group, its tables, their first profile, and a schedule.

Every step leads to rows with derived ids, so whoever activates twice, or again after having been
killed between two steps, makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dq_databricks.errors import (
    AlreadyExistsError,
    EngineUnavailableError,
    ParameterError,
    TargetError,
)
from dq_databricks.federation.settle import settled
from dq_databricks.model.catalog import Connection, TableGroup
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.model.vocabulary import (
    ConnectionStatus,
    JobKind,
    TargetType,
    TriggerSource,
)
from dq_databricks.model.work import Job, Schedule
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.jobs import JobFace
from dq_databricks.quality.schedules import ScheduleFace
from dq_databricks.quality.sources import SourceFace
from dq_databricks.scheduling.cron import Cron
from dq_databricks.sql.relation import TableRelation
from dq_databricks.store.store import Store

UTC_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a connection is to be used; None leaves what is there, or the default, as it is.

    `group` is named ``<system>-default`` by default, after the system id of the connection or its
    name. With `cron`, the group is profiled again whenever it fires in `timezone`.
    """

    group: str | None = None
    include: str | None = None
    exclude: str | None = None
    cron: str | None = None
    timezone: str = UTC_ZONE


@dataclass(frozen=True, slots=True)
class ActivationReport:
    """What stands now, and in words what this call `made` of it; nothing: it all stood before.

    `tables` counts those that the masks let through, under watch in this group or another.
    """

    connection: Connection
    group: TableGroup
    tables: int
    job: Job
    schedule: Schedule | None
    made: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActivationFace:
    """Puts connections to use."""

    store: Store
    context: Context
    writable: Callable[[], Store]
    catalog: CatalogFace
    sources: SourceFace
    jobs: JobFace
    schedules: ScheduleFace

    def register_connection(self, name: str, **fields: Any) -> Connection:
        """The connection of this name, added where it is missing.

        Raises AlreadyExistsError where one with other `fields` has the name.
        """
        try:
            return self.catalog.add_connection(name, **fields)
        except AlreadyExistsError:
            stored = self.catalog.connection(name)
        wanted = settled(fields, name=name)
        if other := [column for column in wanted if getattr(stored, column) != wanted[column]]:
            raise AlreadyExistsError(
                f"connection {name!r} exists with another {', '.join(sorted(other))}: edit it, or "
                "activate it as it is, without fields"
            )
        return stored

    def activate(
        self, name_or_id: str, wishes: Wishes, *, trigger: TriggerSource = TriggerSource.MANUAL
    ) -> ActivationReport:
        """Try a connection, then make its group, tables, first profile and schedule.

        The connection keeps how it fared whatever comes of it, and is active at the end. Raises
        TargetError where it shows no table or masks let none through, EngineUnavailableError where
        it does not answer, CronError.
        """
        _check_cron(wishes)
        tried = self._healthy(self.catalog.connection(name_or_id))
        relations = self._matching(tried, wishes)
        made: list[str] = []
        group = self._group(tried, wishes, made)
        tables = self._tables(tried, group, relations, made)
        connection = self._active(tried, made)
        job = self._first_profile(group, trigger, made)
        schedule = self._schedule(group, wishes, made)
        return ActivationReport(connection, group, tables, job, schedule, tuple(made))

    # --- below -------------------------------------------------------------------------------

    def _healthy(self, connection: Connection) -> Connection:
        tried = self.sources.test(connection)
        if tried.status is ConnectionStatus.ERROR:
            raise EngineUnavailableError(
                f"connection {tried.name!r} was not activated: {tried.last_error}"
            )
        if tried.status is not ConnectionStatus.HEALTHY:
            hint = "check its catalog and schema, and that you may read them"
            if tried.uc_connection is not None:
                hint = f"its foreign catalog is made by what dq connections plan {tried.name} shows"
            raise TargetError(
                f"connection {tried.name!r} was not activated: {tried.last_error}; {hint}"
            )
        return tried

    def _matching(self, connection: Connection, wishes: Wishes) -> tuple[TableRelation, ...]:
        known = self.store.catalog.groups.get(self._group_id(connection, wishes))
        include, exclude = wishes.include, wishes.exclude
        if known is not None:
            include = known.profiling_include_mask if include is None else include
            exclude = known.profiling_exclude_mask if exclude is None else exclude
        relations = self.catalog.matching(connection, include, exclude)
        if relations:
            return relations
        name = ".".join(filter(None, (connection.catalog, connection.schema_name)))
        raise TargetError(
            f"connection {connection.name!r} was not activated: {name} shows no table that the "
            f"masks let through (include {include or '%'}, exclude {exclude or 'none'})"
        )

    def _group(self, connection: Connection, wishes: Wishes, made: list[str]) -> TableGroup:
        given = {
            "profiling_include_mask": wishes.include,
            "profiling_exclude_mask": wishes.exclude,
        }
        masks: dict[str, Any] = {column: mask for column, mask in given.items() if mask is not None}
        known = self.store.catalog.groups.get(self._group_id(connection, wishes))
        if known is not None:
            changes = {c: mask for c, mask in masks.items() if getattr(known, c) != mask}
            if not changes:
                return known
            made.append(f"new masks of group {known.name}")
            return self.catalog.edit_group(known.table_group_id, **changes)
        store = self.writable()
        name = _group_name(connection, wishes)
        group = store.catalog.ensure_group(connection.connection_id, name, **masks)
        made.append(f"group {group.name}")
        return store.written(group)

    def _group_id(self, connection: Connection, wishes: Wishes) -> str:
        name = _group_name(connection, wishes)
        return self.store.catalog.group_id_of(connection.connection_id, name)

    def _tables(
        self,
        connection: Connection,
        group: TableGroup,
        relations: tuple[TableRelation, ...],
        made: list[str],
    ) -> int:
        store = self.writable()
        entries, added = store.catalog.register_all(
            connection.project_key, relations, group_id=group.table_group_id
        )
        if added:
            made.append(f"{added} table{'' if added == 1 else 's'} under watch")
        return store.written(len(entries))

    def _active(self, connection: Connection, made: list[str]) -> Connection:
        if connection.is_active:
            return connection
        made.append(f"connection {connection.name} active")
        return self.catalog.edit_connection(connection.connection_id, is_active=True)

    def _first_profile(self, group: TableGroup, trigger: TriggerSource, made: list[str]) -> Job:
        job_id = derived_id("job", "activation", group.table_group_id)
        is_known = self.store.table(Job).get(job_id) is not None
        job = self.jobs.request(
            JobKind.PROFILE, group=group.table_group_id, trigger=trigger, job_id=job_id
        )
        if not is_known:
            made.append("a job for the first profile")
        return job

    def _schedule(self, group: TableGroup, wishes: Wishes, made: list[str]) -> Schedule | None:
        schedule_id = derived_id("schedule", "activation", group.table_group_id)
        known = self.store.schedules.table.get(schedule_id)
        if wishes.cron is None:
            return known
        wanted: dict[str, Any] = {"cron": wishes.cron, "timezone": wishes.timezone}
        if known is None:
            known = self._added(group, schedule_id, wanted, made)
        wanted["is_enabled"] = True
        changes = {name: value for name, value in wanted.items() if getattr(known, name) != value}
        if not changes:
            return known
        made.append(f"schedule {known.name} changed")
        return self.schedules.edit(schedule_id, **changes)

    def _added(
        self, group: TableGroup, schedule_id: str, wanted: dict[str, Any], made: list[str]
    ) -> Schedule:
        try:
            added = self.schedules.add(
                f"{group.name} profile",
                schedule_id=schedule_id,
                kind=JobKind.PROFILE,
                target_type=TargetType.GROUP,
                target_ref=group.table_group_id,
                **wanted,
            )
        except AlreadyExistsError:
            same = self.store.schedules.table.get(schedule_id)
            if same is None:
                raise
            return same  # somebody else was as quick
        made.append(f"schedule {added.name}")
        return added


def _group_name(connection: Connection, wishes: Wishes) -> str:
    return wishes.group or f"{connection.system_id or connection.name}-default"


def _check_cron(wishes: Wishes) -> None:
    """Refuse a cron expression before anything is made."""
    if wishes.cron is not None:
        Cron.parse(wishes.cron, wishes.timezone)
    elif wishes.timezone != UTC_ZONE:
        raise ParameterError(f"timezone {wishes.timezone!r} was given without a cron expression")
