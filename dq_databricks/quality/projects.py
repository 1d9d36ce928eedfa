"""Projects of workspaces: list, show, add, edit, remove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dq_databricks.access.people import checked_name
from dq_databricks.access.places import Places
from dq_databricks.errors import NotFoundError, ParameterError
from dq_databricks.model.catalog import Project
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.quality.editing import edited, removed
from dq_databricks.store.filters import eq
from dq_databricks.store.page import Page

_EDITABLE = frozenset(
    {"name", "description", "incident_key", "reopen_hours", "resolve_after_passes"}
)


@dataclass(frozen=True, slots=True)
class ProjectFace:
    """The projects of one workspace, or of all. Projects are named by key."""

    site: AccessSite

    def list(
        self, *, workspace: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Project]:
        """Projects by key; of one workspace where it is named."""
        site = self.site if workspace is None else self.site.bound_to(workspace)
        return site.tables.projects.select(
            *site.in_workspace(), order_by=("project_key",), limit=limit, cursor=cursor
        )

    def show(self, project_key: str) -> Project:
        """One project; raises NotFoundError."""
        row = self.site.tables.projects.get(project_key)
        if row is None or self.site.workspace_id not in (None, row.workspace_id):
            raise NotFoundError(f"no project {project_key!r}")
        return row

    def add(self, project_key: str, *, workspace: str | None = None, **fields: Any) -> Project:
        """Add a project to a workspace; its key is unique among all workspaces.

        Raises ParameterError, AlreadyExistsError, LimitReachedError.
        """
        _check_fields(fields)
        place = self.site.workspace(workspace)
        organization = self.site.organization(place.organization_id)
        places = Places(self.site.writing(), self.site.context)
        return self.site.written(places.add_project(organization, place, project_key, **fields))

    def edit(
        self, project_key: str, *, expected_version: int | None = None, **changes: Any
    ) -> Project:
        """Change a project. Raises ParameterError, VersionConflictError."""
        found = self.show(project_key)
        _check_fields(changes)
        after = edited(
            self.site.writing().projects,
            found,
            changes,
            allowed=_EDITABLE,
            expected_version=expected_version,
        )
        return self.site.written(after)

    def remove(self, project_key: str, *, expected_version: int | None = None) -> Project:
        """Remove a project; raises ParameterError while it has connections."""
        found = self.show(project_key)
        store = self.site.ready()
        held = store.catalog.connections.select(eq("project_key", found.project_key), limit=1)
        if held:
            raise ParameterError(
                f"project {found.project_key!r} still has the connection "
                f"{held.items[0].name!r}; remove its connections first"
            )
        return self.site.written(removed(self.site.writing().projects, found, expected_version))


def _check_fields(fields: dict[str, Any]) -> None:
    if unknown := sorted(set(fields) - _EDITABLE):
        raise ParameterError(
            f"project: {unknown[0]!r} cannot be set; {', '.join(sorted(_EDITABLE))} can be"
        )
    if "name" in fields:
        checked_name(fields["name"], "name of a project")
