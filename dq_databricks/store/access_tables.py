"""Who may do what, by subject: each attribute is the table of its rows."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.model.access import ApiKey, Membership, Organization, User, Workspace
from dq_databricks.model.catalog import Project
from dq_databricks.store.access import Table


@dataclass(frozen=True, slots=True)
class AccessTables:
    """Organizations, their workspaces, users and projects, memberships and keys; of everybody."""

    organizations: Table[Organization]
    workspaces: Table[Workspace]
    users: Table[User]
    memberships: Table[Membership]
    keys: Table[ApiKey]
    projects: Table[Project]
