"""Table groups: tables that are profiled and tested together, chosen by masks."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import Field

from dq_databricks.model.catalog import TableGroup
from dq_databricks.quality.sources import Discovery
from dq_databricks.service.api.inputs import (
    Body,
    Contains,
    Id,
    Identifier,
    Mask,
    Name,
    Sorted,
    Text,
    Wanted,
)
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/groups", tags=["groups"])


class NewGroup(Body):
    """A table group. Masks are names separated by commas; % stands for any characters."""

    name: Name = Field(examples=["sales"])
    connection_id: Identifier
    description: Text | None = None
    profiling_include_mask: Mask | None = None
    profiling_exclude_mask: Mask | None = None


class ChangedGroup(Body):
    """What of a group changes; fields that are not sent stay."""

    name: Name = "unchanged"
    description: Text | None = None
    profiling_include_mask: Mask | None = None
    profiling_exclude_mask: Mask | None = None


class Masks(Body):
    """Masks to try on the tables of a connection."""

    connection_id: Identifier
    profiling_include_mask: Mask | None = None
    profiling_exclude_mask: Mask | None = None


@router.get("")
def list_groups(
    asked: Reading,
    paged: Paged,
    sort: Sorted,
    connection_id: Wanted = None,
    name: Contains = None,
) -> Listing[TableGroup]:
    """Table groups of the workspace, by name."""
    page = asked.quality.catalog.groups(
        connection=connection_id,
        name=name,
        sort=sort or ("name",),
        limit=paged.limit,
        cursor=paged.cursor,
    )
    return listing(page)


@router.post("", status_code=201)
def add_group(asked: Writing, new: NewGroup, response: Response) -> TableGroup:
    """Add a table group; its name is unique in its connection."""
    fields = new.model_dump(exclude={"name", "connection_id"})
    group = asked.quality.catalog.add_group(new.name, connection=new.connection_id, **fields)
    tagged(response, group)
    return group


@router.post("/preview")
def preview_masks(asked: Reading, masks: Masks) -> Discovery:
    """The tables that masks would let through; nothing is stored."""
    quality = asked.quality
    connection = quality.catalog.connection(masks.connection_id)
    return quality.sources.preview(
        connection, masks.profiling_include_mask, masks.profiling_exclude_mask
    )


@router.get("/{table_group_id}")
def show_group(asked: Reading, table_group_id: Id, response: Response) -> TableGroup:
    """One table group."""
    group = asked.quality.catalog.group(table_group_id)
    tagged(response, group)
    return group


@router.get("/{table_group_id}/preview")
def preview_group(asked: Reading, table_group_id: Id) -> Discovery:
    """The tables that the masks of a group let through now."""
    quality = asked.quality
    group = quality.catalog.group(table_group_id)
    connection = quality.catalog.connection(group.connection_id)
    return quality.sources.preview(
        connection, group.profiling_include_mask, group.profiling_exclude_mask
    )


@router.patch("/{table_group_id}")
def edit_group(
    asked: Writing,
    table_group_id: Id,
    changes: ChangedGroup,
    expected: ExpectedVersion,
    response: Response,
) -> TableGroup:
    """Change a table group."""
    group = asked.quality.catalog.edit_group(
        table_group_id, expected_version=expected, **changes.given()
    )
    tagged(response, group)
    return group


@router.delete("/{table_group_id}", status_code=204)
def remove_group(asked: Writing, table_group_id: Id, expected: ExpectedVersion) -> None:
    """Remove a table group that holds no tables."""
    asked.quality.catalog.remove_group(table_group_id, expected_version=expected)
