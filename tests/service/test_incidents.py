"""Incidents and alerts of real runs: what people see of them, and what they do about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from dq_databricks import Quality
from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import NotFoundError, VersionConflictError, WrongUseError
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident
from dq_databricks.quality.incidents import IncidentFilter
from dq_databricks.settings import Settings
from dq_databricks.store.filters import eq
from tests.e2e.conftest import orders_table
from tests.support.local_engine import SHARED
from tests.support.provisioned import put_schema
from tests.support.served import client_over

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SOON = "2026-03-01T10:00:00Z"


class World:
    """Orders that are good or bad, a test of them, and a clock that goes a second a look."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.folder = folder
        self.orders = folder / "orders.parquet"
        put_schema(folder, "dq_metadata")
        self.context = Context(now=self._tick)
        engine = LocalEngine(folder, durable=False, database=SHARED)
        settings = Settings.load({}, home=folder, durable=False, user="tester")
        self.quality = Quality(settings, engine, self.context, actor=Actor("ann"))
        self.put(good=True)
        self.test = self.quality.add_test(
            str(self.orders), "values_in_range", columns=["a.b"], parameters={"max_value": 4}
        )

    def put(self, *, good: bool) -> None:
        values = [n % 5 if good else n for n in range(200)]
        pq.write_table(orders_table().set_column(3, "a.b", [values]), self.orders)

    def run(self, *, good: bool) -> str:
        self.put(good=good)
        return self.quality.test(str(self.orders)).run.test_run_id

    def failed(self) -> Incident:
        self.run(good=False)
        return self.quality.incidents.list().items[0]

    def told(self) -> list[str]:
        return [event.event_type for event in self.quality.store.outbox.select()]

    def client(self) -> TestClient:
        return client_over(self.folder, context=self.context)

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    with made.quality:
        yield made


def test_an_incident_lives_from_the_first_failure_to_the_last(world: World) -> None:
    incidents = world.quality.incidents
    opened_by = world.run(good=False)
    (incident,) = incidents.list()
    assert (incident.title, incident.test_id) == (
        f"{world.test.name} fails on {incident.table_name}, column a.b",
        world.test.test_id,
    )
    assert (incident.status, incident.dimension, incident.last_run_id) == (
        "open",
        "validity",
        opened_by,
    )
    assert [result.result_id for result in incidents.results(incident.incident_id)] == [
        incident.last_result_id
    ]
    incidents.acknowledge(incident.incident_id, version=1)
    incidents.assign(incident.incident_id, "bob", version=2)
    incidents.comment(incident.incident_id, "looking at it")
    world.run(good=False)
    world.run(good=True)
    incident = incidents.show(incident.incident_id)
    assert (incident.status, incident.resolution, incident.failure_count) == (
        "resolved",
        "passed_again",
        2,
    )
    assert (incident.acknowledged_by, incident.assigned_to) == ("ann", "bob")
    happened = incidents.timeline(incident.incident_id)
    assert [(event.event_type.value, event.actor) for event in happened] == [
        ("opened", None),
        ("failed", None),
        ("acknowledged", "ann"),
        ("assigned", "ann"),
        ("commented", "ann"),
        ("failed", None),
        ("passed", None),
        ("resolved", None),
    ]
    assert world.told() == ["incident.opened", "incident.resolved"]


def test_what_people_do_is_audited_and_what_runs_do_is_not(world: World) -> None:
    incident = world.failed()
    world.quality.incidents.resolve(incident.incident_id, "fixed", "reloaded May", version=1)
    world.quality.incidents.comment(incident.incident_id, "thanks")
    world.run(good=False)
    entries = world.quality.store.audit.select(eq("entity_type", "incident")).items
    assert sorted((entry.action, entry.actor) for entry in entries) == [
        ("comment", "ann"),
        ("update", "ann"),
    ]
    update = next(entry for entry in entries if entry.action == "update")
    assert '"new": "reloaded May"' in (update.changes or "")


def test_resolving_needs_a_reason_and_reopening_needs_the_last_of_its_key(world: World) -> None:
    incidents, first = world.quality.incidents, world.failed()
    key = first.incident_id
    with pytest.raises(WrongUseError, match="no resolution is named 'done'; there are fixed"):
        incidents.resolve(key, "done", "x")
    with pytest.raises(WrongUseError, match="say what happened"):
        incidents.resolve(key, "fixed", "  ")
    with pytest.raises(WrongUseError, match="only resolved ones are reopened"):
        incidents.reopen(key)
    done = incidents.resolve(key, "expected", "a test load")
    assert (done.resolved_by, done.resolution_notes) == ("ann", "a test load")
    with pytest.raises(WrongUseError, match="it is resolved; reopen it first"):
        incidents.acknowledge(key)
    again = incidents.reopen(key, notes="it was not")
    assert (again.status, again.reopened_count, again.resolution) == ("open", 1, None)
    incidents.resolve(key, "fixed", "really")
    world.now += timedelta(days=2)
    world.run(good=False)
    with pytest.raises(WrongUseError, match="came after it; work on that one"):
        incidents.reopen(key)
    assert world.told() == [
        "incident.opened",
        "incident.resolved",
        "incident.reopened",
        "incident.resolved",
        "incident.opened",
    ]


def test_snoozed_is_off_the_board_and_muted_is_on_it_until_its_time_is_over(world: World) -> None:
    incidents, incident = world.quality.incidents, world.failed()
    board = IncidentFilter(on_board=True)
    until = world.now + timedelta(hours=1)
    incidents.snooze(incident.incident_id, until)
    assert not incidents.list(board).items
    assert [i.quiet_kind for i in incidents.list(IncidentFilter(quiet=True))] == ["snooze"]
    muted = incidents.mute(incident.incident_id, until)
    assert incidents.list(board).items == (muted,)
    assert not incidents.list(IncidentFilter(quiet=False)).items
    world.run(good=True)
    assert world.told() == ["incident.opened"]
    world.now = until
    assert incidents.list(IncidentFilter(quiet=False)).items
    assert not incidents.is_quiet(muted)
    world.run(good=False)
    assert world.told() == ["incident.opened", "incident.reopened"]
    with pytest.raises(WrongUseError, match="is no time within 366 days"):
        incidents.snooze(incident.incident_id, until)
    incidents.snooze(incident.incident_id, world.now + timedelta(days=1))
    woken = incidents.wake(incident.incident_id)
    assert (woken.quiet_until, incidents.list(board).items) == (None, (woken,))


def test_s2_the_second_change_of_one_state_is_refused(world: World) -> None:
    incidents, incident = world.quality.incidents, world.failed()
    incidents.acknowledge(incident.incident_id, version=1)
    with pytest.raises(VersionConflictError, match="version 2 is stored, version 1 was expected"):
        incidents.assign(incident.incident_id, "bob", version=1)
    assert incidents.show(incident.incident_id).assigned_to is None


def test_the_list_is_gravest_first_and_pages_hold_while_time_passes(world: World) -> None:
    store = world.quality.store
    base = world.failed()
    made = [
        base.model_copy(
            update={
                "incident_id": f"i{number}",
                "incident_key": f"k{number}",
                "severity": severity,
                "last_seen": START + timedelta(minutes=number),
                "version": 1,
            }
        )
        for number, severity in enumerate(("warning", "fatal", "error", "fatal", "warning"))
    ]
    store.incidents.store(made)
    incidents, found, cursor = world.quality.incidents, [], None
    while True:
        page = incidents.list(IncidentFilter(on_board=True), limit=2, cursor=cursor)
        found += [incident.incident_id for incident in page]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ["i3", "i1", "i2", base.incident_id, "i4", "i0"]
    counts = {(one.status, one.severity): one.incidents for one in incidents.counts()}
    assert counts == {("open", "fatal"): 2, ("open", "error"): 2, ("open", "warning"): 2}
    incidents.acknowledge("i1")
    assert [i.incident_id for i in incidents.list(IncidentFilter(status=("acknowledged",)))] == [
        "i1"
    ]
    nobody = incidents.list(IncidentFilter(assignee="nobody", severity="fatal"))
    assert [incident.incident_id for incident in nobody] == ["i3", "i1"]


def test_a_run_that_breaks_off_is_told_and_one_that_fails_tests_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(good=False)
    assert "run.failed" not in world.told()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no more disk")

    monkeypatch.setattr("dq_databricks.running.test_run.record_incidents", broken)
    with pytest.raises(RuntimeError):
        world.run(good=False)
    event = world.quality.store.outbox.select(eq("event_type", "run.failed")).items[0]
    assert (event.entity_type, "no more disk" in event.payload) == ("test_run", True)
    monkeypatch.setattr("dq_databricks.running.profile_run.alerts_of_anomalies", broken)
    with pytest.raises(RuntimeError):
        world.quality.profile(str(world.orders))
    events = world.quality.store.outbox.select(eq("event_type", "run.failed")).items
    assert [one.entity_type for one in events] == ["test_run", "profile_run"]


def test_through_the_api_every_change_names_the_etag_it_is_for(world: World) -> None:
    incident = world.failed()
    with world.client() as client:
        address = f"/api/v1/incidents/{incident.incident_id}"
        assert _ids(client.get("/api/v1/incidents?status=open&severity=error")) == [
            incident.incident_id
        ]
        shown = client.get(address)
        assert (shown.status_code, shown.headers["ETag"]) == (200, '"v1"')
        assert client.post(f"{address}/acknowledge").status_code == 428
        taken = client.post(f"{address}/acknowledge", headers={"If-Match": '"v1"'})
        assert (taken.json()["acknowledged_by"], taken.headers["ETag"]) == ("ada", '"v2"')
        late = client.post(f"{address}/acknowledge", headers={"If-Match": '"v1"'})
        assert (late.status_code, late.json()["type"]) == (412, "/problems/version-conflict")
        _change(client, address, "assign", 2, assigned_to="bob")
        _change(client, address, "snooze", 3, until=SOON)
        assert _ids(client.get("/api/v1/incidents?on_board=true")) == []
        _change(client, address, "mute", 4, until=SOON)
        _change(client, address, "wake", 5)
        bad = client.post(
            f"{address}/resolve", json={"resolution": "fixed"}, headers={"If-Match": '"v6"'}
        )
        assert bad.status_code == 422
        _change(client, address, "resolve", 6, resolution="fixed", notes="reloaded")
        _change(client, address, "reopen", 7, notes="not yet")
        assert client.post(f"{address}/comments", json={"notes": "hm"}).status_code == 201
        timeline = client.get(f"{address}/timeline").json()["items"]
        assert [event["event_type"] for event in timeline][-3:] == [
            "resolved",
            "reopened",
            "commented",
        ]
        assert len(client.get(f"{address}/results").json()["items"]) == 1
        assert client.get("/api/v1/incidents/counts").json()["items"] == [
            {"status": "open", "severity": "error", "incidents": 1}
        ]


def _change(client: TestClient, address: str, verb: str, version: int, **body: str) -> None:
    answer = client.post(
        f"{address}/{verb}", json=body or None, headers={"If-Match": f'"v{version}"'}
    )
    assert (answer.status_code, answer.json()["version"]) == (200, version + 1), answer.text


def _ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["incident_id"] for item in answer.json()["items"]]


def test_a2_incidents_of_another_project_are_not_found(world: World) -> None:
    incident = world.failed()
    other = world.quality.acting(Actor("eve"), ["elsewhere"])
    assert (other.incidents.list().items, other.incidents.counts()) == ((), ())
    assert other.incidents.timeline(incident.incident_id).items == ()
    assert other.incidents.results(incident.incident_id).items == ()
    missing = "00000000-0000-0000-0000-000000000000"
    for face_verb in (other.incidents.show, other.incidents.acknowledge, other.incidents.wake):
        messages = []
        for incident_id in (incident.incident_id, missing):
            with pytest.raises(NotFoundError) as raised:
                face_verb(incident_id)
            messages.append(str(raised.value).replace(incident_id, "ID"))
        assert messages[0] == messages[1]


def test_alerts_are_filtered_and_acknowledged_together_once(world: World) -> None:
    world.run(good=False)
    world.run(good=False)
    middle = world.now.isoformat().replace("+00:00", "Z")
    world.run(good=False)
    with world.client() as client:
        alerts = client.get("/api/v1/alerts?only_open=true").json()["items"]
        assert len(alerts) == 3
        since = client.get("/api/v1/alerts", params={"since": middle}).json()["items"]
        assert [alert["alert_id"] for alert in since] == [alerts[0]["alert_id"]]
        of_table = {"table_name": alerts[0]["table_name"], "source_type": "test_failure"}
        assert len(client.get("/api/v1/alerts", params=of_table).json()["items"]) == 3
        none = client.get("/api/v1/alerts", params={"source_type": "profile_anomaly"})
        assert none.json()["items"] == []
        ids = [alert["alert_id"] for alert in alerts[:2]]
        taken = client.post("/api/v1/alerts/acknowledge", json={"alert_ids": ids}).json()["items"]
        assert {(one["alert_id"], one["acknowledged_by"]) for one in taken} == {
            (one, "ada") for one in ids
        }
        assert taken[0]["acknowledged_at"].startswith("2026-03-01")
        again = client.post(
            "/api/v1/alerts/acknowledge", json={"alert_ids": [ids[0], alerts[2]["alert_id"]]}
        )
        assert [one["alert_id"] for one in again.json()["items"]] == [alerts[2]["alert_id"]]
        missing = client.post("/api/v1/alerts/acknowledge", json={"alert_ids": ["no-such-alert"]})
        assert missing.status_code == 404
        assert client.get("/api/v1/alerts?acknowledged=false").json()["items"] == []
    entries = world.quality.store.audit.select(eq("entity_type", "alert")).items
    assert sorted(entry.actor for entry in entries) == ["ada"] * 3
