"""Connections: where tables live; try one, see what stands there, put tables under watch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Response

from dq_databricks.errors import ParameterError, QualityError
from dq_databricks.model.catalog import Connection, TableEntry, TableGroup
from dq_databricks.model.vocabulary import ConnectionStatus, Scope
from dq_databricks.quality import Quality
from dq_databricks.quality.activation import Wishes
from dq_databricks.quality.sources import Discovery, FederationPlan, SourceType
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.render import Crumb, Place, page
from dq_databricks.sql.identifiers import TableName

router = page_router()
_CONNECTIONS = Crumb("Connections", "/connections")


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """A connection and how much is watched through it."""

    connection: Connection
    groups: int
    tables: int


@dataclass(frozen=True, slots=True)
class ConnectionsContext:
    """The connections of the workspace, by name, and the types that one can be of."""

    lines: tuple[ConnectionLine, ...]
    types: tuple[SourceType, ...]

    def type_choices(self) -> list[tuple[str, str]]:
        """Databricks first, then the sources that are read through it."""
        choices = sorted(self.types, key=lambda one: (one.is_federated, one.title))
        return [(one.name, one.title) for one in choices]


@dataclass(frozen=True, slots=True)
class Found:
    """A schema or table that stands below a connection; `entry` where it is under watch."""

    name: str
    table_type: str | None
    entry: TableEntry | None


@dataclass(frozen=True, slots=True)
class ConnectionContext:
    """One connection. `found` is what a look at the engine gave, None: nobody looked.

    A federated connection has a `plan` of statements, or a `plan_problem` that says what it lacks.
    """

    connection: Connection
    source: SourceType
    options: dict[str, str]
    groups: tuple[TableGroup, ...]
    tables: tuple[TableEntry, ...]
    discovery: Discovery | None
    found: tuple[Found, ...]
    problem: str
    plan: FederationPlan | None = None
    plan_problem: str = ""

    @property
    def place(self) -> str:
        """Where its tables stand."""
        parts = (self.connection.catalog, self.connection.schema_name)
        return ".".join(part for part in parts if part is not None) or "files"

    @property
    def is_readable(self) -> bool:
        """Whether it answered when it was last tried, so its plan has been carried out."""
        return self.connection.status is ConnectionStatus.HEALTHY


@router.get("/connections")
def list_connections(asked: PageReading) -> Response:
    """The connections of the workspace."""
    estate = asked.quality.overview.estate()
    lines = []
    for connection in estate.connections:
        groups = [one.table_group_id for one in estate.groups_of(connection.connection_id)]
        lines.append(ConnectionLine(connection, len(groups), len(estate.tables_of(*groups))))
    place = Place("Connections", "connections", api="/api/v1/connections")
    return page(
        asked,
        "connections.html",
        place,
        ConnectionsContext(tuple(lines), asked.quality.sources.types()),
    )


@router.post("/connections")
def add_connection(
    asked: PageWriting,
    name: Annotated[str, Form(max_length=200)] = "",
    catalog: Annotated[str, Form(max_length=255)] = "",
    schema_name: Annotated[str, Form(max_length=255)] = "",
    connection_type: Annotated[str, Form(max_length=40)] = "databricks",
    options: Annotated[str, Form(max_length=4000)] = "",
    credentials: Annotated[str, Form(max_length=1100)] = "",
) -> Response:
    """Add a connection; `options` has one NAME=VALUE a line."""
    parts = [part for part in (catalog.strip(), schema_name.strip()) if part]
    added = asked.quality.catalog.add_connection(
        name.strip() or ".".join(parts),
        catalog=catalog.strip() or None,
        schema_name=schema_name.strip() or None,
        connection_type=connection_type,
        federation_options=_options(options),
        managed_credentials_ref=credentials.strip() or None,
    )
    return done(asked.request, f"/connections/{added.connection_id}", "Connection added. Try it.")


@router.get("/connections/{connection_id}")
def show_connection(
    asked: PageReading,
    connection_id: str,
    look: Annotated[str, Query(max_length=8)] = "",
    schema: Annotated[str, Query(max_length=255)] = "",
) -> Response:
    """One connection; `look` asks the engine what stands there, or in `schema`."""
    connection = asked.quality.catalog.connection(connection_id)
    estate = asked.quality.overview.estate()
    groups = estate.groups_of(connection.connection_id)
    tables = estate.tables_of(*(group.table_group_id for group in groups))
    discovery, problem = None, ""
    if look:
        try:
            discovery = asked.quality.sources.discover(connection, schema=schema or None)
        except QualityError as error:
            problem = str(error)
    plan, plan_problem = _planned(asked.quality, connection)
    context = ConnectionContext(
        connection, asked.quality.sources.types(connection.connection_type)[0],
        json.loads(connection.federation_options or "{}"),
        groups, tables, discovery,
        _found(discovery, estate.tables_of_project(connection.project_key)),
        problem, plan, plan_problem,
    )  # fmt: skip
    here = f"/api/v1/connections/{connection.connection_id}"
    place = Place(connection.name, "connections", (_CONNECTIONS,), here)
    return page(asked, "connection.html", place, context)


@router.post("/connections/{connection_id}/test")
def try_connection(asked: PageWriting, connection_id: str) -> Response:
    """Try a connection, and keep how it fared."""
    connection = asked.quality.catalog.connection(connection_id)
    tried = asked.quality.sources.test(connection)
    is_fine = tried.status is ConnectionStatus.HEALTHY
    text = (
        f"{tried.name} answers and shows what it holds."
        if is_fine
        else f"{tried.name} is {tried.status.value}: {tried.last_error}"
    )
    href = f"/connections/{connection.connection_id}"
    return done(asked.request, href, text, kind="done" if is_fine else "problem")


@router.post("/connections/{connection_id}/activate")
def activate_connection(
    asked: PageWriting,
    connection_id: str,
    include: Annotated[str, Form(max_length=1000)] = "",
    exclude: Annotated[str, Form(max_length=1000)] = "",
    cron: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Put a connection to use: its group, its tables, a job for their first profile."""
    asked.also(Scope.RUN)
    wishes = Wishes(
        include=include.strip() or None, exclude=exclude.strip() or None, cron=cron.strip() or None
    )
    report = asked.quality.activate(connection_id, wishes)
    made = ", ".join(report.made) or "nothing, all of it was there already"
    many = "1 table" if report.tables == 1 else f"{report.tables} tables"
    text = f"Made: {made}. {many} in all; the first profile is {report.job.status.value}."
    return done(asked.request, f"/connections/{report.connection.connection_id}", text)


@router.post("/connections/{connection_id}/tables")
def watch_table(
    asked: PageWriting,
    connection_id: str,
    table: Annotated[str, Form(max_length=255)],
    schema_name: Annotated[str, Form(max_length=255)] = "",
    group: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Put a table of a connection under watch."""
    connection = asked.quality.catalog.connection(connection_id)
    schema = schema_name or connection.schema_name or ""
    name = TableName(connection.catalog or "", schema, table)
    entry = asked.quality.catalog.add_table(str(name), group=group or None)
    here = f"/connections/{connection.connection_id}?{urlencode({'look': 1, 'schema': schema})}"
    return done(asked.request, here, f"{entry.table_name} is under watch: profile it next.")


def _found(discovery: Discovery | None, tables: tuple[TableEntry, ...]) -> tuple[Found, ...]:
    if discovery is None:
        return ()
    if discovery.schema_name is None:
        return tuple(Found(name, None, None) for name in discovery.names)
    catalog, schema = discovery.catalog, discovery.schema_name
    watched = {(one.catalog, one.schema_name, one.table_name): one for one in tables}
    return tuple(
        Found(name, kind, watched.get((catalog, schema, name)))
        for name, kind in zip(discovery.names, discovery.types, strict=True)
    )


def _planned(quality: Quality, connection: Connection) -> tuple[FederationPlan | None, str]:
    """The plan of a federated connection, or what it lacks; neither for one read directly."""
    if connection.uc_connection is None:
        return None, ""
    try:
        return quality.sources.plan(connection), ""
    except QualityError as error:
        return None, str(error)


def _options(text: str) -> dict[str, str] | None:
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    if any(not sign for _, sign, _ in pairs):
        raise ParameterError("options: write one NAME=VALUE on each line")
    return {name.strip(): value.strip() for name, _, value in pairs} or None
