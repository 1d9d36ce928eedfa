"""Metadata made by hand, small enough to check by eye: what dashboards and views say about it.

Two tables in use and one that was removed, six runs of which three are complete, one project that
was removed. Moments are relative to `Watched.now`, because the views look at the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dq_databricks.engine.protocol import Engine
from dq_databricks.model.base import Record
from dq_databricks.model.catalog import Connection, Project, TableEntry, TableGroup
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident
from dq_databricks.model.profile import Anomaly, ProfileRun, TableProfile
from dq_databricks.model.testing import TestRecord, TestResult, TestRun
from dq_databricks.model.work import Schedule
from dq_databricks.sql.identifiers import TableName
from dq_databricks.store.access import Table

ORDERS, CUSTOMERS, GONE = "main.shop.orders", "main.shop.customers", "main.shop.gone"
_TABLES = {"t1": ORDERS, "t2": CUSTOMERS, "t3": GONE}
# Test: table, severity, name.
_TESTS = {
    "a": ("t1", "fatal", "a key"),
    "b": ("t1", "error", "b amount"),
    "c": ("t2", "warning", "c names"),
    "d": ("t2", "error", "d paused"),
    "e": ("t1", "error", "e removed"),
    "f": ("t2", "error", "f never ran"),
    "g": ("t3", "error", "g table removed"),
}
# Run, test, verdict, what answered, hash of the statement, its milliseconds.
_RESULTS: tuple[tuple[str, str, str, str, str | None, int | None], ...] = (
    ("r4", "a", "fail", "scan", "h0", 5),
    ("r4", "b", "pass", "scan", "h0", 5),
    ("r1", "a", "pass", "scan", "h1", 100),
    ("r1", "b", "fail", "scan", "h1", 100),
    ("r1", "c", "warn", "statistics", None, None),
    ("r1", "d", "no_data", "group", "h2", 50),
    ("r1", "g", "fail", "scan", "h1", 100),
    ("r2", "a", "fail", "scan", "h3", 10),
    ("r2", "b", "error", "query", "h4", 20),
    ("r2", "c", "pass", "metadata", None, None),
    ("r2", "e", "fail", "scan", "h3", 10),
    ("r3", "a", "pass", "scan", "h5", 1),
    ("x1", "c", "fail", "scan", "h6", 1),
)


@dataclass(frozen=True)
class Watched:
    """The moments of what was put in, counted back from `now`."""

    now: datetime

    def ago(self, **span: float) -> datetime:
        """A moment before now."""
        return self.now - timedelta(**span)

    def day(self, **span: float) -> date:
        """The day (UTC) of a moment before now."""
        return self.ago(**span).date()

    def run_at(self, run: str) -> datetime:
        """When a run started, and measured."""
        return self.ago(**_RUN_AT[run])

    def put(self, engine: Engine, schema: str = "s") -> None:
        """Put everything into the metadata tables of `main`.`schema`."""
        for rows in (*self._catalog(), *self._tests(), *self._profiles(), *self._work()):
            model = type(rows[0])
            name = TableName("main", schema, model.TABLE)
            Table(engine, name, model, Context()).insert_missing(rows)

    def _catalog(self) -> Iterator[list[Record]]:
        made = {"created_at": self.ago(days=60), "updated_at": self.ago(days=60)}
        gone = {**made, "deleted_at": self.ago(days=1)}
        yield [
            Project(project_key="p", name="Shop", **made),
            Project(project_key="gone", name="Gone", **gone),
        ]
        yield [Connection(connection_id="c1", project_key="p", name="shop", **made)]
        yield [TableGroup(table_group_id="g1", connection_id="c1", name="daily", **made)]
        yield [
            TableEntry(
                table_id=table_id,
                table_group_id="g1",
                catalog="main",
                schema_name="shop",
                table_name=name.split(".")[-1],
                **(gone if name == GONE else made),
            )
            for table_id, name in _TABLES.items()
        ]

    def _tests(self) -> Iterator[list[Record]]:
        made = {"created_at": self.ago(days=60), "updated_at": self.ago(days=60)}
        yield [
            TestRecord(
                test_id=test_id,
                table_group_id="g1",
                table_id=table_id,
                table_name=_TABLES[table_id],
                name=name,
                rule_type="nulls_percent",
                definition="{}",
                severity=severity,
                is_active=test_id != "d",
                deleted_at=self.ago(days=1) if test_id == "e" else None,
                **made,
            )
            for test_id, (table_id, severity, name) in _TESTS.items()
        ]
        yield [self._test_run(run) for run in ("r1", "r2", "r3", "r4", "r5", "x1")]
        yield [self._result(*one) for one in _RESULTS]

    def _test_run(self, run: str) -> Record:
        ended = run != "r3"
        return TestRun(
            test_run_id=run,
            test_suite_key="default_suite",
            project_key="gone" if run == "x1" else "p",
            table_group_id="g1",
            status={"r3": "running", "r5": "failed"}.get(run, "completed"),
            started_at=self.run_at(run),
            completed_at=self.run_at(run) if ended else None,
            duration_ms=1500 if ended else None,
            total_tests=sum(one[0] == run for one in _RESULTS) if ended else None,
        )

    def _result(
        self, run: str, test: str, verdict: str, source: str, key: str | None, took: int | None
    ) -> Record:
        table_id, severity, name = _TESTS[test]
        return TestResult(
            test_run_id=run,
            test_id=test,
            result_id=f"{run}-{test}",
            table_id=table_id,
            table_name=_TABLES[table_id],
            test_name=name,
            check_type="nulls_percent",
            severity=severity,
            definition="{}",
            result_status=verdict,
            source=source,
            statement_hash=key,
            duration_ms=took,
            detected_at=self.run_at(run),
        )

    def _profiles(self) -> Iterator[list[Record]]:
        yield [
            ProfileRun(
                profile_run_id=run,
                table_group_id="g1",
                project_key="p",
                status="failed" if run == "f3" else "completed",
                started_at=self.run_at(run),
                completed_at=self.run_at(run),
                duration_ms=2000,
                anomaly_count=2,
            )
            for run in ("f1", "f2", "f3")
        ]
        yield [
            self._profile("f1", "t1", rows=100, size=1000, statements=2, columns=4, took=30),
            self._profile("f1", "t2", rows=10, size=500, statements=1, columns=2, took=10),
            self._profile("f2", "t1", rows=110, size=2000, statements=3, columns=5, took=40),
            self._profile("f3", "t1", rows=999, size=9, statements=9, columns=9, took=9),
        ]
        yield [
            self._anomaly("f1", "t1", "error", "old"),
            self._anomaly("f1", "t2", "warning", "blank"),
            self._anomaly("f2", "t1", "error", "nulls"),
            self._anomaly("f2", "t1", "fatal", "doubles", "confirmed"),
            self._anomaly("f2", "t1", "error", "put_aside", "dismissed"),
            self._anomaly("f2", "t1", "error", "silenced", "muted"),
            self._anomaly("f3", "t1", "fatal", "of_a_failed_run"),
        ]

    def _profile(
        self,
        run: str,
        table: str,
        *,
        rows: int,
        size: int,
        statements: int,
        columns: int,
        took: int,
    ) -> Record:
        return TableProfile(
            profile_run_id=run,
            table_id=table,
            table_name=_TABLES[table],
            fingerprint="f",
            row_count=rows,
            column_count=3,
            size_bytes=size,
            statement_count=statements,
            columns_read=columns,
            duration_ms=took,
            profiled_at=self.run_at(run),
        )

    def _anomaly(
        self, run: str, table: str, severity: str, kind: str, said: str | None = None
    ) -> Record:
        return Anomaly(
            anomaly_id=f"{run}-{table}-{kind}",
            profile_run_id=run,
            table_id=table,
            table_name=_TABLES[table],
            anomaly_type=kind,
            severity=severity,
            description="odd",
            prevalence=0.5,
            disposition=said,
            detected_at=self.run_at(run),
        )

    def _work(self) -> Iterator[list[Record]]:
        later = self.now + timedelta(days=1)
        yield [
            self._incident("i1", "error", first={"days": 2}),
            self._incident("i2", "fatal", first={"days": 3}, status="acknowledged"),
            self._incident("i3", "error", first={"hours": 1}),
            self._incident("i4", "fatal", first={"hours": 1}, status="resolved"),
            self._incident("i5", "fatal", first={"hours": 1}, quiet=("snooze", later)),
            self._incident("i6", "warning", first={"hours": 1}, quiet=("mute", later)),
            self._incident("i7", "error", first={"days": 4}, quiet=("snooze", self.ago(hours=1))),
            self._incident("i8", "fatal", first={"hours": 1}, project="gone"),
        ]
        yield [
            self._schedule("s1", "table", "t1", hours=2),
            self._schedule("s2", "group", "g1", hours=3),
            self._schedule("s3", "table", "t1", hours=-24),
            self._schedule("s4", "table", "t1", hours=2, is_enabled=False),
            self._schedule("s5", "table", "t1", hours=2, deleted_at=self.ago(days=1)),
            self._schedule("s6", "suite", "nightly", hours=1),
        ]

    def _incident(
        self,
        key: str,
        severity: str,
        *,
        first: dict[str, float],
        status: str = "open",
        quiet: tuple[str, datetime] | None = None,
        project: str = "p",
    ) -> Record:
        kind, until = quiet or (None, None)
        return Incident(
            incident_id=key,
            project_key=project,
            key_type="test",
            incident_key=key,
            ordinal=1,
            status=status,
            severity=severity,
            title=f"incident {key}",
            table_id="t1",
            table_name=ORDERS,
            test_id="a",
            test_name="as it was called",
            failure_count=3,
            first_seen=self.ago(**first),
            last_seen=self.ago(hours=1),
            last_run_id="r2",
            quiet_kind=kind,
            quiet_until=until,
            created_at=self.ago(**first),
            updated_at=self.ago(hours=1),
        )

    def _schedule(
        self, key: str, kind: str, target: str, *, hours: float, **more: object
    ) -> Record:
        return Schedule.model_validate(
            {
                "schedule_id": key,
                "project_key": "p",
                "name": f"schedule {key}",
                "kind": "test",
                "target_type": kind,
                "target_ref": target,
                "cron": "0 3 * * *",
                "next_run_at": self.ago(hours=hours),
                "created_at": self.ago(days=60),
                "updated_at": self.ago(days=60),
                **more,
            }
        )


_RUN_AT: dict[str, dict[str, float]] = {
    "r1": {"days": 2},
    "r2": {"hours": 1},
    "r3": {"minutes": 1},
    "r4": {"days": 10},
    "r5": {"hours": 4},
    "x1": {"hours": 1},
    "f1": {"days": 12},
    "f2": {"hours": 3},
    "f3": {"minutes": 30},
}
