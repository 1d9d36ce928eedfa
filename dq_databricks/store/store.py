"""All metadata of one schema, by subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dq_databricks.engine.protocol import Engine
from dq_databricks.model.alert import Alert
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import Connection, Project, TableEntry, TableGroup
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.setting import Setting
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table
from dq_databricks.store.alerts import Alerts
from dq_databricks.store.catalog import Catalog
from dq_databricks.store.profiles import Profiles
from dq_databricks.store.runs import Runs
from dq_databricks.store.settings import StoredSettings
from dq_databricks.store.tests import Tests

M = TypeVar("M", bound=Record)
T = TypeVar("T")


class Store:
    """The metadata of the schema that `settings` name. Makes no call when constructed.

    `confirm` is asked after writes whether they count; it raises when they do not.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        context: Context,
        *,
        confirm: Callable[[], None] = lambda: None,
    ) -> None:
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
        self.runs = Runs(self.table(TestRun), self.table(TestResult))
        self.alerts = Alerts(self.table(Alert), context)
        self.settings = StoredSettings(self.table(Setting), settings, context)

    def table(self, model: type[M]) -> Table[M]:
        """Generic access to the rows of one model."""
        name = TableName(self._settings.catalog, self._settings.data_quality_schema, model.TABLE)
        return Table(self._engine, name, model, self._context, is_required=True)

    def written(self, value: T) -> T:
        """`value`, once it is sure that what was written for it counts."""
        self._confirm()
        return value
