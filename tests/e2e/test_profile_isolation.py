"""One column that cannot be measured costs its neighbours nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dq_databricks import Quality
from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import ExpressionError
from dq_databricks.settings import Settings
from dq_databricks.sql.statement import Statement


class WithoutLetters(LocalEngine):
    """Cannot group the column `letters`, whatever else a statement groups."""

    def query(self, statement: Statement) -> pa.Table:
        if "`letters` AS group_value" in statement.text:
            raise ExpressionError("letters cannot be grouped")
        return super().query(statement)


def test_a_column_that_cannot_be_grouped_spares_those_of_its_statement(tmp_path: Path) -> None:
    path = tmp_path / "mixed.parquet"
    rows = {"letters": ["a", "b", "b"], "numbers": [1, 2, 2], "flags": ["x", "x", "y"]}
    pq.write_table(pa.table(rows), path)
    home = tmp_path / "home"
    engine = WithoutLetters(home, durable=False)
    with Quality(Settings(home=home, durable=False), engine) as quality:
        (table,) = quality.profile(str(path)).tables
    columns = {column.column_name: column for column in table.columns}
    assert "cannot be grouped" in (columns["letters"].error_message or "")
    for name in ("numbers", "flags"):
        found = columns[name]
        assert (found.distinct_count, found.distinct_is_exact) == (2, True)
        assert found.error_message is None


def test_unsigned_numbers_of_a_file_are_profiled(quality: Quality, tmp_path: Path) -> None:
    path = tmp_path / "unsigned.parquet"
    types = {"tiny": pa.uint8(), "short": pa.uint16(), "whole": pa.uint32(), "long": pa.uint64()}
    pq.write_table(pa.table({name: pa.array([1, 200], kind) for name, kind in types.items()}), path)
    with quality:
        (table,) = quality.profile(str(path)).tables
    assert {column.error_message for column in table.columns} == {None}
    assert [(c.min_value, c.max_value, c.distinct_count) for c in table.columns] == [
        ("1", "200", 2)
    ] * 4
