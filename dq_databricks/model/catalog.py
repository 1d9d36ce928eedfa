"""What is under watch: projects, connections, table groups and their tables."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import MutableRecord, SmallCount
from dq_databricks.model.vocabulary import ConnectionStatus, IncidentKey

DEFAULT_WORKSPACE = "default"
"""The workspace, and the organization, that every installation starts with."""


class Project(MutableRecord):
    """One environment of a workspace.

    `incident_key`, `reopen_hours` and `resolve_after_passes` say how its failures become incidents.
    """

    TABLE: ClassVar[str] = "dq_projects"
    KEY: ClassVar[tuple[str, ...]] = ("project_key",)
    ENTITY: ClassVar[str] = "project"

    project_key: str
    name: str
    description: str | None = None
    sql_flavor: str = "databricks"
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None
    workspace_id: str = DEFAULT_WORKSPACE
    incident_key: IncidentKey = IncidentKey.TEST
    reopen_hours: SmallCount = 24
    resolve_after_passes: SmallCount = 1


class Connection(MutableRecord):
    """Where the tables of a project live. Credentials are a reference, never a value."""

    TABLE: ClassVar[str] = "dq_connections"
    KEY: ClassVar[tuple[str, ...]] = ("connection_id",)
    ENTITY: ClassVar[str] = "connection"

    connection_id: str
    project_key: str
    system_id: str | None = None
    name: str
    catalog: str | None = None
    schema_name: str | None = None
    http_path: str | None = None
    managed_credentials_ref: str | None = None
    created_at: datetime
    updated_at: datetime
    is_active: bool = True
    version: int = 1
    deleted_at: datetime | None = None
    connection_type: str = "databricks"
    status: ConnectionStatus = ConnectionStatus.UNKNOWN
    last_tested_at: datetime | None = None
    last_error: str | None = None
    federation_options: str | None = None
    uc_connection: str | None = None
    supports_history: bool = True
    supports_statistics: bool = True


class TableGroup(MutableRecord):
    """Tables that are profiled and tested together."""

    TABLE: ClassVar[str] = "dq_table_groups"
    KEY: ClassVar[tuple[str, ...]] = ("table_group_id",)
    ENTITY: ClassVar[str] = "table_group"

    table_group_id: str
    connection_id: str
    name: str
    description: str | None = None
    profiling_include_mask: str | None = None
    profiling_exclude_mask: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None


FOREIGN = "foreign"
"""The format of a catalog table that is read through a foreign catalog."""


class TableEntry(MutableRecord):
    """One table of a group: a catalog table, or files (`file_format` and `path`).

    Of the tables of a catalog, only foreign ones have a `file_format`.
    """

    TABLE: ClassVar[str] = "dq_tables"
    KEY: ClassVar[tuple[str, ...]] = ("table_id",)
    ENTITY: ClassVar[str] = "table"

    table_id: str
    table_group_id: str
    schema_name: str
    table_name: str
    source_table_id: str | None = None
    created_at: datetime
    version: int = 1
    updated_at: datetime
    deleted_at: datetime | None = None
    catalog: str | None = None
    file_format: str | None = None
    path: str | None = None
