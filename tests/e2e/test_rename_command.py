"""`dq rename` as people and scripts meet it: there, followed, dropped; and every refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Said

Dq = Callable[..., Said]


def test_a_renamed_schema_is_followed_and_its_old_one_dropped(
    dq: Dq, monkeypatch: pytest.MonkeyPatch
) -> None:
    dq("migrate")
    added = dq("connections", "add", "c1", "--catalog", "main", "--schema", "s")
    done = dq("rename", "quality", "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.document["source"], done.document["target"]) == ("dq_metadata", "quality")
    copied = {table["name"]: table["row_count"] for table in done.document["tables"]}
    assert copied["dq_connections"] == (1 if added.code == 0 else 0)
    assert (done.document["differences"], done.document["left_behind"]) == ([], [])

    followed = dq("rename", "quality")
    assert followed.code == 0
    assert "set DQ_SCHEMA=quality" in followed.err
    assert "it was renamed before; nothing was done" in followed.out
    monkeypatch.setenv("DQ_SCHEMA", "quality")
    assert dq("version", "--json").document["schema_version"] is not None
    status = dq("rename", "--status")
    assert "main.quality is open" in status.out
    assert "dq rename --drop-old" in status.out

    unasked = dq("rename", "--drop-old")
    assert unasked.code == 2
    assert "Drop dq_metadata with all tables and restore points in it?" in unasked.err
    dropped = dq("rename", "--drop-old", "--yes", "--json")
    assert dropped.code == 0
    assert [schema["schema"] for schema in dropped.document["dropped"]] == ["dq_metadata"]
    again = dq("rename", "--drop-old")
    assert (again.code, again.out.splitlines()[0]) == (
        0,
        "Nothing to drop: no old schema of quality is left",
    )


@pytest.mark.empty_lake
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("a b",), 2, "dots, spaces, slashes and control characters are not allowed"),
        (("x", "--abandon"), 2, "say one thing"),
        (("x",), 3, "main.dq_metadata has no metadata tables"),
        (("--abandon",), 3, "has no metadata tables"),
        ((), 3, "has no metadata tables"),
    ],
)
def test_refusals_are_one_clear_line(
    dq: Dq, arguments: tuple[str, ...], code: int, told: str
) -> None:
    said = dq("rename", *arguments, "--json")
    assert (said.code, said.out) == (code, "")
    assert told in said.err
