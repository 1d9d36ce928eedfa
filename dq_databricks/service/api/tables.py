"""Tables under watch, with what is known of them: columns, tests, results, versions."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel

from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.profile import ColumnProfile, TableProfile
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.quality.results import SeenVersion
from dq_databricks.service.api.inputs import (
    Body,
    Contains,
    Id,
    Identifier,
    Since,
    Sliced,
    Sorted,
    Target,
    Wanted,
)
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/tables", tags=["tables"])


class NewTable(Body):
    """A table by its name, catalog.schema.table; files are added on the command line."""

    target: Target
    table_group_id: Identifier | None = None


class ChangedTable(Body):
    """Another group for a table."""

    table_group_id: Identifier


class TableVersion(BaseModel):
    """A version of a table as tests and profiles saw it; null for files, which have none.

    `counts` are the results measured at that version, by verdict.
    """

    table_version: int | None
    counts: dict[str, int] | None
    pass_rate: float | None
    first_tested_at: datetime | None
    last_tested_at: datetime | None
    profiles: list[TableProfile]


@router.get("")
def list_tables(
    asked: Reading,
    paged: Paged,
    sort: Sorted,
    table_group_id: Wanted = None,
    name: Contains = None,
) -> Listing[TableEntry]:
    """Tables under watch, by schema and name."""
    page = asked.quality.catalog.tables(
        group=table_group_id,
        name=name,
        sort=sort or ("schema_name", "table_name"),
        limit=paged.limit,
        cursor=paged.cursor,
    )
    return listing(page)


@router.post("", status_code=201)
def add_table(asked: Writing, new: NewTable, response: Response) -> TableEntry:
    """Put a table under watch; one that already is stays where it is."""
    entry = asked.quality.catalog.add_table(new.target, group=new.table_group_id)
    tagged(response, entry)
    return entry


@router.get("/{table}")
def show_table(asked: Reading, table: Id, response: Response) -> TableEntry:
    """One table, by id or as catalog.schema.table."""
    entry = asked.quality.catalog.table(table)
    tagged(response, entry)
    return entry


@router.patch("/{table}")
def edit_table(
    asked: Writing,
    table: Id,
    changes: ChangedTable,
    expected: ExpectedVersion,
    response: Response,
) -> TableEntry:
    """Move a table to another group."""
    entry = asked.quality.catalog.edit_table(
        table, group=changes.table_group_id, expected_version=expected
    )
    tagged(response, entry)
    return entry


@router.delete("/{table}", status_code=204)
def remove_table(asked: Writing, table: Id, expected: ExpectedVersion) -> None:
    """Stop watching a table; its history stays."""
    asked.quality.catalog.remove_table(table, expected_version=expected)


@router.get("/{table}/columns")
def list_columns_of_table(asked: Reading, table: Id) -> Listing[ColumnProfile]:
    """The columns of its latest profile; none when it was never profiled."""
    entry = asked.quality.catalog.table(table)
    return Listing(items=list(asked.quality.profiles.latest_columns(entry.table_id)))


@router.get("/{table}/tests")
def list_tests_of_table(asked: Reading, table: Id, part: Sliced) -> Listing[TestRecord]:
    """Its tests, by name."""
    entry = asked.quality.catalog.table(table)
    return listing(asked.quality.browse.tests(part, table_id=entry.table_id))


@router.get("/{table}/results")
def list_results_of_table(
    asked: Reading,
    table: Id,
    part: Sliced,
    status: ResultStatus | None = None,
    since: Since = None,
) -> Listing[TestResult]:
    """Results on it, newest first."""
    entry = asked.quality.catalog.table(table)
    page = asked.quality.browse.results(
        part, since=since, table_id=entry.table_id, result_status=status
    )
    return listing(page)


@router.get("/{table}/history")
def list_versions_of_table(asked: Reading, table: Id) -> Listing[TableVersion]:
    """The versions of its data that were tested or profiled, newest first; at most 200."""
    entry = asked.quality.catalog.table(table)
    seen = asked.quality.findings.versions(entry.table_id)
    return Listing(items=[_version(version) for version in seen])


def _version(seen: SeenVersion) -> TableVersion:
    verdicts = seen.verdicts
    return TableVersion(
        table_version=seen.table_version,
        counts=verdicts.counts if verdicts else None,
        pass_rate=verdicts.pass_rate if verdicts else None,
        first_tested_at=verdicts.first_at if verdicts else None,
        last_tested_at=verdicts.last_at if verdicts else None,
        profiles=list(seen.profiles),
    )
