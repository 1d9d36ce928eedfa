"""Retention of work and incidents: what is over goes, what something still needs stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.upkeep import due
from dq_databricks.lifecycle.upkeep.due import due_rows, expired_rows
from dq_databricks.lifecycle.upkeep.purge import purge
from dq_databricks.model.history import AnsweredRequest
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident, IncidentEvent, OutboxEvent
from dq_databricks.model.vocabulary import IncidentKey, IncidentStatus, Severity
from dq_databricks.model.work import Job, Schedule
from dq_databricks.store.store import Store
from tests.support.contract import rows
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import START, a_result, a_run, settings_for

SPARK_SAMPLE: set[str] = (
    set()
)  # minutes each there; test_together and test_upkeep have the same kinds of SQL
DAYS = 30
NOW = START + timedelta(days=100)
PLACES = {
    "dq_jobs": "job_id",
    "dq_incidents": "incident_id",
    "dq_incident_events": "event_id",
    "dq_outbox": "event_id",
    "dq_answered_requests": "request_key",
    "dq_test_runs": "test_run_id",
}


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    put_schema(tmp_path)
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Engine]:
    put_schema(tmp_path)
    with open_engine_for_tests("local", tmp_path) as opened:
        yield opened


def on(engine: Engine) -> tuple[Site, Store]:
    settings, context = settings_for("s"), Context(now=lambda: NOW)
    return Site.of(engine, settings, context), Store(engine, settings, context)


def job(name: str, days: float, status: str = "succeeded") -> Job:
    at = days_ago(days)
    return Job.model_validate(
        {
            "job_id": name, "project_key": "default", "kind": "test", "target_type": "table",
            "target_ref": "t", "title": "Tests of t", "status": status, "run_id": f"run {name}",
            "created_at": at, "updated_at": at, "completed_at": at,
        }
    )  # fmt: skip


def schedule(name: str, last_job: str) -> Schedule:
    return Schedule.model_validate(
        {
            "schedule_id": name, "project_key": "default", "name": name, "kind": "test",
            "target_type": "table", "target_ref": "t", "cron": "0 6 * * *",
            "last_job_id": last_job, "is_enabled": False,
            "created_at": days_ago(90), "updated_at": days_ago(90),
        }
    )  # fmt: skip


def incident(name: str, key: str, ordinal: int, days: float, **more: object) -> Incident:
    at = days_ago(days)
    is_over = more.get("status") is not IncidentStatus.OPEN
    values = {
        "incident_id": name, "project_key": "default", "key_type": IncidentKey.TEST,
        "incident_key": key, "ordinal": ordinal, "severity": Severity.ERROR, "title": name,
        "status": IncidentStatus.RESOLVED, "table_id": "t", "table_name": "t",
        "failure_count": 1, "first_seen": at, "last_seen": at, "last_run_id": f"r of {name}",
        "resolved_at": at if is_over else None, "created_at": at, "updated_at": at,
    }  # fmt: skip
    return Incident.model_validate({**values, **more})


def event(incident_id: str, days: float, number: int = 0) -> IncidentEvent:
    return IncidentEvent.model_validate(
        {
            "event_id": f"{number} of {incident_id}", "incident_id": incident_id,
            "project_key": "default", "event_type": "failed", "created_at": days_ago(days),
        }
    )  # fmt: skip


def told(name: str, days: float) -> OutboxEvent:
    return OutboxEvent.model_validate(
        {
            "event_id": name, "project_key": "default", "event_type": "incident.opened",
            "entity_type": "incident", "entity_id": "i", "title": name,
            "created_at": days_ago(days),
        }
    )  # fmt: skip


def answered(name: str, expires_at: datetime) -> AnsweredRequest:
    return AnsweredRequest(
        request_key=name, workspace_id="default", request_hash="h", status_code=200, headers="{}",
        body="{}", created_at=days_ago(2), expires_at=expires_at, updated_at=days_ago(2),
    )  # fmt: skip


def fill(store: Store) -> None:
    """Old and new of everything; what must stay says so in its name."""
    store.table(Job).insert_missing(
        [
            job("j old", 40),
            job("j old, failed", 40, "failed"),
            job("j old, cancelled", 40, "cancelled"),
            job("j old, timed out", 40, "timed_out"),
            job("j stays, waits", 40, "queued"),
            job("j stays, runs", 40, "running"),
            job("j stays, last of a schedule", 40),
            job("j stays, young", 29),
        ]
    )
    store.table(Schedule).insert(schedule("nightly", "j stays, last of a schedule"))
    open_ = {"status": IncidentStatus.OPEN}
    found = [
        incident("i old", "a", 1, 80),
        incident("i old, too", "a", 2, 60),
        incident("i stays, last of a", "a", 3, 50),
        incident("i old, of b", "b", 1, 60),
        incident("i stays, open", "b", 2, 50, **open_),
        incident("i old, of c", "c", 1, 31),
        incident("i stays, young", "c", 2, 29),
    ]
    store.table(Incident).insert_missing(found, is_audited=False)
    store.table(IncidentEvent).insert_missing(
        [
            *(event(one.incident_id, 80, number) for one in found for number in (1, 2)),
            event("not written yet, so it stays", 0.1),
        ]
    )
    store.table(OutboxEvent).insert_missing([told("o old", 31), told("o stays", 29)])
    late = timedelta(seconds=1)
    store.table(AnsweredRequest).insert_missing(
        [answered("q old", NOW), answered("q stays", NOW + late)]
    )
    runs = ("r of i stays, open", "r old", "r stays, newest of t1")
    store.runs.runs.insert_missing(
        [a_run(run, started_at=days_ago(50 - place), status="completed")
         for place, run in enumerate(runs)]
    )  # fmt: skip
    store.runs.write(
        [a_result(run, "t1", detected_at=days_ago(50 - place)) for place, run in enumerate(runs)]
    )


def stand(engine: Engine) -> dict[str, set[str]]:
    return {
        table: {str(row[0]) for row in rows(engine, f"SELECT {key} FROM main.s.{table}")}
        for table, key in PLACES.items()
    }


def staying(stands: dict[str, set[str]]) -> dict[str, set[str]]:
    return {table: {name for name in names if "stays" in name} for table, names in stands.items()}


def test_what_is_over_goes_and_what_is_needed_stays(engine: Engine) -> None:
    site, store = on(engine)
    fill(store)
    before = stand(engine)
    done = purge(site, DAYS)
    assert stand(engine) == staying(before)
    assert {table.table: table.removed for table in done.tables if table.removed} == {
        "dq_test_runs": 1,
        "dq_test_results": 1,
        "dq_jobs": 4,
        "dq_incidents": 4,
        "dq_incident_events": 8,
        "dq_outbox": 1,
        "dq_answered_requests": 1,
    }
    assert all(table.due == table.removed for table in done.tables)


def test_answers_past_their_time_go_even_when_everything_is_kept(local: Engine) -> None:
    site, store = on(local)
    fill(store)
    before = stand(local)
    assert purge(site, 0, dry_run=True).due == 1
    assert stand(local) == before
    (done,) = purge(site, 0).tables
    assert (done.table, done.removed, done.rows_after) == ("dq_answered_requests", 1, 1)
    after = stand(local)
    assert after.pop("dq_answered_requests") == {"q stays"}
    assert after == {table: names for table, names in before.items() if table in after}


def test_jobs_go_in_bounded_steps(local: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    site, store = on(local)
    monkeypatch.setattr(due, "BATCH_ROWS", 2)
    store.table(Job).insert_missing([job(f"j{number}", 40) for number in range(3)])
    (jobs,) = (one for one in due_rows(site, days_ago(DAYS)) if one.table == "dq_jobs")
    assert [local.execute(jobs.removal(site)) for _ in range(3)] == [2, 1, 0]


def test_audit_keys_and_versions_of_tests_are_never_due(local: Engine) -> None:
    site, _ = on(local)
    named = {one.table for one in (*due_rows(site, NOW), *expired_rows(site))}
    assert not named & {"dq_audit_log", "dq_api_keys", "dq_test_versions", "dq_tests"}
