"""How the warehouse engine uses its connections, and what it shows of itself."""

from __future__ import annotations

import builtins
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Any
from unittest.mock import MagicMock

import pyarrow as pa
import pytest

from dq_databricks.engine.warehouse import batch, open_warehouse
from dq_databricks.engine.warehouse.connect import Warehouse, install
from dq_databricks.engine.warehouse.engine import WarehouseEngine
from dq_databricks.engine.warehouse.policy import StatementRetries
from dq_databricks.engine.warehouse.pool import ConnectionPool
from dq_databricks.errors import (
    EngineError,
    EngineUnavailableError,
    MissingExtraError,
    SettingsError,
    UnsupportedError,
)
from dq_databricks.settings import Settings
from dq_databricks.sql.relation import FileRelation
from dq_databricks.sql.statement import Statement
from tests.support.contract import arrow, create, rows, run
from tests.support.warehouse_engine import QUICK, Token, open_emulated

# --- sessions ------------------------------------------------------------------------------------


def test_nothing_is_contacted_before_the_first_statement(tmp_path: Path) -> None:
    with open_emulated(tmp_path) as engine:
        assert engine.emulator.service.calls == []
        rows(engine, "SELECT 1 AS x")
        rows(engine, "SELECT 2 AS x")
        assert engine.emulator.count("OpenSession") == 1
    assert engine.emulator.service.sessions == {}


def test_threads_have_a_connection_each_up_to_the_limit(tmp_path: Path) -> None:
    together = Barrier(3)

    def work(number: int) -> object:
        together.wait()
        return rows(engine, "SELECT :n AS x", n=number)

    with open_emulated(tmp_path, connections=2) as engine, ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, range(3))) == [[(0,)], [(1,)], [(2,)]]
        assert 1 <= engine.emulator.count("OpenSession") <= 2


def test_waiting_for_a_connection_ends(tmp_path: Path) -> None:
    pool = ConnectionPool(object, size=1, wait_s=0.001)
    with (
        pool.checkout(),
        pytest.raises(EngineUnavailableError, match="DQ_CONNECTIONS"),
        pool.checkout(),
    ):
        pass


@pytest.mark.parametrize("reading", [True, False])
def test_a_session_the_server_forgot_is_opened_again(tmp_path: Path, *, reading: bool) -> None:
    with open_emulated(tmp_path) as engine:
        create(engine, "kept", "id STRING")
        engine.emulator.service.sessions.clear()
        if reading:
            assert rows(engine, "SELECT count(*) FROM main.s.kept") == [(0,)]
        else:
            assert run(engine, "INSERT INTO main.s.kept VALUES ('a')") in (1, None)
        assert engine.emulator.count("OpenSession") == 2
        assert rows(engine, "SELECT count(*) FROM main.s.kept") == [(0 if reading else 1,)]


def test_a_connection_idle_for_long_is_tried_before_use(tmp_path: Path) -> None:
    now = [0.0]
    with open_emulated(tmp_path) as engine:
        engine._pool._clock = lambda: now[0]
        rows(engine, "SELECT 1 AS x")
        now[0] += 3600
        engine.emulator.service.sessions.clear()
        assert rows(engine, "SELECT 2 AS x") == [(2,)]
        texts = [c.text for c in engine.emulator.service.calls if c.name == "ExecuteStatement"]
        assert texts == ["SELECT 1 AS x", "SELECT 1", "SELECT 2 AS x"]


def test_a_closed_engine_says_so(tmp_path: Path) -> None:
    engine = open_emulated(tmp_path)
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        rows(engine, "SELECT 1 AS x")


def test_an_address_where_nobody_answers_is_given_up_soon(tmp_path: Path) -> None:
    engine = open_emulated(tmp_path)
    engine.close()
    pauses: list[float] = []
    nobody = Warehouse(engine.emulator.host, engine.emulator.http_path, Token())
    with (
        WarehouseEngine(nobody, sleep=pauses.append) as unreachable,
        pytest.raises(EngineUnavailableError, match="DATABRICKS_HOST"),
    ):
        run(unreachable, "DELETE FROM main.s.kept")
    assert len(pauses) == nobody.patience.connects


def test_an_interrupted_statement_costs_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with open_emulated(tmp_path) as engine:
        rows(engine, "SELECT 1 AS x")
        with monkeypatch.context() as patched:
            patched.setattr(engine._flights, "run", interrupt)
            with pytest.raises(KeyboardInterrupt):
                rows(engine, "SELECT 2 AS x")
        assert rows(engine, "SELECT 3 AS x") == [(3,)]
        assert engine.emulator.count("OpenSession") == 2


def test_tags_reach_the_server(tmp_path: Path) -> None:
    with open_emulated(tmp_path) as engine:
        engine.query(Statement("SELECT 1 AS x").tagged(run_id="r:1", part="a,b"))
        (call,) = [c for c in engine.emulator.service.calls if c.name == "ExecuteStatement"]
        assert call.tags == "run_id:r\\:1,part:a\\,b"


# --- limits --------------------------------------------------------------------------------------


def test_more_than_255_parameters_are_refused_by_name(tmp_path: Path) -> None:
    values = {f"p{n}": n for n in range(256)}
    text = "SELECT " + ", ".join(f":{name} AS {name}" for name in values)
    with open_emulated(tmp_path) as engine:
        with pytest.raises(UnsupportedError, match="256 parameters"):
            engine.query(Statement(text, values))
        assert engine.emulator.count("ExecuteStatement") == 0
        assert rows(engine, "SELECT :p7 AS x", **values) == [(7,)]


def test_values_beyond_a_megabyte_are_refused(tmp_path: Path) -> None:
    with open_emulated(tmp_path) as engine, pytest.raises(UnsupportedError, match="1,000,000"):
        rows(engine, "SELECT length(:s) AS n", s="x" * 1_000_001)


def test_rows_too_long_to_bind_are_still_one_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_PARAMETER_BYTES", 0)
    columns = [("id", pa.string()), ("note", pa.string())]
    text = 'it\'s "long" \\ 🐘 :rows\n'
    given = arrow(columns, *((f"k'{n}", f"{n}{text}") for n in range(3)))
    with open_emulated(tmp_path) as engine:
        name = create(engine, "wide", "id STRING, note STRING")
        engine.append(name, given)
        answer = engine.query(Statement(f"SELECT id, note FROM {name.sql} ORDER BY id"))
        assert answer.to_pylist() == sorted(given.to_pylist(), key=lambda row: row["id"])
        assert engine.emulator.count("ExecuteStatement", "INSERT") == 1


def test_a_merge_of_many_keys_is_one_statement_and_no_rows_are_none(tmp_path: Path) -> None:
    columns = [("id", pa.int64()), ("at", pa.timestamp("us", "UTC"))]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with open_emulated(tmp_path) as engine:
        name = create(engine, "many", "id BIGINT, at TIMESTAMP")
        assert engine.merge(name, arrow(columns, *((n, at) for n in range(300))), on=["id"])
        again = engine.merge(name, arrow(columns, *((n, at) for n in range(290, 310))), on=["id"])
        assert (again.inserted, again.updated) == (10, 10)
        assert engine.emulator.count("ExecuteStatement", "MERGE") == 2
        engine.append(name, arrow(columns))
        assert engine.emulator.count("ExecuteStatement", "INSERT INTO") == 0


def test_decimals_keep_scale_and_sign(tmp_path: Path) -> None:
    values = [Decimal("-1.50"), Decimal("1E+3"), Decimal("0.001"), Decimal("-7"), Decimal("0")]
    with open_emulated(tmp_path) as engine:
        for value in values:
            assert rows(engine, "SELECT CAST(:v AS DECIMAL(38,3)) AS v", v=value) == [(value,)]


def test_files_of_a_laptop_are_not_a_warehouses_to_read(tmp_path: Path) -> None:
    with open_emulated(tmp_path) as engine, pytest.raises(UnsupportedError, match="CSV"):
        engine.inspect(FileRelation("csv", "/data/a.csv"))


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "DATABRICKS_HOST and DATABRICKS_HTTP_PATH"),
        ({"host": "h"}, "DATABRICKS_HTTP_PATH"),
        ({"http_path": "/sql/1.0/warehouses/w"}, "DATABRICKS_HOST"),
    ],
)
def test_an_incomplete_address_names_the_variables(given: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        open_warehouse(Settings(engine="warehouse", **given))


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "dq_databricks.engine.warehouse.connect":
            raise ModuleNotFoundError("No module named 'databricks'", name="databricks")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"dq-databricks\[warehouse\]"):
        open_warehouse(Settings(engine="warehouse", host="h", http_path="/p"))


def test_opening_contacts_nothing_and_plain_http_stays_at_home() -> None:
    with open_warehouse(Settings(engine="warehouse", host="h", http_path="/p")) as engine:
        assert engine.facts.max_parameters == 255
    address = Settings(engine="warehouse", host="http://example.invalid", http_path="/p")
    with pytest.raises(SettingsError, match="https"):
        open_warehouse(address)


def test_a_driver_that_moved_its_retries_is_refused() -> None:
    moved = MagicMock()
    moved.session.backend = object()
    with pytest.raises(EngineError, match="twice"):
        install(moved, StatementRetries.of(QUICK))
    moved.close.assert_called_once()
