"""`dq backup` and `dq restore` as people and scripts meet them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Said

Dq = Callable[..., Said]
MANAGED = "data_quality_auto_manage_tables"


def managed(dq: Dq) -> str:
    return str(dq("settings", "show", MANAGED, "--json").document["value"])


def test_back_up_change_restore_and_undo(dq: Dq) -> None:
    assert dq("migrate").code == 0
    made = dq("backup", "--name", "before", "--keep-days", "7", "--json")
    assert (made.code, made.err) == (0, "")
    assert made.document["name"] == "before"
    assert json.loads(made.document["tables"])["dq_settings"] >= 0
    assert dq("settings", "edit", MANAGED, "false", "--latest").code == 0

    plan = dq("restore", "before", "--plan", "--json")
    assert (plan.code, plan.document["is_reachable"]) == (0, True)
    lost = {step["table"]: step["rows_lost"] for step in plan.document["tables"]}
    assert lost["dq_settings"] >= 1
    assert sum(lost.values()) == lost["dq_settings"]
    words = dq("restore", "before", "--plan")
    assert "rows written since are lost" in words.out

    refused = dq("restore", "before")
    assert (refused.code, refused.out) == (2, "")
    assert "--yes" in refused.err
    assert managed(dq) == "False"
    restored = dq("restore", "before", "--yes", "--json")
    assert (restored.code, managed(dq)) == (0, "True")
    safety = restored.document["safety_point"]["name"]
    undone = dq("restore", safety, "--yes")
    assert (undone.code, managed(dq)) == (0, "False")
    assert "undoes it" in undone.out


def test_points_are_listed_shown_and_removed(dq: Dq) -> None:
    dq("migrate")
    made = dq("backup")
    assert made.code == 0
    assert "Restore point" in made.out
    page = dq("backup", "list", "--limit", "1", "--json").document
    [item] = page["items"]
    assert (item["reason"], item["is_reachable"], page["next_cursor"]) == ("manual", True, None)
    for words in (dq("backup", "list"), dq("backup", "show", item["name"])):
        assert item["name"] in words.out
    assert dq("backup", "show", item["point_id"], "--json").document["name"] == item["name"]
    assert dq("backup", "remove", item["name"]).code == 0
    assert dq("backup", "list", "--json").document["items"] == []
    assert "Make one: dq backup" in dq("backup", "list").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("restore",), "POINT, --at TIMESTAMP or --resume"),
        (("restore", "p", "--resume"), "POINT, --at TIMESTAMP or --resume"),
        (("restore", "--resume", "--plan"), "--plan"),
        (("restore", "--at", "yesterday", "--plan"), "such as 2026-11-21T05:30:00Z"),
        (("backup", "--name", "x", "list"), "behind its name"),
        (("backup", "--keep-days", "0"), "keep-days"),
    ],
)
def test_wrong_use_is_one_line(dq: Dq, arguments: tuple[str, ...], said: str) -> None:
    one_line(dq(*arguments), 2, said)


def test_what_cannot_be_is_one_line(dq: Dq) -> None:
    dq("migrate")
    nowhere = "no restore point of main.dq_metadata is named 'nowhere'"
    one_line(dq("restore", "nowhere", "--plan"), 2, nowhere)
    one_line(dq("backup", "show", "nowhere"), 2, nowhere)
    one_line(dq("backup", "remove", "nowhere"), 2, nowhere)
    one_line(dq("backup", "--name", "a b"), 2, "letters, digits")
    one_line(dq("restore", "--at", "2999-01-01", "--plan"), 3, "in the future")
    one_line(dq("restore", "--at", "2001-01-01", "--yes"), 3, "it was made at")
    one_line(dq("restore", "--resume", "--yes"), 3, "half done")


def one_line(answer: Said, code: int, said: str) -> None:
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1
