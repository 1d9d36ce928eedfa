"""Table groups: tables that are profiled and tested together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Response

from dq_databricks.model.catalog import Connection, TableGroup
from dq_databricks.quality.overview import TableLine, Verdicts
from dq_databricks.service.pages.forms import (
    PageReading,
    PageRunning,
    PageWriting,
    done,
    page_router,
)
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group, where it belongs and how many tables it holds."""

    group: TableGroup
    connection: Connection | None
    tables: int


@dataclass(frozen=True, slots=True)
class GroupsContext:
    """The groups of the workspace; `connections` are what a new one can stand on."""

    lines: tuple[GroupLine, ...]
    connections: tuple[Connection, ...]

    def choices(self) -> list[tuple[str, str]]:
        """The connections as choices."""
        return [(one.connection_id, one.name) for one in self.connections]


@dataclass(frozen=True, slots=True)
class GroupContext:
    """One group with its tables."""

    group: TableGroup
    lines: tuple[TableLine, ...]
    verdicts: Verdicts
    next_cursor: str | None


@router.get("/groups")
def list_groups(asked: PageReading) -> Response:
    """The groups of the workspace."""
    estate = asked.quality.overview.estate()
    by_id = {one.connection_id: one for one in estate.connections}
    lines = tuple(
        GroupLine(
            group, by_id.get(group.connection_id), len(estate.tables_of(group.table_group_id))
        )
        for group in estate.groups
    )
    place = Place("Groups", "groups", api="/api/v1/groups")
    return page(asked, "groups.html", place, GroupsContext(lines, estate.connections))


@router.post("/groups")
def add_group(
    asked: PageWriting,
    name: Annotated[str, Form(max_length=200)],
    connection: Annotated[str, Form(max_length=64)],
    include: Annotated[str, Form(max_length=1000)] = "",
    exclude: Annotated[str, Form(max_length=1000)] = "",
    description: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Add a group over a connection."""
    added = asked.quality.catalog.add_group(
        name.strip(),
        connection=connection,
        profiling_include_mask=include.strip() or None,
        profiling_exclude_mask=exclude.strip() or None,
        description=description.strip() or None,
    )
    return done(asked.request, f"/groups/{added.table_group_id}", f"Group {added.name} added.")


@router.get("/groups/{table_group_id}")
def show_group(asked: PageReading, table_group_id: str) -> Response:
    """One group with its tables."""
    group = asked.quality.catalog.group(table_group_id)
    found = asked.quality.overview.tables(group_id=group.table_group_id, limit=200)
    counts: dict[str, int] = {}
    for line in found.lines:
        for verdict, count in line.verdicts.counts.items():
            counts[verdict] = counts.get(verdict, 0) + count
    verdicts = Verdicts(counts, sum(line.verdicts.never for line in found.lines))
    context = GroupContext(group, found.lines, verdicts, found.next_cursor)
    crumbs = (Crumb("Groups", "/groups"),)
    place = Place(group.name, "groups", crumbs, f"/api/v1/groups/{group.table_group_id}")
    return page(asked, "group.html", place, context)


@router.post("/groups/{table_group_id}/edit")
def edit_group(
    asked: PageWriting,
    table_group_id: str,
    version: Annotated[int, Form(ge=1)],
    name: Annotated[str, Form(max_length=200)],
    include: Annotated[str, Form(max_length=1000)] = "",
    exclude: Annotated[str, Form(max_length=1000)] = "",
    description: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Change a group."""
    group = asked.quality.catalog.edit_group(
        table_group_id,
        expected_version=version,
        name=name.strip(),
        profiling_include_mask=include.strip() or None,
        profiling_exclude_mask=exclude.strip() or None,
        description=description.strip() or None,
    )
    return done(asked.request, f"/groups/{group.table_group_id}", f"Group {group.name} saved.")


@router.post("/groups/{table_group_id}/{kind}")
def start_work(asked: PageRunning, table_group_id: str, kind: str) -> Response:
    """Ask for a profile of all tables of a group, or for their tests."""
    job = asked.quality.jobs.request(kind, group=table_group_id)
    text = f"{job.title}: queued. It appears under Runs as soon as it starts."
    return done(asked.request, f"/groups/{table_group_id}", text)
