"""Opening engines, and the two that tests use."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

from dq_databricks.engine.open import open_engine
from dq_databricks.engine.recording import Recorder, RecordingEngine
from dq_databricks.errors import EngineError, MissingExtraError, SqlError, TableNotFoundError
from dq_databricks.settings import EngineName, Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

NAME = TableName("main", "s", "t")
ROWS = pa.table({"x": [1]})


def test_the_local_engine_opens_without_touching_the_disk(tmp_path: Path) -> None:
    with open_engine(Settings(home=tmp_path / "home")) as engine:
        assert engine.facts.name == "local"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("name", "driver"), [("spark", "pyspark"), ("warehouse", "databricks")])
def test_a_missing_driver_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: EngineName, driver: str
) -> None:
    def without(module: str) -> ModuleType:
        raise ModuleNotFoundError(f"No module named {driver!r}", name=f"{driver}.sql")

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingExtraError, match=rf"pip install 'dq-databricks\[{name}\]'"):
        open_engine(Settings(engine=name))


def test_a_recorder_remembers_what_a_real_engine_was_asked(tmp_path: Path) -> None:
    with Recorder(open_engine(Settings(home=tmp_path, durable=False))) as engine:
        engine.execute(Statement("CREATE SCHEMA main.s"))
        engine.execute(Statement("CREATE TABLE main.s.t (x BIGINT) USING DELTA"))
        engine.append(NAME, ROWS)
        engine.merge(NAME, ROWS, on=["x"])
        query = Statement("SELECT x FROM main.s.t")
        assert engine.query(query).to_pylist() == [{"x": 1}]
        engine.inspect(TableRelation(NAME))
        with pytest.raises(SqlError):
            engine.query(Statement("SELEKT"))
        assert engine.calls.queries == [query, Statement("SELEKT")]
        assert len(engine.calls.executed) == 2
        assert [(w.verb, w.on) for w in engine.calls.writes] == [("append", ()), ("merge", ("x",))]
        assert engine.calls.inspected == [TableRelation(NAME)]
        engine.calls.clear()
        assert engine.calls.statements == []


def test_a_recording_engine_plays_its_script() -> None:
    engine = RecordingEngine({"bad": EngineError("broken"), "SELECT": ROWS}, affected=1)
    assert engine.query(Statement("SELECT 1")) == ROWS
    with pytest.raises(EngineError, match="broken"):
        engine.query(Statement("SELECT bad"))
    with pytest.raises(EngineError, match="script"):
        engine.query(Statement("VALUES (1)"))
    assert engine.execute(Statement("DELETE FROM main.s.t")) == 1
    engine.append(NAME, ROWS)
    assert engine.tables("main", "s") == [NAME]
    with pytest.raises(TableNotFoundError):
        engine.inspect(TableRelation(NAME))
    assert [s.text for s in engine.calls.queries] == ["SELECT 1", "SELECT bad", "VALUES (1)"]
    by_function = RecordingEngine(lambda statement: pa.table({"text": [statement.text]}))
    assert by_function.query(Statement("a")).to_pylist() == [{"text": "a"}]
