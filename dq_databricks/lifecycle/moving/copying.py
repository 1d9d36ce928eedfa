"""Copy one table into a schema that is arriving, in statements that may be repeated or come late.

Rows are written by MERGE only, and only while the marker of this job stands in the target: a
statement that a stopped process carries out after the renaming is over finds nothing to write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import OutcomeUnknownError, RenameError, WriteConflictError
from dq_databricks.lifecycle.moving.checksums import has_text
from dq_databricks.lifecycle.moving.likeness import create_statement, make_alike
from dq_databricks.lifecycle.shape.compare import Difference
from dq_databricks.lifecycle.shape.shape import TableShape
from dq_databricks.lifecycle.state import DEADLINE_S, OPERATION, Operation
from dq_databricks.model.setting import Setting
from dq_databricks.model.tables import KEYS
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement


@dataclass(frozen=True, slots=True)
class Copying:
    """One table on its way: where it comes from, where it goes, and its shape.

    `marker` is the operation that stands in the target as long as this job may write there.
    """

    source: TableName
    target: TableName
    shape: TableShape
    marker: Operation

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that tell rows apart; of a table that is not ours all that can be compared."""
        known = KEYS.get(self.source.table, ())
        names = {column.name for column in self.shape.columns}
        if known and names.issuperset(known):
            return known
        return tuple(c.name for c in self.shape.columns if has_text(c.data_type))

    @property
    def is_append_only(self) -> bool:
        """Whether the table refuses updates and deletes."""
        return self.shape.properties.get("delta.appendOnly", "").lower() == "true"


def latest_version(engine: Engine, table: TableName) -> int:
    """The Delta version of a table now."""
    version = engine.inspect(TableRelation(table)).version
    if version is None:
        raise RenameError(f"{table} has no Delta versions any more: it cannot be copied")
    return version


def make_table(engine: Engine, copying: Copying) -> tuple[Difference, ...]:
    """Make the empty target where it is missing; what could not be made alike."""
    carry_out(engine, create_statement(copying.target, copying.shape, engine.facts))
    return make_alike(engine, copying.target, copying.shape)


def copy_table(engine: Engine, copying: Copying, version: int) -> tuple[Difference, ...]:
    """Make the target hold what the source holds at `version`; differences that remain.

    Whatever an earlier, killed run left there is completed.
    """
    is_new = copying.target not in engine.tables(copying.target.catalog, copying.target.schema)
    if is_new and engine.facts.has(Capability.CLONE):
        carry_out(engine, _clone_statement(copying, version))
        return make_alike(engine, copying.target, copying.shape)
    if not copying.key:
        carry_out(engine, _select_statement(copying, version))
        return make_alike(engine, copying.target, copying.shape)
    differences = make_table(engine, copying)
    fill(engine, copying, version, is_new=is_new)
    return differences


def fill(engine: Engine, copying: Copying, version: int, *, is_new: bool) -> None:
    """Bring the rows of the source at `version` over, and take away what is not among them."""
    carry_out(engine, merge_statement(copying, version, update=not is_new))
    if not is_new and not copying.is_append_only:
        carry_out(engine, _surplus_statement(copying, version))


def merge_statement(
    copying: Copying, version: int, *, update: bool, where: str = "true"
) -> Statement:
    """Insert the rows that are missing, and replace those that differ when `update`."""
    names = [column.name for column in copying.shape.columns]
    listed = ", ".join(map(quote, names))
    values = ", ".join(quote("s", name) for name in names)
    source = TableRelation(copying.source, version).sql
    rows = f"SELECT {listed} FROM {source} WHERE {where} AND {_guard(copying)}"
    text = f"MERGE INTO {copying.target.sql} AS t USING ({rows}) AS s ON {_same(copying.key)}"
    others = [name for name in _comparable(copying) if name not in copying.key]
    if update and others and not copying.is_append_only:
        pairs = ", ".join(f"{quote(n)} = {quote('s', n)}" for n in names if n not in copying.key)
        text += f" WHEN MATCHED AND NOT ({_same(others)}) THEN UPDATE SET {pairs}"
    text += f" WHEN NOT MATCHED THEN INSERT ({listed}) VALUES ({values})"
    return Statement(text, {"marker": copying.marker.text})


def late_statement(copying: Copying, verified: int, version: int) -> Statement:
    """Insert the rows that came into the source after `verified` and that the target lacks."""
    names = [column.name for column in copying.shape.columns]
    listed = ", ".join(map(quote, names))
    values = ", ".join(quote("s", name) for name in names)
    now, then = (TableRelation(copying.source, number).sql for number in (version, verified))
    rows = (
        f"SELECT {', '.join(quote('n', name) for name in names)} FROM {now} AS n "
        f"LEFT ANTI JOIN {then} AS o ON {_same(copying.key, 'n', 'o')}"
    )
    return Statement(
        f"MERGE INTO {copying.target.sql} AS t USING ({rows}) AS s ON {_same(copying.key)} "
        f"WHEN NOT MATCHED THEN INSERT ({listed}) VALUES ({values})"
    )


def edited_statement(copying: Copying, verified: int, version: int) -> Statement:
    """Count the rows of the source that were changed between two of its versions."""
    now, then = (TableRelation(copying.source, number).sql for number in (version, verified))
    others = [name for name in _comparable(copying) if name not in copying.key]
    same = _same(others, "n", "o") if others else "true"
    return Statement(
        f"SELECT count(*) AS edited FROM {now} AS n JOIN {then} AS o "
        f"ON {_same(copying.key, 'n', 'o')} WHERE NOT ({same})"
    )


def _clone_statement(copying: Copying, version: int) -> Statement:
    source = TableRelation(copying.source, version).sql
    return Statement(f"CREATE TABLE IF NOT EXISTS {copying.target.sql} DEEP CLONE {source}")


def _select_statement(copying: Copying, version: int) -> Statement:
    source = TableRelation(copying.source, version).sql
    return Statement(
        f"CREATE TABLE IF NOT EXISTS {copying.target.sql} USING DELTA AS SELECT * FROM {source}"
    )


def _surplus_statement(copying: Copying, version: int) -> Statement:
    key = ", ".join(quote("g", name) for name in copying.key)
    rows = (
        f"SELECT {key} FROM {copying.target.sql} AS g "
        f"LEFT ANTI JOIN {TableRelation(copying.source, version).sql} AS o "
        f"ON {_same(copying.key, 'g', 'o')} WHERE {_guard(copying)}"
    )
    return Statement(
        f"MERGE INTO {copying.target.sql} AS t USING ({rows}) AS s ON {_same(copying.key)} "
        "WHEN MATCHED THEN DELETE",
        {"marker": copying.marker.text},
    )


def _guard(copying: Copying) -> str:
    """True as long as the marker of this job stands in the target."""
    settings = TableName(copying.target.catalog, copying.target.schema, Setting.TABLE)
    return (
        f"EXISTS (SELECT 1 FROM {settings.sql} WHERE `key` = '{OPERATION}' AND `value` = :marker)"
    )


def _comparable(copying: Copying) -> list[str]:
    return [column.name for column in copying.shape.columns if has_text(column.data_type)]


def _same(columns: Iterable[str], one: str = "t", other: str = "s") -> str:
    return " AND ".join(f"{quote(one, c)} <=> {quote(other, c)}" for c in columns)


def carry_out(engine: Engine, statement: Statement) -> int:
    """Carry out a statement that may be repeated: after a conflict, and when its reply was lost.

    How many rows it changed, where the engine tells.
    """

    def attempt() -> int:
        try:
            return engine.execute(statement) or 0
        except OutcomeUnknownError as error:
            raise WriteConflictError(f"the reply was lost ({error})") from error

    return retrying(attempt, deadline_s=DEADLINE_S)
