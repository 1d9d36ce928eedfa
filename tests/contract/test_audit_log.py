"""The audit log is one chain per workspace, whoever writes it; what is altered in it shows."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from dq_databricks.access.chain import Verification, head_of, verify_chain
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import OutcomeUnknownError
from dq_databricks.model.actor import Actor
from dq_databricks.model.audit import AuditEvent
from dq_databricks.model.ids import Context
from dq_databricks.sql.statement import Statement
from dq_databricks.store.audit import MOST_BYTES, AuditLog, entry_hash
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store
from tests.support import local_engine
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import START, TappedEngine, once, settings_for, ticking

SPARK_SAMPLE = {"test_a_batch_enters_in_one_commit_behind_the_head"}
WRITERS, BATCHES = 3, 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put_schema(tmp_path)
    return tmp_path


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    with open_engine_for_tests(request.param, folder) as opened:
        yield opened


@pytest.fixture
def local(folder: Path) -> Iterator[Engine]:
    with local_engine.open_for_tests(folder) as opened:
        yield opened


def entries(*names: str) -> list[dict[str, str]]:
    changes = '{"name": {"new": "naïve \'x\' \\"y\\" 😀", "old": null}}'
    return [
        {"action": "update", "entity_type": "test", "entity_id": name, "changes": changes}
        for name in names
    ]


def actor(workspace: str = "w") -> Actor:
    return Actor("ada", workspace_id=workspace, request_id="r", source_address="::1")


def log_of(engine: Engine, context: Context | None = None) -> AuditLog:
    return Store(engine, settings_for("s"), context or ticking()).audit


# --- one chain -----------------------------------------------------------------------------------


def test_a_batch_enters_in_one_commit_behind_the_head(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    log = log_of(tapped)
    log.append(entries("a"), actor())
    tapped.calls.clear()
    written = log.append(entries("b", "c", "d"), actor())
    assert tapped.count("execute", "append", "merge") == 1
    stored = log.table.select(eq("workspace_id", "w"), order_by=("sequence",)).items
    assert [event.entity_id for event in stored] == ["a", "b", "c", "d"]
    assert stored[1:] == written
    log.append(entries("x"), actor("other"))
    assert verify_chain(log, "w").is_whole
    assert verify_chain(log, "other").entries == 1


def test_of_a_batch_for_a_taken_place_nothing_enters(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    log, rival = log_of(tapped), log_of(engine)
    log.append(entries("a"), actor())
    fired: list[str] = []

    def intrude(kind: str, _what: str) -> None:
        if kind == "execute" and not fired:
            fired.append("now")
            rival.append(entries("rival", "rival 2"), actor())

    tapped.before = intrude
    log.append(entries("b", "c"), actor())
    stored = log.table.select(order_by=("sequence",)).items
    assert [event.entity_id for event in stored] == ["a", "rival", "rival 2", "b", "c"]
    assert verify_chain(log, "w").is_whole


def test_a_lost_reply_doubles_no_entry(engine: Engine) -> None:
    lost = OutcomeUnknownError("the line went dead")
    tapped = TappedEngine(engine, after=once("execute", "MERGE", lost))
    log_of(tapped).append(entries("a", "b"), actor())
    verified = verify_chain(log_of(engine), "w")
    assert (verified.entries, verified.is_whole) == (2, True)


def test_processes_that_write_at_once_make_one_chain(folder: Path, local: Engine) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WRITERS, mp_context=spawn) as pool:
        done = [pool.submit(_write_batches, folder, f"p{n}") for n in range(WRITERS)]
        for work in done:
            work.result()
    _check_all_there(log_of(local))


def test_threads_of_one_service_make_one_chain(local: Engine) -> None:
    context = ticking()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(partial(_append, log_of(local, context)), [f"p{n}" for n in range(WRITERS)]))
    _check_all_there(log_of(local))


def test_more_than_a_statement_holds_enters_in_parts(local: Engine) -> None:
    log = log_of(local)
    large = [{**entry, "changes": "x" * (MOST_BYTES // 2)} for entry in entries("a", "b", "c")]
    log.append(large, actor())
    assert verify_chain(log, "w").entries == 3


def _write_batches(folder: Path, name: str) -> None:
    with local_engine.open_for_tests(folder) as engine:
        _append(log_of(engine, Context()), name)


def _append(log: AuditLog, name: str) -> None:
    for batch in range(BATCHES):
        log.append(entries(f"{name}-{batch}-first", f"{name}-{batch}-second"), actor())


def _check_all_there(log: AuditLog) -> None:
    stored = log.table.select(eq("workspace_id", "w"), order_by=("sequence",)).items
    assert [event.sequence for event in stored] == list(range(1, WRITERS * BATCHES * 2 + 1))
    assert verify_chain(log, "w").is_whole
    names = [event.entity_id for event in stored]
    assert set(Counter(names).values()) == {1}
    firsts = [number for number, name in enumerate(names) if name.endswith("-first")]
    assert all(names[n + 1] == names[n].replace("first", "second") for n in firsts)


# --- A12: what was tampered with shows -----------------------------------------------------------


def chain_of(log: AuditLog, length: int) -> list[AuditEvent]:
    log.append(entries(*(f"e{n}" for n in range(1, length + 1))), actor())
    return list(log.table.select(order_by=("sequence",)))


def replaced(local: Engine, log: AuditLog, rows: list[AuditEvent]) -> Verification:
    """What verifying says once the log holds `rows` instead, by an edit of its table."""
    local.execute(Statement(f"DELETE FROM {log.table.name.sql} WHERE true"))
    log.table.append(rows)
    return verify_chain(log, "w")


def test_a12_each_field_of_an_entry_is_covered(local: Engine) -> None:
    log = log_of(local)
    events = chain_of(log, 3)
    for name in AuditEvent.model_fields:
        if name in ("workspace_id", "sequence", "entry_hash", "previous_hash"):
            continue
        value = START - timedelta(days=1) if name == "created_at" else "forged"
        rows = [events[0], events[1].model_copy(update={name: value}), events[2]]
        found = replaced(local, log, rows).broken
        assert found is not None, name
        assert (found.sequence, "altered" in found.reason) == (2, True), name


def test_a12_random_tampering_is_found_at_its_first_link(local: Engine) -> None:
    log, chance = log_of(local), random.Random(12)
    events = chain_of(log, 9)
    for _ in range(18):
        at = chance.randrange(len(events) - 1)
        rows = list(events)
        tamper = chance.choice(["alter", "drop", "swap", "double", "rehash", "move"])
        if tamper == "alter":
            rows[at] = rows[at].model_copy(update={"actor": "nobody"})
        elif tamper == "drop":
            del rows[at]
        elif tamper == "swap":
            one, two = rows[at], rows[at + 1]
            rows[at] = two.model_copy(update={"sequence": one.sequence})
            rows[at + 1] = one.model_copy(update={"sequence": two.sequence})
        elif tamper == "double":
            rows.insert(at, rows[at])
        elif tamper == "rehash":
            forged = rows[at].model_copy(update={"actor": "nobody"})
            rows[at] = forged.model_copy(update={"entry_hash": entry_hash(forged)})
        else:
            rows[at] = rows[at].model_copy(update={"workspace_id": "elsewhere"})
        found = replaced(local, log, rows).broken
        assert found is not None, tamper
        # An entry that was hashed anew shows where the next one no longer follows it.
        assert found.sequence == at + (2 if tamper == "rehash" else 1), (tamper, found)


def test_a12_a_cut_tail_shows_beside_the_exported_head(local: Engine) -> None:
    log = log_of(local)
    events = chain_of(log, 4)
    kept = head_of(log, "w")
    assert verify_chain(log, "w", kept).is_whole
    assert replaced(local, log, events[:3]).is_whole  # without a head nothing tells
    found = verify_chain(log, "w", kept).broken
    assert found is not None
    assert (found.sequence, "tail was cut" in found.reason) == (4, True)
    local.execute(Statement(f"DELETE FROM {log.table.name.sql} WHERE true"))
    emptied = verify_chain(log, "w", kept).broken
    assert emptied is not None
    assert emptied.sequence == 1


def test_a12_a_chain_that_was_written_anew_shows_beside_the_exported_head(local: Engine) -> None:
    log = log_of(local)
    chain_of(log, 3)
    kept = head_of(log, "w")
    replaced(local, log, [])
    log.append(entries("e1", "forged", "e3"), actor())
    assert verify_chain(log, "w").is_whole
    found = verify_chain(log, "w", kept).broken
    assert found is not None
    assert (found.sequence, "replaced" in found.reason) == (3, True)
    assert verify_chain(log, "w", replace(kept, sequence=9)).broken is not None
