"""What a warehouse, a gateway or a network may do at the worst moment, and what must happen.

The names follow the fault catalogue: W1 busy, W2 cut, W3 polling, W4 timeout, W6 token, W9 pages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import MergeCounts
from dq_databricks.engine.warehouse.policy import Patience
from dq_databricks.errors import (
    AuthenticationError,
    CancelledError,
    EngineUnavailableError,
    OutcomeUnknownError,
    PermissionDeniedError,
    StatementTimeoutError,
)
from dq_databricks.sql.statement import Statement
from tests.emulator import Fault
from tests.emulator.faults import Kind
from tests.support.contract import arrow, create, named, rows, run
from tests.support.warehouse_engine import TOKEN, EmulatedEngine, Token, open_emulated

COLUMNS = [("id", pa.string()), ("n", pa.int64())]
COUNT = "SELECT count(*) FROM main.s.kept"
BUSY = [
    pytest.param(Fault("status", status=429), id="429"),
    pytest.param(Fault("status", status=429, retry_after="0"), id="429-retry-after"),
    pytest.param(Fault("status", status=503, retry_after="0", times=2), id="503-retry-after"),
]
CUT = [
    pytest.param(Fault("drop_before"), 0, id="before-the-commit"),
    pytest.param(Fault("drop_after"), 1, id="after-the-commit"),
    pytest.param(Fault("truncate"), 1, id="truncated-answer"),
    pytest.param(Fault("status_after", status=500), 1, id="500-after-the-commit"),
    pytest.param(Fault("status_after", status=503), 1, id="503-after-the-commit"),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmulatedEngine]:
    with open_emulated(tmp_path) as opened:
        create(opened, "kept", "id STRING, n BIGINT")
        yield opened


def upsert(engine: EmulatedEngine, key: str = "a") -> MergeCounts:
    return engine.merge(named("kept"), arrow(COLUMNS, (key, 1)), on=["id"])


# --- W1: busy ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*BUSY, pytest.param(Fault("status"), id="503")])
def test_w1_a_busy_warehouse_is_asked_again_for_a_read(
    engine: EmulatedEngine, fault: Fault
) -> None:
    engine.emulator.script.set(fault)
    assert rows(engine, COUNT) == [(0,)]
    assert engine.emulator.count("ExecuteStatement", COUNT) == 1 + fault.times


@pytest.mark.parametrize("fault", BUSY)
def test_w1_a_refused_write_is_sent_again_and_leaves_one_row(
    engine: EmulatedEngine, fault: Fault
) -> None:
    engine.emulator.script.set(fault)
    assert upsert(engine) == MergeCounts(1, 0)
    assert engine.emulator.count("ExecuteStatement", "MERGE") == 1 + fault.times
    assert rows(engine, COUNT) == [(1,)]


def test_w1_a_write_is_not_repeated_after_a_503_that_promises_nothing(
    engine: EmulatedEngine,
) -> None:
    engine.emulator.script.set(Fault("status_after", status=503))
    with pytest.raises(OutcomeUnknownError, match="ids"):
        engine.append(named("kept"), arrow(COLUMNS, ("a", 1)))
    assert engine.emulator.count("ExecuteStatement", "INSERT") == 1
    assert rows(engine, COUNT) == [(1,)]


def test_w1_waiting_ends_at_the_deadline(tmp_path: Path) -> None:
    patience = Patience(deadline_s=0.02, first_pause_s=0.001, longest_pause_s=0.005)
    with open_emulated(tmp_path, patience=patience) as engine:
        run(engine, "CREATE TABLE main.s.kept (id STRING) USING DELTA")
        engine.emulator.script.set(Fault("status", status=503, retry_after="1", times=99))
        with pytest.raises(EngineUnavailableError, match="503"):
            rows(engine, COUNT)
        with pytest.raises(EngineUnavailableError, match="503"):
            run(engine, "DELETE FROM main.s.kept")


def test_w1_opening_a_session_is_tried_again_for_a_write_too(engine: EmulatedEngine) -> None:
    engine._pool.renew()
    engine.emulator.script.set(Fault("status", call="OpenSession", times=2))
    assert upsert(engine) == MergeCounts(1, 0)
    assert engine.emulator.count("ExecuteStatement", "MERGE") == 1


# --- W2, S5: cut while a write runs --------------------------------------------------------------


@pytest.mark.parametrize(("fault", "written"), CUT)
def test_w2_s5_a_write_cut_off_is_unknown_until_it_is_looked_up(
    engine: EmulatedEngine, fault: Fault, written: int
) -> None:
    engine.emulator.script.set(fault)
    with pytest.raises(OutcomeUnknownError, match="Look the rows up"):
        upsert(engine)
    assert engine.emulator.count("ExecuteStatement", "MERGE") == 1
    found = rows(engine, "SELECT n FROM main.s.kept WHERE id = :id", id="a")
    assert found == [(1,)] * written
    assert upsert(engine) == MergeCounts(1 - written, written)
    assert rows(engine, COUNT) == [(1,)]


@pytest.mark.parametrize(("fault", "written"), CUT)
def test_w2_a_read_cut_off_is_repeated_on_a_new_connection(
    engine: EmulatedEngine, fault: Fault, written: int
) -> None:
    before = engine.emulator.count("OpenSession")
    engine.emulator.script.set(fault)
    assert rows(engine, COUNT) == [(0,)]
    assert engine.emulator.count("ExecuteStatement", COUNT) == 2
    # A gateway's 503 leaves the connection whole; everything else costs a new one.
    is_whole = (fault.kind, fault.status) == ("status_after", 503)
    assert engine.emulator.count("OpenSession") - before == (0 if is_whole else 1)


# --- W3: polling ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", call="GetOperationStatus", status=500),
        Fault("status", call="GetOperationStatus", status=502, times=2),
        Fault("status", call="GetOperationStatus", status=503),
        Fault("drop_before", call="GetOperationStatus"),
        Fault("drop_after", call="GetOperationStatus"),
    ],
    ids=["500", "502-twice", "503", "cut", "answer-lost"],
)
def test_w3_a_failed_poll_is_repeated_and_the_statement_is_not(
    tmp_path: Path, fault: Fault
) -> None:
    with open_emulated(tmp_path, direct_wait_s=0.0) as engine:
        create(engine, "kept", "id STRING, n BIGINT")
        engine.emulator.script.set(fault)
        assert upsert(engine) == MergeCounts(1, 0)
        assert engine.emulator.count("ExecuteStatement", "MERGE") == 1
        assert rows(engine, COUNT) == [(1,)]


def test_w3_a_poll_that_never_works_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    patience = Patience(deadline_s=0.02, first_pause_s=0.001, longest_pause_s=0.005)
    with open_emulated(tmp_path, direct_wait_s=0.0, patience=patience) as engine:
        create(engine, "kept", "id STRING, n BIGINT")
        engine.emulator.script.set(Fault("status", call="GetOperationStatus", times=10_000))
        with pytest.raises(OutcomeUnknownError):
            upsert(engine)
        engine.emulator.script.set()
        assert engine.emulator.count("ExecuteStatement", "MERGE") == 1


# --- W4: timeout and cancelling ------------------------------------------------------------------


def test_w4_a_statement_past_its_limit_is_stopped_and_the_next_one_runs(tmp_path: Path) -> None:
    with open_emulated(tmp_path, statement_timeout_s=7, second=0.01) as engine:
        engine.emulator.script.set(Fault("hang"))
        with pytest.raises(StatementTimeoutError):
            rows(engine, "SELECT 'slow' AS x")
        engine.emulator.service.second = 10
        assert rows(engine, "SELECT 1 AS x") == [(1,)]
        assert engine.emulator.count("ExecuteStatement", "slow") == 1
        (settings,) = engine.emulator.service.sessions.values()
        assert (settings["STATEMENT_TIMEOUT"], settings["TIMEZONE"]) == ("7", "UTC")


@pytest.mark.parametrize("reading", [True, False])
def test_w4_cancelling_reaches_the_server(tmp_path: Path, *, reading: bool) -> None:
    with open_emulated(tmp_path, direct_wait_s=0.01) as engine:
        engine.emulator.script.set(Fault("hang"))
        work = engine.query if reading else engine.execute
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(work, Statement("SELECT 'endless' AS x"))
            until(lambda: engine.emulator.count("ExecuteStatement", "endless"))
            engine.cancel()
            with pytest.raises(CancelledError):
                running.result(timeout=20)
        assert engine.emulator.service.cancelled == ["SELECT 'endless' AS x"]
        assert rows(engine, "SELECT 1 AS x") == [(1,)]
        engine.cancel()


def until(claim: Callable[[], object]) -> None:
    ready = threading.Event()
    while not claim():
        ready.wait(0.001)


# --- W6: credentials -----------------------------------------------------------------------------


@pytest.mark.parametrize("reading", [True, False])
def test_w6_a_rotated_token_is_read_again_once(tmp_path: Path, *, reading: bool) -> None:
    credentials = Token(TOKEN, "token-after-the-rotation")
    with open_emulated(tmp_path, credentials=credentials, tokens=frozenset({TOKEN})) as engine:
        create(engine, "kept", "id STRING, n BIGINT")
        engine.emulator.tokens = frozenset({"token-after-the-rotation"})
        if reading:
            assert rows(engine, COUNT) == [(0,)]
        else:
            assert upsert(engine) == MergeCounts(1, 0)
        assert credentials.renewed == 1


def test_w6_a_second_refusal_ends_the_matter(tmp_path: Path) -> None:
    credentials = Token(TOKEN)
    with open_emulated(tmp_path, credentials=credentials, tokens=frozenset({"other"})) as engine:
        with pytest.raises(AuthenticationError, match="expired"):
            rows(engine, "SELECT 1 AS x")
        assert credentials.renewed == 1
        assert engine.emulator.count("OpenSession") == 2


def test_w6_a_missing_permission_is_not_an_expired_token(engine: EmulatedEngine) -> None:
    engine.emulator.script.set(Fault("status", status=403, message="no CAN_USE on warehouse w1"))
    with pytest.raises(PermissionDeniedError, match="CAN_USE"):
        rows(engine, COUNT)
    assert engine.emulator.count("ExecuteStatement", COUNT) == 1


# --- W9: pages -----------------------------------------------------------------------------------

MANY = "SELECT explode(sequence(1, 1050)) AS x"


@pytest.mark.parametrize("direct_wait_s", [5.0, 0.0], ids=["direct", "polled"])
def test_w9_an_answer_over_many_pages_is_whole(tmp_path: Path, direct_wait_s: float) -> None:
    with open_emulated(tmp_path, page_rows=100, direct_wait_s=direct_wait_s) as engine:
        assert [x for (x,) in rows(engine, f"SELECT x FROM ({MANY}) ORDER BY x")] == list(
            range(1, 1051)
        )
        assert engine.emulator.count("FetchResults") >= 10


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_w9_a_lost_page_is_never_skipped(tmp_path: Path, kind: Kind) -> None:
    with open_emulated(tmp_path, page_rows=100) as engine:
        engine.emulator.script.set(Fault(kind, call="FetchResults", first=3))
        assert [x for (x,) in rows(engine, f"SELECT x FROM ({MANY}) ORDER BY x")] == list(
            range(1, 1051)
        )
        assert engine.emulator.count("ExecuteStatement", "explode") == 2
