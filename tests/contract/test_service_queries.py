"""The queries behind lists, trends and pages, each once on every engine, within one project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.model.actor import Actor
from dq_databricks.model.catalog import Connection, TableGroup
from dq_databricks.model.ids import Context
from dq_databricks.model.profile import Anomaly, ProfileRun
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import Disposition, ResultStatus, RunStatus, Severity
from dq_databricks.store.figures import By, VerdictCount, suite_counts, verdict_counts
from dq_databricks.store.filters import eq, is_null
from dq_databricks.store.latest import LatestVerdicts
from dq_databricks.store.store import Store
from dq_databricks.store.worst import worst_first
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import START, a_result, a_run, a_test, settings_for

SPARK_SAMPLE: set[str] = (
    set()
)  # minutes each there; test_together and test_upkeep have the same kinds of SQL
FAIL, PASS, WARN = ResultStatus.FAIL, ResultStatus.PASS, ResultStatus.WARN
LATE = START + timedelta(hours=23, minutes=30)
"""Half an hour before midnight in UTC: another day in most other zones."""


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    put_schema(tmp_path)
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened


def store_of(engine: Engine, *projects: str) -> Store:
    context = Context(now=lambda: START + timedelta(days=9))
    return Store(engine, settings_for("s"), context, actor=Actor("ada"), projects=projects or None)


def fill(store: Store) -> None:
    """The same in the projects `mine` and `foreign`, which differ in the names of their tests."""
    times = {"created_at": START, "updated_at": START}
    names = {"mine": "a", "foreign": "x"}
    store.table(Connection).insert_missing(
        [
            Connection.model_validate({"connection_id": p, "project_key": p, "name": p, **times})
            for p in names
        ]
    )
    store.table(TableGroup).insert_missing(
        [
            TableGroup.model_validate({"table_group_id": p, "connection_id": p, "name": p, **times})
            for p in names
        ]
    )
    store.tests.table.insert_missing(
        [
            a_test(f"{prefix}{number}", table_group_id=p, test_suite_key=f"suite {number % 2}",
                   is_active=number < 3)
            for p, prefix in names.items() for number in (1, 2, 3)
        ]
    )  # fmt: skip
    store.runs.runs.insert_missing(
        [a_run(f"{run} {p}", project_key=p, status=status) for p in names for run, status in RUNS]
    )
    store.runs.write(
        [
            a_result(f"{run} {p}", f"{prefix}{number}", result_status=status, detected_at=at,
                     table_version=version, severity=severity)
            for p, prefix in names.items()
            for run, number, status, at, version, severity in FOUND
        ]
    )  # fmt: skip
    store.profiles.runs.insert_missing(
        [
            ProfileRun(profile_run_id=f"p {p}", project_key=p, table_group_id=p,
                       status=RunStatus.COMPLETED, started_at=START)
            for p in names
        ]
    )  # fmt: skip
    said = [Disposition.MUTED, None, Disposition.DISMISSED, Disposition.CONFIRMED]
    store.table(Anomaly).append(
        [an_anomaly(p, f"c{number}", one, number) for p in names for number, one in enumerate(said)]
        + [an_anomaly(p, "c2", None, 9) for p in names]
    )


RUNS = [("r1", "completed"), ("r2", "completed"), ("r3", "running")]
NEXT = LATE + timedelta(hours=1)
ERROR, FATAL = Severity.ERROR, Severity.FATAL
FOUND = [
    ("r1", 1, FAIL, LATE, 4, ERROR),
    ("r1", 2, FAIL, LATE, 4, FATAL),
    ("r2", 1, PASS, NEXT, 5, ERROR),
    ("r2", 2, WARN, NEXT, None, ERROR),
    ("r3", 1, FAIL, NEXT + timedelta(hours=1), 6, ERROR),
]


def an_anomaly(project: str, column: str, said: Disposition | None, number: int) -> Anomaly:
    return Anomaly(
        profile_run_id=f"p {project}", table_name="t", anomaly_type="odd", column_name=column,
        severity=Severity.WARNING, description="d", disposition=said, table_id="t",
        detected_at=START + timedelta(hours=number), anomaly_id=f"{column} {number} of {project}",
        disposed_by="ada" if said else None,
    )  # fmt: skip


def test_verdicts_suites_history_and_dispositions(engine: Engine) -> None:
    fill(store_of(engine))
    store = store_of(engine, "mine")
    runs, results, tests = store.runs.runs, store.table(TestResult), store.tests.table

    def counted(by: By) -> list[tuple[str | None, str, int]]:
        found = verdict_counts(results, runs, tests, by, [eq("table_id", "t1")])
        return sorted((one.group, one.status.value, one.results) for one in found)

    assert counted("day") == [
        ("2024-01-01", "fail", 2),
        ("2024-01-02", "pass", 1),
        ("2024-01-02", "warn", 1),
    ]
    assert [(group, status) for group, status, _ in counted("suite")] == [
        ("suite 0", "fail"),
        ("suite 0", "warn"),
        ("suite 1", "fail"),
        ("suite 1", "pass"),
    ]
    assert [(one.group, one.name, one.results) for one in by_table(store)] == [
        ("t1", "flights", 2),
        ("t1", "flights", 1),
        ("t1", "flights", 1),
    ]
    versions = verdict_counts(results, runs, tests, "version", [])
    assert {(one.group, one.status, one.first_at) for one in versions} == {
        ("4", FAIL, LATE),
        ("5", PASS, NEXT),
        (None, WARN, NEXT),
    }
    assert [
        (one.test_suite_key, one.tests, one.active_tests, one.tables)
        for one in suite_counts(tests, [is_null("deleted_at")])
    ] == [("suite 0", 1, 1, 1), ("suite 1", 2, 1, 1)]
    latest = LatestVerdicts(tests, runs, results)
    assert {(one.test_suite_key, one.is_active, one.verdict) for one in latest.counts()} == {
        ("suite 0", True, WARN),
        ("suite 1", True, PASS),
        ("suite 1", False, None),
    }
    assert [t.test_id for t in tests.select(latest.having(PASS))] == ["a1"]
    assert [t.test_id for t in tests.select(latest.having(None))] == ["a3"]
    worst = worst_first(runs, results, [eq("test_run_id", "r1 mine")], limit=1, offset=1)
    assert [one.test_id for one in worst] == ["a1"]
    dispositions(store)
    history(store)


def by_table(store: Store) -> list[VerdictCount]:
    return list(
        verdict_counts(store.table(TestResult), store.runs.runs, store.tests.table, "table", [])
    )


def dispositions(store: Store) -> None:
    """The last word on the same anomaly is carried on, unless it was confirmed or taken back."""
    new = [an_anomaly("mine", f"c{number}", None, 10) for number in range(5)]
    found = store.profiles.with_dispositions(new)
    assert [one.disposition for one in found] == [Disposition.MUTED, None, None, None, None]
    assert found[0].disposed_by == "ada"


def history(store: Store) -> None:
    """Versions of a test are kept with the change that made them."""
    test = store.tests.get("a1")
    store.written(store.tests.edit(test.model_copy(update={"name": "renamed"}), test.version))
    kept = store.history.select("a1")
    assert [(one.version, one.change) for one in kept] == [(2, "update"), (1, "as found")]
    assert store.history.get("a1", 2).changed_by == "ada"
