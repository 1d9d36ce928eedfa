"""Which results and anomalies become alerts, and what the alert says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dq_databricks.model.alert import Alert
from dq_databricks.model.ids import derived_id
from dq_databricks.model.profile import Anomaly
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import AlertSource, ResultStatus, Severity

_ALERTING_SEVERITIES = {Severity.ERROR, Severity.FATAL}


def alerts_of_results(
    results: Iterable[TestResult], *, project_key: str, at: datetime
) -> tuple[Alert, ...]:
    """One alert for every result that is ``fail``. Ids derive from the result: no doubles."""
    failed = (result for result in results if result.result_status is ResultStatus.FAIL)
    return tuple(_of_result(result, project_key, at) for result in failed)


def alerts_of_anomalies(
    anomalies: Iterable[Anomaly], *, project_key: str, at: datetime
) -> tuple[Alert, ...]:
    """One alert for every anomaly of severity error or worse."""
    serious = (anomaly for anomaly in anomalies if anomaly.severity in _ALERTING_SEVERITIES)
    return tuple(_of_anomaly(anomaly, project_key, at) for anomaly in serious)


def _of_result(result: TestResult, project_key: str, at: datetime) -> Alert:
    return Alert(
        alert_id=derived_id("alert", result.result_id),
        source_type=AlertSource.TEST_FAILURE,
        source_ref=result.test_run_id,
        source_id=result.result_id,
        severity=result.severity,
        title=f"{result.test_name} failed on {_place(result.table_name, result.column_name)}",
        details=result.message,
        created_at=at,
        updated_at=at,
        project_key=project_key,
        table_name=result.table_name,
        column_name=result.column_name,
    )


def _of_anomaly(anomaly: Anomaly, project_key: str, at: datetime) -> Alert:
    return Alert(
        alert_id=derived_id("alert", anomaly.anomaly_id),
        source_type=AlertSource.PROFILE_ANOMALY,
        source_ref=anomaly.profile_run_id,
        source_id=anomaly.anomaly_id,
        severity=anomaly.severity,
        title=f"{anomaly.anomaly_type} in {_place(anomaly.table_name, anomaly.column_name)}",
        details=anomaly.description,
        created_at=at,
        updated_at=at,
        project_key=project_key,
        table_name=anomaly.table_name,
        column_name=anomaly.column_name,
    )


def _place(table_name: str, column_name: str | None) -> str:
    return table_name if column_name is None else f"{table_name}, column {column_name}"
