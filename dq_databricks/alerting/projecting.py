"""The next state of an incident: what its timeline and one run say about it. Pure values.

Whether data is older is told by versions of the table, not by clocks: a run that looked at an
older version than the one that is known to be fixed reopens nothing, and one that passed on an
older version than the last failure resolves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dq_databricks.alerting.keys import (
    Policy,
    dimension_of,
    gravest,
    gravity,
    incident_id_of,
    newest_version,
    title_of,
)
from dq_databricks.model.incident import Incident
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import IncidentKey, IncidentStatus, Resolution
from dq_databricks.store.incidents import Failures


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run saw of one key; all its results failed, or all passed."""

    run_id: str
    results: tuple[TestResult, ...]
    at: datetime

    @property
    def table_version(self) -> int | None:
        """The newest version of the table that was seen."""
        return newest_version(self.results)


def ordinal_for(latest: Incident | None, seen: Seen, policy: Policy) -> int:
    """Which incident of its key a failure belongs to: the newest one, or one after it."""
    if latest is None:
        return 1
    if latest.status is not IncidentStatus.RESOLVED or is_late(latest, seen):
        return latest.ordinal
    resolved_at = latest.resolved_at or latest.updated_at
    return latest.ordinal if seen.at - resolved_at < policy.reopen_within else latest.ordinal + 1


def is_late(incident: Incident, seen: Seen) -> bool:
    """Whether a failure was seen on an older version than the one that is known to be fixed."""
    fixed, version = incident.fixed_table_version, seen.table_version
    return fixed is not None and version is not None and version < fixed


def opened(
    project_key: str, key: tuple[IncidentKey, str], ordinal: int, seen: Seen, failures: Failures
) -> Incident:
    """The first state of an incident."""
    worst = gravest(seen.results)
    key_type, text = key
    return Incident(
        incident_id=incident_id_of(project_key, key_type, text, ordinal),
        project_key=project_key,
        key_type=key_type,
        incident_key=text,
        ordinal=ordinal,
        title=title_of(worst, key_type),
        table_id=worst.table_id,
        failure_count=failures.count,
        first_seen=min(result.detected_at for result in seen.results),
        opened_table_version=seen.table_version,
        created_at=seen.at,
        updated_at=seen.at,
        **_last(worst, seen),
        severity=worst.severity,
    )


def failed(incident: Incident, seen: Seen, failures: Failures, *, is_closed: bool) -> Incident:
    """`incident` after failures that its timeline already holds; itself when nothing is new.

    The count is that of the timeline: failures count once, whoever counts them, and however often
    they are recorded. With `is_closed` they are counted, and the incident stays resolved.
    """
    news = _widened(incident, seen)
    if failures.count > incident.failure_count:
        news |= {"failure_count": failures.count}
        if not is_late(incident, seen) and not is_closed:
            news |= {"pass_count": 0, **_last(gravest(seen.results), seen, incident)}
            if incident.status is IncidentStatus.RESOLVED:
                news |= reopened(incident)
    return _next(incident, news, seen)


def passed(incident: Incident, seen: Seen, failures: Failures, policy: Policy) -> Incident:
    """`incident` after a run in which none of its tests failed; itself when that changes nothing.

    A run counts once.
    """
    if incident.status is IncidentStatus.RESOLVED or failures.has_passed:
        return incident
    if incident.last_run_id == seen.run_id:
        return incident
    last_failed, version = failures.table_version, seen.table_version
    if last_failed is not None and version is not None and version < last_failed:
        return incident
    count = incident.pass_count + 1
    news: dict[str, Any] = {"pass_count": count, "last_run_id": seen.run_id}
    if policy.resolve_after and count >= policy.resolve_after:
        news |= {
            "status": IncidentStatus.RESOLVED,
            "resolution": Resolution.PASSED_AGAIN,
            "resolved_at": seen.at,
            "resolved_by": None,
            "resolution_notes": None,
            "fixed_table_version": version,
        }
    return _next(incident, news, seen)


def overtaken(incident: Incident, later: Incident, at: datetime) -> Incident:
    """`incident` resolved, because its key went on as `later`: a key has one open incident."""
    news = {
        "status": IncidentStatus.RESOLVED,
        "resolution_notes": f"went on as {later.incident_id}",
        "resolved_at": at,
        "version": incident.version + 1,
        "updated_at": at,
    }
    return incident.model_copy(update=news)


def reopened(incident: Incident) -> dict[str, Any]:
    """What changes when an incident is reopened; who works on it stays."""
    gone = (
        "acknowledged_by",
        "acknowledged_at",
        "resolved_by",
        "resolved_at",
        "resolution",
        "resolution_notes",
        "fixed_table_version",
    )
    return {
        **dict.fromkeys(gone),
        "status": IncidentStatus.OPEN,
        "reopened_count": incident.reopened_count + 1,
        "pass_count": 0,
    }


def _widened(incident: Incident, seen: Seen) -> dict[str, Any]:
    """Severity and times, which only grow: they come out the same in any order of runs."""
    moments = [result.detected_at for result in seen.results]
    severity = gravest(seen.results).severity
    return {
        "severity": max(incident.severity, severity, key=gravity),
        "first_seen": min(incident.first_seen, *moments),
        "last_seen": max(incident.last_seen, *moments),
    }


def _last(worst: TestResult, seen: Seen, incident: Incident | None = None) -> dict[str, Any]:
    columns: Sequence[str | None] = [result.column_name for result in seen.results]
    last = max(result.detected_at for result in seen.results)
    return {
        "table_name": worst.table_name,
        "column_name": worst.column_name if len(set(columns)) == 1 else None,
        "test_id": worst.test_id,
        "test_name": worst.test_name,
        "dimension": dimension_of(worst.check_type),
        "last_seen": last if incident is None else max(last, incident.last_seen),
        "last_run_id": seen.run_id,
        "last_result_id": worst.result_id,
    }


def _next(incident: Incident, news: dict[str, Any], seen: Seen) -> Incident:
    changed = incident.model_copy(update=news)
    if changed == incident:
        return incident
    return changed.model_copy(update={"version": incident.version + 1, "updated_at": seen.at})
