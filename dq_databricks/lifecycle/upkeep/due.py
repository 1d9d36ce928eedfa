"""Which rows retention lets go, as statements that decide anew each time they are carried out.

A removal that is carried out late, after a restore or in the middle of one, takes nothing that is
needed: what is the newest result of a test is found out by the statement itself, and nothing is
due while the schema is not open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import OPERATION, Phase
from dq_databricks.model.alert import Alert
from dq_databricks.model.base import Record
from dq_databricks.model.profile import Anomaly, ColumnProfile, ProfileRun, TableProfile
from dq_databricks.model.setting import Setting
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.vocabulary import AlertSource, RunStatus
from dq_databricks.sql.statement import Parameter, Statement

# What a run leaves is younger than the run itself, by no more than this.
LONGEST_RUN = timedelta(hours=12)
BATCH_RUNS = 500
BATCH_ALERTS = 10_000
_ENDED = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Due:
    """What may go from one table: the rows whose `key` is in the answer of `keys`.

    `planned` answers the same before the tables it depends on are purged. A removal takes at
    most `batch` keys.
    """

    table: str
    key: str
    keys: str
    planned: str
    batch: int
    parameters: Mapping[str, Parameter]

    def count(self, site: Site) -> Statement:
        """How many rows may go, as `n`."""
        name = site.table_name(self.table).sql
        text = f"SELECT count(*) AS n FROM {name}\nWHERE {self.key} IN (\n{self.planned}\n)"
        return Statement(text, self.parameters)

    def removal(self, site: Site) -> Statement:
        """Remove the next rows that may go; none when there are none."""
        name = site.table_name(self.table).sql
        source = f"{self.keys}\nORDER BY {self.key}\nLIMIT :batch"
        text = (
            f"MERGE INTO {name} AS t\nUSING (\n{source}\n) AS s\n"
            f"ON t.{self.key} = s.{self.key}\nWHEN MATCHED THEN DELETE"
        )
        return Statement(text, {**self.parameters, "batch": self.batch})


def due_rows(site: Site, before: datetime) -> tuple[Due, ...]:
    """What is due, in the order of its removal: alerts, then runs, then what runs left.

    Readers see what belongs to a complete run, so a run goes as one when its row goes.
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
class _Terms:
    """Writes the SELECTs of one purge: whose keys may go."""

    site: Site
    before: datetime

    def alerts(self) -> Due:
        """Alerts that somebody took note of long enough ago."""
        keys = f"""SELECT a.alert_id
FROM {self._sql(Alert)} AS a
WHERE {_NOTED} AND {self._is_open}"""
        return self._due(Alert, "alert_id", keys, keys, BATCH_ALERTS)

    def runs(self, kind: _Kind) -> Due:
        """Runs that ended long enough ago and that nothing needs."""
        keys = self._expired(kind)
        return self._due(kind.runs, kind.key, keys, keys, BATCH_RUNS)

    def left(self, kind: _Kind, model: type[Record], age: str) -> Due:
        """Rows whose run is gone; those that a run is just writing are too young."""
        runs = self._sql(kind.runs)
        staying = f"""(
  SELECT e.{kind.key}
  FROM {runs} AS e
  LEFT ANTI JOIN ({self._expired(kind)}) AS x ON x.{kind.key} = e.{kind.key}
)"""
        keys, planned = (
            f"""SELECT DISTINCT c.{kind.key}
FROM {self._sql(model)} AS c
LEFT ANTI JOIN {there} AS g ON g.{kind.key} = c.{kind.key}
WHERE c.{age} < :left_before AND {self._is_open}"""
            for there in (runs, staying)
        )
        return self._due(model, kind.key, keys, planned, BATCH_RUNS)

    def _expired(self, kind: _Kind) -> str:
        return f"""SELECT r.{kind.key}
FROM {self._sql(kind.runs)} AS r
LEFT ANTI JOIN (
{self._needed(kind)}
) AS k ON k.run_id = r.{kind.key}
WHERE r.status IN (:completed, :failed, :cancelled)
  AND r.started_at < :before
  AND {self._is_open}"""

    def _needed(self, kind: _Kind) -> str:
        """Runs with the newest rows of something, and those that kept rows point at."""
        return f"""  SELECT n.run_id
  FROM (
    SELECT
      c.{kind.key} AS run_id,
      row_number() OVER (PARTITION BY c.{kind.subject} ORDER BY {kind.newest_first}) AS place
    FROM {self._sql(kind.rows)} AS c
    WHERE c.{kind.key} IN (
      SELECT q.{kind.key} FROM {self._sql(kind.runs)} AS q WHERE q.status = :completed
    )
  ) AS n
  WHERE n.place = 1
  UNION
  SELECT a.source_ref AS run_id
  FROM {self._sql(Alert)} AS a
  WHERE a.source_type = '{kind.source.value}' AND NOT {_NOTED}
  UNION
  SELECT p.profile_run_id AS run_id
  FROM {self._sql(TestRecord)} AS p
  WHERE p.profile_run_id IS NOT NULL"""

    @property
    def _is_open(self) -> str:
        return f"""(
    SELECT count(*)
    FROM {self._sql(Setting)} AS o
    WHERE o.`key` = :operation AND o.`value` NOT LIKE :open
  ) = 0"""

    def _due(self, model: type[Record], key: str, keys: str, planned: str, batch: int) -> Due:
        given: dict[str, Parameter] = {
            "before": self.before,
            "left_before": self.before + LONGEST_RUN,
            "operation": OPERATION,
            "open": f'%"phase": "{Phase.OPEN.value}"%',
            **{status.value: status.value for status in _ENDED},
        }
        used = set(re.findall(r":(\w+)", planned))
        parameters = {name: value for name, value in given.items() if name in used}
        return Due(model.TABLE, key, keys, planned, batch, parameters)

    def _sql(self, model: type[Record]) -> str:
        return self.site.table_name(model.TABLE).sql
