"""Projects of workspaces: list, show, add, edit, remove."""

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
from dq_databricks.model.vocabulary import IncidentKey

_fields = options(
    click.option("--name"),
    click.option("--description"),
    click.option(
        "--incident-key",
        type=click.Choice([key.value for key in IncidentKey]),
        help="What failures are put together by.",
    ),
    click.option("--reopen-hours", type=click.IntRange(0)),
    click.option("--resolve-after-passes", type=click.IntRange(0)),
)


@click.group(cls=NounGroup)
def projects() -> None:
    """Projects: one environment of a workspace each."""


@projects.command("list")
@click.option("--workspace", help="Only those of this workspace.")
@page_options
@json_option
def list_projects(workspace: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List projects by key."""
    with opened() as quality:
        page = quality.projects.list(workspace=workspace, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render_access.projects(page)


@projects.command("show")
@click.argument("project_key")
@json_option
def show_project(project_key: str, as_json: bool) -> None:
    """Show a project by key."""
    with opened() as quality:
        show(quality.projects.show(project_key), as_json)


@projects.command("add")
@click.argument("project_key")
@click.option("--workspace", help="Id or name; the default one otherwise.")
@_fields
@json_option
def add_project(project_key: str, workspace: str | None, as_json: bool, **values: Any) -> None:
    """Add a project to a workspace."""
    with opened() as quality:
        show(quality.projects.add(project_key, workspace=workspace, **given(values)), as_json)


@projects.command("edit")
@click.argument("project_key")
@_fields
@version_options
@json_option
def edit_project(
    project_key: str, expect_version: int | None, latest: bool, as_json: bool, **values: Any
) -> None:
    """Change a project."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.projects.edit(project_key, expected_version=version, **given(values)), as_json)


@projects.command("remove")
@click.argument("project_key")
@version_options
@json_option
def remove_project(
    project_key: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Remove a project that has no connections."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.projects.remove(project_key, expected_version=version), as_json)


COMMANDS: Sequence[click.Command] = (projects,)
