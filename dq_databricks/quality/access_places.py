"""Organizations and workspaces: list, show, add, edit, remove; and the limits of organizations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dq_databricks.access.limits import check_storage, projects_without_room
from dq_databricks.access.people import checked_domain, checked_name
from dq_databricks.access.places import Places
from dq_databricks.errors import AlreadyExistsError, ParameterError
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.upkeep.footprint import metadata_bytes
from dq_databricks.model.access import Organization, Workspace
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.quality.editing import edited, removed
from dq_databricks.store.filters import eq
from dq_databricks.store.page import Page

_OF_ORGANIZATION = frozenset(
    {
        "name",
        "domain",
        "description",
        "tier",
        "tier_expires_at",
        "max_users",
        "max_projects",
        "storage_limit_gb",
        "is_active",
    }
)
_OF_WORKSPACE = frozenset({"name", "description", "is_active"})
_LIMITS = ("max_users", "max_projects", "storage_limit_gb")


@dataclass(frozen=True, slots=True)
class OrganizationFace:
    """Organizations, named by id, slug or name."""

    site: AccessSite

    def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[Organization]:
        """Organizations by slug."""
        return self.site.tables.organizations.select(
            *self.site.in_organization(), order_by=("slug",), limit=limit, cursor=cursor
        )

    def show(self, organization: str | None = None) -> Organization:
        """One organization, or one's own; raises NotFoundError."""
        return self.site.organization(organization)

    def add(self, name: str, slug: str, **fields: Any) -> Organization:
        """Add an organization; `fields` are columns such as `max_users`.

        Raises ParameterError, AlreadyExistsError.
        """
        _check_fields(fields)
        tables = self.site.writing()
        places = Places(tables, self.site.context)
        return self.site.written(places.add_organization(name, slug, **fields))

    def edit(
        self, organization: str, *, expected_version: int | None = None, **changes: Any
    ) -> Organization:
        """Change an organization. Raises ParameterError, VersionConflictError."""
        found = self.show(organization)
        _check_fields(changes)
        tables = self.site.writing()
        if "name" in changes:
            changes["name"] = checked_name(changes["name"], "name of an organization")
            self._check_name(found, changes["name"])
        after = edited(
            tables.organizations,
            found,
            changes,
            allowed=_OF_ORGANIZATION,
            expected_version=expected_version,
        )
        return self.site.written(after)

    def remove(self, organization: str, *, expected_version: int | None = None) -> Organization:
        """Remove an organization; raises ParameterError while it has workspaces or users."""
        found = self.show(organization)
        if found.organization_id == DEFAULT_WORKSPACE:
            raise ParameterError("the organization every installation starts with stays")
        tables, mine = self.site.writing(), eq("organization_id", found.organization_id)
        for what, held in (
            ("workspaces", tables.workspaces.select(mine)),
            ("users", tables.users.select(mine)),
        ):
            if held:
                raise ParameterError(
                    f"organization {found.name!r} still has {len(held)} {what}; remove them first"
                )
        return self.site.written(removed(tables.organizations, found, expected_version))

    def check_storage(self, organization: str | None = None) -> None:
        """Raise LimitReachedError when the metadata takes as much as the organization may have.

        All organizations of a schema share its tables, so their whole size counts for each.
        """
        check_storage(self.show(organization), self._size_bytes())

    def without_room(self) -> Mapping[str, str]:
        """Projects of organizations whose storage is full, by key, with what to do about it."""
        return projects_without_room(self.site.tables, self._size_bytes())

    def _size_bytes(self) -> int:
        return metadata_bytes(Site.of(self.site.engine, self.site.settings, self.site.context))

    def _check_name(self, found: Organization, name: str) -> None:
        others = self.site.tables.organizations.select(eq("name", name))
        if any(other.organization_id != found.organization_id for other in others):
            raise AlreadyExistsError(f"there is an organization {name!r} already")


@dataclass(frozen=True, slots=True)
class WorkspaceFace:
    """Workspaces, named by id, or by a name only one has."""

    site: AccessSite

    def list(
        self, *, organization: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Workspace]:
        """Workspaces by name."""
        of_one = []
        if organization is not None:
            found = self.site.organization(organization)
            of_one = [eq("organization_id", found.organization_id)]
        return self.site.tables.workspaces.select(
            *self.site.in_workspace(), *of_one, order_by=("name",), limit=limit, cursor=cursor
        )

    def show(self, workspace: str | None = None) -> Workspace:
        """One workspace, or one's own; raises NotFoundError."""
        return self.site.workspace(workspace)

    def add(
        self, name: str, *, organization: str | None = None, description: str | None = None
    ) -> Workspace:
        """Add a workspace to an organization. Raises ParameterError, AlreadyExistsError."""
        tables = self.site.writing()
        places = Places(tables, self.site.context)
        found = self.site.organization(organization)
        return self.site.written(places.add_workspace(found, name, description))

    def edit(
        self, workspace: str, *, expected_version: int | None = None, **changes: Any
    ) -> Workspace:
        """Change a workspace. Raises ParameterError, VersionConflictError."""
        found = self.show(workspace)
        tables = self.site.writing()
        if "name" in changes:
            changes["name"] = checked_name(changes["name"], "name of a workspace")
            same = tables.workspaces.select(
                eq("organization_id", found.organization_id), eq("name", changes["name"])
            )
            if any(other.workspace_id != found.workspace_id for other in same):
                raise AlreadyExistsError(f"there is a workspace {changes['name']!r} already")
        after = edited(
            tables.workspaces,
            found,
            changes,
            allowed=_OF_WORKSPACE,
            expected_version=expected_version,
        )
        return self.site.written(after)

    def remove(self, workspace: str, *, expected_version: int | None = None) -> Workspace:
        """Remove a workspace; raises ParameterError while it has projects. Its keys end with it."""
        found = self.show(workspace)
        if found.workspace_id == DEFAULT_WORKSPACE:
            raise ParameterError("the workspace every installation starts with stays")
        tables = self.site.writing()
        held = tables.projects.select(eq("workspace_id", found.workspace_id))
        if held:
            raise ParameterError(
                f"workspace {found.name!r} still has the project {held.items[0].project_key!r}; "
                "move or remove its projects first"
            )
        return self.site.written(removed(tables.workspaces, found, expected_version))


def _check_fields(fields: dict[str, Any]) -> None:
    if fields.get("domain") is not None:
        checked_domain(fields["domain"])
    for name in _LIMITS:
        if name in fields and not (isinstance(fields[name], int) and 0 <= fields[name] < 2**31):
            raise ParameterError(f"{name} {fields[name]!r}: give a whole number from 0")
