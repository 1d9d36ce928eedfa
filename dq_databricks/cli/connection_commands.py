"""Connections: list, show, add, edit, remove; try, discover, plan and activate them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from dq_databricks.cli import render_connections as render
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
from dq_databricks.cli.render import page_document
from dq_databricks.model.vocabulary import ConnectionStatus
from dq_databricks.quality import Quality
from dq_databricks.quality.activation import Wishes
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE

_WISHES = ("group", "include", "exclude", "cron", "timezone")


@click.group(cls=NounGroup)
def connections() -> None:
    """Where tables live: a catalog and schema, with a reference to its credentials."""


@connections.command("list")
@page_options
@json_option
def list_connections(limit: int, cursor: str | None, as_json: bool) -> None:
    """List connections by name, with how each fared when it was last tried."""
    with opened() as quality:
        page = quality.catalog.connections(limit=limit, cursor=cursor)
    write_json(page_document(page)) if as_json else render.connections(page)


@connections.command("show")
@click.argument("connection")
@json_option
def show_connection(connection: str, as_json: bool) -> None:
    """Show a connection by id or name."""
    with opened() as quality:
        show(quality.catalog.connection(connection), as_json)


@connections.command("types")
@click.argument("name", required=False)
@json_option
def list_types(name: str | None, as_json: bool) -> None:
    """List the types of connections, or the options of one; names not yet tried are UNVERIFIED."""
    with opened() as quality:
        found = quality.sources.types(name)
    if as_json:
        write_json({"items": found})
    else:
        render.types(found) if name is None else render.type_options(found[0])


def _connection_fields(function: Any) -> Any:
    for option in (
        click.option("--user-secret", metavar="SCOPE/KEY", help="Secret that holds the user."),
        click.option(
            "--option", "options", metavar="NAME=VALUE", multiple=True,
            help="Option of a federated source, such as host=…; see dq connections types TYPE.",
        ),
        click.option("--uc-connection", help="Unity Catalog connection; its name by default."),
        click.option(
            "--type", "connection_type", metavar="TYPE",
            help="databricks, or a federated source; see dq connections types.",
        ),
        click.option("--system", "system_id", help="Id of the system in your own records."),
        click.option("--catalog", help="Catalog whose tables are watched."),
        click.option("--schema", "schema_name", help="Schema whose tables are watched; else all."),
        click.option("--http-path", help="HTTP path of the SQL warehouse that reads them."),
        click.option(
            "--credentials",
            "managed_credentials_ref",
            metavar="REFERENCE",
            help="Where the secret is: secret:SCOPE/KEY, env:NAME, file:PATH or vault:NAME.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def _wish_options(function: Any) -> Any:
    for option in (
        click.option("--timezone", help="Zone of --cron; UTC by default."),
        click.option("--cron", help="Profile the group again whenever this fires."),
        click.option("--exclude", help="Masks of tables to leave out, such as 'tmp_%'."),
        click.option("--include", help="Masks of tables to take, such as 'fact_%,dim_%'."),
        click.option("--group", help="Name of the table group; SYSTEM-default otherwise."),
    ):
        function = option(function)
    return function


@connections.command("add")
@click.argument("name")
@_connection_fields
@click.option("--activate", "is_activated", is_flag=True, help="Put it to use at once.")
@_wish_options
@json_option
def add_connection(name: str, is_activated: bool, as_json: bool, **values: Any) -> None:
    """Add a connection; with --activate, also its group, tables and first profile."""
    wishes = _wishes(values)
    if wishes and not is_activated:
        raise click.UsageError(f"--{next(iter(wishes))} goes with --activate")
    with opened() as quality:
        fields = _fields(values)
        if is_activated:
            added = quality.activation.register_connection(name, **fields)
            _activate(quality, added.connection_id, wishes, as_json)
        else:
            show(quality.catalog.add_connection(name, **fields), as_json)


@connections.command("edit")
@click.argument("connection")
@click.option("--name")
@_connection_fields
@click.option("--active/--inactive", "is_active", default=None, help="--inactive stops schedules.")
@version_options
@json_option
def edit_connection(
    connection: str, expect_version: int | None, latest: bool, as_json: bool, **values: Any
) -> None:
    """Change a connection; an --option that is given empty is taken away."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        stored = quality.catalog.connection(connection)
        fields = _fields(values, json.loads(stored.federation_options or "{}"))
        edited = quality.catalog.edit_connection(
            stored.connection_id, expected_version=version, **fields
        )
        show(edited, as_json)


@connections.command("remove")
@click.argument("connection")
@version_options
@json_option
def remove_connection(
    connection: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Remove a connection; its history stays."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.catalog.remove_connection(connection, expected_version=version), as_json)


@connections.command("test")
@click.argument("connection")
@json_option
def try_connection(connection: str, as_json: bool) -> int:
    """Try a connection and keep how it fared; exit code 3 unless it is healthy."""
    with opened() as quality:
        tried = quality.sources.test(quality.catalog.connection(connection))
    write_json(tried) if as_json else render.tried(tried)
    return EXIT_FINE if tried.status is ConnectionStatus.HEALTHY else EXIT_COULD_NOT_RUN


@connections.command("discover")
@click.argument("connection")
@click.option("--schema", help="Schema to look into; that of the connection otherwise.")
@click.option("--table", help="Table whose columns are shown.")
@json_option
def discover(connection: str, schema: str | None, table: str | None, as_json: bool) -> None:
    """Show the schemas, tables or columns that stand below a connection."""
    with opened() as quality:
        found = quality.sources.discover(
            quality.catalog.connection(connection), schema=schema, table=table
        )
    write_json(found) if as_json else render.discovery(found)


@connections.command("plan")
@click.argument("connection")
@click.option("--grant-to", multiple=True, metavar="PRINCIPAL", help="Who is to read its tables.")
@click.option("--apply", "is_applied", is_flag=True, help="Run the statements, on Databricks only.")
@json_option
def plan(connection: str, grant_to: Sequence[str], is_applied: bool, as_json: bool) -> None:
    """Print the SQL that makes a federated source readable; secrets stay references."""
    with opened() as quality:
        found = quality.catalog.connection(connection)
        do = quality.sources.apply if is_applied else quality.sources.plan
        planned = do(found, grant_to=grant_to)
    write_json(planned) if as_json else render.federation(planned, is_applied=is_applied)


@connections.command("activate")
@click.argument("connection")
@click.option("--new", "is_new", is_flag=True, help="Add it first, where it is not there yet.")
@_connection_fields
@_wish_options
@json_option
def activate(connection: str, is_new: bool, as_json: bool, **values: Any) -> None:
    """Put a connection to use: table group, tables, first profile. Doing it twice changes nothing.

    The job it queues is carried out by dq serve, dq worker or dq dispatch.
    """
    wishes, fields = _wishes(values), _fields(values)
    if fields and not is_new:
        raise click.UsageError("fields of a connection go with --new; else dq connections edit")
    with opened() as quality:
        if is_new:
            added = quality.activation.register_connection(connection, **fields)
            connection = added.connection_id
        _activate(quality, connection, wishes, as_json)


def _activate(quality: Quality, connection: str, wishes: dict[str, str], as_json: bool) -> None:
    report = quality.activate(connection, Wishes(**wishes))
    write_json(report) if as_json else render.activated(report)


def _wishes(values: dict[str, Any]) -> dict[str, str]:
    return {name: values[name] for name in _WISHES if values.get(name) is not None}


def _fields(values: dict[str, Any], stored: dict[str, str] | None = None) -> dict[str, Any]:
    """The columns that options give; `stored` are the options of the source that stand now."""
    plain = {name: value for name, value in values.items() if name not in _WISHES}
    options, user = plain.pop("options", ()), plain.pop("user_secret", None)
    fields = given(**plain)
    if not options and user is None:
        return fields
    pairs = dict(_pair(option) for option in options)
    if user is not None and "user" in pairs:
        raise click.UsageError("give --user-secret or --option user=…, not both")
    if user is not None:
        pairs["user"] = user if user.startswith("secret:") else f"secret:{user}"
    merged = {**(stored or {}), **pairs}
    return {**fields, "federation_options": {k: v for k, v in merged.items() if v}}


def _pair(option: str) -> tuple[str, str]:
    name, sign, value = option.partition("=")
    if not sign or not name:
        raise click.UsageError("--option is NAME=VALUE, such as host=db.example.com")
    return name.strip(), value


COMMANDS: Sequence[click.Command] = (connections,)
