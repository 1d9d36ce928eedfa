"""Statements and sessions: what they take, and when they are stopped."""

from __future__ import annotations

from dataclasses import replace

from dq_databricks.conformance.bench import Bench
from dq_databricks.conformance.question import Need, question
from dq_databricks.conformance.verdict import Answer, judged, not_tried, refuted
from dq_databricks.engine.protocol import Capability
from dq_databricks.errors import ExpressionError, StatementTimeoutError
from dq_databricks.sql.statement import Statement

MARKERS, LIMIT_S = 255, 2
_NUMBERS = "(SELECT explode(sequence(1, 100000)) AS n)"
_LONG = (
    f"SELECT count(*) AS n FROM {_NUMBERS} AS a CROSS JOIN {_NUMBERS} AS b "
    f"CROSS JOIN {_NUMBERS} AS c WHERE a.n + b.n + c.n = -1"
)


@question(
    "A statement takes 255 parameters by name",
    "batches beyond travel as one JSON parameter (engine/warehouse/batch.py)",
)
def parameter_limit(bench: Bench) -> Answer:
    """The sum of as many parameters; more are never sent by us."""
    names = [f"p{number}" for number in range(MARKERS)]
    text = f"SELECT {' + '.join(f':{name}' for name in names)} AS total"
    (row,) = bench.rows(text, **dict.fromkeys(names, 1))
    return judged(f"{MARKERS} parameters, their sum {row['total']}", holds=row["total"] == MARKERS)


@question(
    "STATEMENT_TIMEOUT of the session stops a statement, and the error says so",
    "DQ_STATEMENT_TIMEOUT_S is set once for each session (engine/warehouse/connect.py)",
    Need.WAREHOUSE,
)
def statement_timeout(bench: Bench) -> Answer:
    """A statement of hours under a limit of seconds."""
    with bench.reopen(replace(bench.settings, statement_timeout_s=LIMIT_S)) as engine:
        try:
            rows = engine.query(Statement(_LONG)).num_rows
        except StatementTimeoutError as error:
            return judged(f"stopped after {LIMIT_S} s: {error}", holds=True)
    return refuted(f"the statement gave {rows} rows although {LIMIT_S} s were allowed")


@question(
    "A session thinks in UTC and refuses what does not fit a type",
    "every engine answers alike; TIMEZONE and ANSI_MODE are set for each session",
)
def session_settings(bench: Bench) -> Answer:
    """The zone as a value, and a cast that must not become NULL."""
    hour = bench.rows("SELECT hour(CAST('2026-07-01 12:00:00Z' AS TIMESTAMP)) AS h")[0]["h"]
    try:
        found = bench.rows("SELECT CAST(word AS INT) AS n FROM (VALUES ('x')) AS t(word)")
    except ExpressionError:
        return judged(f"12:00 UTC is hour {hour}; the cast was refused", holds=hour == 12)
    return refuted(f"12:00 UTC is hour {hour}; a text became {found[0]['n']}")


@question(
    "A statement takes query tags",
    "statements carry the id of their run, for cost by run (engine/warehouse/running.py)",
    Capability.QUERY_TAGS,
)
def query_tags(bench: Bench) -> Answer:
    """A statement with a tag; that it shows in the query history is not looked at."""
    tagged = Statement("SELECT 1 AS one", tags={"dq_run_id": "conformance"})
    rows = bench.engine.query(tagged).to_pylist()
    return judged(f"{rows} with a tag", holds=rows == [{"one": 1}])


@question(
    "The connector speaks Thrift, and takes our retries in place of its own",
    "a write is never sent twice (engine/warehouse/policy.py); the kernel would refuse our sign-in",
    Need.WAREHOUSE,
)
def connector_backend(bench: Bench) -> Answer:
    """Opening a connection checks both; it fails where another backend is the default."""
    rows = bench.rows("SELECT 1 AS one")
    return judged("a connection took our retries and answered", holds=rows == [{"one": 1}])


@question(
    "A 503 without Retry-After never lets the connector send a write again",
    "engine/warehouse/policy.py; tests/contract/test_warehouse_faults.py tries it on the emulator",
)
def service_unavailable(_bench: Bench) -> Answer:
    """Nobody outside of the platform can make it answer so."""
    return not_tried("a 503 cannot be caused from outside; the emulator of the tests answers it")
