"""Test suites: which there are, how many tests they hold, and what they are for."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from dq_databricks.model.history import TestSuite
from dq_databricks.quality.suites import SuiteSummary
from dq_databricks.service.api.inputs import Body, Id, Name, Text, Wanted, face_of
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing

router = APIRouter(prefix="/suites", tags=["suites"])


class Suite(BaseModel):
    """A suite with its tests counted. `version` is that of its description; null: it has none."""

    test_suite_key: str
    description: str | None
    version: int | None
    tests: int
    active_tests: int
    tables: int


class NewSuite(Body):
    """The description of a suite; tests join it by its key."""

    test_suite_key: Name = Field(examples=["nightly"])
    description: Text | None = None
    project: Name | None = None


class ChangedSuite(Body):
    """Another description."""

    description: Text | None = None


@router.get("")
def list_suites(asked: Reading, project: Wanted = None) -> Listing[Suite]:
    """Every suite of the workspace with its tests counted, by key."""
    suites = face_of(asked, project).suites.list()
    return Listing(items=[_suite(summary) for summary in suites])


@router.post("", status_code=201)
def describe_suite(asked: Writing, new: NewSuite, response: Response) -> TestSuite:
    """Describe a suite."""
    suite = face_of(asked, new.project).suites.describe(new.test_suite_key, new.description)
    tagged(response, suite)
    return suite


@router.get("/{test_suite_key}")
def show_suite(
    asked: Reading, test_suite_key: Id, response: Response, project: Wanted = None
) -> Suite:
    """One suite."""
    summary = face_of(asked, project).suites.show(test_suite_key)
    if summary.suite is not None:
        tagged(response, summary.suite)
    return _suite(summary)


@router.patch("/{test_suite_key}")
def edit_suite(
    asked: Writing,
    test_suite_key: Id,
    changes: ChangedSuite,
    expected: ExpectedVersion,
    response: Response,
    project: Wanted = None,
) -> TestSuite:
    """Change the description of a suite."""
    suites = face_of(asked, project).suites
    suite = suites.edit(test_suite_key, changes.description, expected_version=expected)
    tagged(response, suite)
    return suite


@router.delete("/{test_suite_key}", status_code=204)
def remove_suite(
    asked: Writing, test_suite_key: Id, expected: ExpectedVersion, project: Wanted = None
) -> None:
    """Remove the description of a suite; its tests stay."""
    face_of(asked, project).suites.remove(test_suite_key, expected_version=expected)


def _suite(summary: SuiteSummary) -> Suite:
    counts, suite = summary.counts, summary.suite
    return Suite(
        test_suite_key=summary.test_suite_key,
        description=suite.description if suite else None,
        version=suite.version if suite else None,
        tests=counts.tests,
        active_tests=counts.active_tests,
        tables=counts.tables,
    )
