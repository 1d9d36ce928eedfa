"""`dq migrate verify` and `dq migrate repair --adopt` as people and pipelines meet them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dq_databricks import open_quality
from dq_databricks.sql.statement import Statement
from tests.e2e.conftest import Said

Dq = Callable[..., Said]


def by_hand(home: Path, text: str) -> None:
    with open_quality(home=home, durable=False) as quality:
        quality.engine.execute(Statement(text))


@pytest.mark.empty_lake
def test_verify_gates_on_drift_until_it_is_accepted(dq: Dq, tmp_path: Path) -> None:
    said = dq("migrate", "verify")
    assert (said.code, said.out) == (3, "")
    assert "dq migrate" in said.err
    dq("migrate")
    clean = dq("migrate", "verify", "--json")
    assert (clean.code, clean.err, clean.document["is_clean"]) == (0, "", True)
    assert clean.document["fingerprint"] == clean.document["expected_fingerprint"]
    by_hand(tmp_path / "home", "ALTER TABLE main.dq_metadata.dq_tests ADD COLUMNS (mine INT)")
    drifted = dq("migrate", "verify", "--json")
    assert (drifted.code, drifted.err, drifted.document["is_clean"]) == (1, "", False)
    assert drifted.document["drift"] == [
        {"object": "dq_tests.mine", "kind": "extra", "expected": None, "found": "INT"}
    ]
    assert dq("migrate", "repair", "--adopt", "--json").document["drift"] == []
    accepted = dq("migrate", "verify", "--json")
    assert (accepted.code, accepted.document["drift"]) == (0, [])
    assert [item["object"] for item in accepted.document["adopted"]] == ["dq_tests.mine"]


def test_words_name_each_object_and_the_next_step(dq: Dq, tmp_path: Path) -> None:
    dq("migrate")
    assert "is what version" in dq("migrate", "verify").out
    by_hand(tmp_path / "home", "COMMENT ON TABLE main.dq_metadata.dq_tests IS 'Mine [red]'")
    by_hand(tmp_path / "home", "CREATE TABLE main.dq_metadata.mine (id STRING) USING DELTA")
    said = dq("migrate", "verify").out
    assert "Mine [red]" in said
    assert "dq migrate repair --adopt" in said
    assert "of other hands (left alone): mine" in said
    assert "accepted dq_tests: comment" in dq("migrate", "repair", "--adopt").out
    assert "drift that was accepted" in dq("migrate", "verify").out
