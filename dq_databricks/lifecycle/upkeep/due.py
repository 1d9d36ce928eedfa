"""Which rows retention lets go, as statements that decide anew each time they are carried out.

A removal that is carried out late, after a restore or in the middle of one, takes nothing that is
needed: what is the newest result of a test is found out by the statement itself, and nothing is
due while the schema is not open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.upkeep.terms import BATCH_OWNERS, BATCH_ROWS, Due, Terms
from dq_databricks.model.alert import Alert
from dq_databricks.model.base import Record
from dq_databricks.model.history import AnsweredRequest
from dq_databricks.model.incident import Incident, IncidentEvent, OutboxEvent
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import AlertSource
from dq_databricks.model.work import Job, Schedule


def expired_rows(site: Site) -> tuple[Due, ...]:
    """What is due however long results are kept: answers that nobody may repeat any more."""
    return (_Terms(site, site.context.now()).requests(),)


def due_rows(site: Site, before: datetime) -> tuple[Due, ...]:
    """What is due, in the order of its removal: alerts, then runs, then what runs left, and last
    work and incidents.

    Readers see what belongs to a complete run, so a run goes as one when its row goes; an incident
    goes before its timeline.
    """
    terms = _Terms(site, before)
    return (
        terms.alerts(),
        terms.runs(_TESTS),
        terms.left(_TESTS, TestResult, "detected_at"),
        terms.runs(_PROFILES),
        terms.left(_PROFILES, TableProfile, "profiled_at"),
        terms.left(_PROFILES, ColumnProfile, "profiled_at"),
        terms.left(_PROFILES, Anomaly, "detected_at"),
        terms.jobs(),
        terms.incidents(),
        terms.timelines(),
        terms.outbox(),
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of run: `rows` are what later work compares itself with, one for each `subject`.

    `newest_first` orders them as readers do; alerts of `source` point at the run.
    """

    runs: type[Record]
    rows: type[Record]
    subject: str
    newest_first: str
    source: AlertSource

    @property
    def key(self) -> str:
        """The column that names the run."""
        return self.runs.KEY[0]


_TESTS = _Kind(
    runs=TestRun,
    rows=TestResult,
    subject="test_id",
    newest_first="detected_at DESC, result_id DESC",
    source=AlertSource.TEST_FAILURE,
)
_PROFILES = _Kind(
    runs=ProfileRun,
    rows=TableProfile,
    subject="table_id",
    newest_first="profiled_at DESC, profile_run_id DESC",
    source=AlertSource.PROFILE_ANOMALY,
)
_NOTED = "coalesce(a.acknowledged AND coalesce(a.acknowledged_at, a.created_at) < :before, false)"


@dataclass(frozen=True, slots=True)
class _Terms(Terms):
    """What may go from each table."""

    def alerts(self) -> Due:
        """Alerts that somebody took note of long enough ago."""
        keys = f"""SELECT a.alert_id
FROM {self.sql(Alert)} AS a
WHERE {_NOTED} AND {self.is_open}"""
        return self.due(Alert, "alert_id", keys, keys, BATCH_ROWS)

    def runs(self, kind: _Kind) -> Due:
        """Runs that ended long enough ago and that nothing needs."""
        keys = self._expired(kind)
        return self.due(kind.runs, kind.key, keys, keys, BATCH_OWNERS)

    def left(self, kind: _Kind, model: type[Record], age: str) -> Due:
        """Rows whose run is gone."""
        return self.gone(model, kind.key, age, kind.runs, self._expired(kind))

    def jobs(self) -> Due:
        """Jobs that ended; not the last one of a schedule, which a round of dispatch asks for."""
        keys = f"""SELECT j.job_id
FROM {self.sql(Job)} AS j
LEFT ANTI JOIN {self.sql(Schedule)} AS s ON s.last_job_id = j.job_id
WHERE j.status IN (:succeeded, :failed, :cancelled, :timed_out)
  AND coalesce(j.completed_at, j.updated_at) < :before
  AND {self.is_open}"""
        return self.due(Job, "job_id", keys, keys, BATCH_ROWS)

    def incidents(self) -> Due:
        """Incidents that are over; not the last one of a key, after which the next is counted."""
        keys = self._over()
        return self.due(Incident, "incident_id", keys, keys, BATCH_OWNERS)

    def timelines(self) -> Due:
        """What happened to incidents that are gone."""
        return self.gone(IncidentEvent, "incident_id", "created_at", Incident, self._over())

    def outbox(self) -> Due:
        """Events, told or not."""
        keys = f"""SELECT o.event_id
FROM {self.sql(OutboxEvent)} AS o
WHERE o.created_at < :before AND {self.is_open}"""
        return self.due(OutboxEvent, "event_id", keys, keys, BATCH_ROWS)

    def requests(self) -> Due:
        """Answers past their time."""
        keys = f"""SELECT q.request_key
FROM {self.sql(AnsweredRequest)} AS q
WHERE q.expires_at <= :now AND {self.is_open}"""
        return self.due(AnsweredRequest, "request_key", keys, keys, BATCH_ROWS)

    def _over(self) -> str:
        incidents = self.sql(Incident)
        return f"""SELECT i.incident_id
FROM {incidents} AS i
LEFT ANTI JOIN (
  SELECT max_by(n.incident_id, n.ordinal) AS incident_id
  FROM {incidents} AS n
  GROUP BY n.project_key, n.key_type, n.incident_key
) AS k ON k.incident_id = i.incident_id
WHERE i.status = :resolved
  AND coalesce(i.resolved_at, i.updated_at) < :before
  AND {self.is_open}"""

    def _expired(self, kind: _Kind) -> str:
        return f"""SELECT r.{kind.key}
FROM {self.sql(kind.runs)} AS r
LEFT ANTI JOIN (
{self._needed(kind)}
) AS k ON k.run_id = r.{kind.key}
WHERE r.status IN (:completed, :failed, :cancelled)
  AND r.started_at < :before
  AND {self.is_open}"""

    def _needed(self, kind: _Kind) -> str:
        """Runs with the newest rows of something, and those that kept rows point at."""
        return f"""  SELECT n.run_id
  FROM (
    SELECT
      c.{kind.key} AS run_id,
      row_number() OVER (PARTITION BY c.{kind.subject} ORDER BY {kind.newest_first}) AS place
    FROM {self.sql(kind.rows)} AS c
    WHERE c.{kind.key} IN (
      SELECT q.{kind.key} FROM {self.sql(kind.runs)} AS q WHERE q.status = :completed
    )
  ) AS n
  WHERE n.place = 1
  UNION
  SELECT a.source_ref AS run_id
  FROM {self.sql(Alert)} AS a
  WHERE a.source_type = '{kind.source.value}' AND NOT {_NOTED}
  UNION
  SELECT p.profile_run_id AS run_id
  FROM {self.sql(TestRecord)} AS p
  WHERE p.profile_run_id IS NOT NULL
  UNION
  SELECT i.last_run_id AS run_id
  FROM {self.sql(Incident)} AS i
  WHERE i.status <> :resolved"""
