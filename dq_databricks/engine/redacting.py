"""An engine that keeps secrets out of errors and out of tables, whatever engine it is over.

Known values are taken out of what is written, and errors lose what looks like a secret as well.
What a query gives is not looked at: those are the rows of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kind

from dq_databricks.engine.protocol import Engine, EngineFacts, MergeCounts, Snapshot
from dq_databricks.errors import QualityError
from dq_databricks.model.redacting import Redaction
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Parameter, Statement


class RedactingEngine:
    """`engine`, where nothing that `redaction` knows gets into a table or an error."""

    def __init__(self, engine: Engine, redaction: Redaction) -> None:
        self.engine, self._redaction = engine, redaction

    @classmethod
    def over(cls, engine: Engine, redaction: Redaction) -> RedactingEngine:
        """`engine` with this in front, once."""
        return engine if isinstance(engine, cls) else cls(engine, redaction)

    @property
    def facts(self) -> EngineFacts:
        """The facts of the wrapped engine."""
        return self.engine.facts

    def query(self, statement: Statement) -> pa.Table:
        """See `Engine.query`."""
        with self._discreet():
            return self.engine.query(statement)

    def execute(self, statement: Statement) -> int | None:
        """See `Engine.execute`."""
        with self._discreet():
            return self.engine.execute(self._cleaned(statement))

    def append(self, table: TableName, rows: pa.Table) -> None:
        """See `Engine.append`."""
        with self._discreet():
            self.engine.append(table, self._without(rows))

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """See `Engine.merge`."""
        with self._discreet():
            cleaned = self._without(rows)
            return self.engine.merge(table, cleaned, on=on, update=update, counter=counter)

    def inspect(self, relation: Relation) -> Snapshot:
        """See `Engine.inspect`."""
        with self._discreet():
            return self.engine.inspect(relation)

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """See `Engine.restore`."""
        with self._discreet():
            self.engine.restore(table, version, expected_version=expected_version)

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """See `Engine.tables`."""
        with self._discreet():
            return self.engine.tables(catalog, schema)

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """See `Engine.views`."""
        with self._discreet():
            return self.engine.views(catalog, schema)

    def cancel(self) -> None:
        """See `Engine.cancel`."""
        self.engine.cancel()

    def close(self) -> None:
        """See `Engine.close`."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- below -----------------------------------------------------------------------------

    @contextmanager
    def _discreet(self) -> Iterator[None]:
        try:
            yield
        except QualityError as error:
            error.args = tuple(
                self._redaction(part) if isinstance(part, str) else part for part in error.args
            )
            raise

    def _cleaned(self, statement: Statement) -> Statement:
        cleaned = {name: self._value(value) for name, value in statement.parameters.items()}
        if cleaned == statement.parameters:
            return statement
        return Statement(statement.text, cleaned, statement.tags)

    def _value(self, value: Parameter) -> Parameter:
        if isinstance(value, str):
            return self._redaction.hide(value)
        if isinstance(value, list | tuple):
            return [self._redaction.hide(str(item)) for item in value]
        return value

    def _without(self, rows: pa.Table) -> pa.Table:
        """`rows` with known values hidden; they are looked for where columns hold text."""
        if (pattern := self._redaction.pattern) is None:
            return rows
        for position, field in enumerate(rows.schema):
            if not _is_text(field.type):
                continue
            column = rows.column(position)
            if pc.any(pc.match_substring_regex(column, pattern)).as_py():
                hidden = [None if text is None else self._redaction.hide(text)
                          for text in column.to_pylist()]  # fmt: skip
                rows = rows.set_column(position, field, pa.chunked_array([hidden], field.type))
        return rows


def _is_text(arrow: pa.DataType) -> bool:
    return bool(kind.is_string(arrow) or kind.is_large_string(arrow))
