"""What tables tell of themselves, and what DDL does to them."""

from __future__ import annotations

from statistics import median

from dq_databricks.conformance.bench import Bench
from dq_databricks.conformance.question import Need, question
from dq_databricks.conformance.verdict import Answer, judged, not_tried, refuted
from dq_databricks.engine.protocol import Capability
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import TableRelation

CHECKS = 5
HISTORY = ("version", "timestamp", "operation", "operationParameters", "operationMetrics")
DETAIL = ("id", "numFiles", "sizeInBytes")
INFORMATION = {
    "schemata": ("schema_name",),
    "tables": ("table_schema", "table_name"),
    "columns": (
        "table_schema",
        "table_name",
        "column_name",
        "full_data_type",
        "is_nullable",
        "comment",
        "ordinal_position",
    ),
}


@question(
    "Whether a table changed is told by one cheap statement",
    "an unchanged table carries its results forward; DQ_CACHE_TTL_S trusts metadata for seconds",
    Capability.HISTORY,
)
def freshness_cost(bench: Bench) -> Answer:
    """The newest commit asked for several times, with a commit in between."""
    table = bench.new_table("n BIGINT")
    before = _newest(bench, table)
    bench.run(f"INSERT INTO {table.sql} VALUES (1)")
    spent, versions = [], []
    for _ in range(CHECKS):
        started = bench.context.monotonic()
        versions.append(_newest(bench, table))
        spent.append(bench.context.monotonic() - started)
    seen = f"{CHECKS} checks, one statement each, median {median(spent) * 1000:.0f} ms"
    return judged(seen, holds=versions == [before + 1] * CHECKS)


def _newest(bench: Bench, table: TableName) -> int:
    (row,) = bench.rows(f"DESCRIBE HISTORY {table.sql} LIMIT 1")
    return int(row["version"])


@question(
    "DESCRIBE HISTORY has the columns that are read",
    "versions, restore points and waiting for a commit (engine/restoring.py, lifecycle/points)",
    Capability.HISTORY,
)
def history_columns(bench: Bench) -> Answer:
    """The columns of a table of one commit."""
    table = bench.new_table("n BIGINT")
    return _has(bench.rows(f"DESCRIBE HISTORY {table.sql}"), HISTORY)


@question(
    "DESCRIBE DETAIL has the columns that are read",
    "size and fingerprint of a table (engine/warehouse/inspection.py)",
    Capability.HISTORY,
)
def detail_columns(bench: Bench) -> Answer:
    """The columns of an empty table."""
    table = bench.new_table("n BIGINT")
    return _has(bench.rows(f"DESCRIBE DETAIL {table.sql}"), DETAIL)


@question(
    "information_schema has the listings and columns that are read, and shows a table at once",
    "discovery and inspection (quality/sources.py, engine/warehouse/inspection.py)",
)
def information_schema(bench: Bench) -> Answer:
    """Each listing for the scratch schema."""
    if bench.engine.facts.name == "spark":
        return not_tried("Spark without Unity Catalog has no information_schema")
    bench.new_table("n BIGINT")
    empty = []
    for listing, columns in INFORMATION.items():
        own = "schema_name" if listing == "schemata" else "table_schema"
        text = (
            f"SELECT {', '.join(columns)} FROM {quote(bench.catalog)}.information_schema.{listing}"
        )
        if not bench.rows(f"{text} WHERE {own} = :schema", schema=bench.schema):
            empty.append(listing)
    listings = ", ".join(INFORMATION)
    return judged(f"read {listings}; empty: {', '.join(empty) or 'none'}", holds=not empty)


@question(
    "Adding a column that is there is refused, and changes nothing",
    "migrations look before they add, and need no ADD COLUMN IF NOT EXISTS (lifecycle/migrations)",
)
def add_existing_column(bench: Bench) -> Answer:
    """The same column twice; beside it, whether IF NOT EXISTS is taken."""
    table = bench.new_table("n BIGINT")
    again = bench.refusal(f"ALTER TABLE {table.sql} ADD COLUMNS (n BIGINT)")
    shorter = bench.refusal(f"ALTER TABLE {table.sql} ADD COLUMN IF NOT EXISTS n BIGINT")
    columns = [column.name for column in bench.engine.inspect(TableRelation(table)).columns]
    seen = f"IF NOT EXISTS is {'refused' if shorter else 'taken'}; without it: {again or 'taken'}"
    return judged(seen, holds=bool(again) and columns == ["n"])


@question(
    "ALTER COLUMN … COMMENT gives a column its comment",
    "the DDL comments columns this way; COMMENT ON COLUMN is used nowhere (ddl/)",
)
def column_comments(bench: Bench) -> Answer:
    """A comment, read back; beside it, whether COMMENT ON COLUMN is taken."""
    table = bench.new_table("n BIGINT")
    bench.run(f"ALTER TABLE {table.sql} ALTER COLUMN n COMMENT 'rows'")
    (column,) = bench.engine.inspect(TableRelation(table)).columns
    other = bench.refusal(f"COMMENT ON COLUMN {table.sql}.n IS 'more'")
    seen = f"comment {column.comment!r}; COMMENT ON COLUMN is {'refused' if other else 'taken'}"
    return judged(seen, holds=column.comment == "rows")


@question(
    "New tables have deletion vectors, which let writers of different rows pass each other",
    "small entities share a table without queueing (design rule); without them more is repeated",
    Need.WAREHOUSE,
)
def deletion_vectors(bench: Bench) -> Answer:
    """The features of a table made as ours are."""
    table = bench.new_table("n BIGINT")
    (detail,) = bench.rows(f"DESCRIBE DETAIL {table.sql}")
    features = sorted(detail.get("tableFeatures") or [])
    return judged(f"features {features}", holds="deletionVectors" in features)


@question(
    "A deep clone has the rows; grants are carried over by us, whether it brings them or not",
    "renaming the schema clones and grants (lifecycle/moving/copying.py, privileges.py)",
    Capability.CLONE,
    Capability.GRANTS,
)
def clone_and_grants(bench: Bench) -> Answer:
    """A granted table, cloned."""
    table = bench.new_table("n BIGINT")
    bench.run(f"INSERT INTO {table.sql} VALUES (1), (2)")
    user = bench.rows("SELECT current_user() AS name")[0]["name"]
    bench.run(f"GRANT SELECT ON TABLE {table.sql} TO {quote(user)}")
    copy = TableName(table.catalog, table.schema, f"{table.table}_copy")
    bench.run(f"CREATE TABLE IF NOT EXISTS {copy.sql} DEEP CLONE {table.sql}")
    rows = bench.rows(f"SELECT count(*) AS n FROM {copy.sql}")[0]["n"]
    own, cloned = (len(bench.rows(f"SHOW GRANTS ON TABLE {name.sql}")) for name in (table, copy))
    return judged(
        f"{rows} of 2 rows; grants {own} on the table, {cloned} on its clone", holds=rows == 2
    )


def _has(rows: list[dict[str, object]], columns: tuple[str, ...]) -> Answer:
    there = set(rows[0]) if rows else set()
    if missing := [name for name in columns if name not in there]:
        return refuted(f"missing {', '.join(missing)}; there are {', '.join(sorted(there))}")
    return judged(f"{len(columns)} of {len(there)} columns are read", holds=True)
