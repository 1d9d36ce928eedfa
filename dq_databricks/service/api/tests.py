"""Tests: add, change, try, go back; a change names the version it starts from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field, JsonValue

from dq_databricks.model.history import TestVersion
from dq_databricks.model.testing import DEFAULT_SUITE, TestRecord, TestResult
from dq_databricks.model.vocabulary import Severity, TestOrigin
from dq_databricks.service.api.inputs import (
    Body,
    Contains,
    Id,
    Identifier,
    Name,
    Sliced,
    Target,
    Wanted,
)
from dq_databricks.service.asking import Reading, Running, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/tests", tags=["tests"])

Columns = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=255)], ...],
    Field(max_length=100, examples=[["amount"]]),
]
Parameters = Annotated[dict[str, JsonValue], Field(max_length=50, examples=[{"max_percent": 1.0}])]
Number = Annotated[int, Path(ge=1, le=2**53 - 1, description="Number of a version.")]


class NewTest(Body):
    """A check type bound to a table; `table` is an id or catalog.schema.table."""

    table: Target
    check_type: Identifier = Field(examples=["nulls_percent"])
    columns: Columns = ()
    parameters: Parameters = Field(default_factory=dict)
    name: Name | None = None
    suite: Name = DEFAULT_SUITE
    severity: Severity | None = Field(default=None, description="That of the check type, if null.")


class ChangedTest(Body):
    """What of a test changes; parameters that are sent replace those of the same name."""

    name: Name = "unchanged"
    suite: Name = DEFAULT_SUITE
    severity: Severity = Severity.ERROR
    is_active: bool = True
    is_locked: bool = True
    parameters: Parameters = Field(default_factory=dict)


class Candidate(Body):
    """A test that might be added."""

    table: Target
    check_type: Identifier = Field(examples=["nulls_percent"])
    columns: Columns = ()
    parameters: Parameters = Field(default_factory=dict)


class Trial(Body):
    """Other parameters to try a test with; those that are not sent are its own."""

    parameters: Parameters = Field(default_factory=dict)


class Validated(BaseModel):
    """Whether a test could be added; `problem` says why not, in words."""

    is_valid: bool
    problem: str | None
    check_type: str | None
    columns: list[str]
    parameters: dict[str, JsonValue]


@router.get("")
def list_tests(
    asked: Reading,
    part: Sliced,
    *,
    table_id: Wanted = None,
    table_group_id: Wanted = None,
    suite: Wanted = None,
    check_type: Wanted = None,
    column: Wanted = None,
    severity: Severity | None = None,
    origin: TestOrigin | None = None,
    is_active: bool | None = None,
    is_locked: bool | None = None,
    name: Contains = None,
) -> Listing[TestRecord]:
    """Tests of the workspace, by table and name."""
    page = asked.quality.browse.tests(
        part,
        name=name,
        table_id=table_id,
        table_group_id=table_group_id,
        test_suite_key=suite,
        rule_type=check_type,
        column_name=column,
        severity=severity,
        origin=origin,
        is_active=is_active,
        is_locked=is_locked,
    )
    return listing(page)


@router.post("", status_code=201)
def add_test(asked: Writing, new: NewTest, response: Response) -> TestRecord:
    """Add a test; it is held against the table as it is now."""
    quality = asked.quality
    test = quality.add_test(
        quality.catalog.table(new.table).table_id,
        new.check_type,
        columns=new.columns,
        parameters=dict(new.parameters),
        name=new.name,
        suite=new.suite,
        severity=new.severity,
    )
    tagged(response, test)
    return test


@router.post("/validate")
def validate_test(asked: Reading, candidate: Candidate) -> Validated:
    """Hold a test against its table without storing it."""
    quality = asked.quality
    found = quality.trying.validate(
        quality.catalog.table(candidate.table).table_id,
        candidate.check_type,
        candidate.columns,
        candidate.parameters,
    )
    definition = found.definition
    return Validated(
        is_valid=found.problem is None,
        problem=found.problem,
        check_type=found.check_type,
        columns=list(definition.columns) if definition else [],
        parameters=found.plain_parameters,
    )


@router.get("/{test_id}")
def show_test(asked: Reading, test_id: Id, response: Response) -> TestRecord:
    """One test."""
    test = asked.quality.show_test(test_id)
    tagged(response, test)
    return test


@router.patch("/{test_id}")
def edit_test(
    asked: Writing,
    test_id: Id,
    changes: ChangedTest,
    expected: ExpectedVersion,
    response: Response,
) -> TestRecord:
    """Change a test and lock it against proposals."""
    test = asked.quality.edit_test(test_id, expected_version=expected, **changes.given())
    tagged(response, test)
    return test


@router.delete("/{test_id}", status_code=204)
def remove_test(asked: Writing, test_id: Id, expected: ExpectedVersion) -> None:
    """Remove a test; its results stay."""
    asked.quality.remove_test(test_id, expected_version=expected)


@router.get("/{test_id}/versions")
def list_test_versions(asked: Reading, test_id: Id, paged: Paged) -> Listing[TestVersion]:
    """What a test was at each version, newest first."""
    return listing(asked.quality.history.versions(test_id, limit=paged.limit, cursor=paged.cursor))


@router.get("/{test_id}/versions/{number}")
def show_test_version(asked: Reading, test_id: Id, number: Number) -> TestVersion:
    """What a test was at one version."""
    return asked.quality.history.version(test_id, number)


@router.post("/{test_id}/versions/{number}/roll-back")
def roll_back_test(
    asked: Writing, test_id: Id, number: Number, expected: ExpectedVersion, response: Response
) -> TestRecord:
    """Make a test what it was, as a new version."""
    test = asked.quality.history.roll_back(test_id, number, expected_version=expected)
    tagged(response, test)
    return test


@router.post("/{test_id}/dry-run")
def dry_run_test(asked: Running, test_id: Id, trial: Trial) -> TestResult:
    """Measure and judge a test now; nothing is stored and nobody is alerted."""
    return asked.quality.trying.try_test(test_id, parameters=trial.parameters)


@router.get("/{test_id}/results")
def list_results_of_test(asked: Reading, test_id: Id, part: Sliced) -> Listing[TestResult]:
    """Results of a test, newest first."""
    asked.quality.show_test(test_id)
    return listing(asked.quality.browse.results(part, test_id=test_id))
