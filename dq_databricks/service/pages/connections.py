"""Connections: where tables live; try one, see what stands there, put tables under watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Query, Response

from dq_databricks.errors import QualityError
from dq_databricks.model.catalog import Connection, TableEntry, TableGroup
from dq_databricks.model.vocabulary import ConnectionStatus
from dq_databricks.quality.sources import Discovery
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.render import Crumb, Place, page

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
    """The connections of the workspace, by name."""

    lines: tuple[ConnectionLine, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A table that stands below a connection; `entry` where it is under watch."""

    name: str
    entry: TableEntry | None


@dataclass(frozen=True, slots=True)
class ConnectionContext:
    """One connection. `found` is what a look at the engine gave, None: nobody looked."""

    connection: Connection
    groups: tuple[TableGroup, ...]
    tables: tuple[TableEntry, ...]
    discovery: Discovery | None
    found: tuple[Found, ...]
    problem: str

    def group_choices(self) -> list[tuple[str, str]]:
        """The groups a table can be put into."""
        return [(group.table_group_id, group.name) for group in self.groups]


@router.get("/connections")
def list_connections(asked: PageReading) -> Response:
    """The connections of the workspace."""
    estate = asked.quality.overview.estate()
    lines = []
    for connection in estate.connections:
        groups = [one.table_group_id for one in estate.groups_of(connection.connection_id)]
        lines.append(ConnectionLine(connection, len(groups), len(estate.tables_of(*groups))))
    place = Place("Connections", "connections", api="/api/v1/connections")
    return page(asked, "connections.html", place, ConnectionsContext(tuple(lines)))


@router.post("/connections")
def add_connection(
    asked: PageWriting,
    name: Annotated[str, Form(max_length=200)] = "",
    catalog: Annotated[str, Form(max_length=255)] = "",
    schema_name: Annotated[str, Form(max_length=255)] = "",
) -> Response:
    """Add a connection."""
    added = asked.quality.catalog.add_connection(
        name.strip() or f"{catalog.strip()}.{schema_name.strip()}",
        catalog=catalog.strip() or None,
        schema_name=schema_name.strip() or None,
    )
    return done(asked.request, f"/connections/{added.connection_id}", "Connection added. Try it.")


@router.get("/connections/{connection_id}")
def show_connection(
    asked: PageReading, connection_id: str, look: Annotated[str, Query(max_length=8)] = ""
) -> Response:
    """One connection; `look` asks the engine what stands there."""
    connection = asked.quality.catalog.connection(connection_id)
    estate = asked.quality.overview.estate()
    groups = estate.groups_of(connection.connection_id)
    tables = estate.tables_of(*(group.table_group_id for group in groups))
    discovery, problem = None, ""
    if look:
        try:
            discovery = asked.quality.sources.discover(connection)
        except QualityError as error:
            problem = str(error)
    watched = {entry.table_name: entry for entry in tables}
    names = discovery.names if discovery is not None else ()
    context = ConnectionContext(
        connection, groups, tables, discovery,
        tuple(Found(name, watched.get(name)) for name in names), problem,
    )  # fmt: skip
    place = Place(
        connection.name,
        "connections",
        (_CONNECTIONS,),
        f"/api/v1/connections/{connection.connection_id}",
    )
    return page(asked, "connection.html", place, context)


@router.post("/connections/{connection_id}/test")
def try_connection(asked: PageWriting, connection_id: str) -> Response:
    """Try a connection, and keep how it fared."""
    connection = asked.quality.catalog.connection(connection_id)
    tried = asked.quality.sources.test(connection)
    is_fine = tried.status is ConnectionStatus.HEALTHY
    text = (
        f"{tried.name} answers and shows tables."
        if is_fine
        else f"{tried.name} is {tried.status.value}: {tried.last_error}"
    )
    href = f"/connections/{connection.connection_id}"
    return done(asked.request, href, text, kind="done" if is_fine else "problem")


@router.post("/connections/{connection_id}/tables")
def watch_table(
    asked: PageWriting,
    connection_id: str,
    table: Annotated[str, Form(max_length=255)],
    group: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Put a table of a connection under watch."""
    connection = asked.quality.catalog.connection(connection_id)
    target = f"{connection.catalog}.{connection.schema_name}.{table}"
    entry = asked.quality.catalog.add_table(target, group=group or None)
    here = f"/connections/{connection.connection_id}?look=1"
    return done(asked.request, here, f"{entry.table_name} is under watch: profile it next.")
