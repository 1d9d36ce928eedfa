"""The faces of one subject each, which hang on the public face."""

from __future__ import annotations

from dq_databricks.quality.access import AccessFace
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.quality.activation import ActivationFace
from dq_databricks.quality.audit import AuditFace
from dq_databricks.quality.authoring import AuthoringFace
from dq_databricks.quality.browse import BrowseFace
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.drift import DriftFace
from dq_databricks.quality.exchange import ExchangeFace
from dq_databricks.quality.history import HistoryFace
from dq_databricks.quality.incidents import IncidentFace
from dq_databricks.quality.ingesting import IngestionFace
from dq_databricks.quality.jobs import JobFace
from dq_databricks.quality.listings import Listings
from dq_databricks.quality.moves import RenameFace
from dq_databricks.quality.notices import NoticeFace
from dq_databricks.quality.opened import Opened
from dq_databricks.quality.options import OptionsFace
from dq_databricks.quality.overview import OverviewFace
from dq_databricks.quality.points import PointFace
from dq_databricks.quality.profiles import ProfileFace
from dq_databricks.quality.projects import ProjectFace
from dq_databricks.quality.proposing import Proposer
from dq_databricks.quality.requests import RequestFace
from dq_databricks.quality.results import ResultFace
from dq_databricks.quality.schedules import ScheduleFace
from dq_databricks.quality.schema import SchemaFace
from dq_databricks.quality.sources import SourceFace
from dq_databricks.quality.spreadsheets import SheetFace
from dq_databricks.quality.suites import SuiteFace
from dq_databricks.quality.table_view import TableFace
from dq_databricks.quality.tests import TestFace
from dq_databricks.quality.trying import TryFace
from dq_databricks.quality.upkeep import UpkeepFace
from dq_databricks.quality.work import WorkFinder
from dq_databricks.secrets import open_secrets


class Faces(Opened):
    """Gives the faces of one subject each, over what the schema is opened as."""

    @property
    def schema(self) -> SchemaFace:
        """The life of the metadata schema: migrate, status, plan, rollback, repair, baseline."""
        return SchemaFace(self.engine, self._located(), self.context, self._back_up)

    @property
    def drift(self) -> DriftFace:
        """Whether the schema is what its migrations made of it: verify, adopt."""
        return DriftFace(self.engine, self._located(), self.context)

    @property
    def upkeep(self) -> UpkeepFace:
        """Sizes, daily care and grants: report, maintain, plan_grants, apply_grants."""
        return UpkeepFace(self.engine, self._located(), self.context)

    @property
    def points(self) -> PointFace:
        """Restore points: backup, list, show, remove, plan a restore, restore."""
        return PointFace(self.engine, self._located(), self.context)

    @property
    def renaming(self) -> RenameFace:
        """Another name for the metadata schema: rename, abandon, drop_old, status."""
        return RenameFace(self.engine, self._located(), self.context)

    @property
    def requests(self) -> RequestFace:
        """Requests that must not be carried out twice: claim, finish, release, purge."""
        return RequestFace(self._writing(), self.context)

    @property
    def catalog(self) -> CatalogFace:
        """Connections, table groups and tables: list, show, add, edit, remove."""
        return CatalogFace(
            self._ready(),
            self.engine,
            self.settings.project,
            writable=self._writing,
            reach=self._reach,
            projects=self.project_keys,
            context=self.context,
        )

    @property
    def activation(self) -> ActivationFace:
        """Put a connection to use: activate, register_connection."""
        return ActivationFace(
            self._ready(),
            self.context,
            self._writing,
            self.catalog,
            self.sources,
            self.jobs,
            self.schedules,
        )

    @property
    def overview(self) -> OverviewFace:
        """Combined reads for pages: home, tables, estate, profile_run."""
        return OverviewFace(self._ready())

    @property
    def table_view(self) -> TableFace:
        """One table from all sides: show, column, comparison, proposals."""
        return TableFace(Proposer(self._ready(), self.engine, self.context))

    @property
    def incidents(self) -> IncidentFace:
        """Incidents: list, counts, show, timeline, acknowledge, assign, resolve, snooze, mute."""
        return IncidentFace(self._ready(), self.context, self.actor, self._writing)

    @property
    def listings(self) -> Listings:
        """Lists with filters and an order, for pages: tests, runs, results, alerts, audit log."""
        return Listings(self._ready(), self.actor.workspace_id)

    @property
    def access(self) -> AccessFace:
        """Who may do what: organizations, workspaces, users, keys."""
        return AccessFace(self._access_site())

    @property
    def audit(self) -> AuditFace:
        """The audit log: list, verify, head, note."""
        return AuditFace(self._access_site())

    @property
    def projects(self) -> ProjectFace:
        """Projects of workspaces: list, show, add, edit, remove."""
        return ProjectFace(self._access_site())

    @property
    def options(self) -> OptionsFace:
        """Every setting: list, show, save."""
        return OptionsFace(
            store=self._ready(),
            engine=self.engine,
            settings=self.settings,
            context=self.context,
            rename=self._rename,
            writable=self._writing,
        )

    @property
    def jobs(self) -> JobFace:
        """Jobs and the runs they make: request, list, show, cancel, retry, run, reconcile."""
        return JobFace(
            self._ready(),
            self.context,
            self.settings,
            self.actor,
            self._writing,
            self.catalog,
            self._work,
            self.access.organizations.check_storage,
        )

    @property
    def ingestions(self) -> IngestionFace:
        """Loads that pipelines tell of: record."""
        return IngestionFace(self._ready(), self.catalog, self._work, self.jobs)

    @property
    def notices(self) -> NoticeFace:
        """Events that nobody was told of yet: pending, take."""
        return NoticeFace(self._ready(), self.engine, self._located(), self.context, self._writing)

    @property
    def schedules(self) -> ScheduleFace:
        """When work is asked for: list, show, add, edit, remove, enable, preview, run, dispatch."""
        return ScheduleFace(
            self._ready(),
            self.context,
            self.actor,
            self._writing,
            self.catalog,
            self.settings.project,
            self.access.organizations.check_storage,
            self.access.everywhere().organizations.without_room,
        )

    def _access_site(self) -> AccessSite:
        bound = None if self.project_keys is None else self.actor.workspace_id
        return AccessSite(self._ready, self.engine, self.settings, self.context, self.actor, bound)

    def _rename(self, target: str) -> OptionsFace:
        """Rename the schema; the settings as they are under its new name."""
        self.renaming.rename(target)
        self._may_read = self._may_write = False
        return self.options

    @property
    def browse(self) -> BrowseFace:
        """Lists with every filter and any order: tests, results, anomalies, profile runs."""
        return BrowseFace(self._ready())

    @property
    def history(self) -> HistoryFace:
        """Versions of tests: list, show, roll back."""
        return HistoryFace(self._ready(), self._writing)

    @property
    def exchange(self) -> ExchangeFace:
        """Tests as documents: export, import."""
        tests = self._tests(write=False)
        return ExchangeFace(self._ready(), self.context, self.catalog, tests, self._writing)

    @property
    def sheets(self) -> SheetFace:
        """Results and anomalies as CSV for spreadsheets."""
        return SheetFace(self.browse, self.audit)

    @property
    def trying(self) -> TryFace:
        """Without storing anything: validate, try or backtest a test, look at rows that failed."""
        return TryFace(self._ready(), self.engine, self.context, self._tests(write=False))

    @property
    def authoring(self) -> AuthoringFace:
        """Entries and templates of sensors and check types, and trying new ones."""
        return AuthoringFace(self.engine, self.context, self._reach)

    @property
    def findings(self) -> ResultFace:
        """Figures over results: verdicts by day, table, suite and table version."""
        return ResultFace(self._ready(), self.context)

    @property
    def profiles(self) -> ProfileFace:
        """Profile runs, two of them side by side, and what people say about anomalies."""
        return ProfileFace(self._ready(), self.context, self.actor.name, self._writing)

    @property
    def suites(self) -> SuiteFace:
        """Suites: list, show, describe."""
        return SuiteFace(self._ready(), self.context, self.settings.project, self._writing)

    @property
    def sources(self) -> SourceFace:
        """What the engine shows of connections: test, discover, preview."""
        secrets = open_secrets(self.settings, self.context.redaction, self.context.monotonic)
        return SourceFace(
            self._ready(), self.engine, self.context, self._reach, self._writing, secrets
        )

    def _work(self, *, write: bool = True) -> WorkFinder:
        store = self._ready(write=write)
        return WorkFinder(store, self.engine, self.settings.project, self._reach, self.project_keys)

    def _tests(self, *, write: bool = True) -> TestFace:
        return TestFace(self._ready(write=write), self.engine, self.context, self._reach)
