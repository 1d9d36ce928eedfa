"""Adding and editing tests: a form made of the parameters of the check type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Response

from dq_databricks.errors import EngineError, ParameterError, QualityError, VersionConflictError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.testing import DEFAULT_SUITE, TestRecord
from dq_databricks.model.vocabulary import Severity
from dq_databricks.quality import CheckTypeDescription
from dq_databricks.quality.listings import Column
from dq_databricks.service.asking import Asked
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.inputs import (
    Field,
    FormSent,
    Sent,
    as_typed,
    fields_of,
    refilled,
    texts_of,
)
from dq_databricks.service.pages.render import Crumb, Place, page
from dq_databricks.service.pages.test import definition_of, described

router = page_router()
SEVERITIES = tuple(severity.value for severity in Severity)
_TESTS = Crumb("Tests", "/tests")


@dataclass(frozen=True, slots=True)
class AddContext:
    """The form of a new test. `check` None: table and check type are to be chosen first."""

    tables: tuple[TableEntry, ...]
    checks: Mapping[str, tuple[CheckTypeDescription, ...]]
    table: TableEntry | None
    check: CheckTypeDescription | None
    columns: tuple[Column, ...]
    chosen: tuple[str, ...]
    fields: tuple[Field, ...]
    name: str
    suite: str
    severity: str
    severities: tuple[str, ...]
    problem: str = ""
    outcome: object | None = None


@router.get("/tests/new")
def ask_for_test(
    asked: PageReading, table: str = "", check: str = "", column: str = ""
) -> Response:
    """Choose a table and a check type, then fill in its parameters."""
    context = _add_context(asked, table, check)
    return _add_page(asked, replace(context, chosen=(column,) if column else ()))


@router.post("/tests")
def add_test(asked: PageWriting, sent: FormSent) -> Response:
    """Store a new test, or show what does not fit beside what was typed."""
    try:
        test = asked.quality.add_test(
            sent.one("table"),
            sent.one("check"),
            columns=sent.all("column"),
            parameters=_parameters(asked, sent),
            suite=sent.one("suite") or DEFAULT_SUITE,
            severity=sent.one("severity") or None,
            name=sent.one("name") or None,
        )
    except QualityError as error:
        return _add_again(asked, sent, error)
    return done(asked.request, f"/tests/{test.test_id}", f"Test {test.name} was added")


def _parameters(asked: Asked, sent: Sent) -> dict[str, object]:
    check = asked.quality.checks(sent.one("check"))[0]
    return asked.quality.parameters(check.name, texts_of(check, sent))


def _add_again(asked: Asked, sent: Sent, error: QualityError) -> Response:
    """The form as it was sent, with what is wrong."""
    if not error.wrong_use:
        raise error
    context = _add_context(asked, sent.one("table"), sent.one("check"))
    again = replace(
        context,
        chosen=sent.all("column"),
        fields=refilled(context.fields, sent),
        name=sent.one("name"),
        suite=sent.one("suite"),
        severity=sent.one("severity"),
        problem=str(error),
    )
    return _add_page(asked, again, status=422)


def _add_context(asked: Asked, table_id: str, check_name: str) -> AddContext:
    tables = asked.quality.listings.tables()
    table = next((one for one in tables if one.table_id == table_id), None)
    check = described(asked, check_name) if check_name else None
    is_ready = table is not None and check is not None
    columns = (
        asked.quality.listings.columns(table, asked.quality.engine)
        if table is not None and is_ready
        else ()
    )
    return AddContext(
        tables=tables,
        checks=by_dimension(asked.quality.checks()),
        table=table,
        check=check,
        columns=_fitting(columns, check),
        chosen=(),
        fields=fields_of(check, {}) if check else (),
        name="",
        suite=DEFAULT_SUITE,
        severity=check.severity if check else SEVERITIES[0],
        severities=SEVERITIES,
    )


def _fitting(columns: tuple[Column, ...], check: CheckTypeDescription | None) -> tuple[Column, ...]:
    """The columns whose type the check type can measure."""
    if check is None:
        return ()
    allowed = set(check.column_types)
    return tuple(one for one in columns if one.general_type in allowed)


def by_dimension(
    checks: tuple[CheckTypeDescription, ...],
) -> dict[str, tuple[CheckTypeDescription, ...]]:
    """Check types by the side of quality they look at."""
    names = sorted({check.dimension for check in checks})
    return {name: tuple(one for one in checks if one.dimension == name) for name in names}


def _add_page(asked: Asked, context: AddContext, *, status: int = 200) -> Response:
    return page(
        asked, "test_add.html", Place("Add a test", "tests", (_TESTS,)), context, status=status
    )


# --- edit ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EditContext:
    """The form of a stored test, holding what is stored, or what was sent and does not fit."""

    test: TestRecord
    check: CheckTypeDescription
    columns: tuple[str, ...]
    fields: tuple[Field, ...]
    name: str
    suite: str
    severity: str
    severities: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a conflict: what was sent, and what is stored now."""

    label: str
    sent: str
    stored: str


@dataclass(frozen=True, slots=True)
class ConflictContext:
    """Somebody else changed the test meanwhile: both states, and the form to send again."""

    test: TestRecord
    expected: int
    differences: tuple[Difference, ...]
    values: Mapping[str, str]


@router.get("/tests/{test_id}/edit")
def ask_for_edit(asked: PageReading, test_id: str) -> Response:
    """The form of a stored test."""
    return _edit_page(asked, _edit_context(asked, asked.quality.show_test(test_id)))


@router.post("/tests/{test_id}/edit")
def edit_test(asked: PageWriting, test_id: str, sent: FormSent) -> Response:
    """Store the edit if the test is still at the version that was edited."""
    test, expected = asked.quality.show_test(test_id), sent.number("version")
    if test.version != expected:
        return _conflict(asked, test, sent, expected)
    try:
        asked.quality.edit_test(test_id, expected_version=expected, **_changes(asked, test, sent))
    except VersionConflictError:
        return _conflict(asked, asked.quality.show_test(test_id), sent, expected)
    except (ParameterError, EngineError, QualityError) as error:
        return _edit_again(asked, test, sent, error)
    text = "Saved; the next run uses it. Proposals leave the test alone from now on."
    return done(asked.request, f"/tests/{test_id}", text)


def _changes(asked: Asked, test: TestRecord, sent: Sent) -> dict[str, Any]:
    """What the form changes; the parameters only when they differ."""
    check, stored = asked.quality.checks(test.rule_type)[0], definition_of(test)[1]
    if not sent.one("name"):
        raise ParameterError("a test needs a name")
    changes: dict[str, Any] = {
        "name": sent.one("name"),
        "suite": sent.one("suite") or DEFAULT_SUITE,
        "severity": sent.one("severity") or test.severity.value,
    }
    parameters = asked.quality.parameters(check.name, texts_of(check, sent, stored))
    if {**stored, **parameters} != stored:
        changes["parameters"] = parameters
    return changes


def _edit_context(asked: Asked, test: TestRecord) -> EditContext:
    columns, parameters = definition_of(test)
    check = asked.quality.checks(test.rule_type)[0]
    return EditContext(
        test=test,
        check=check,
        columns=columns,
        fields=fields_of(check, parameters),
        name=test.name,
        suite=test.test_suite_key,
        severity=test.severity.value,
        severities=SEVERITIES,
    )


def _edit_again(asked: Asked, test: TestRecord, sent: Sent, error: QualityError) -> Response:
    if not error.wrong_use:
        raise error
    context = _edit_context(asked, test)
    again = replace(
        context,
        fields=refilled(context.fields, sent),
        name=sent.one("name"),
        suite=sent.one("suite"),
        severity=sent.one("severity"),
        problem=str(error),
    )
    return _edit_page(asked, again, status=422)


def _edit_page(asked: Asked, context: EditContext, *, status: int = 200) -> Response:
    crumb = Crumb(context.test.name, f"/tests/{context.test.test_id}")
    place = Place("Edit test", "tests", (_TESTS, crumb))
    return page(asked, "test_edit.html", place, context, status=status)


def _conflict(asked: Asked, test: TestRecord, sent: Sent, expected: int) -> Response:
    stored = _edit_context(asked, test)
    mine = refilled(stored.fields, sent)
    pairs = [
        ("name", sent.one("name"), stored.name),
        ("suite", sent.one("suite"), stored.suite),
        ("severity", sent.one("severity"), stored.severity),
        *((own.label, own.value, old.value) for own, old in zip(mine, stored.fields, strict=True)),
    ]
    context = ConflictContext(
        test=test,
        expected=expected,
        differences=tuple(Difference(label, own, as_typed(old)) for label, own, old in pairs),
        values={
            "name": sent.one("name"),
            "suite": sent.one("suite"),
            "severity": sent.one("severity"),
            **{field.name: field.value for field in mine},
        },
    )
    crumb = Crumb(test.name, f"/tests/{test.test_id}")
    place = Place("Changed meanwhile", "tests", (_TESTS, crumb))
    return page(asked, "test_conflict.html", place, context, status=412)
