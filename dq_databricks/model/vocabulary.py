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
    RETRY = "retry"


class AlertSource(StrEnum):
    """What an alert was raised by."""

    PROFILE_ANOMALY = "profile_anomaly"
    TEST_FAILURE = "test_failure"


class Tier(StrEnum):
    """What an organization subscribed to."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class Role(StrEnum):
    """What a user or key may do in a workspace: read, also change and run, also administer."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class OrganizationRole(StrEnum):
    """The role of a user in an organization, where no membership says more."""

    SUPER_ADMIN = "super_admin"
    ORG_ADMIN = "org_admin"
    REPORT_MANAGER = "report_manager"
    REPORT_VIEWER = "report_viewer"
    USER = "user"


class Scope(StrEnum):
    """What a key may do; a role brings its scopes, `platform` is always given by name."""

    READ = "read"
    WRITE = "write"
    RUN = "run"
    ADMIN = "admin"
    PLATFORM = "platform"


class ActorType(StrEnum):
    """What kind of actor made a change."""

    KEY = "key"
    USER = "user"
    CLI = "cli"
    SYSTEM = "system"


class JobKind(StrEnum):
    """What a job does."""

    PROFILE = "profile"
    TEST = "test"


class TargetType(StrEnum):
    """What a job is done to."""

    TABLE = "table"
    GROUP = "group"
    SUITE = "suite"


class JobStatus(StrEnum):
    """Where a job stands; the last four are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class CatchUp(StrEnum):
    """Which slots that were missed while nothing dispatched are made up for."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


class Overlap(StrEnum):
    """What happens to a slot while the last job of its schedule still runs."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"


class IncidentKey(StrEnum):
    """What failures are put together by."""

    TEST = "test"
    TABLE = "table"
    DIMENSION = "dimension"


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """Why an incident is over."""

    FIXED = "fixed"
    EXPECTED = "expected"
    FALSE_ALARM = "false_alarm"
    WONT_FIX = "wont_fix"
    PASSED_AGAIN = "passed_again"


class Quiet(StrEnum):
    """How an incident is kept quiet: off the board, or on it without events."""

    SNOOZE = "snooze"
    MUTE = "mute"


class IncidentEventType(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    FAILED = "failed"
    PASSED = "passed"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    SNOOZED = "snoozed"
    MUTED = "muted"
    WOKEN = "woken"
    RESOLVED = "resolved"
    REOPENED = "reopened"


class Disposition(StrEnum):
    """What a person said about an anomaly."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    MUTED = "muted"


class ConnectionStatus(StrEnum):
    """How a connection fared when it was last tried."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    ERROR = "error"
