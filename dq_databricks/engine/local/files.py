"""Plain files: which ones a path means, their mark of change, and parquet footers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dq_databricks.errors import DamagedTableError, TableNotFoundError, UnsupportedError

_MAGIC = "*?["


@dataclass(frozen=True, slots=True)
class FileSet:
    """Files as they were when they were listed: path, size in bytes, time of change (ns)."""

    files: tuple[Path, ...]
    sizes: tuple[int, ...]
    changed_ns: tuple[int, ...]

    @property
    def fingerprint(self) -> str:
        """Changes whenever a file was added, removed or written."""
        marks = "\n".join(
            f"{path}\x00{size}\x00{changed}"
            for path, size, changed in zip(self.files, self.sizes, self.changed_ns, strict=True)
        )
        return hashlib.sha256(marks.encode()).hexdigest()

    @property
    def modified_at(self) -> datetime:
        """When the youngest file was changed (UTC)."""
        return datetime.fromtimestamp(max(self.changed_ns) / 1e9, UTC)


def list_files(path: str, *, suffix: str) -> FileSet:
    """The files that a path, a folder or a glob means, by name.

    Raises TableNotFoundError when there is none, DamagedTableError for an empty file.
    """
    files = _matching(path, suffix)
    if not files:
        raise TableNotFoundError(f"no such file: {path}")
    stats = [file.stat() for file in files]
    for file, found in zip(files, stats, strict=True):
        if found.st_size == 0:
            raise DamagedTableError(f"file {file} is empty (0 bytes); write it again")
    return FileSet(
        tuple(files), tuple(s.st_size for s in stats), tuple(s.st_mtime_ns for s in stats)
    )


def _matching(path: str, suffix: str) -> list[Path]:
    exact = Path(path)
    if exact.is_file():
        return [exact]
    if exact.is_dir():
        return _in_folder(exact, suffix)
    if any(char in path for char in _MAGIC):
        return sorted(file for file in _expand(exact) if file.is_file())
    return []


def _expand(pattern: Path) -> list[Path]:
    start = Path(pattern.anchor) if pattern.is_absolute() else Path()
    return list(start.glob(str(pattern.relative_to(pattern.anchor))))


def _in_folder(folder: Path, suffix: str) -> list[Path]:
    if parts := [entry for entry in folder.iterdir() if entry.is_dir() and "=" in entry.name]:
        raise UnsupportedError(
            f"folder {folder} is partitioned ({parts[0].name}): partition columns of plain files "
            "are not read here; store it as a Delta table"
        )
    found = sorted(entry for entry in folder.iterdir() if entry.name.endswith(suffix))
    if not found:
        raise TableNotFoundError(
            f"folder {folder} is no table: it holds neither a Delta log nor files *{suffix}"
        )
    return found


def read_footers(files: FileSet) -> list[pq.FileMetaData]:
    """The footers of parquet files, all of one schema. Reads no data.

    Raises DamagedTableError naming the file, UnsupportedError when schemas differ.
    """
    footers = [_footer(file) for file in files.files]
    first = footers[0].schema.to_arrow_schema()
    for file, footer in zip(files.files[1:], footers[1:], strict=True):
        if not _same(first, footer.schema.to_arrow_schema()):
            raise UnsupportedError(
                f"parquet files differ: the columns of {file} are not those of {files.files[0]}"
            )
    check_names(first.names, what=str(files.files[0]))
    return footers


def _footer(file: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DamagedTableError(
            f"file {file} is no whole parquet file: {' '.join(str(error).split())[:200]}"
        ) from error


def _same(left: pa.Schema, right: pa.Schema) -> bool:
    return bool(left.remove_metadata().equals(right.remove_metadata()))


def check_names(names: list[str], *, what: str) -> None:
    """Raise UnsupportedError when two columns differ only by case."""
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            raise UnsupportedError(
                f"{what}: columns {seen[name.lower()]!r} and {name!r} differ only by case; "
                "Databricks SQL cannot tell them apart: rename one"
            )
        seen[name.lower()] = name
