"""Every metadata table by its model: what a schema of this version holds."""

from __future__ import annotations

from dq_databricks.model.access import ApiKey, Membership, Organization, User, Workspace
from dq_databricks.model.alert import Alert
from dq_databricks.model.audit import AuditEvent
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import Connection, Project, TableEntry, TableGroup
from dq_databricks.model.history import AnsweredRequest, TestSuite, TestVersion
from dq_databricks.model.incident import Incident, IncidentEvent, OutboxEvent
from dq_databricks.model.life import Lease, RestorePoint
from dq_databricks.model.migration import AppliedMigration, MigrationStep
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.setting import Setting
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.work import Job, Schedule

LIFE_MODELS: tuple[type[Record], ...] = (AppliedMigration, MigrationStep, Lease, RestorePoint)
"""What the life of the schema itself is kept in: never restored or rolled back with the rest."""

MODELS: tuple[type[Record], ...] = (
    Project,
    Connection,
    TableGroup,
    TableEntry,
    ProfileRun,
    TableProfile,
    ColumnProfile,
    Anomaly,
    TestRecord,
    TestRun,
    TestResult,
    Alert,
    Setting,
    Organization,
    Workspace,
    User,
    Membership,
    ApiKey,
    AuditEvent,
    Schedule,
    Job,
    Incident,
    IncidentEvent,
    OutboxEvent,
    TestSuite,
    TestVersion,
    AnsweredRequest,
    *LIFE_MODELS,
)

LIFE_TABLES = frozenset(model.TABLE for model in LIFE_MODELS)

NEVER_RESTORED = LIFE_TABLES | {AuditEvent.TABLE, ApiKey.TABLE}
"""Tables that going back in time leaves alone: a restore must not bring back a revoked key or make
anybody forget who did what."""

KEYS = {model.TABLE: model.KEY for model in MODELS}
"""The key columns of each metadata table, by its name."""
