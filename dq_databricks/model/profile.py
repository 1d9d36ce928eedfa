"""What profiling stores: the run, a row per table, a row per column, and anomalies."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import EventRecord, Record, SmallCount
from dq_databricks.model.vocabulary import Disposition, RunStatus, Severity, TriggerSource


class ProfileRun(Record):
    """One profiling run over one or more tables; its terminal state is written last."""

    TABLE: ClassVar[str] = "dq_profiles"
    KEY: ClassVar[tuple[str, ...]] = ("profile_run_id",)

    profile_run_id: str
    table_group_id: str
    status: RunStatus
    started_at: datetime
    completed_at: datetime | None = None
    row_count: int | None = None
    anomaly_count: SmallCount | None = None
    payload_path: str | None = None
    project_key: str | None = None
    table_name: str | None = None
    table_count: SmallCount | None = None
    duration_ms: int | None = None
    trigger_source: TriggerSource = TriggerSource.MANUAL
    error_message: str | None = None
    job_id: str | None = None


class TableProfile(EventRecord):
    """A profiled table at the version it was read at."""

    TABLE: ClassVar[str] = "dq_table_profiles"
    KEY: ClassVar[tuple[str, ...]] = ("profile_run_id", "table_id")

    profile_run_id: str
    table_id: str
    table_name: str
    table_version: int | None = None
    fingerprint: str
    row_count: int | None = None
    column_count: SmallCount
    size_bytes: int | None = None
    statement_count: SmallCount
    columns_read: SmallCount
    duration_ms: int
    error_message: str | None = None
    profiled_at: datetime


class ColumnProfile(EventRecord):
    """The measures of one column. None: not applicable to the type, or not measured.

    `min_value`, `max_value` and `top_values`, `patterns`, `quantiles` are text (the last three
    JSON), so every type fits. `distinct_is_exact` is false where `distinct_count` is approximate;
    `distinct_error` is then its stated relative standard error. `is_error` names measures that
    could not be taken in `error_message`.
    """

    TABLE: ClassVar[str] = "dq_column_profiles"
    KEY: ClassVar[tuple[str, ...]] = ("profile_run_id", "table_id", "column_name")

    profile_run_id: str
    table_id: str
    table_name: str
    table_version: int | None = None
    column_name: str
    position: SmallCount
    data_type: str
    general_type: str
    semantic_type: str | None = None
    row_count: int | None = None
    null_count: int | None = None
    distinct_count: int | None = None
    distinct_is_exact: bool | None = None
    distinct_error: float | None = None
    min_value: str | None = None
    max_value: str | None = None
    mean: float | None = None
    stddev: float | None = None
    quantiles: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    mean_length: float | None = None
    blank_count: int | None = None
    leading_space_count: int | None = None
    trailing_space_count: int | None = None
    placeholder_count: int | None = None
    numeric_text_count: int | None = None
    date_text_count: int | None = None
    zero_count: int | None = None
    negative_count: int | None = None
    nan_count: int | None = None
    infinite_count: int | None = None
    true_count: int | None = None
    false_count: int | None = None
    future_count: int | None = None
    before_1900_count: int | None = None
    top_values: str | None = None
    patterns: str | None = None
    error_message: str | None = None
    profiled_at: datetime


class Anomaly(EventRecord):
    """Something odd a profile shows. `prevalence` is the share of rows concerned, 0 to 1."""

    TABLE: ClassVar[str] = "dq_profile_anomalies"
    KEY: ClassVar[tuple[str, ...]] = ("anomaly_id",)
    ENTITY: ClassVar[str] = "anomaly"

    profile_run_id: str
    table_name: str
    column_name: str | None = None
    anomaly_type: str
    severity: Severity
    description: str
    detected_at: datetime
    anomaly_id: str
    table_id: str
    table_version: int | None = None
    prevalence: float | None = None
    suggestion: str | None = None
    disposition: Disposition | None = None
    disposed_by: str | None = None
    disposed_at: datetime | None = None
