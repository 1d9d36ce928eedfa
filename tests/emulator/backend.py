"""A statement of a warehouse, carried out by the engine behind the emulator."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.warehouse.types import sql_type
from dq_databricks.errors import TableNotFoundError, UnsupportedError
from dq_databricks.sql.statement import Statement

_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_READS = {"SELECT", "WITH", "VALUES", "DESCRIBE", "DESC", "SHOW", "EXPLAIN", "("}
_CHANGES = {"INSERT", "UPDATE", "DELETE"}
_QUERY = re.compile(r"DESCRIBE\s+QUERY\s+", re.IGNORECASE)
_NAME = r"((?:`(?:[^`]|``)*`|\w+)(?:\.(?:`(?:[^`]|``)*`|\w+))*)"
_DRY_RUN = re.compile(r"VACUUM\b.*\bDRY\s+RUN\s*", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(rf"MERGE\s+INTO\s+{_NAME}", re.IGNORECASE)
_LOG = re.compile(rf"DESC(?:RIBE)?\s+(?:HISTORY|DETAIL)\s+{_NAME}", re.IGNORECASE)
MAX_PARAMETERS, MAX_BYTES = 255, 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a warehouse: rows, and how many it changed."""

    rows: pa.Table
    changed: int | None = None


@dataclass(slots=True)
class Backend:
    """Any engine, spoken to as a warehouse is."""

    engine: Engine
    _merging: threading.Lock = field(default_factory=threading.Lock)

    def carry_out(self, statement: Statement) -> Outcome:
        body = _COMMENTS.sub("", statement.text, count=1)
        word = "(" if body.startswith("(") else body.split(None, 1)[0].upper() if body else ""
        if _QUERY.match(body):
            return Outcome(self._described(Statement(_QUERY.sub("", body), statement.parameters)))
        if match := _LOG.match(body):
            return Outcome(self._of_log(statement, match[1]))
        if word in _READS or _DRY_RUN.fullmatch(body):
            return Outcome(self.engine.query(statement))
        if word == "MERGE":
            return self._merged(statement, body)
        changed = self.engine.execute(statement)
        return _changed(changed, word) if word in _CHANGES else Outcome(pa.table({}), changed)

    def _described(self, query: Statement) -> pa.Table:
        empty = Statement(f"SELECT * FROM ({query.text}) LIMIT 0", query.parameters)
        schema = self.engine.query(empty).schema
        return pa.table(
            {
                "col_name": pa.array(schema.names, pa.string()),
                "data_type": pa.array([sql_type(field.type) for field in schema], pa.string()),
                "comment": pa.nulls(len(schema), pa.string()),
            }
        )

    def _of_log(self, statement: Statement, name: str) -> pa.Table:
        try:
            return self.engine.query(statement)
        except TableNotFoundError:
            # A warehouse tells a view from a table that is not there.
            self.engine.query(Statement(f"SELECT * FROM {name} LIMIT 0"))
            raise UnsupportedError(f"{name}: expects a table but it is a view") from None

    def _merged(self, statement: Statement, body: str) -> Outcome:
        # The engine tells one number; the commit it made tells the rest. No other merge may
        # come between.
        with self._merging:
            changed = self.engine.execute(statement) or 0
            found = _TARGET.match(body)
            inserted, updated = self._split(found[1], changed) if found and changed else (0, 0)
        counts = {
            "num_affected_rows": changed,
            "num_updated_rows": updated,
            "num_deleted_rows": changed - inserted - updated,
            "num_inserted_rows": inserted,
        }
        return Outcome(_row(counts), changed)

    def _split(self, table: str, changed: int) -> tuple[int, int]:
        history = self.engine.query(Statement(f"DESCRIBE HISTORY {table}")).to_pylist()
        commit = next(entry for entry in history if entry["operation"] == "MERGE")
        metrics = {
            name.replace("_", "").lower(): int(value)
            for name, value in dict(commit["operationMetrics"]).items()
        }
        return metrics["numtargetrowsinserted"], metrics["numtargetrowsupdated"]


def _changed(changed: int | None, word: str) -> Outcome:
    counts = {"num_affected_rows": changed}
    if word == "INSERT":
        counts["num_inserted_rows"] = changed
    return Outcome(_row(counts), changed)


def _row(counts: Mapping[str, int | None]) -> pa.Table:
    return pa.table({name: pa.array([count], pa.int64()) for name, count in counts.items()})
