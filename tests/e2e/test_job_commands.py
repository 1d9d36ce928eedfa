"""`dq jobs` and `dq worker` as people call them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import Said


def test_a_requested_job_is_carried_out_by_a_worker_in_this_process(
    dq: Callable[..., Said], orders: Path
) -> None:
    queued = dq("jobs", "request", "profile", str(orders), "--json").document
    assert (queued["status"], queued["requested_by"] != "") == ("queued", True)
    done = dq("worker", "--job", queued["job_id"])
    assert (done.code, done.err) == (0, "")
    shown = dq("jobs", "show", queued["job_id"], "--json").document
    assert (shown["status"], shown["attempt"]) == ("succeeded", 1)
    runs = dq("runs", "--kind", "profile", "--json").document["items"]
    assert [run["profile_run_id"] for run in runs] == [queued["run_id"]]
    assert dq("worker", "--job", queued["job_id"]).code != 0


def test_a_job_that_waits_is_cancelled_and_an_ended_one_repeated(
    dq: Callable[..., Said], orders: Path
) -> None:
    first = dq("jobs", "request", "profile", str(orders), "--json").document
    refused = dq("jobs", "retry", first["job_id"])
    assert (refused.code, "cancel it" in refused.err) == (2, True)
    assert dq("jobs", "cancel", first["run_id"], "--json").document["status"] == "cancelled"
    again = dq("jobs", "retry", first["job_id"], "--json").document
    assert (again["retry_of"], again["trigger_source"]) == (first["job_id"], "retry")
    listed = dq("jobs", "--open", "--json").document["items"]
    assert [job["job_id"] for job in listed] == [again["job_id"]]
    assert "cancelled" in dq("jobs", "list", "--status", "cancelled").out


def test_a_target_without_tests_is_refused_before_anything_is_queued(
    dq: Callable[..., Said], orders: Path
) -> None:
    dq("tables", "add", str(orders))
    refused = dq("jobs", "request", "test", str(orders))
    assert refused.code == 2
    assert "no active tests" in refused.err
    assert "No jobs." in dq("jobs").out


def test_reconciling_a_clean_schema_puts_nothing_right(dq: Callable[..., Said]) -> None:
    report = dq("jobs", "reconcile", "--json").document
    assert report == {"queued_again": [], "ended": [], "closed_runs": []}
