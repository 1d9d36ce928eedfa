"""`dq schedules` and `dq dispatch` as people and scripts meet them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dq_databricks import open_quality
from dq_databricks.model.work import Schedule
from tests.e2e.conftest import Said

Dq = Callable[..., Said]


def test_schedules_are_kept_on_the_command_line(dq: Dq, orders: Path) -> None:
    assert "dq schedules add NAME TARGET" in dq("schedules").out
    dq("profile", str(orders))
    refused = dq("schedules", "add", "s", str(orders), "--cron", "0 0 30 2 *")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "never fires" in refused.err
    added = dq("schedules", "add", "s", str(orders), "--cron", "0 6 * * *", "--kind", "profile",
               "--timezone", "Europe/Rome", "--catch-up", "all", "--json").document  # fmt: skip
    assert (added["kind"], added["timezone"], added["catch_up"]) == (
        "profile",
        "Europe/Rome",
        "all",
    )
    assert dq("schedules", "--json").document["items"] == [added]
    assert dq("schedules", "show", "s", "--json").document == added
    slots = dq("schedules", "preview", "s", "--count", "2", "--json").document["items"]
    assert slots[0] == added["next_run_at"]
    assert len(slots) == 2
    assert "Europe/Rome" in dq("schedules", "preview", "s").out
    assert dq("schedules", "disable", "s").code == 2
    off = dq("schedules", "disable", "s", "--expect-version", "1", "--json").document
    assert (off["is_enabled"], off["next_run_at"], off["version"]) == (False, None, 2)
    edited = dq("schedules", "edit", "s", "--cron", "1 7 * * *", "--latest", "--json").document
    assert (edited["cron"], edited["version"], edited["next_run_at"]) == ("1 7 * * *", 3, None)
    job = dq("schedules", "run", "s", "--json").document
    assert (job["kind"], job["status"], job["slot_at"]) == ("profile", "queued", None)
    assert dq("schedules", "remove", "s", "--latest").code == 0
    assert dq("schedules", "show", "s").code == 2


def test_dispatch_carries_out_what_is_due(dq: Dq, orders: Path) -> None:
    dq("tests", "add", str(orders), "row_count", "-p", "min_count=1")
    dq("schedules", "add", "s", str(orders), "--cron", "0 0 1 1 *")
    slot = _make_due()
    done = dq("dispatch", "--json")
    assert (done.code, done.err) == (0, "")
    (job,) = done.document["jobs"]
    assert (job["status"], job["trigger_source"]) == ("succeeded", "schedule")
    assert job["slot_at"] == slot.isoformat()
    (run,) = dq("runs", "--json").document["items"]
    assert (run["test_run_id"], run["status"]) == (job["run_id"], "completed")
    assert dq("schedules", "show", "s", "--json").document["last_job_id"] == job["job_id"]


def test_dispatch_may_leave_the_work_to_others(dq: Dq, orders: Path) -> None:
    dq("profile", str(orders))
    dq("schedules", "add", "s", str(orders), "--kind", "profile", "--cron", "0 0 1 1 *")
    _make_due()
    (job,) = dq("dispatch", "--no-run", "--json").document["jobs"]
    assert job["status"] == "queued"
    assert "0 jobs queued" in dq("dispatch", "--no-run").out
    # Nobody took it, so a later dispatch does.
    (done,) = dq("dispatch", "--json").document["jobs"]
    assert (done["job_id"], done["status"]) == (job["job_id"], "succeeded")


def _make_due() -> datetime:
    """Let the next slot of the one schedule be the last full minute."""
    slot = datetime.now(UTC).replace(second=0, microsecond=0)
    with open_quality() as quality:
        (schedule,) = quality.schedules.list()
        table = quality.store.table(Schedule)
        assert table.change([schedule.schedule_id], {"next_run_at": slot})
    return slot
