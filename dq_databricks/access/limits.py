"""The limits of an organization: users, projects, and the bytes its metadata may take."""

from __future__ import annotations

from dq_databricks.errors import LimitReachedError
from dq_databricks.model.access import Organization
from dq_databricks.store.access_tables import AccessTables
from dq_databricks.store.filters import eq, is_in

BYTES_OF_GB = 1_000_000_000


def check_users(tables: AccessTables, organization: Organization, *, more: int) -> None:
    """Raise LimitReachedError unless the organization may have `more` users than it has."""
    has = len(tables.users.select(eq("organization_id", organization.organization_id)))
    _check(organization, has, more, organization.max_users, "users", "remove one")


def check_projects(tables: AccessTables, organization: Organization, *, more: int) -> None:
    """Raise LimitReachedError unless the organization may have `more` projects than it has."""
    places = tables.workspaces.select(eq("organization_id", organization.organization_id))
    ids = [place.workspace_id for place in places]
    has = len(tables.projects.select(is_in("workspace_id", ids)))
    _check(organization, has, more, organization.max_projects, "projects", "remove one")


def check_storage(organization: Organization, size_bytes: int) -> None:
    """Raise LimitReachedError when the metadata takes as much as the organization may have."""
    if size_bytes >= organization.storage_limit_gb * BYTES_OF_GB:
        raise LimitReachedError(
            f"organization {organization.name!r}: its metadata takes {size_bytes / 1e9:.2f} GB of "
            f"{organization.storage_limit_gb} GB; keep less (DQ_RETENTION_DAYS, dq maintain), or "
            "have storage_limit_gb raised"
        )


def projects_without_room(tables: AccessTables, size_bytes: int) -> dict[str, str]:
    """The keys of projects whose organization may have no more, each with the reason; 3 reads.

    While every organization has room, one read.
    """
    full: dict[str, str] = {}
    for organization in tables.organizations.select():
        try:
            check_storage(organization, size_bytes)
        except LimitReachedError as error:
            full[organization.organization_id] = str(error)
    if not full:
        return {}
    of_full = is_in("organization_id", sorted(full))
    places = {one.workspace_id: one.organization_id for one in tables.workspaces.select(of_full)}
    projects = tables.projects.select(is_in("workspace_id", sorted(places)))
    return {one.project_key: full[places[one.workspace_id]] for one in projects}


def _check(
    organization: Organization, has: int, more: int, most: int, what: str, way_out: str
) -> None:
    if has + more > most:
        raise LimitReachedError(
            f"organization {organization.name!r} has {has} of {most} {what}: {way_out}, or have "
            f"max_{what} raised"
        )
