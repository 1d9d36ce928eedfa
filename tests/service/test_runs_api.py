"""Runs and jobs over HTTP: start, watch, cancel, retry; other workspaces see nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dq_databricks import Quality
from dq_databricks.launching.worker import carry_out
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.quality.run_view import view_of_run
from dq_databricks.service.events import RunEvents
from tests.support.jobs import quick
from tests.support.service import ServiceUnderTest, make_workspace, service

API = "/api/v1"


@dataclass
class Site:
    """A service with one tested table, and a client of its administrator."""

    service: ServiceUnderTest
    client: TestClient
    table_id: str

    @property
    def quality(self) -> Quality:
        return self.service.quality

    def start(self, **more: Any) -> dict[str, Any]:
        body = {"kind": "test", "target": self.table_id, **more}
        answer = self.client.post(f"{API}/runs", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def carry_out(self, job: dict[str, Any]) -> None:
        carry_out(
            self.service.settings,
            job["job_id"],
            engine=self.quality.engine,
            context=self.service.context,
        )

    def run(self, run_id: str) -> dict[str, Any]:
        return self.client.get(f"{API}/runs/{run_id}").json()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with service(tmp_path / "home") as under_test:
        target = quick(under_test.quality, tmp_path)
        table_id = under_test.quality.catalog.table(target).table_id
        yield Site(under_test, under_test.as_("admin"), table_id)


def test_a_run_is_known_before_it_starts_and_shown_in_one_shape_until_it_ends(site: Site) -> None:
    answer = site.client.post(f"{API}/runs", json={"kind": "test", "target": site.table_id})
    job = answer.json()
    assert answer.headers["Location"] == f"{API}/runs/{job['run_id']}"
    waiting = site.run(job["run_id"])
    assert (waiting["status"], waiting["is_ended"]) == ("pending", False)
    site.carry_out(job)
    ended = site.run(job["run_id"])
    assert (ended["status"], ended["total_tests"], ended["failed_tests"]) == ("completed", 1, 0)
    assert ended["trigger_source"] == "api"
    assert ended["job_id"] == job["job_id"]
    assert set(waiting) == set(ended)
    assert site.client.get(f"{API}/jobs/{job['job_id']}").json()["status"] == "succeeded"


def test_a_profile_run_is_listed_by_its_kind(site: Site) -> None:
    job = site.start(kind="profile")
    site.carry_out(job)
    profiles = site.client.get(f"{API}/runs", params={"kind": "profile"}).json()["items"]
    assert [run["run_id"] for run in profiles] == [job["run_id"]]
    assert profiles[0]["title"].startswith("Profile ")
    assert site.client.get(f"{API}/runs", params={"kind": "test"}).json()["items"] == []


def test_a_request_that_names_nothing_to_run_is_refused(site: Site) -> None:
    refused = [
        ({"kind": "test"}, 422),
        ({"kind": "profile", "suite": "s"}, 422),
        ({"kind": "test", "group": "nothing"}, 404),
        ({"kind": "sweep", "target": "a.b.c"}, 422),
        ({"kind": "test", "target": "a.b.c"}, 404),
        ({"kind": "test", "target": "/etc/passwd"}, 422),
    ]
    for body, status in refused:
        assert site.client.post(f"{API}/runs", json=body).status_code == status, body
    assert site.client.get(f"{API}/jobs").json()["items"] == []


def test_a_waiting_run_is_cancelled_at_once_and_never_starts(site: Site) -> None:
    job = site.start()
    cancelled = site.client.post(f"{API}/runs/{job['run_id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    site.carry_out(job)
    run = site.run(job["run_id"])
    assert (run["status"], run["error_message"]) == ("cancelled", "cancelled by admin of default")
    assert site.client.post(f"{API}/runs/{job['run_id']}/cancel").status_code == 409


def test_a_run_has_ended_when_it_can_be_retried(site: Site) -> None:
    job = site.start()
    site.carry_out(job)
    run = site.quality.store.runs.get(job["run_id"])
    ended = site.quality.jobs.show(job["job_id"])
    assert view_of_run(run, ended).is_ended
    closing = ended.model_copy(update={"status": JobStatus.RUNNING})
    assert not view_of_run(run, closing).is_ended
    repeated = closing.model_copy(update={"run_id": "run of the second attempt"})
    assert view_of_run(run, repeated).is_ended


def test_an_ended_run_is_retried_as_a_new_one_that_names_the_old(site: Site) -> None:
    job = site.start()
    assert site.client.post(f"{API}/runs/{job['run_id']}/retry").status_code == 409
    site.carry_out(job)
    again = site.client.post(f"{API}/runs/{job['run_id']}/retry")
    assert again.status_code == 202
    new = again.json()
    assert (new["retry_of"], new["trigger_source"]) == (job["job_id"], "retry")
    assert new["run_id"] != job["run_id"]
    site.carry_out(new)
    assert site.run(new["run_id"])["status"] == "completed"


def test_a_run_of_the_command_line_is_shown_but_not_repeated(site: Site) -> None:
    report = site.quality.test(site.table_id)
    shown = site.run(report.run.test_run_id)
    assert (shown["status"], shown["job_id"]) == ("completed", None)
    retried = site.client.post(f"{API}/runs/{report.run.test_run_id}/retry")
    assert retried.status_code in (400, 422)


def test_a2_the_runs_and_jobs_of_another_workspace_are_not_found(site: Site) -> None:
    job = site.start()
    stranger = site.service.as_("admin", workspace=make_workspace(site.quality))
    paths = [
        ("GET", f"/runs/{job['run_id']}"),
        ("GET", f"/runs/{job['run_id']}/progress"),
        ("GET", f"/runs/{job['run_id']}/events"),
        ("POST", f"/runs/{job['run_id']}/cancel"),
        ("POST", f"/runs/{job['run_id']}/retry"),
        ("GET", f"/jobs/{job['job_id']}"),
    ]
    for method, path in paths:
        assert stranger.request(method, f"{API}{path}").status_code == 404, path
    assert stranger.get(f"{API}/jobs").json()["items"] == []
    body = {"kind": "test", "target": site.table_id}
    assert stranger.post(f"{API}/runs", json=body).status_code in (404, 422)
    assert site.quality.jobs.show(job["job_id"]).status is JobStatus.QUEUED


def test_requests_and_cancels_are_in_the_audit_log(site: Site) -> None:
    job = site.start()
    site.client.post(f"{API}/runs/{job['run_id']}/cancel")
    told = [
        (event.action, event.actor)
        for event in site.quality.store.audit.select()
        if event.entity_type == "job" and event.entity_id == job["job_id"]
    ]
    assert told == [("cancel", "admin of default"), ("create", "admin of default")]


def test_events_tell_status_and_progress_and_end_with_the_run(site: Site) -> None:
    job = site.start()
    site.carry_out(job)
    with site.client.stream("GET", f"{API}/runs/{job['run_id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = "".join(answer.iter_text())
    assert [line for line in text.splitlines() if line.startswith("event: ")] == [
        "event: progress",
        "event: status",
    ]
    assert '"status":"completed"' in text


def test_events_follow_a_run_from_waiting_to_its_end(site: Site) -> None:
    job = site.start()

    async def heard() -> list[str]:
        events = RunEvents(site.quality, job["run_id"], look_every_s=0)
        stream, texts = events.stream(), []
        async for text in stream:
            texts.append(text)
            if len(texts) == 2:
                site.carry_out(job)
        return texts

    texts = asyncio.run(heard())
    assert '"status":"pending"' in texts[1]
    assert '"status":"completed"' in texts[-1]


def test_whoever_comes_back_with_the_last_event_is_told_only_the_news(site: Site) -> None:
    job = site.start()
    view = site.quality.jobs.run(job["run_id"])
    first = RunEvents(site.quality, job["run_id"])
    told = list(first._news(view))
    last_id = told[-1].splitlines()[0].removeprefix("id: ")
    again = list(RunEvents(site.quality, job["run_id"], last_id)._news(view))
    assert ["event: status" in text for text in told] == [False, True]
    assert ["event: status" in text for text in again] == [False]
