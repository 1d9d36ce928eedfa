"""What file statistics prove about a table: exact and complete over all files, or unknown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dq_databricks.engine.local.replay import DataFile, TableState
from dq_databricks.engine.protocol import ColumnInfo, ColumnStatistics, Scalar, TableStatistics

# Writers cut strings in statistics at 32 characters, some at 64 bytes.
_STRING_BYTES = 32
# Statistics are JSON; readers and writers pass numbers through doubles.
_EXACT_DIGITS = 15
_WHOLE = {"TINYINT", "SMALLINT", "INT", "BIGINT"}

Bounds = tuple[Scalar | None, Scalar | None]


@dataclass(frozen=True, slots=True)
class _FileColumn:
    """One column in one file: rows, nulls and bounds, None where the file does not prove them."""

    rows: int
    nulls: int | None
    low: Scalar | None
    high: Scalar | None


def delta_statistics(state: TableState, columns: Sequence[ColumnInfo]) -> TableStatistics:
    """Counts, nulls and bounds from the add actions of a Delta table.

    Unknown are: everything of a file with a deletion vector or without statistics, bounds marked
    as wide, of floats (NaN, -0.0), times (cut to milliseconds), long strings and long decimals.
    """
    files = list(state.files.values())
    parsed = [_statistics(file) for file in files]
    if any(entry is None for entry in parsed):
        return TableStatistics()
    found = [entry for entry in parsed if entry is not None]
    rows = sum(int(entry["numRecords"]) for entry in found)
    physical = {str(f["name"]): _physical_name(f) for f in state.fields}
    partitions = set(state.partition_columns)
    known = {
        column.name: _total(
            [
                _partition_value(file, entry, physical[column.name], column.data_type)
                if column.name in partitions
                else _logged_value(entry, physical[column.name], column.data_type)
                for file, entry in zip(files, found, strict=True)
            ]
        )
        for column in columns
    }
    return TableStatistics(rows, known)


def _statistics(file: DataFile) -> dict[str, Any] | None:
    if file.has_deletions or not file.statistics:
        return None
    try:
        parsed = json.loads(file.statistics, parse_float=Decimal)
    except ValueError:
        return None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("numRecords"), int):
        return None
    return parsed if parsed["numRecords"] >= 0 else None


def _physical_name(field: dict[str, Any]) -> str:
    metadata = field.get("metadata") or {}
    return str(metadata.get("delta.columnMapping.physicalName", field["name"]))


def _logged_value(entry: dict[str, Any], name: str, data_type: str) -> _FileColumn:
    rows = int(entry["numRecords"])
    nulls = _count((entry.get("nullCount") or {}).get(name), rows)
    if "<" in data_type or data_type == "VARIANT":
        return _FileColumn(rows, None, None, None)
    if entry.get("tightBounds", True) is not True:
        # Wide statistics count the rows before deletion.
        return _FileColumn(rows, None, None, None)
    low = _exact((entry.get("minValues") or {}).get(name), data_type)
    high = _exact((entry.get("maxValues") or {}).get(name), data_type)
    return _FileColumn(rows, nulls, low, high)


def _partition_value(
    file: DataFile, entry: dict[str, Any], name: str, data_type: str
) -> _FileColumn:
    rows = int(entry["numRecords"])
    if name not in file.partition_values:
        return _FileColumn(rows, None, None, None)
    text = file.partition_values[name]
    if text is None or text == "":
        return _FileColumn(rows, rows, None, None)
    value = _from_text(text, data_type)
    return _FileColumn(rows, 0, value, value)


def _count(value: Any, rows: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= rows else None


def _exact(value: Any, data_type: str) -> Scalar | None:
    """A JSON statistic as the value it stands for; None when it may have lost something."""
    if data_type in _WHOLE:
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if data_type == "BOOLEAN":
        return value if isinstance(value, bool) else None
    if data_type == "STRING":
        return value if isinstance(value, str) and len(value.encode()) < _STRING_BYTES else None
    if data_type == "DATE":
        return _date(value)
    if data_type.startswith("DECIMAL"):
        return _decimal(value, data_type)
    return None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _decimal(value: Any, data_type: str) -> Decimal | None:
    precision, scale = (int(part) for part in data_type[8:-1].split(","))
    if precision > _EXACT_DIGITS or isinstance(value, bool | float):
        return None
    try:
        number = Decimal(value)
        return number.quantize(Decimal(1).scaleb(-scale))
    except (InvalidOperation, TypeError, ValueError):
        return None


def _from_text(text: str, data_type: str) -> Scalar | None:
    try:
        if data_type in _WHOLE:
            return int(text)
        if data_type == "STRING":
            return text
        if data_type == "DATE":
            return date.fromisoformat(text)
        if data_type == "BOOLEAN":
            return {"true": True, "false": False}.get(text)
    except ValueError:
        return None
    return None


def _total(parts: Sequence[_FileColumn]) -> ColumnStatistics:
    nulls = [part.nulls for part in parts]
    null_count = sum(n for n in nulls if n is not None) if None not in nulls else None
    return ColumnStatistics(null_count, _bounds(parts))


def _bounds(parts: Sequence[_FileColumn]) -> Bounds | None:
    # A file without a value adds nothing; that it has none must itself be proven.
    filled = [part for part in parts if part.nulls is None or part.nulls < part.rows]
    if any(part.low is None or part.high is None for part in filled):
        return None
    if not filled:
        return (None, None)
    return (_extreme(min, [p.low for p in filled]), _extreme(max, [p.high for p in filled]))


def _extreme(choose: Any, values: Sequence[Scalar | None]) -> Scalar | None:
    if all(isinstance(value, str) for value in values):
        # Databricks SQL orders strings by their bytes.
        text: Scalar = choose(values, key=lambda value: str(value).encode())
        return text
    found: Scalar | None = choose(values)
    return found


def parquet_statistics(
    footers: Sequence[pq.FileMetaData], columns: Sequence[ColumnInfo]
) -> TableStatistics:
    """Counts, nulls, bounds and bytes from the footers of plain parquet files."""
    flat = _flat_leaves(footers[0])
    sizes = _bytes_by_leaf(footers)
    known = {
        column.name: _footer_column(footers, flat[column.name], column.data_type)
        if column.name in flat
        else ColumnStatistics()
        for column in columns
    }
    known = {name: replace(entry, bytes=sizes.get(name)) for name, entry in known.items()}
    return TableStatistics(sum(footer.num_rows for footer in footers), known)


def _flat_leaves(footer: pq.FileMetaData) -> dict[str, int]:
    """Leaf numbers of the columns that are no list, map or struct, where a name has one leaf."""
    paths = [footer.schema.column(n).path for n in range(footer.num_columns)]
    fields = {f.name: f.type for f in footer.schema.to_arrow_schema()}
    return {
        path: n
        for n, path in enumerate(paths)
        if path in fields and paths.count(path) == 1 and not _is_unproven(fields[path])
    }


def _is_unproven(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or (pa.types.is_timestamp(kind) and kind.unit == "ns"))


def _bytes_by_leaf(footers: Sequence[pq.FileMetaData]) -> dict[str, int]:
    """Compressed bytes by column; a nested column is the sum of its leaves."""
    owners = _leaf_owners(footers[0])
    sizes: dict[str, int] = {}
    for footer in footers:
        for group in range(footer.num_row_groups):
            chunks = footer.row_group(group)
            for leaf, owner in enumerate(owners):
                sizes[owner] = sizes.get(owner, 0) + chunks.column(leaf).total_compressed_size
    return sizes


def _leaf_owners(footer: pq.FileMetaData) -> list[str]:
    names = set(footer.schema.to_arrow_schema().names)
    paths = [footer.schema.column(n).path for n in range(footer.num_columns)]
    return [path if path in names else path.split(".")[0] for path in paths]


def _footer_column(
    footers: Sequence[pq.FileMetaData], leaf: int, data_type: str
) -> ColumnStatistics:
    return _total(
        [
            _chunk(footer.row_group(group).column(leaf), data_type)
            for footer in footers
            for group in range(footer.num_row_groups)
        ]
    )


def _chunk(chunk: pq.ColumnChunkMetaData, data_type: str) -> _FileColumn:
    rows, found = chunk.num_values, chunk.statistics
    if rows == 0:
        return _FileColumn(0, 0, None, None)
    if found is None or not found.has_null_count:
        return _FileColumn(rows, None, None, None)
    if not found.has_min_max:
        return _FileColumn(rows, found.null_count, None, None)
    try:
        low, high = (_footer_value(value, data_type) for value in (found.min, found.max))
    except (ValueError, OverflowError, pa.ArrowException):
        # Dates and times beyond the years of Python.
        low = high = None
    return _FileColumn(rows, found.null_count, low, high)


def _footer_value(value: Any, data_type: str) -> Scalar | None:
    if data_type in _WHOLE:
        return value if isinstance(value, int) else None
    if data_type == "BOOLEAN":
        return value if isinstance(value, bool) else None
    if data_type == "STRING":
        return value if isinstance(value, str) and len(value.encode()) < _STRING_BYTES else None
    if data_type == "DATE":
        return value if isinstance(value, date) and not isinstance(value, datetime) else None
    if data_type.startswith("DECIMAL"):
        return value if isinstance(value, Decimal) else None
    if data_type == "TIMESTAMP" and isinstance(value, datetime):
        return value if value.tzinfo is not None else None
    return None
