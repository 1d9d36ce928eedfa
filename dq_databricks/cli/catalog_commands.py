"""What is under watch: groups and tables; list, show, add, edit, remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dq_databricks.cli import render
from dq_databricks.cli.options import (
    NounGroup,
    expected_version,
    given,
    json_option,
    opened,
    page_options,
    show,
    version_options,
)
from dq_databricks.cli.output import write_json


@click.group(cls=NounGroup)
def groups() -> None:
    """Table groups: tables that are profiled and tested together."""


@groups.command("list")
@page_options
@json_option
def list_groups(limit: int, cursor: str | None, as_json: bool) -> None:
    """List table groups by name."""
    with opened() as quality:
        page = quality.catalog.groups(limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render.groups(page)


@groups.command("show")
@click.argument("group")
@json_option
def show_group(group: str, as_json: bool) -> None:
    """Show a table group by id or name."""
    with opened() as quality:
        show(quality.catalog.group(group), as_json)


def _group_fields(function: Any) -> Any:
    for option in (
        click.option("--description"),
        click.option("--include", "profiling_include_mask", help="Masks such as 'fact_%,dim_%'."),
        click.option("--exclude", "profiling_exclude_mask", help="Masks of tables to leave out."),
    ):
        function = option(function)
    return function


@groups.command("add")
@click.argument("name")
@click.option("--connection", required=True, help="Id or name of its connection.")
@_group_fields
@json_option
def add_group(name: str, connection: str, as_json: bool, **values: Any) -> None:
    """Add a table group over the tables of a connection that its masks let through."""
    with opened() as quality:
        show(quality.catalog.add_group(name, connection=connection, **given(**values)), as_json)


@groups.command("edit")
@click.argument("group")
@click.option("--name")
@_group_fields
@version_options
@json_option
def edit_group(
    group: str, expect_version: int | None, latest: bool, as_json: bool, **values: Any
) -> None:
    """Change a table group."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        edited = quality.catalog.edit_group(group, expected_version=version, **given(**values))
        show(edited, as_json)


@groups.command("remove")
@click.argument("group")
@version_options
@json_option
def remove_group(group: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """Remove a table group; its history stays."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.catalog.remove_group(group, expected_version=version), as_json)


@click.group(cls=NounGroup)
def tables() -> None:
    """Tables and files under watch."""


@tables.command("list")
@click.option("--group", help="Only tables of this group.")
@page_options
@json_option
def list_tables(group: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List the tables by name."""
    with opened() as quality:
        page = quality.catalog.tables(group=group, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render.tables(page)


@tables.command("show")
@click.argument("target")
@json_option
def show_table(target: str, as_json: bool) -> None:
    """Show a table by TARGET or id."""
    with opened() as quality:
        show(quality.catalog.table(target), as_json)


@tables.command("add")
@click.argument("target")
@click.option("--group", help="Id or name of the group; a default one otherwise.")
@json_option
def add_table(target: str, group: str | None, as_json: bool) -> None:
    """Put TARGET under watch."""
    with opened() as quality:
        show(quality.catalog.add_table(target, group=group), as_json)


@tables.command("edit")
@click.argument("target")
@click.option("--group", required=True, help="Id or name of the group it moves to.")
@version_options
@json_option
def edit_table(
    target: str, group: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Move a table to another group."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.catalog.edit_table(target, group=group, expected_version=version), as_json)


@tables.command("remove")
@click.argument("target")
@version_options
@json_option
def remove_table(target: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """Stop watching a table; its history stays and its data is not touched."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.catalog.remove_table(target, expected_version=version), as_json)


COMMANDS: Sequence[click.Command] = (groups, tables)
