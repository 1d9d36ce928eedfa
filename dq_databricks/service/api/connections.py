"""Connections: where the tables of a project live, whether they answer, and what they hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from dq_databricks.model.catalog import Connection
from dq_databricks.quality.sources import Discovery
from dq_databricks.service.api.inputs import (
    Body,
    Contains,
    Id,
    Identifier,
    Name,
    Sorted,
    face_of,
)
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/connections", tags=["connections"])

Reference = Annotated[
    str, Field(max_length=255, description="Key of the credentials in the secret store.")
]


class NewConnection(Body):
    """A connection. `project` is the key of its project, by default the first of the workspace."""

    name: Name = Field(examples=["sales"])
    project: Identifier | None = None
    catalog: Identifier | None = Field(default=None, examples=["main"])
    schema_name: Identifier | None = Field(default=None, examples=["sales"])
    http_path: Identifier | None = None
    managed_credentials_ref: Reference | None = None
    system_id: Identifier | None = None
    is_active: bool = True


class ChangedConnection(Body):
    """What of a connection changes; fields that are not sent stay."""

    name: Name = "unchanged"
    catalog: Identifier | None = None
    schema_name: Identifier | None = None
    http_path: Identifier | None = None
    managed_credentials_ref: Reference | None = None
    system_id: Identifier | None = None
    is_active: bool = True


class Looking(Body):
    """Where to look: the catalog, one schema of it, or one table."""

    schema_name: Identifier | None = None
    table_name: Identifier | None = None


@router.get("")
def list_connections(
    asked: Reading,
    paged: Paged,
    sort: Sorted,
    project: Annotated[str | None, Query(max_length=255, description="Key of a project.")] = None,
    name: Contains = None,
) -> Listing[Connection]:
    """Connections of the workspace, by name."""
    page = asked.quality.catalog.connections(
        project=project, name=name, sort=sort or ("name",), limit=paged.limit, cursor=paged.cursor
    )
    return listing(page)


@router.post("", status_code=201)
def add_connection(asked: Writing, new: NewConnection, response: Response) -> Connection:
    """Add a connection; its name is unique in its project."""
    face = face_of(asked, new.project)
    fields = new.model_dump(exclude={"name", "project"})
    connection = face.catalog.add_connection(new.name, **fields)
    tagged(response, connection)
    return connection


@router.get("/{connection_id}")
def show_connection(asked: Reading, connection_id: Id, response: Response) -> Connection:
    """One connection."""
    connection = asked.quality.catalog.connection(connection_id)
    tagged(response, connection)
    return connection


@router.patch("/{connection_id}")
def edit_connection(
    asked: Writing,
    connection_id: Id,
    changes: ChangedConnection,
    expected: ExpectedVersion,
    response: Response,
) -> Connection:
    """Change a connection."""
    connection = asked.quality.catalog.edit_connection(
        connection_id, expected_version=expected, **changes.given()
    )
    tagged(response, connection)
    return connection


@router.delete("/{connection_id}", status_code=204)
def remove_connection(asked: Writing, connection_id: Id, expected: ExpectedVersion) -> None:
    """Remove a connection that has no table groups."""
    asked.quality.catalog.remove_connection(connection_id, expected_version=expected)


@router.post("/{connection_id}/test")
def test_connection(asked: Writing, connection_id: Id, response: Response) -> Connection:
    """Try a connection; `status` and `last_error` keep how it fared."""
    quality = asked.quality
    connection = quality.sources.test(quality.catalog.connection(connection_id))
    tagged(response, connection)
    return connection


@router.post("/{connection_id}/discover")
def discover_connection(asked: Reading, connection_id: Id, looking: Looking) -> Discovery:
    """What the engine shows: schemas, the tables of one, or the columns of one table."""
    quality = asked.quality
    return quality.sources.discover(
        quality.catalog.connection(connection_id),
        schema=looking.schema_name,
        table=looking.table_name,
    )
