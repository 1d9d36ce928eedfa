"""Writers that meet: what one statement of each leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import pyarrow as pa

from dq_databricks.conformance.bench import Bench, at_once
from dq_databricks.conformance.question import question
from dq_databricks.conformance.verdict import Answer, judged, not_tried
from dq_databricks.errors import QualityError, WriteConflictError
from dq_databricks.sql.identifiers import TableName

ROUNDS, WRITERS = 3, 4


@question(
    "Of writers that MERGE the same new key at once, one row comes",
    "keyed rows are inserted by one conditional MERGE, with no lock (store/conditional.py)",
)
def merge_same_new_key(bench: Bench) -> Answer:
    """Several rounds of writers, each round with a key of its own."""
    table = bench.new_table("id STRING, n BIGINT")
    given: list[object] = []
    for number in range(ROUNDS):
        writing = [partial(_insert_missing, bench, table, f"k{number}", n) for n in range(WRITERS)]
        given += at_once(writing)
    counts = [row["rows"] for row in _counts(bench, table)]
    seen = f"{ROUNDS} rounds of {WRITERS}: rows a key {counts}; {_ends(given)}"
    return judged(seen, holds=counts == [1] * ROUNDS and not _foreign(given))


@question(
    "A plain INSERT is never refused beside a MERGE of the same key, so it may leave a second row",
    "rows with a key are never appended; only events are (design rule of every store)",
)
def insert_beside_merge(bench: Bench) -> Answer:
    """The race that must not be built into the code: how it ends here."""
    table = bench.new_table("id STRING, n BIGINT")
    plain = f"INSERT INTO {table.sql} VALUES (:id, 0)"
    inserted: list[object] = []
    for number in range(ROUNDS):
        key = f"k{number}"
        insert, merge = partial(bench.run, plain, id=key), partial(_insert_missing, bench, table)
        inserted.append(at_once([insert, partial(merge, key, 1)])[0])
    counts = [row["rows"] for row in _counts(bench, table)]
    seen = f"rows a key {counts}; INSERT: {_ends(inserted)}"
    whole = len(counts) == ROUNDS and not any(isinstance(one, QualityError) for one in inserted)
    return judged(seen, holds=whole)


@question(
    "Of writers that UPDATE one version of a row at once, one is told that it changed a row",
    "edits compare the version in the WHERE clause and read the count of rows (store/access.py)",
)
def update_counts(bench: Bench) -> Answer:
    """Optimistic locking, with the affected rows as the answer."""
    table = bench.new_table("id STRING, version BIGINT")
    bench.run(f"INSERT INTO {table.sql} VALUES ('a', 1)")
    text = f"UPDATE {table.sql} SET version = version + 1 WHERE id = 'a' AND version = 1"
    given = at_once([partial(bench.run, text)] * WRITERS)
    (row,) = bench.rows(f"SELECT version FROM {table.sql}")
    seen = f"version {row['version']} after {WRITERS} writers: {_ends(given)}"
    return judged(seen, holds=row["version"] == 2 and given.count(1) == 1 and not _foreign(given))


@question(
    "Writers of different rows of a small table all get through, at the latest by repeating",
    "a lost race is repeated with jitter, not queued (engine/retry.py)",
)
def update_different_rows(bench: Bench) -> Answer:
    """How many of the first tries conflict; row-level concurrency would let all pass."""
    table = bench.new_table("id STRING, n BIGINT")
    names = ", ".join(f"('r{n}', 0)" for n in range(WRITERS))
    bench.run(f"INSERT INTO {table.sql} VALUES {names}")
    text = f"UPDATE {table.sql} SET n = n + 1 WHERE id = :id"
    writing = {f"r{n}": partial(bench.run, text, id=f"r{n}") for n in range(WRITERS)}
    given = at_once(list(writing.values()))
    lost = [name for name, end in zip(writing, given, strict=True) if isinstance(end, QualityError)]
    for name in lost:
        writing[name]()
    total = bench.rows(f"SELECT sum(n) AS total FROM {table.sql}")[0]["total"]
    seen = f"{len(lost)} of {WRITERS} first tries were refused; {total} updates are stored"
    return judged(seen, holds=total == WRITERS and not _foreign(given))


@question(
    "MERGE tells rows inserted and rows updated apart",
    "the counts of a merge say whether a claim or an edit won (engine/protocol.py)",
)
def merge_counts(bench: Bench) -> Answer:
    """One merge that inserts two rows, then one that updates one and inserts one."""
    table = bench.new_table("id STRING, n BIGINT")
    first = bench.engine.merge(table, pa.table({"id": ["a", "b"], "n": [1, 1]}), on=["id"])
    again = bench.engine.merge(table, pa.table({"id": ["b", "c"], "n": [2, 2]}), on=["id"])
    found = [(first.inserted, first.updated), (again.inserted, again.updated)]
    return judged(f"inserted and updated: {found}", holds=found == [(2, 0), (1, 1)])


@question(
    "A conflict is told by SQLSTATE 2D521 or a name we know, never as another error",
    "only classified conflicts are repeated (engine/classify.py)",
)
def conflicts_are_classified(bench: Bench) -> Answer:
    """Rounds of deletes and updates of the same rows."""
    table = bench.new_table("id STRING, n BIGINT")
    bench.run(f"INSERT INTO {table.sql} VALUES ('a', 0), ('b', 0)")
    update = partial(bench.run, f"UPDATE {table.sql} SET n = n + 1")
    delete = partial(bench.run, f"DELETE FROM {table.sql} WHERE n < 0 OR id = 'b'")
    given = [end for _ in range(ROUNDS) for end in at_once([update, delete, update])]
    if not any(isinstance(end, WriteConflictError) for end in given) and not _foreign(given):
        return not_tried(f"no conflict came up in {ROUNDS} rounds: {_ends(given)}")
    return judged(_ends(given), holds=not _foreign(given))


# --- below ---------------------------------------------------------------------------------------


def _insert_missing(bench: Bench, table: TableName, key: str, n: int) -> int | None:
    return bench.run(
        f"MERGE INTO {table.sql} AS t USING (SELECT :id AS id, :n AS n) AS s ON t.id = s.id "
        "WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)",
        id=key,
        n=n,
    )


def _counts(bench: Bench, table: TableName) -> list[dict[str, int]]:
    return bench.rows(f"SELECT id, count(*) AS rows FROM {table.sql} GROUP BY id ORDER BY id")


def _foreign(given: Sequence[object]) -> list[object]:
    """Failures that are no conflict."""
    failed = [one for one in given if isinstance(one, QualityError)]
    return [one for one in failed if not isinstance(one, WriteConflictError)]


def _ends(given: Sequence[object]) -> str:
    """How the writers ended, as in ``1 row: 2, WriteConflictError: 4``."""
    words = Counter(
        type(one).__name__ if isinstance(one, QualityError) else f"{one} row(s)" for one in given
    )
    return ", ".join(f"{word} × {count}" for word, count in sorted(words.items()))
