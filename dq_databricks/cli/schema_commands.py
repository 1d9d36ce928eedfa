"""The settings of the metadata schema, and versions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version as package_version

import click

from dq_databricks.cli import render
from dq_databricks.cli.options import (
    NounGroup,
    expected_version,
    json_option,
    opened,
    version_options,
)
from dq_databricks.cli.output import write_json


@click.group(cls=NounGroup)
def settings() -> None:
    """Settings of the metadata schema: list, show, edit."""


@settings.command("list")
@json_option
def list_settings(as_json: bool) -> None:
    """List every setting with its value, where it comes from and its variable."""
    with opened() as quality:
        rows = quality.options.list()
    write_json({"items": rows, "next_cursor": None}) if as_json else render.settings(rows)


@settings.command("show")
@click.argument("name")
@json_option
def show_setting(name: str, as_json: bool) -> None:
    """Show one setting."""
    with opened() as quality:
        row = quality.options.show(name)
    write_json(row) if as_json else render.settings([row])


@settings.command("edit")
@click.argument("name")
@click.argument("value")
@version_options
@json_option
def edit_setting(
    name: str, value: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Store a setting of the metadata schema; provisions it when tables are managed."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        row = quality.options.save(name, value, expected_version=version)
    write_json(row) if as_json else render.settings([row])


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Print the version of this software and of the metadata schema."""
    with opened() as quality:
        schema_version = quality.schema_version()
    document = {"version": package_version("dq-databricks"), "schema_version": schema_version}
    if as_json:
        write_json(document)
    else:
        click.echo(f"dq-databricks {document['version']}, metadata schema {schema_version or '–'}")


COMMANDS: Sequence[click.Command] = (settings, version)
