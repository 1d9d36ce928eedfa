"""Incidents on the command line, from a failing run to their end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.e2e.conftest import orders_table


def test_an_incident_is_worked_on_the_command_line(dq: Callable[..., Any], orders: Path) -> None:
    dq("tests", "add", str(orders), "values_in_range", "--column", "a.b", "-p", "max_value=3")
    assert dq("test", str(orders)).code == 1
    (incident,) = dq("incidents", "--json").document["items"]
    key = incident["incident_id"]
    assert "assigned to" in dq("incidents", "list").out
    refused = dq("incidents", "acknowledge", key)
    assert (refused.code, "--expect-version N or --latest" in refused.err) == (2, True)
    taken = dq("incidents", "acknowledge", key, "--expect-version", "1", "--json").document
    assert (taken["status"], taken["version"]) == ("acknowledged", 2)
    stale = dq("incidents", "assign", key, "--to", "bob", "--expect-version", "1")
    assert (stale.code, "version 2 is stored" in stale.err) == (2, True)
    assert dq("incidents", "assign", key, "--to", "bob", "--latest").code == 0
    assert dq("incidents", "mute", key, "--until", "2020-01-01", "--latest").code == 2
    assert dq("incidents", "comment", key, "looking").code == 0
    done = dq(
        "incidents", "resolve", key, "--as", "fixed", "--notes", "reloaded", "--latest", "--json"
    ).document
    assert (done["status"], done["resolution"]) == ("resolved", "fixed")
    assert dq("incidents", "--json").document["items"] == []
    assert dq("incidents", "reopen", key, "--latest").code == 0
    pq.write_table(orders_table().set_column(3, "a.b", [[1] * 200]), orders)
    assert dq("test", str(orders)).code == 0
    shown = dq("incidents", "show", key, "--json").document
    assert [event["event_type"] for event in shown["timeline"]] == [
        "opened",
        "failed",
        "acknowledged",
        "assigned",
        "commented",
        "resolved",
        "reopened",
        "passed",
        "resolved",
    ]
    assert "passed_again" in dq("incidents", "show", key).out
    (listed,) = dq("incidents", "list", "--status", "resolved", "--json").document["items"]
    assert listed["incident_id"] == key
