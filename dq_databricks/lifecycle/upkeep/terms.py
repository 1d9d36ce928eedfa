"""What the terms of retention are written with: what may go from a table, as one statement.

A removal that is carried out late, after a restore or in the middle of one, takes nothing that is
needed: the statement finds out itself what is needed, and nothing is due while the schema is not
open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import OPERATION, Phase
from dq_databricks.model.base import Record
from dq_databricks.model.setting import Setting
from dq_databricks.model.vocabulary import IncidentStatus, JobStatus, RunStatus
from dq_databricks.sql.statement import Parameter, Statement

# What a run leaves is younger than the run itself, by no more than this.
LONGEST_RUN = timedelta(hours=12)
_STATUSES = (
    RunStatus.COMPLETED,
    RunStatus.FAILED,
    RunStatus.CANCELLED,
    JobStatus.SUCCEEDED,
    JobStatus.TIMED_OUT,
    IncidentStatus.RESOLVED,
)
BATCH_OWNERS = 500
BATCH_ROWS = 10_000


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


@dataclass(frozen=True, slots=True)
class Terms:
    """Writes the SELECTs of one purge: whose keys may go."""

    site: Site
    before: datetime

    def gone(
        self, model: type[Record], key: str, age: str, parents: type[Record], expired: str
    ) -> Due:
        """Rows whose row of `parents` is gone; those that a run is just writing are too young."""
        there = self.sql(parents)
        staying = f"""(
  SELECT e.{key}
  FROM {there} AS e
  LEFT ANTI JOIN ({expired}) AS x ON x.{key} = e.{key}
)"""
        keys, planned = (
            f"""SELECT DISTINCT c.{key}
FROM {self.sql(model)} AS c
LEFT ANTI JOIN {kept} AS g ON g.{key} = c.{key}
WHERE c.{age} < :left_before AND {self.is_open}"""
            for kept in (there, staying)
        )
        return self.due(model, key, keys, planned, BATCH_OWNERS)

    @property
    def is_open(self) -> str:
        """The condition that the schema is neither renamed nor restored."""
        return f"""(
    SELECT count(*)
    FROM {self.sql(Setting)} AS o
    WHERE o.`key` = :operation AND o.`value` NOT LIKE :open
  ) = 0"""

    def due(self, model: type[Record], key: str, keys: str, planned: str, batch: int) -> Due:
        """What may go from the table of `model`, with what its SELECTs bind."""
        given: dict[str, Parameter] = {
            "now": self.site.context.now(),
            "before": self.before,
            "left_before": self.before + LONGEST_RUN,
            "operation": OPERATION,
            "open": f'%"phase": "{Phase.OPEN.value}"%',
            **{status.value: status.value for status in _STATUSES},
        }
        used = set(re.findall(r":(\w+)", planned))
        parameters = {name: value for name, value in given.items() if name in used}
        return Due(model.TABLE, key, keys, planned, batch, parameters)

    def sql(self, model: type[Record]) -> str:
        """The table of `model`."""
        return self.site.table_name(model.TABLE).sql
