"""Connections: where the tables of a project live, whether they answer, and what they hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from dq_databricks.model.catalog import Connection
from dq_databricks.model.vocabulary import Scope, TriggerSource
from dq_databricks.quality.activation import ActivationReport, Wishes
from dq_databricks.quality.sources import Discovery, FederationPlan
from dq_databricks.service.api.inputs import (
    Body,
    Contains,
    Id,
    Identifier,
    Mask,
    Name,
    Sorted,
    face_of,
)
from dq_databricks.service.api.runs import accepted
from dq_databricks.service.api.schedules import Expression, Zone
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/connections", tags=["connections"])

Reference = Annotated[
    str,
    Field(
        max_length=1100,
        description="Where the credentials are kept; never their value.",
        examples=["secret:prod/postgres"],
    ),
]
Kind = Annotated[str, Field(min_length=1, max_length=40, examples=["databricks"])]
Options = Annotated[
    dict[str, str | int | bool],
    Field(
        max_length=20,
        description="Options of a federated source by name. A secret is a reference.",
        examples=[{}],
    ),
]
Principals = Annotated[
    list[Identifier] | None,
    Query(max_length=20, description="Who is to read its tables: users, groups, principals."),
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
    connection_type: Kind = "databricks"
    federation_options: Options | None = None
    uc_connection: Identifier | None = None


class ChangedConnection(Body):
    """What of a connection changes; fields that are not sent stay. Options are sent as a whole."""

    name: Name = "unchanged"
    catalog: Identifier | None = None
    schema_name: Identifier | None = None
    http_path: Identifier | None = None
    managed_credentials_ref: Reference | None = None
    system_id: Identifier | None = None
    is_active: bool = True
    connection_type: Kind = "databricks"
    federation_options: Options | None = None
    uc_connection: Identifier | None = None


class Activation(Body):
    """How a connection is put to use; everything may be left out."""

    group: Name | None = Field(default=None, description="Name of the table group.")
    profiling_include_mask: Mask | None = None
    profiling_exclude_mask: Mask | None = None
    cron: Expression | None = None
    timezone: Zone = "UTC"


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
    """Change a connection; one that is no longer active has its schedules switched off."""
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


@router.get("/{connection_id}/plan")
def plan_connection(
    asked: Reading, connection_id: Id, grant_to: Principals = None
) -> FederationPlan:
    """The SQL that makes a federated source readable. Nothing is run, secrets are references."""
    quality = asked.quality
    connection = quality.catalog.connection(connection_id)
    return quality.sources.plan(connection, grant_to=grant_to or ())


@router.post("/{connection_id}/activate", status_code=202)
def activate_connection(
    asked: Writing, connection_id: Id, wanted: Activation, request: Request, response: Response
) -> ActivationReport:
    """Put a connection to use: its group, its tables, a job for their first profile.

    Doing it again makes nothing twice. `Location` leads to the run of the first profile. Needs the
    scope run as well.
    """
    asked.also(Scope.RUN)
    wishes = Wishes(
        wanted.group,
        wanted.profiling_include_mask,
        wanted.profiling_exclude_mask,
        wanted.cron,
        wanted.timezone,
    )
    report = asked.quality.activate(connection_id, wishes, trigger=TriggerSource.API)
    accepted(report.job, request, response)
    return report
