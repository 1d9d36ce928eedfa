"""One test: its newest verdict, history, evidence and versions; trying it, and going back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from fastapi import Response

from dq_databricks.charts import PAGE, measure_history, measured, svg
from dq_databricks.errors import UnknownNameError
from dq_databricks.model.history import TestVersion
from dq_databricks.model.testing import TestRecord, TestResult
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.quality import CheckTypeDescription
from dq_databricks.quality.trying import FailedRows
from dq_databricks.service.asking import Asked
from dq_databricks.service.pages.forms import (
    PageReading,
    PageRunning,
    PageWriting,
    done,
    page_router,
)
from dq_databricks.service.pages.inputs import FormSent, as_typed
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
_TESTS = Crumb("Tests", "/tests")
ROWS_SHOWN, LEAST_POINTS = 50, 2


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a test, and what it changed: name, before, after."""

    version: TestVersion
    differences: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class TestContext:
    """One test: what it checks, its newest result, its history, its versions."""

    __test__ = False
    test: TestRecord
    check: CheckTypeDescription | None
    columns: tuple[str, ...]
    parameters: tuple[tuple[str, str, str], ...]
    history: tuple[TestResult, ...]
    versions: tuple[VersionRow, ...]
    chart: str
    tried: TestResult | None = None

    @property
    def last(self) -> TestResult | None:
        """The newest result."""
        return self.history[0] if self.history else None


@router.get("/tests/{test_id}")
def show_test(asked: PageReading, test_id: str) -> Response:
    """One test with its history."""
    return _test_page(asked, test_id)


@router.post("/tests/{test_id}/try")
def try_test(asked: PageRunning, test_id: str) -> Response:
    """Measure and judge the test now; nothing is stored and nobody is alerted."""
    return _test_page(asked, test_id, asked.quality.trying.try_test(test_id))


def _test_page(asked: Asked, test_id: str, tried: TestResult | None = None) -> Response:
    test = asked.quality.show_test(test_id)
    history = asked.quality.listings.history(test_id)
    context = TestContext(
        test=test,
        check=described(asked, test.rule_type),
        columns=definition_of(test)[0],
        parameters=_parameters(asked, test),
        history=history,
        versions=version_rows(asked.quality.listings.versions(test_id)),
        chart=_chart(test, history),
        tried=tried,
    )
    place = Place(test.name, "tests", (_TESTS,), api=f"/api/v1/tests/{test_id}")
    return page(asked, "test.html", place, context)


def _chart(test: TestRecord, history: Sequence[TestResult]) -> str:
    """What was measured over time, with its bounds; empty where there is no line to draw."""
    points = measured(history)
    if sum(point.value is not None for point in points) < LEAST_POINTS:
        return ""
    return svg(measure_history(points, palette=PAGE), f"What {test.name} measured, run by run")


@router.post("/tests/{test_id}/active")
def switch_test(asked: PageWriting, test_id: str, sent: FormSent) -> Response:
    """Switch one test on or off."""
    is_active = sent.one("active") == "yes"
    version = sent.number("version")
    asked.quality.edit_test(test_id, expected_version=version, is_active=is_active)
    word = "on: it runs again" if is_active else "off: no run carries it out"
    return done(asked.request, f"/tests/{test_id}", f"The test is switched {word}")


@router.post("/tests/{test_id}/roll-back")
def roll_back(asked: PageWriting, test_id: str, sent: FormSent) -> Response:
    """Make the test what it was at an earlier version, as a new version."""
    to, seen = sent.number("to"), sent.number("version")
    test = asked.quality.history.roll_back(test_id, to, expected_version=seen)
    text = f"The test is what it was at version {to}; that is version {test.version} now"
    return done(asked.request, f"/tests/{test_id}", text)


@router.post("/tests/{test_id}/remove")
def remove_test(asked: PageWriting, test_id: str, sent: FormSent) -> Response:
    """Remove a test; its results stay."""
    test = asked.quality.remove_test(test_id, expected_version=sent.number("version"))
    return done(asked.request, "/tests", f"Test {test.name} was removed; its results stay")


def definition_of(test: TestRecord) -> tuple[tuple[str, ...], dict[str, object]]:
    """The columns and parameters of a test."""
    value = json.loads(test.definition)
    return tuple(value.get("columns") or ()), dict(value.get("parameters") or {})


def described(asked: Asked, check_type: str) -> CheckTypeDescription | None:
    """The check type of this name; None when this version does not know it."""
    try:
        return asked.quality.checks(check_type)[0]
    except UnknownNameError:
        return None


def _parameters(asked: Asked, test: TestRecord) -> tuple[tuple[str, str, str], ...]:
    """Each parameter: its name, the value in force, whether that is the test's or a default."""
    stored, check = definition_of(test)[1], described(asked, test.rule_type)
    if check is None:
        return tuple((name, as_typed(value), "set") for name, value in stored.items())
    return tuple(
        (
            parameter.name,
            as_typed(stored.get(parameter.name, parameter.default)),
            "set" if parameter.name in stored else "default",
        )
        for parameter in check.parameters
    )


_UNTOLD = frozenset({"version", "created_at", "updated_at", "test_id", "table_id", "is_locked"})


def version_rows(versions: Sequence[TestVersion]) -> tuple[VersionRow, ...]:
    """Versions, newest first, each with what it changed of the one before."""
    return tuple(
        VersionRow(one, _differences(before, one))
        for one, before in zip_longest(versions, versions[1:])
    )


def _differences(
    before: TestVersion | None, after: TestVersion
) -> tuple[tuple[str, str, str], ...]:
    if before is None:
        return ()
    old, new = json.loads(before.test), json.loads(after.test)
    names = [name for name in {**old, **new} if name not in _UNTOLD]
    return tuple(
        (name, as_typed(old.get(name)), as_typed(new.get(name)))
        for name in names
        if old.get(name) != new.get(name)
    )


# --- rows that fail ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowsContext:
    """Rows that the newest failing result counted, as of the version it saw."""

    test: TestRecord
    result: TestResult | None
    rows: FailedRows | None


@router.get("/tests/{test_id}/failed-rows")
def show_failed_rows(asked: PageReading, test_id: str) -> Response:
    """Rows of the newest result that did not pass; reads the table itself."""
    test = asked.quality.show_test(test_id)
    history = asked.quality.listings.history(test_id)
    bad = next((one for one in history if one.result_status in _BAD), None)
    rows = asked.quality.trying.failed_rows(bad.result_id, limit=ROWS_SHOWN) if bad else None
    crumb = Crumb(test.name, f"/tests/{test_id}")
    place = Place("Rows that fail", "tests", (_TESTS, crumb))
    return page(asked, "failed_rows.html", place, RowsContext(test, bad, rows))


_BAD = (ResultStatus.FAIL, ResultStatus.WARN)
