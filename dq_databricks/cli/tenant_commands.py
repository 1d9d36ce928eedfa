"""Organizations and workspaces: list, show, add, edit, remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dq_databricks.cli import render, render_access
from dq_databricks.cli.access_commands import given, options, show
from dq_databricks.cli.options import (
    NounGroup,
    expected_version,
    json_option,
    opened,
    page_options,
    version_options,
)
from dq_databricks.cli.output import write_json
from dq_databricks.model.vocabulary import Tier

# --- workspaces ------------------------------------------------------------------------------


@click.group(cls=NounGroup)
def workspaces() -> None:
    """Workspaces: what is seen together."""


@workspaces.command("list")
@click.option("--organization", help="Only those of this organization.")
@page_options
@json_option
def list_workspaces(
    organization: str | None, limit: int, cursor: str | None, as_json: bool
) -> None:
    """List workspaces by name."""
    with opened() as quality:
        page = quality.access.workspaces.list(organization=organization, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render_access.workspaces(page)


@workspaces.command("show")
@click.argument("workspace")
@json_option
def show_workspace(workspace: str, as_json: bool) -> None:
    """Show a workspace by id or name."""
    with opened() as quality:
        show(quality.access.workspaces.show(workspace), as_json)


@workspaces.command("add")
@click.argument("name")
@click.option("--organization", help="Id, slug or name; the default one otherwise.")
@click.option("--description")
@json_option
def add_workspace(
    name: str, organization: str | None, description: str | None, as_json: bool
) -> None:
    """Add a workspace to an organization."""
    with opened() as quality:
        added = quality.access.workspaces.add(
            name, organization=organization, description=description
        )
    show(added, as_json)


@workspaces.command("edit")
@click.argument("workspace")
@click.option("--name")
@click.option("--description")
@click.option("--active/--inactive", "is_active", default=None)
@version_options
@json_option
def edit_workspace(
    workspace: str, expect_version: int | None, latest: bool, as_json: bool, **values: Any
) -> None:
    """Change a workspace."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        edited = quality.access.workspaces.edit(
            workspace, expected_version=version, **given(values)
        )
    show(edited, as_json)


@workspaces.command("remove")
@click.argument("workspace")
@version_options
@json_option
def remove_workspace(
    workspace: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Remove a workspace that has no projects; its keys end with it."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.access.workspaces.remove(workspace, expected_version=version), as_json)


# --- organizations ---------------------------------------------------------------------------


@click.group(cls=NounGroup)
def organizations() -> None:
    """Organizations: the tenants, with their limits."""


_organization_fields = options(
    click.option("--domain", help="Internet domain of its users."),
    click.option("--description"),
    click.option("--tier", type=click.Choice([tier.value for tier in Tier])),
    click.option("--max-users", type=click.IntRange(0)),
    click.option("--max-projects", type=click.IntRange(0)),
    click.option("--storage-limit-gb", type=click.IntRange(0)),
)


@organizations.command("list")
@page_options
@json_option
def list_organizations(limit: int, cursor: str | None, as_json: bool) -> None:
    """List organizations by slug."""
    with opened() as quality:
        page = quality.access.organizations.list(limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render_access.organizations(page)


@organizations.command("show")
@click.argument("organization")
@json_option
def show_organization(organization: str, as_json: bool) -> None:
    """Show an organization by id, slug or name."""
    with opened() as quality:
        show(quality.access.organizations.show(organization), as_json)


@organizations.command("add")
@click.argument("name")
@click.argument("slug")
@_organization_fields
@json_option
def add_organization(name: str, slug: str, as_json: bool, **values: Any) -> None:
    """Add an organization."""
    with opened() as quality:
        show(quality.access.organizations.add(name, slug, **given(values)), as_json)


@organizations.command("edit")
@click.argument("organization")
@click.option("--name")
@_organization_fields
@click.option("--active/--inactive", "is_active", default=None)
@version_options
@json_option
def edit_organization(
    organization: str, expect_version: int | None, latest: bool, as_json: bool, **values: Any
) -> None:
    """Change an organization and its limits."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        edited = quality.access.organizations.edit(
            organization, expected_version=version, **given(values)
        )
    show(edited, as_json)


@organizations.command("remove")
@click.argument("organization")
@version_options
@json_option
def remove_organization(
    organization: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Remove an organization that has neither workspaces nor users."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        removed = quality.access.organizations.remove(organization, expected_version=version)
    show(removed, as_json)


COMMANDS: Sequence[click.Command] = (organizations, workspaces)
