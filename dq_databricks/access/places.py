"""Organizations, workspaces and projects: added with their rules and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dq_databricks.access.limits import check_projects
from dq_databricks.access.people import (
    checked_domain,
    checked_name,
    checked_slug,
    organization_id_of,
    workspace_id_of,
)
from dq_databricks.errors import AlreadyExistsError, LimitReachedError
from dq_databricks.model.access import Organization, Workspace
from dq_databricks.model.catalog import Project
from dq_databricks.model.ids import Context
from dq_databricks.store.access_tables import AccessTables
from dq_databricks.store.conditional import insert_unless
from dq_databricks.store.filters import eq
from dq_databricks.store.reading import natural_key


@dataclass(frozen=True, slots=True)
class Places:
    """The organizations, workspaces and projects of everybody."""

    tables: AccessTables
    context: Context

    def add_organization(self, name: str, slug: str, **fields: Any) -> Organization:
        """Add an organization; slug and name are unique. Raises AlreadyExistsError."""
        now = self.context.now()
        if fields.get("domain") is not None:
            fields["domain"] = checked_domain(fields["domain"])
        made = Organization.model_validate(
            {
                **fields,
                "organization_id": organization_id_of(checked_slug(slug)),
                "name": checked_name(name, "name of an organization"),
                "slug": slug,
                "created_at": now,
                "updated_at": now,
            }
        )
        taken = {"name": made.name, "deleted_at": None}
        slug_taken = {"slug": slug, "deleted_at": None}  # the default one has another id
        key = {"organization_id": made.organization_id}
        if insert_unless(self.tables.organizations, [made], key, taken, slug_taken):
            self.tables.organizations.note(None, made)
            return made
        return self._again(made)

    def add_workspace(
        self, organization: Organization, name: str, description: str | None = None
    ) -> Workspace:
        """Add a workspace; its name is unique in its organization. Raises AlreadyExistsError."""
        now = self.context.now()
        return self.tables.workspaces.insert(
            Workspace(
                workspace_id=workspace_id_of(organization.organization_id, name),
                organization_id=organization.organization_id,
                name=checked_name(name, "name of a workspace"),
                description=description,
                created_at=now,
                updated_at=now,
            )
        )

    def add_project(
        self, organization: Organization, workspace: Workspace, key: str, **fields: Any
    ) -> Project:
        """Add a project to a workspace of `organization`; keys are unique among all workspaces.

        Raises AlreadyExistsError, and LimitReachedError when the organization is full.
        """
        check_projects(self.tables, organization, more=1)
        now = self.context.now()
        checked = natural_key(checked_name(key, "key of a project"))
        made = self.tables.projects.insert(
            Project.model_validate(
                {
                    "name": checked,
                    **fields,
                    "project_key": checked,
                    "workspace_id": workspace.workspace_id,
                    "created_at": now,
                    "updated_at": now,
                }
            )
        )
        try:
            check_projects(self.tables, organization, more=0)
        except LimitReachedError:  # others were added meanwhile: the last ones withdraw
            self.tables.projects.remove([made.project_key], made.version)
            raise
        return made

    def _again(self, made: Organization) -> Organization:
        """Take the row of a removed organization up again, where nobody else has the name."""
        organizations = self.tables.organizations
        named = [*organizations.select(eq("name", made.name))]
        if named or [*organizations.select(eq("slug", made.slug))]:
            raise AlreadyExistsError(
                f"there is an organization {made.name!r} or with the slug {made.slug!r} already"
            )
        return organizations.insert(made)
