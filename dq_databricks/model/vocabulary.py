"""The closed sets of words: verdicts, severities, statuses."""

from __future__ import annotations

from enum import StrEnum


class ResultStatus(StrEnum):
    """The verdicts on one test; the values of `result_status`."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    NO_DATA = "no_data"
    SKIPPED = "skipped"


class Severity(StrEnum):
    """How much a failed test or an anomaly matters."""

    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"


class RunStatus(StrEnum):
    """Where a run stands; the last three are terminal."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TestOrigin(StrEnum):
    """Who made a test."""

    PROPOSED = "proposed"
    MANUAL = "manual"


class TriggerSource(StrEnum):
    """What started a run."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    INGESTION = "ingestion"
    API = "api"


class AlertSource(StrEnum):
    """What an alert was raised by."""

    PROFILE_ANOMALY = "profile_anomaly"
    TEST_FAILURE = "test_failure"
