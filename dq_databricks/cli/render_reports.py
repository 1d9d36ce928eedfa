"""The reports of the main job: profile, proposals, plan, test run."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.cli.output import safe, stdout_console, write_table
from dq_databricks.cli.render import (
    anomaly_table,
    next_step,
    result_table,
    say,
    test_table,
    verdict_line,
)
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.quality.reports import (
    PROVEN_HEADERS,
    STATEMENT_HEADERS,
    PlanReport,
    ProfiledTable,
    ProfileReport,
    ProposalReport,
    TestReport,
)

_NOT_FINE = (ResultStatus.FAIL, ResultStatus.ERROR, ResultStatus.WARN)
_SHOWN_VALUE_CHARS = 24


def profile_report(report: ProfileReport) -> None:
    """Every profiled table, then what to do next."""
    for table in report.tables:
        _profiled_table(table)
    names = {table.table.table_name for table in report.tables}
    target = safe(names.pop()) if len(names) == 1 else "--group NAME"
    next_step(f"dq propose {target} shows tests that follow from this")


def _profiled_table(profiled: ProfiledTable) -> None:
    table = profiled.table
    if table.error_message:
        say(f"[red]✗[/] {safe(table.table_name)}: {safe(table.error_message)}")
        return
    version = "" if table.table_version is None else f" at version {table.table_version}"
    title = f"{safe(table.table_name)}{version}: {table.row_count or 0:,} rows"
    headers = ("column", "type", "meaning", "nulls", "distinct", "min", "max", "mean", "stddev")
    rows = (_column_row(column) for column in profiled.columns)
    write_table(title, headers, rows, numeric="nulls distinct mean stddev")
    if profiled.anomalies:
        anomaly_table(f"{len(profiled.anomalies)} anomalies", profiled.anomalies)


def _column_row(column: ColumnProfile) -> tuple[object, ...]:
    return (
        column.column_name,
        column.data_type.lower(),
        column.semantic_type,
        _share(column.null_count, column.row_count),
        _distinct(column),
        _short(column.min_value),
        _short(column.max_value),
        column.mean,
        column.stddev,
    )


def _share(part: int | None, whole: int | None) -> str | None:
    if part is None or not whole:
        return None
    if part == 0:
        return "0"
    percent = 100 * part / whole
    return f"{percent:.1f} %" if percent >= 0.1 else f"{part:,}"


def _distinct(column: ColumnProfile) -> str | None:
    if column.distinct_count is None:
        return None
    return f"{'' if column.distinct_is_exact else '≈ '}{column.distinct_count:,}"


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _SHOWN_VALUE_CHARS:
        return text
    return text[: _SHOWN_VALUE_CHARS - 1] + "…"


def proposal_report(report: ProposalReport) -> None:
    """What would be added and why, or what was stored."""
    for table in report.tables:
        word = "stored" if report.applied else "proposed"
        if table.new:
            test_table(f"{safe(table.table_name)}: {len(table.new)} tests {word}", table.new)
        if table.refreshed:
            test_table(f"{len(table.refreshed)} tests with new thresholds", table.refreshed)
        if not table.new and not table.refreshed:
            say(f"{safe(table.table_name)}: nothing to add, {len(table.kept)} tests stand")
        elif table.kept:
            say(f"[dim]{len(table.kept)} tests stay as they are[/]")
    next_step("dq test TARGET runs them" if report.applied else "--apply stores them")


def test_report(report: TestReport) -> None:
    """The verdicts: what failed in full, what passed as a count."""
    bad = [result for result in report.results if result.result_status in _NOT_FINE]
    if bad:
        result_table(f"{len(bad)} of {len(report.results)} tests need attention", bad)
    say(f"{verdict_line(report.counts)}   [dim]in {report.run.duration_ms or 0:,} ms[/]")
    changed = [result for result in report.results if _changed(result)]
    if changed:
        names = ", ".join(
            f"{safe(r.test_name)} {r.previous_status}→{r.result_status}" for r in changed[:8]
        )
        say(f"changed since the last run: {names}")
    if report.alert_count:
        say(f"{report.alert_count} alerts raised: dq alerts --open")
    if bad:
        next_step(f"dq explain {bad[0].result_id}")


def _changed(result: TestResult) -> bool:
    return result.previous_status not in (None, result.result_status)


def plans(tables: Sequence[PlanReport]) -> None:
    """How the tests of each table would be answered."""
    for table in tables:
        _plan(table)


def _plan(report: PlanReport) -> None:
    say(f"[bold]{safe(report.summary)}[/]")
    if rows := report.statement_rows():
        write_table("Statements", STATEMENT_HEADERS, rows, numeric="# answers bytes")
    for number, text in enumerate(report.statements(), 1):
        say(f"[dim]-- statement {number}[/]")
        stdout_console().print(text, markup=False, soft_wrap=True)
    if rows := report.proven_rows():
        write_table("Needs no scan", PROVEN_HEADERS, rows)
