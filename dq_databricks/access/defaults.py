"""The organization and the workspace that every installation starts with, made where missing."""

from __future__ import annotations

from dq_databricks.model.access import Organization, Workspace
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from dq_databricks.store.access_tables import AccessTables


def ensure_defaults(tables: AccessTables, context: Context) -> None:
    """Make the default organization and workspace where they are missing; one read if not."""
    if tables.workspaces.get(DEFAULT_WORKSPACE, include_removed=True) is not None:
        return
    now = context.now()
    tables.organizations.insert_missing(
        [
            Organization(
                organization_id=DEFAULT_WORKSPACE,
                name=DEFAULT_WORKSPACE,
                slug=DEFAULT_WORKSPACE,
                created_at=now,
                updated_at=now,
            )
        ]
    )
    tables.workspaces.insert_missing(
        [
            Workspace(
                workspace_id=DEFAULT_WORKSPACE,
                organization_id=DEFAULT_WORKSPACE,
                name=DEFAULT_WORKSPACE,
                created_at=now,
                updated_at=now,
            )
        ]
    )
