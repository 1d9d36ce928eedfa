"""CSV files, strictly: one header, every line as long as it, types that fit every value."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from dq_databricks.engine.local.database import Database
from dq_databricks.engine.local.literals import array, struct, text
from dq_databricks.errors import DamagedTableError, UnsupportedError

_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class CsvShape:
    """What a set of CSV files looks like: delimiter and DuckDB types by column."""

    delimiter: str
    columns: tuple[tuple[str, str], ...]

    def source(self, paths: list[str]) -> str:
        """The DuckDB table function that reads `paths`."""
        return _read_csv(paths, self.delimiter, self.columns)


def sniff(database: Database, files: list[Path], paths: list[str]) -> CsvShape:
    """Find delimiter, names and types, and check every line of every file.

    Raises DamagedTableError naming file and line for ragged lines, open quotes and bytes that
    are not UTF-8.
    """
    delimiter, names = _header(files[0])
    for file in files[1:]:
        if _header(file) != (delimiter, names):
            raise UnsupportedError(
                f"CSV files differ: the header of {file} is not that of {files[0]}"
            )
    everything = _read_csv(paths, delimiter, tuple((name, "VARCHAR") for name in names))
    typed = _read_csv(paths, delimiter, None)
    what = f"CSV {files[0]}"

    database.query(f"SELECT count(COLUMNS(*)) FROM {everything}", {}, what=what)
    described = database.query(f"DESCRIBE SELECT * FROM {typed}", {}, what=what)
    return CsvShape(delimiter, tuple(zip(names, _types(described), strict=True)))


def _types(described: pa.Table) -> list[str]:
    # A time of day has no Databricks type; as text nothing is lost.
    found = [str(name) for name in described["column_type"].to_pylist()]
    return [
        "VARCHAR" if name.startswith(("TIME", "INTERVAL")) and "STAMP" not in name else name
        for name in found
    ]


def _header(file: Path) -> tuple[str, tuple[str, ...]]:
    with file.open("rb") as lines:
        try:
            first = lines.readline().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DamagedTableError(f"CSV {file}, Line: 1: not UTF-8 ({error.reason})") from error
    if not first.strip():
        raise DamagedTableError(f"CSV {file} is empty: its first line must name the columns")
    delimiter = max(_DELIMITERS, key=first.count)
    names = tuple(next(csv.reader([first.rstrip("\r\n")], delimiter=delimiter)))
    _check_names(file, names)
    return delimiter, names


def _check_names(file: Path, names: tuple[str, ...]) -> None:
    folded = [name.lower() for name in names]
    for position, name in enumerate(names, start=1):
        if not name:
            raise DamagedTableError(f"CSV {file}, line 1: column {position} has no name")
        if folded.count(name.lower()) > 1:
            raise UnsupportedError(
                f"CSV {file}, line 1: two columns are named {name!r} when case is ignored; "
                "rename one of them"
            )


def _read_csv(paths: list[str], delimiter: str, columns: tuple[tuple[str, str], ...] | None) -> str:
    options = [
        array(paths),
        "header = true",
        f"delim = {text(delimiter)}",
        "quote = '\"'",
        "escape = '\"'",
        "skip = 0",
        "strict_mode = true",
        "null_padding = false",
        "ignore_errors = false",
        "hive_partitioning = false",
    ]
    if columns is None:
        options.append("sample_size = -1")
    else:
        options += ["auto_detect = false", f"columns = {struct(columns)}"]
    return f"read_csv({', '.join(options)})"
