"""What the faces of access share: the store, who acts, and how far that reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from dq_databricks.access.defaults import ensure_defaults
from dq_databricks.access.secret import purpose_key, service_secret
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import NotFoundError
from dq_databricks.model.access import Organization, Workspace
from dq_databricks.model.actor import Actor
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings
from dq_databricks.store.access_tables import AccessTables
from dq_databricks.store.filters import Condition, eq
from dq_databricks.store.store import Store

T = TypeVar("T")
PEPPER = "api keys"


class Ready(Protocol):
    """Gives the store, once it may be read or written."""

    def __call__(self, *, write: bool = False) -> Store:
        """The store; provisions the schema before a write, where tables are managed."""


@dataclass(frozen=True, slots=True)
class AccessSite:
    """Where access is managed. With `workspace_id`, nothing beyond it and its organization."""

    ready: Ready
    engine: Engine
    settings: Settings
    context: Context
    actor: Actor
    workspace_id: str | None = None

    def everywhere(self) -> AccessSite:
        """The same without bounds."""
        return replace(self, workspace_id=None)

    def bound_to(self, workspace: str) -> AccessSite:
        """The same within one workspace; raises NotFoundError."""
        return replace(self, workspace_id=self.workspace(workspace).workspace_id)

    @property
    def tables(self) -> AccessTables:
        """For reading."""
        return self.ready().access

    def writing(self) -> AccessTables:
        """For writing; the default organization and workspace are there."""
        tables = self.ready(write=True).access
        ensure_defaults(tables, self.context)
        return tables

    def written(self, value: T) -> T:
        """`value`, once what was changed for it is in the audit log and is sure to count."""
        return self.ready().written(value)

    def pepper(self) -> bytes:
        """What keys are hashed with."""
        return purpose_key(service_secret(self.settings, self.context.redaction), PEPPER)

    def in_workspace(self) -> list[Condition]:
        """The condition for rows of the workspace this is bound to."""
        return [] if self.workspace_id is None else [eq("workspace_id", self.workspace_id)]

    def in_organization(self) -> list[Condition]:
        """The condition for rows of the organization this is bound to."""
        if self.workspace_id is None:
            return []
        return [eq("organization_id", self.workspace(self.workspace_id).organization_id)]

    def workspace(self, name_or_id: str | None = None) -> Workspace:
        """A workspace by id, or by a name only one has; the default one where none is given.

        Raises NotFoundError, for one out of bounds too.
        """
        wanted = name_or_id or self.workspace_id or DEFAULT_WORKSPACE
        if wanted == DEFAULT_WORKSPACE and self.workspace_id in (None, DEFAULT_WORKSPACE):
            found = self.tables.workspaces.get(wanted) or self._default()
        else:
            found = self.tables.workspaces.get(wanted) or self._by_name(wanted)
        if found is None or self.workspace_id not in (None, found.workspace_id):
            raise NotFoundError(f"no workspace {wanted!r}; see dq workspaces")
        return found

    def organization(self, name_or_id: str | None = None) -> Organization:
        """An organization by id, slug or name. Raises NotFoundError, out of bounds too."""
        tables = self.tables
        own = None if self.workspace_id is None else self.workspace().organization_id
        wanted = name_or_id or own or DEFAULT_WORKSPACE
        rows = tables.organizations.select(*([] if own is None else [eq("organization_id", own)]))
        for row in rows:
            if wanted in (row.organization_id, row.slug, row.name):
                return row
        if wanted == DEFAULT_WORKSPACE and own is None:
            self._default()
            return tables.organizations.require(DEFAULT_WORKSPACE)
        raise NotFoundError(f"no organization {wanted!r}; see dq organizations")

    def _default(self) -> Workspace | None:
        return self.writing().workspaces.get(DEFAULT_WORKSPACE)

    def _by_name(self, name: str) -> Workspace | None:
        rows = self.tables.workspaces.select(eq("name", name), limit=2).items
        return rows[0] if len(rows) == 1 else None
