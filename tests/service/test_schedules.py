"""Schedules through the face and over HTTP: kept, refused, found by nobody else, run at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dq_databricks import Quality
from dq_databricks.errors import (
    AlreadyExistsError,
    NotFoundError,
    ParameterError,
    UnknownNameError,
    VersionConflictError,
)
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.model.work import Job, Schedule
from tests.support.jobs import quick
from tests.support.service import ServiceUnderTest, make_workspace, service

AT = datetime(2026, 1, 1, 8, tzinfo=UTC)
ADDRESS = "/api/v1/schedules"


class Clock:
    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(tmp_path: Path, clock: Clock) -> Iterator[ServiceUnderTest]:
    with service(tmp_path, context=Context(now=clock)) as made:
        quick(made.quality, tmp_path)
        yield made


def table_id(quality: Quality) -> str:
    return quality.catalog.tables().items[0].table_id


def wanted(quality: Quality, **more: Any) -> dict[str, Any]:
    """A schedule of the one table, each full hour."""
    values = {
        "name": "hourly",
        "kind": "test",
        "target_type": "table",
        "target_ref": table_id(quality),
        "cron": "0 * * * *",
    }
    return {**values, **more}


def test_a_schedule_is_kept_over_http(served: ServiceUnderTest) -> None:
    client, body = served.as_("editor"), wanted(served.quality, timezone="Europe/Rome")
    made = client.post(ADDRESS, json=body)
    assert (made.status_code, made.headers["ETag"]) == (201, '"v1"')
    place = made.headers["Location"]
    assert made.json()["next_run_at"] == "2026-01-01T09:00:00Z"
    assert client.get(place).json() == made.json()
    assert [item["name"] for item in client.get(ADDRESS).json()["items"]] == ["hourly"]
    assert client.patch(place, json={"cron": "30 12 * * *"}).status_code == 428
    tag = {"If-Match": made.headers["ETag"]}
    edited = client.patch(place, json={"cron": "30 12 * * *"}, headers=tag)
    assert (edited.json()["next_run_at"], edited.headers["ETag"]) == (
        "2026-01-01T11:30:00Z",
        '"v2"',
    )
    assert client.patch(place, json={"name": "late"}, headers=tag).status_code == 412
    off = client.post(f"{place}/disable", headers={"If-Match": '"v2"'})
    assert (off.json()["is_enabled"], off.json()["next_run_at"]) == (False, None)
    assert client.get(ADDRESS, params={"enabled": True}).json()["items"] == []
    on = client.post(f"{place}/enable", headers={"If-Match": '"v3"'})
    assert on.json()["next_run_at"] == "2026-01-01T11:30:00Z"
    assert client.delete(place, headers={"If-Match": '"v4"'}).status_code == 200
    assert client.get(place).status_code == 404


def test_previews_say_when_it_would_fire(served: ServiceUnderTest) -> None:
    client = served.as_("viewer")
    body = {"cron": "30 2 * * *", "timezone": "Europe/Rome", "count": 2}
    answer = client.post(f"{ADDRESS}/preview", json=body)
    assert answer.json() == {"items": ["2026-01-02T01:30:00Z", "2026-01-03T01:30:00Z"]}
    served.quality.schedules.add(**wanted(served.quality, is_enabled=False))
    answer = client.get(f"{ADDRESS}/hourly/preview", params={"count": 1})
    assert answer.json() == {"items": ["2026-01-01T09:00:00Z"]}


def test_what_is_wrong_is_said(served: ServiceUnderTest) -> None:
    client = served.as_("editor")
    for more, says in [
        ({"cron": "0 0 31 2 *"}, "never fires"),
        ({"cron": "60 * * * *"}, "minute '60'"),
        ({"timezone": "Europe/Rom"}, "Europe/Rome"),
        ({"jitter_s": 3600}, "fires every 1:00:00"),
        ({"kind": "profile", "target_type": "suite"}, "never profiled"),
    ]:
        answer = client.post(ADDRESS, json=wanted(served.quality, **more))
        assert answer.status_code == 422, answer.text
        assert says in answer.json()["detail"]
    for target_type in ("table", "group", "suite"):
        body = wanted(served.quality, target_type=target_type, target_ref="main.s.missing")
        assert client.post(ADDRESS, json=body).status_code == 404
    assert client.get(ADDRESS).json()["items"] == []


def test_running_it_now_queues_a_job_beside_its_slots(served: ServiceUnderTest) -> None:
    added = served.quality.schedules.add(**wanted(served.quality))
    place = f"{ADDRESS}/{added.schedule_id}"
    assert served.as_("viewer").post(f"{place}/run").status_code == 403
    client = served.as_("editor")
    answer = client.post(f"{place}/run")
    assert answer.status_code == 202
    job = client.get(answer.headers["Location"]).json()
    assert job == answer.json()
    assert (job["schedule_id"], job["slot_at"]) == (added.schedule_id, None)
    assert (job["trigger_source"], job["target_ref"]) == ("api", table_id(served.quality))
    assert served.quality.schedules.show("hourly") == added


def test_a2_a_schedule_of_another_workspace_is_found_by_nobody(served: ServiceUnderTest) -> None:
    added = served.quality.schedules.add(**wanted(served.quality))
    other = make_workspace(served.quality)
    client = served.as_("admin", workspace=other)
    tag = {"If-Match": '"v1"'}
    for schedule_id in (added.schedule_id, "missing"):
        place = f"{ADDRESS}/{schedule_id}"
        for answer in (
            client.get(place),
            client.get(f"{place}/preview"),
            client.post(f"{place}/run"),
            client.post(f"{place}/disable", headers=tag),
            client.patch(place, json={"name": "mine"}, headers=tag),
            client.delete(place, headers=tag),
        ):
            assert answer.status_code == 404
    # Nor can another workspace aim at what is not its own.
    assert client.post(ADDRESS, json=wanted(served.quality, name="theirs")).status_code == 404
    assert client.get(ADDRESS).json()["items"] == []
    assert served.quality.schedules.show(added.schedule_id) == added
    scoped = served.quality.acting(Actor("other"), ["other_project"])
    assert scoped.schedules.list().items == ()


def test_the_face_checks_what_it_is_given(served: ServiceUnderTest) -> None:
    face = served.quality.schedules
    added = face.add(**wanted(served.quality))
    with pytest.raises(AlreadyExistsError, match="exists already"):
        face.add(**wanted(served.quality))
    with pytest.raises(UnknownNameError, match="did you mean 'once'"):
        face.edit("hourly", catch_up="onc")
    with pytest.raises(ParameterError, match="no field 'last_job_id'"):
        face.edit("hourly", last_job_id="x")
    with pytest.raises(ParameterError, match="timeout_s 0"):
        face.edit("hourly", timeout_s=0)
    with pytest.raises(NotFoundError, match="did you mean 'hourly'"):
        face.show("hourli")
    with pytest.raises(VersionConflictError, match="version 7 was expected, version 1"):
        face.edit("hourly", expected_version=7, cron="1 * * * *")
    assert face.show("hourly") == added
    by_target = face.add(**wanted(served.quality, name="by target", target_ref=str(
        served.home / "quick.parquet"
    )))  # fmt: skip
    assert by_target.target_ref == added.target_ref


def test_c10_an_edit_keeps_what_was_claimed_meanwhile(
    served: ServiceUnderTest, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = served.quality.schedules
    added = face.add(**wanted(served.quality))
    clock.now = AT + timedelta(hours=1)
    table = type(face.store.schedules.table)
    change, armed = table.change, [True]

    def changed(self: Any, *given: Any) -> bool:
        if armed:
            armed.clear()
            assert len(served.quality.dispatch().jobs) == 1
        return change(self, *given)

    monkeypatch.setattr(table, "change", changed)
    edited = face.edit("hourly", cron="15 * * * *", expected_version=1)
    assert edited == face.show("hourly")
    assert (edited.version, edited.last_slot_at) == (2, added.next_run_at)
    assert edited.last_job_id is not None
    assert edited.next_run_at == AT + timedelta(hours=1, minutes=15)
    # Back to before the slot: it is not fired again.
    clock.now = AT
    again = face.edit("hourly", cron="0 * * * *")
    assert again.next_run_at == AT + timedelta(hours=2)
    assert len(served.quality.store.table(Job).select()) == 1


def test_changes_of_people_are_audited_and_slots_are_not(
    served: ServiceUnderTest, clock: Clock
) -> None:
    face = served.quality.schedules
    added = face.add(**wanted(served.quality))
    face.edit("hourly", name="each hour")
    clock.now = AT + timedelta(hours=1)
    assert len(served.quality.dispatch().jobs) == 1
    face.disable("each hour")
    face.remove("each hour")
    told = [
        event.action
        for event in served.quality.store.audit.select()
        if event.entity_type == Schedule.ENTITY and event.entity_id == added.schedule_id
    ]
    assert told == ["delete", "update", "update", "create"]
