"""`dq live-conformance` over what stands in for a workspace here, and over the other engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_databricks.conformance import Finding, questions, try_live
from dq_databricks.conformance.questions import writes
from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import ParameterError, QualityError
from dq_databricks.settings import Settings
from dq_databricks.sql.statement import Statement
from tests.e2e.conftest import Said
from tests.support.engines import open_engine_for_tests
from tests.support.workspace import (
    CLIENT_ID,
    CLIENT_SECRET,
    WAREHOUSE_ID,
    Workspace,
    workspace,
)

pytestmark = pytest.mark.empty_lake

NEEDS_DATABRICKS = {
    "alerts",
    "clone_and_grants",
    "connector_backend",
    "dashboard_tables",
    "deletion_vectors",
    "federation_options",
    "idempotency_token",
    "periodic_minutes",
    "query_tags",
    "service_unavailable",
    "statement_timeout",
    "task_values",
}


def found(document: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["finding"] for one in document["tried"]}


def schemas(home: Path) -> list[str]:
    catalog = home / "lake" / "main"
    return sorted(path.name for path in catalog.iterdir()) if catalog.exists() else []


def test_on_a_laptop_every_question_has_a_verdict_and_nothing_stays(
    dq: Callable[..., Said], tmp_path: Path
) -> None:
    said = dq("live-conformance", "--json")
    verdicts = found(said.document)
    assert set(verdicts) == set(questions())
    untried = {name for name, verdict in verdicts.items() if verdict == "not tried"}
    assert untried - {"conflicts_are_classified"} == NEEDS_DATABRICKS
    assert set(verdicts.values()) == {"confirmed", "not tried"}
    assert said.code == 0
    assert all(one["claim"] and one["hangs_on"] and one["seen"] for one in said.document["tried"])
    assert schemas(tmp_path / "home") == []


def test_the_guide_names_every_question() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "live-conformance.md").read_text()
    assert [name for name in questions() if f"`{name}`" not in guide] == []


def test_people_read_it_as_a_table(dq: Callable[..., Said]) -> None:
    said = dq("live-conformance", "--only", "parameter_limit", "--only", "task_values")
    assert said.code == 0
    assert "✓ confirmed" in said.out
    assert "– not tried" in said.out
    assert "1 confirmed, 0 refuted, 1 not tried, 0 error" in said.out


@pytest.fixture
def behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace that the settings of this process name."""
    with workspace(tmp_path / "home") as made:
        for name, value in {
            "DATABRICKS_HOST": made.host,
            "DATABRICKS_CLIENT_ID": CLIENT_ID,
            "DATABRICKS_CLIENT_SECRET": CLIENT_SECRET,
            "DATABRICKS_WAREHOUSE_ID": WAREHOUSE_ID,
            "DQ_ENGINE": "warehouse",
        }.items():
            monkeypatch.setenv(name, value)
        yield made


def test_a_workspace_answers_what_a_laptop_cannot(
    dq: Callable[..., Said], behind: Workspace, tmp_path: Path
) -> None:
    behind.api.connections["pg"] = {
        "name": "pg",
        "connection_type": "POSTGRESQL",
        "options": {"host": "db.example", "port": "5432", "user": "reader"},
    }
    said = dq("live-conformance", "--json", "--connection", "pg")
    verdicts, seen = found(said.document), said.document["tried"]
    for name in (
        "alerts",
        "connector_backend",
        "dashboard_tables",
        "idempotency_token",
        "merge_same_new_key",
        "periodic_minutes",
        "query_tags",
        "statement_timeout",
        "update_counts",
    ):
        assert verdicts[name] == "confirmed", seen
    # The lake behind the emulator has neither; a question that fails is an error of its own.
    assert verdicts["deletion_vectors"] == "refuted"
    assert verdicts["clone_and_grants"] == "error"
    (options,) = [one["seen"] for one in seen if one["name"] == "federation_options"]
    assert "host, port, user" in options
    assert "db.example" not in options
    assert said.code == 1
    assert behind.api.made.count("jobs") == 2
    assert behind.api.objects == {}, "something was left in the workspace"
    assert schemas(tmp_path / "home") == []
    assert CLIENT_SECRET not in said.out + said.err


def test_what_the_workspace_refuses_is_refuted_with_its_words(
    dq: Callable[..., Said], behind: Workspace
) -> None:
    behind.api.refuse['\\"version\\": 2'] = "Invalid widget definition"
    behind.api.refuse['"parameters": [{"name": "one"'] = "parameters are in private preview"
    said = dq("live-conformance", "--json", "--only", "dashboard_tables", "--only", "alerts")
    seen = {one["name"]: (one["finding"], one["seen"]) for one in said.document["tried"]}
    verdict, words = seen["dashboard_tables"]
    assert (verdict, words) == (
        "refuted",
        "version 1: taken; version 2: Invalid widget definition",
    )
    assert seen["alerts"][0] == "confirmed"
    assert "parameters are in private preview" in seen["alerts"][1]
    assert said.code == 1


def test_the_metadata_and_schemas_of_others_are_never_touched(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, durable=False)
    with pytest.raises(ParameterError, match="is the metadata schema"):
        try_live(settings, schema="DQ_metadata")
    with LocalEngine(tmp_path, durable=False) as engine:
        engine.execute(Statement("CREATE SCHEMA main.theirs"))
    with pytest.raises(QualityError, match="theirs"):
        try_live(settings, only=["merge_counts"], schema="theirs")
    assert schemas(tmp_path) == ["theirs"]


def test_a_question_that_fails_costs_no_other_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("token=abcdef0123456789")

    monkeypatch.setattr(writes, "_insert_missing", broken)
    report = try_live(
        Settings(home=tmp_path, durable=False), only=["merge_same_new_key", "merge_counts"]
    )
    verdicts = {one.name: one for one in report.tried}
    assert verdicts["merge_counts"].finding is Finding.CONFIRMED
    assert verdicts["merge_same_new_key"].finding is Finding.ERROR
    assert "abcdef0123456789" not in verdicts["merge_same_new_key"].seen
    assert schemas(tmp_path) == []


def test_a_race_that_is_lost_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(bench: Any, table: Any, key: str, n: int) -> int | None:
        return bench.run(f"INSERT INTO {table.sql} VALUES (:id, :n)", id=key, n=n)

    monkeypatch.setattr(writes, "_insert_missing", careless)
    report = try_live(Settings(home=tmp_path, durable=False), only=["merge_same_new_key"])
    assert [one.finding for one in report.tried] == [Finding.REFUTED]


def test_a_name_nobody_knows_is_answered_with_a_near_one(dq: Callable[..., Said]) -> None:
    said = dq("live-conformance", "--only", "merge_count")
    assert said.code == 2
    assert "merge_counts" in said.err


@pytest.mark.spark
def test_spark_answers_a_sample(tmp_path: Path) -> None:
    chosen = ["update_counts", "history_columns"]
    with open_engine_for_tests("spark", tmp_path):  # skips loudly where Spark cannot run
        from dq_databricks.engine.spark.session import HOME
        from tests.support.spark_engine import shared_session

        settings = Settings(engine="spark", home=Path(shared_session().conf.get(HOME)))
        report = try_live(settings, only=[*chosen, "information_schema"])
    verdicts = {one.name: one.finding for one in report.tried}
    assert verdicts == {
        **dict.fromkeys(chosen, Finding.CONFIRMED),
        "information_schema": Finding.NOT_TRIED,
    }, report.tried
