"""`dq ingest-complete` and `dq notify` as people call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import Said


def test_a_load_is_profiled_then_tested_and_a_gate_says_no_by_its_exit_code(
    dq: Callable[..., Said], orders: Path
) -> None:
    first = dq("ingest-complete", str(orders), "--gate", "--json")
    assert (first.code, first.document["kind"]) == (0, "profile")
    dq("tests", "add", str(orders), "row_count", "-p", "min_count=1000")
    told = dq("ingest-complete", str(orders))
    assert (told.code, "1 fail" in told.out) == (0, True)
    closed = dq("ingest-complete", str(orders), "--gate", "--key", "k", "--json").document
    assert dq("ingest-complete", str(orders), "--gate", "--key", "k").code == 1
    assert (closed["verdict"]["counts"]["fail"], closed["is_repeat"]) == (1, False)
    queued = dq("ingest-complete", str(orders), "--no-wait", "--json").document
    assert (queued["job_status"], queued["verdict"]) == ("queued", None)


def test_events_are_printed_once_and_a_dry_run_remembers_nothing(
    dq: Callable[..., Said], orders: Path
) -> None:
    dq("tests", "add", str(orders), "row_count", "-p", "min_count=1000")
    dq("test", str(orders))
    seen = dq("notify", "--dry-run").out
    told = dq("notify").out
    assert seen == told
    assert [json.loads(line)["event_type"] for line in told.splitlines()] == ["incident.opened"]
    assert dq("notify").out == ""
