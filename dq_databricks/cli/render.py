"""Answers in words and tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dq_databricks.cli.output import marked, safe, stdout_console, write_table
from dq_databricks.model.alert import Alert
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import TableEntry, TableGroup
from dq_databricks.model.profile import Anomaly, ProfileRun
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.quality import CheckTypeDescription, Option, Page
from dq_databricks.quality.exchange import ImportReport
from dq_databricks.quality.reports import Explanation


def page_document(page: Page[Any]) -> dict[str, Any]:
    """A listing as JSON: the items and where to go on."""
    return {"items": list(page.items), "next_cursor": page.next_cursor}


def say(text: str) -> None:
    """Print one line with rich markup."""
    stdout_console().print(text)


def next_step(text: str) -> None:
    """Say what to type next."""
    say(f"[dim]next:[/] {text}")


def _more(page: Page[Any]) -> None:
    if page.next_cursor:
        next_step(f"the following rows: --cursor {safe(page.next_cursor)}")


def _empty(page: Page[Any], text: str) -> bool:
    if not page.items:
        say(text)
    return not page.items


def anomalies(page: Page[Anomaly]) -> None:
    """A page of anomalies, worst first within their table."""
    if _empty(page, "No anomalies. Profile a target first: dq profile TARGET"):
        return
    anomaly_table("Anomalies", page.items)
    _more(page)


def anomaly_table(title: str, items: Iterable[Anomaly]) -> None:
    """Anomalies with what they say and what to do."""
    rows = (
        (marked(item.severity), item.table_name, item.column_name, item.anomaly_type,
         item.description, item.suggestion)
        for item in items
    )  # fmt: skip
    headers = ("severity", "table", "column", "anomaly", "what was found", "what to do")
    write_table(title, headers, rows)


def runs(page: Page[TestRun] | Page[ProfileRun]) -> None:
    """A page of test or profile runs."""
    if _empty(page, "No runs yet: dq test TARGET or dq profile TARGET"):
        return
    if isinstance(page.items[0], TestRun):
        _test_runs(page.items)
    else:
        _profile_runs(page.items)
    _more(page)


def _test_runs(items: Sequence[Any]) -> None:
    rows = (
        (run.test_run_id, marked(run.status), run.started_at, run.duration_ms, run.table_name,
         run.total_tests, run.failed_tests, run.warned_tests, run.error_tests)
        for run in items
    )  # fmt: skip
    headers = ("test_run_id", "status", "started", "ms", "table", "tests", "fail", "warn", "error")
    write_table("Test runs", headers, rows, numeric="ms tests fail warn error")


def _profile_runs(items: Sequence[Any]) -> None:
    rows = (
        (run.profile_run_id, marked(run.status), run.started_at, run.duration_ms, run.table_name,
         run.table_count, run.row_count, run.anomaly_count)
        for run in items
    )  # fmt: skip
    headers = ("profile_run_id", "status", "started", "ms", "table", "tables", "rows", "anomalies")
    write_table("Profile runs", headers, rows, numeric="ms tables rows anomalies")


def results(page: Page[TestResult]) -> None:
    """A page of results."""
    if _empty(page, "No results. Run the tests first: dq test TARGET"):
        return
    result_table("Results", page.items)
    _more(page)


def result_table(title: str, items: Iterable[TestResult], *, with_id: bool = True) -> None:
    """Results with what was expected and found."""
    rows = [
        (marked(item.result_status), item.table_name, item.column_name, item.check_type,
         item.expected_value, item.actual_value, item.message, item.result_id)
        for item in items
    ]  # fmt: skip
    headers = ("verdict", "table", "column", "check type", "expected", "actual", "message")
    if with_id:
        write_table(title, (*headers, "result_id"), rows)
    else:
        write_table(title, headers, (row[:-1] for row in rows))


def alerts(page: Page[Alert]) -> None:
    """A page of alerts."""
    if _empty(page, "No alerts. They are raised by failed tests and serious anomalies."):
        return
    rows = (
        (marked(item.severity), item.created_at, item.title, item.details,
         item.acknowledged_by if item.acknowledged else "open", item.alert_id)
        for item in page.items
    )  # fmt: skip
    headers = ("severity", "raised", "alert", "details", "taken by", "alert_id")
    write_table("Alerts", headers, rows)
    _more(page)


def check_types(items: Sequence[CheckTypeDescription]) -> None:
    """The catalogue of check types."""
    rows = ((item.name, item.scope, item.kind, item.dimension, item.description) for item in items)
    write_table("Check types", ("check type", "scope", "kind", "dimension", "what it checks"), rows)
    next_step("dq checks NAME shows its parameters")


def check_type(item: CheckTypeDescription) -> None:
    """One check type with its parameters."""
    say(f"[bold]{safe(item.name)}[/]  {safe(item.description)}")
    for name in ("measures", "passes", "scope", "kind", "dimension", "severity"):
        say(f"  [dim]{name:<13}[/] {safe(getattr(item, name))}")
    say(f"  [dim]column types [/] {safe(', '.join(item.column_types))}")
    say(f"  [dim]also known as[/] {safe(', '.join(item.aliases) or '–')}")
    rows = (
        (entry.name, entry.type, None if entry.required else str(entry.default), entry.required,
         entry.help)
        for entry in item.parameters
    )  # fmt: skip
    write_table("Parameters", ("parameter", "type", "default", "required", "meaning"), rows)


def tests(page: Page[TestRecord]) -> None:
    """A page of tests."""
    if _empty(page, "No tests. Derive some: dq propose TARGET --apply"):
        return
    test_table("Tests", page.items)
    _more(page)


def test_table(title: str, items: Iterable[TestRecord]) -> None:
    """Tests with parameters and reason."""
    rows = (
        (item.rule_type, item.table_name, item.column_name, parameters_text(item.definition),
         item.severity, item.reason, item.test_id)
        for item in items
    )  # fmt: skip
    headers = ("check type", "table", "column", "parameters", "severity", "reason", "test_id")
    write_table(title, headers, rows)


def parameters_text(definition: str) -> str:
    """The parameters of a definition as ``name=value`` pairs, long lists cut."""
    parameters = json.loads(definition).get("parameters", {})
    return ", ".join(f"{name}={_brief(value)}" for name, value in parameters.items())


def _brief(value: object) -> str:
    if isinstance(value, list) and len(value) > 6:
        return json.dumps(value[:6], ensure_ascii=False)[:-1] + f", … {len(value)} in all]"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"


def groups(page: Page[TableGroup]) -> None:
    """A page of table groups."""
    if _empty(page, "No table groups: dq groups add NAME --connection CONNECTION"):
        return
    rows = (
        (item.name, item.profiling_include_mask, item.profiling_exclude_mask, item.version,
         item.table_group_id)
        for item in page.items
    )  # fmt: skip
    headers = ("group", "include", "exclude", "version", "table_group_id")
    write_table("Table groups", headers, rows, numeric="version")
    _more(page)


def tables(page: Page[TableEntry]) -> None:
    """A page of tables."""
    if _empty(page, "No tables under watch: dq profile TARGET or dq tables add TARGET"):
        return
    rows = (
        (item.path or f"{item.catalog}.{item.schema_name}.{item.table_name}",
         item.file_format or "table", item.version, item.table_id)
        for item in page.items
    )  # fmt: skip
    write_table("Tables", ("table", "kind", "version", "table_id"), rows, numeric="version")
    _more(page)


def settings(rows: Sequence[Option]) -> None:
    """Settings with value, source and variable."""
    body = ((row.name, row.value, row.source, row.version, row.variable, row.help) for row in rows)
    write_table("Settings", ("setting", "value", "from", "version", "variable", "meaning"), body)


def record(item: Record) -> None:
    """One row, field by field."""
    rows = ((name, getattr(item, name)) for name in type(item).model_fields)
    write_table(type(item).__name__, ("field", "value"), rows)


def imported(report: ImportReport) -> None:
    """What an import of tests did, or would do."""
    counts = f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged"
    say(counts if report.is_stored else f"Nothing was stored; it would be: {counts}")


def explanation(item: Explanation) -> None:
    """Why a result is what it is."""
    result = item.result
    say(f"{marked(result.result_status).markup}  [bold]{safe(result.test_name)}[/]")
    say(safe(result.message or ""))
    for name, value in _facts(item):
        if value is not None:
            say(f"  [dim]{name:<16}[/] {value if isinstance(value, str) else f'{value:,}'}")
    if result.statement_text:
        say("\n[bold]The statement that measured it[/]")
        stdout_console().print(result.statement_text, markup=False, soft_wrap=True)


def _facts(item: Explanation) -> Iterable[tuple[str, Any]]:
    result = item.result
    change = None
    if result.previous_status is not None:
        change = f"{result.previous_status}, measured {result.previous_value}"
    return (
        ("table", safe(result.table_name)),
        ("column", result.column_name and safe(result.column_name)),
        ("table version", result.table_version),
        ("rows", result.row_count),
        ("check type", f"{result.check_type}: {safe(item.check_description)}"),
        ("parameters", safe(parameters_text(result.definition))),
        ("expected", result.expected_value and safe(result.expected_value)),
        ("actual", result.actual_value and safe(result.actual_value)),
        ("lower bound", result.lower_bound),
        ("upper bound", result.upper_bound),
        ("severity", str(result.severity)),
        ("answered by", result.source),
        ("statement hash", result.statement_hash),
        ("took, ms", result.duration_ms),
        ("last time", change and safe(change)),
        ("reason", safe(item.test.reason) if item.test and item.test.reason else None),
        ("result", result.result_id),
        ("test", result.test_id),
        ("run", result.test_run_id),
    )


def verdict_line(counts: Mapping[str, int]) -> str:
    """``✓ pass 12   ✗ fail 3`` for the verdicts that occur."""
    shown = [
        f"{marked(status.value).markup} {counts[status]}"
        for status in ResultStatus
        if counts.get(status)
    ]
    return "   ".join(shown) or "no results"
