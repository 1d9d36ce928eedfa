"""Access and the audit log in words and tables for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dq_databricks.cli.output import safe, write_table
from dq_databricks.cli.render import next_step, say
from dq_databricks.model.access import Organization, User, Workspace
from dq_databricks.model.audit import AuditEvent
from dq_databricks.model.catalog import Project
from dq_databricks.model.jsonable import jsonable
from dq_databricks.quality import Page
from dq_databricks.quality.access import CreatedKey, KeyInfo
from dq_databricks.quality.audit import Verification

_MOST_FIELDS = 6


def keys(items: Sequence[KeyInfo], next_cursor: str | None) -> None:
    """A page of keys."""
    if not items:
        say("No keys yet. Make one: dq keys create --name NAME --role viewer")
        return
    rows = (
        (item.api_key_id, item.name, f"{item.key_prefix}…", item.role, ", ".join(item.scopes),
         _state(item), item.expires_at, item.last_used_at)
        for item in items
    )  # fmt: skip
    headers = ("api_key_id", "name", "key", "role", "scopes", "state", "expires", "last used")
    write_table("API keys", headers, rows)
    _more(next_cursor)


def key(found: KeyInfo) -> None:
    """One key, a row a field."""
    values = found.model_dump()
    rows = ((name, _text(value)) for name, value in values.items() if name != "key")
    write_table(f"API key {found.name}", ("field", "value"), rows)


def created(made: CreatedKey) -> None:
    """A key that was just made."""
    say(f"[bold]{safe(made.key)}[/]")
    say("Keep it now: it is shown this once, and stored nowhere.")
    key(made)


def users(page: Page[User]) -> None:
    """A page of users."""
    if not page.items:
        say("No users yet. Add one: dq users add EMAIL NAME")
        return
    rows = (
        (item.user_id, item.email, item.username, item.organization_role, item.is_active,
         item.last_sign_in_at)
        for item in page
    )  # fmt: skip
    headers = ("user_id", "email", "user name", "in the organization", "active", "last seen")
    write_table("Users", headers, rows)
    _more(page.next_cursor)


def workspaces(page: Page[Workspace]) -> None:
    """A page of workspaces."""
    if not page.items:
        say("No workspaces yet. Add one: dq workspaces add NAME")
        return
    rows = (
        (item.workspace_id, item.name, item.organization_id, item.is_active, item.description)
        for item in page
    )
    headers = ("workspace_id", "name", "organization_id", "active", "description")
    write_table("Workspaces", headers, rows)
    _more(page.next_cursor)


def organizations(page: Page[Organization]) -> None:
    """A page of organizations."""
    if not page.items:
        say("No organizations yet. Add one: dq organizations add NAME SLUG")
        return
    rows = (
        (item.organization_id, item.slug, item.name, item.tier, item.max_users,
         item.max_projects, item.storage_limit_gb, item.is_active)
        for item in page
    )  # fmt: skip
    headers = ("organization_id", "slug", "name", "tier", "users", "projects", "GB", "active")
    write_table("Organizations", headers, rows, numeric="users projects GB")
    _more(page.next_cursor)


def projects(page: Page[Project]) -> None:
    """A page of projects."""
    if not page.items:
        say("No projects yet. Profile a target, or add one: dq projects add KEY")
        return
    rows = (
        (item.project_key, item.name, item.workspace_id, item.incident_key, item.description)
        for item in page
    )
    headers = ("project_key", "name", "workspace_id", "incidents by", "description")
    write_table("Projects", headers, rows)
    _more(page.next_cursor)


def audit(page: Page[AuditEvent]) -> None:
    """A page of the audit log."""
    if not page.items:
        say("Nothing was changed yet.")
        return
    rows = (
        (item.sequence, item.created_at, item.actor, item.action,
         f"{item.entity_type} {item.entity_id}", _changes(item.changes))
        for item in page
    )  # fmt: skip
    headers = ("entry", "at", "who", "did", "to", "changed")
    write_table("Audit log", headers, rows, numeric="entry")
    _more(page.next_cursor)


def verified(found: Verification, *, with_head: bool) -> None:
    """Whether a chain is whole."""
    if found.broken is not None:
        say(f"[red]✗[/] The chain is broken at entry {found.broken.sequence}.")
        say(safe(found.broken.reason))
        return
    say(f"[green]✓[/] The chain of {found.entries:,} entries is whole.")
    if not with_head:
        next_step("a cut tail shows beside a kept head: dq audit head > HEAD.json")


def verification_document(found: Verification) -> dict[str, Any]:
    """What verifying found, as JSON."""
    return {**jsonable(found), "is_whole": found.is_whole}


def _state(item: KeyInfo) -> str:
    if item.revoked_at is not None:
        return "revoked"
    return "valid" if item.is_valid else "expired"


def _changes(text: str) -> str:
    names = list(json.loads(text))
    more = f" and {len(names) - _MOST_FIELDS} more" if len(names) > _MOST_FIELDS else ""
    return ", ".join(names[:_MOST_FIELDS]) + more


def _text(value: object) -> object:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else value


def _more(next_cursor: str | None) -> None:
    if next_cursor:
        next_step(f"the following rows: --cursor {safe(next_cursor)}")
