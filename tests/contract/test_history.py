"""Every commit is a version; a pinned relation shows what was there then."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from tests.support.contract import arrow, create, rows, run

ID = [("id", pa.int64())]


def test_history_and_time_travel(engine: Engine) -> None:
    assert engine.facts.has(Capability.HISTORY)
    assert engine.facts.has(Capability.TIME_TRAVEL)
    name = create(engine, "past", "id BIGINT")
    engine.append(name, arrow(ID, [1]))
    engine.append(name, arrow(ID, [2]))
    run(engine, f"DELETE FROM {name.sql} WHERE id = 1")
    history = engine.query(Statement(f"DESCRIBE HISTORY {name.sql}")).to_pylist()
    assert [entry["version"] for entry in history] == [3, 2, 1, 0]
    assert history[0]["operation"] == "DELETE"
    assert all(entry["timestamp"].tzinfo is not None for entry in history)

    latest = TableRelation(name)
    count = "SELECT count(*), sum(id) FROM {}"
    answers = [rows(engine, count.format(latest.at(v).sql)) for v in (1, 2, 3, None)]
    assert answers == [[(1, 1)], [(2, 3)], [(1, 2)], [(1, 2)]]
    both = (
        f"SELECT a.id FROM {latest.at(2).sql} AS a LEFT ANTI JOIN {latest.sql} AS b ON a.id = b.id"
    )
    assert rows(engine, both) == [(1,)]
    then = history[1]["timestamp"]
    assert rows(engine, f"SELECT count(*) FROM {name.sql} TIMESTAMP AS OF :t", t=then) == [(2,)]


def test_inspect_pins_the_latest_version(engine: Engine) -> None:
    name = create(engine, "pinned", "id BIGINT, s STRING")
    both = [*ID, ("s", pa.string())]
    engine.append(name, arrow(both, (1, "a"), (2, None)))
    pinned = engine.inspect(TableRelation(name))
    engine.append(name, arrow(both, (3, "c")))
    later = engine.inspect(TableRelation(name))
    assert (pinned.version, later.version) == (1, 2)
    assert pinned.relation == TableRelation(name, 1)
    assert pinned.fingerprint != later.fingerprint
    assert engine.inspect(TableRelation(name)).fingerprint == later.fingerprint
    assert later.modified_at is not None
    assert abs(later.modified_at - datetime.now(UTC)).total_seconds() < 3600
    assert rows(engine, f"SELECT count(*) FROM {pinned.relation.sql}") == [(2,)]
    again = engine.inspect(pinned.relation)
    assert (again.version, again.fingerprint) == (1, pinned.fingerprint)


def test_statistics_are_proven_or_unknown(engine: Engine) -> None:
    name = create(engine, "counted", "id BIGINT, s STRING")
    engine.append(name, arrow([*ID, ("s", pa.string())], (1, "a"), (2, None)))
    engine.append(name, arrow([*ID, ("s", pa.string())], (5, None)))
    known = engine.inspect(TableRelation(name)).statistics
    if engine.facts.has(Capability.FILE_STATISTICS):
        assert known.row_count == 3
        assert (known.columns["s"].null_count, known.columns["id"].bounds) == (2, (1, 5))
    else:
        assert known.row_count is None
        assert all(c.null_count is None and c.bounds is None for c in known.columns.values())
