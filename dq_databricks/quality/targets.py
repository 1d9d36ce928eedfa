"""TARGET as people type it: a file, a glob, a Delta folder or `catalog.schema.table`."""

from __future__ import annotations

import difflib
import re
from glob import has_magic
from pathlib import Path

from dq_databricks.errors import TargetError
from dq_databricks.model.redacting import holds_secret
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import FileFormat, FileRelation, Relation, TableRelation

_SUFFIXES: dict[str, FileFormat] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".parq": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
}
_ADDRESS = re.compile(r"^(s3|s3a|gs|abfss|dbfs|hdfs|file)://?|^/Volumes/", re.IGNORECASE)
_PART = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")


def parse_target(text: str) -> Relation:
    """Resolve `text` to what it names; an existing path wins over a table name.

    Raises TargetError for a path that does not exist, a folder that is no table, an unknown kind
    of file, or a table name that has not three parts.
    """
    if not text.strip():
        raise TargetError("TARGET is empty; give a file, a glob, a Delta folder or a table name")
    if _ADDRESS.match(text):
        return _address(text)
    if Path(text).exists():
        return _existing(Path(text))
    if has_magic(text):
        return _glob(text)
    name = parse_table_name(text)
    if name is None or _looks_like_path(text):
        raise TargetError(_missing(text))
    return TableRelation(name)


def parse_table_name(text: str) -> TableName | None:
    """`catalog.schema.table`, each part plain or back-quoted; None when it has not three parts."""
    parts: list[str] = []
    position = 0
    while match := _PART.match(text, position):
        quoted, plain = match[1], match[2]
        parts.append(quoted.replace("``", "`") if quoted else plain.strip())
        position = match.end()
        if position == len(text):
            break
        if text[position] != ".":
            return None
        position += 1
    complete = position == len(text) and len(parts) == 3 and all(parts)
    return TableName(*parts) if complete else None


def _address(text: str) -> Relation:
    if holds_secret(text):
        raise TargetError(
            "the address of TARGET holds a password or a token (not shown); it would be stored: "
            "give credentials to the engine, and the address without them"
        )
    file_format = _format_of(text) or "delta"
    return FileRelation(file_format, text.rstrip("/") if file_format == "delta" else text)


def _existing(path: Path) -> Relation:
    absolute = path.absolute().resolve()
    if absolute.is_dir():
        return _folder(absolute)
    file_format = _format_of(absolute.name) or _sniff(absolute)
    if file_format is None:
        raise TargetError(
            f"{path}: not a parquet or CSV file by its name or content; "
            "rename it to .parquet or .csv if it is one"
        )
    return FileRelation(file_format, str(absolute))


def _folder(path: Path) -> Relation:
    if (path / "_delta_log").is_dir():
        return FileRelation("delta", str(path))
    for pattern, file_format in (("*.parquet", "parquet"), ("*.csv", "csv")):
        if any(path.glob(pattern)):
            return FileRelation(_SUFFIXES["." + file_format], str(path / pattern))
    raise TargetError(
        f"{path}: the folder is no Delta table (no _delta_log) and holds no .parquet or .csv file"
    )


def _glob(text: str) -> Relation:
    absolute = str(Path(text).expanduser().absolute())
    root = Path(absolute).anchor
    matches = sorted(Path(root).glob(absolute[len(root) :]))
    if not matches:
        raise TargetError(f"{text}: no file matches this pattern")
    formats = {_format_of(match.name) for match in matches}
    if len(formats) != 1 or None in formats:
        raise TargetError(
            f"{text}: matches {len(matches)} files that are not all .parquet or all .csv"
        )
    return FileRelation(next(found for found in formats if found), absolute)


def _format_of(name: str) -> FileFormat | None:
    lower = name.lower()
    return next((kind for suffix, kind in _SUFFIXES.items() if lower.endswith(suffix)), None)


def _sniff(path: Path) -> FileFormat | None:
    with path.open("rb") as stream:
        return "parquet" if stream.read(4) == b"PAR1" else None


def _looks_like_path(text: str) -> bool:
    return "/" in text or "\\" in text or _format_of(text) is not None


def _missing(text: str) -> str:
    if not _looks_like_path(text):
        return f"{text}: no such file, and a table is named catalog.schema.table"
    parent = Path(text).parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    near = difflib.get_close_matches(Path(text).name, names, n=1)
    hint = f"; did you mean {parent / near[0]}?" if near else ""
    return f"{text}: no such file or folder{hint}"
