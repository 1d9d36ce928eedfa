"""All metadata of one schema, by subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import QualityError
from dq_databricks.model.access import ApiKey, Membership, Organization, User, Workspace
from dq_databricks.model.actor import Actor
from dq_databricks.model.alert import Alert
from dq_databricks.model.audit import AuditEvent
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import Connection, Project, TableEntry, TableGroup
from dq_databricks.model.history import TestVersion
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident, IncidentEvent, OutboxEvent
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.setting import Setting
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.work import Job, Schedule
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table
from dq_databricks.store.access_tables import AccessTables
from dq_databricks.store.alerts import Alerts
from dq_databricks.store.audit import AuditLog
from dq_databricks.store.catalog import Catalog
from dq_databricks.store.changes import Changes
from dq_databricks.store.group_commit import GroupCommit
from dq_databricks.store.history import TestHistory
from dq_databricks.store.incidents import Incidents
from dq_databricks.store.outbox import Outbox
from dq_databricks.store.profiles import Profiles
from dq_databricks.store.runs import Runs
from dq_databricks.store.schedules import Schedules
from dq_databricks.store.scope import of_projects
from dq_databricks.store.settings import StoredSettings
from dq_databricks.store.tests import Tests

M = TypeVar("M", bound=Record)
T = TypeVar("T")


class Store:
    """The metadata of the schema that `settings` name. Makes no call when constructed.

    `confirm` is asked after writes whether they count; it raises when they do not. `actor` is who
    writes. With `projects`, rows of other projects are never seen. Cursors are signed with
    `cursor_key`. What is written shares commits with other stores of `group`.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        context: Context,
        *,
        confirm: Callable[[], None] = lambda: None,
        actor: Actor | None = None,
        projects: Sequence[str] | None = None,
        cursor_key: bytes = b"",
        group: GroupCommit | None = None,
    ) -> None:
        self._cursor_key = cursor_key
        self._group = group
        self._actor = actor or Actor(settings.user_name)
        self._projects = projects
        self._changes = Changes()
        self._engine = engine
        self._confirm = confirm
        self._settings = settings
        self._context = context
        self.catalog = Catalog(
            self.table(Project),
            self.table(Connection),
            self.table(TableGroup),
            self.table(TableEntry),
            context,
        )
        self.profiles = Profiles(
            self.table(ProfileRun),
            self.table(TableProfile),
            self.table(ColumnProfile),
            self.table(Anomaly),
        )
        self.tests = Tests(self.table(TestRecord))
        self.history = TestHistory(self.table(TestVersion), context)
        self.runs = Runs(self.table(TestRun), self.table(TestResult))
        self.schedules = Schedules(self.table(Schedule), self.table(Job))
        self.alerts = Alerts(self.table(Alert), context)
        self.incidents = Incidents(self.table(Incident), self.table(IncidentEvent))
        self.outbox = Outbox(self.table(OutboxEvent))
        self.settings = StoredSettings(self.table(Setting), settings, context)
        self.audit = AuditLog(self.table(AuditEvent), context, group)
        self.access = AccessTables(
            self.table(Organization),
            self.table(Workspace),
            self.table(User),
            self.table(Membership),
            self.table(ApiKey),
            self.table(Project, is_scoped=False),
        )

    def table(self, model: type[M], *, is_scoped: bool = True) -> Table[M]:
        """Generic access to the rows of one model, within the projects of this store.

        Not `is_scoped`: of all projects, for what is looked up beside a workspace.
        """
        projects = self._projects if is_scoped else None
        scope = () if projects is None else of_projects(model, projects, self._sql)
        return Table(
            self._engine,
            self._name(model),
            model,
            self._context,
            is_required=True,
            scope=scope,
            changes=self._changes,
            cursor_key=self._cursor_key,
            group=self._group,
        )

    def written(self, value: T) -> T:
        """`value`, once what was changed for it is in the audit log and is sure to count."""
        self.record()
        self._confirm()
        return value

    @property
    def is_settled(self) -> bool:
        """Whether every change is in the audit log."""
        return self._changes.is_empty

    def record(self) -> None:
        """Write the changes that were noted since the last call down in the audit log.

        Tests keep every version they had.
        """
        changes = self._changes.take()
        try:
            self.history.write(changes, self._actor)
            self.audit.write(changes, self._actor)
        except QualityError:
            self._changes.put_back(changes)
            raise

    def _name(self, model: type[Record]) -> TableName:
        return TableName(self._settings.catalog, self._settings.data_quality_schema, model.TABLE)

    def _sql(self, model: type[Record]) -> str:
        return self._name(model).sql
