"""Two writers on one keyed table lose nothing and double nothing.

A support module that offers `contender(engine, folder)`, a picklable opener of a second engine
on the same tables, races in processes of its own; the others race in two threads.
"""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from tests.support.contract import arrow, create, rows, run
from tests.support.engines import ENGINES

KEYS = 4
COLUMNS = [("id", pa.string()), ("owner", pa.string()), ("n", pa.int64())]
DEADLINE_S = 120.0


def test_two_writers_lose_and_double_nothing(engine: Engine, tmp_path: Path) -> None:
    name = create(engine, "raced", "id STRING, owner STRING, n BIGINT")
    run(engine, f"INSERT INTO {name.sql} VALUES ('counter', 'both', 0)")
    with _pool(engine) as pool:
        opener = _opener(engine, tmp_path)
        work = [pool.submit(_write, opener, name, owner) for owner in ("left", "right")]
        inserted = sum(done.result() for done in work)
    assert inserted == KEYS
    assert rows(engine, f"SELECT id, count(*) FROM {name.sql} GROUP BY id ORDER BY id") == [
        ("counter", 1),
        *[(f"k{n}", 1) for n in range(KEYS)],
    ]
    assert rows(engine, f"SELECT n FROM {name.sql} WHERE id = 'counter'") == [(2 * KEYS,)]


def _write(opener: Callable[[], Engine], name: TableName, owner: str) -> int:
    """Insert the same keys as the other writer and count up one shared row; keys we inserted."""
    inserted = 0
    count_up = Statement(f"UPDATE {name.sql} SET n = n + 1 WHERE id = 'counter'")
    with opener() as engine:
        for number in range(KEYS):
            row = arrow(COLUMNS, (f"k{number}", owner, number))
            insert = partial(engine.merge, name, row, on=["id"], update=False)
            inserted += retrying(insert, deadline_s=DEADLINE_S).inserted
            assert retrying(partial(engine.execute, count_up), deadline_s=DEADLINE_S) == 1
    return inserted


def _contender(engine: Engine) -> Callable[[Engine, Path], Callable[[], Engine]] | None:
    return getattr(importlib.import_module(ENGINES[engine.facts.name]), "contender", None)


def _opener(engine: Engine, folder: Path) -> Callable[[], Engine]:
    contender = _contender(engine)
    return contender(engine, folder) if contender else partial(nullcontext, engine)


def _pool(engine: Engine) -> Executor:
    if _contender(engine) is None:
        return ThreadPoolExecutor(2)
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
