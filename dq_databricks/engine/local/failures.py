"""What DuckDB, delta-rs and the file system report, as errors of this package."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from deltalake import exceptions as delta

from dq_databricks.engine.local.macros import REFUSED
from dq_databricks.errors import (
    CancelledError,
    ColumnNotFoundError,
    ConstraintError,
    DamagedTableError,
    EngineError,
    ExpressionError,
    PermissionDeniedError,
    SchemaMismatchError,
    SqlError,
    StorageFullError,
    TableNotFoundError,
    UnsupportedError,
    WriteConflictError,
)

_FULL = re.compile(r"no space left|disk quota|file too large|os error (28|27|122)\b", re.IGNORECASE)
_MISSING_COLUMN = re.compile(
    r'column "?([^"\n]+?)"? (?:not found|does not exist)|No field named', re.I
)
_CONFLICT = re.compile(
    r"concurrent|commit failed|transaction failed|version \d+ already exists|CommitFailed", re.I
)
_MISSING_FILE = re.compile(
    r"Cannot open file|No such file|not found: |File not found|Find missing file", re.IGNORECASE
)
_DAMAGE = re.compile(
    r"magic bytes|too small to be a Parquet|corrupt|TProtocolException|Invalid Parquet|thrift|"
    r"don't know what type|decompress|snappy|zstd|checksum|out of buffer|Unexpected end|"
    r"page header|Invalid dictionary|Parquet file",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"parameters?: (.+)")


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what fails in the block into children of EngineError; `what` was being read."""
    try:
        yield
    except duckdb.Error as error:
        raise classify_duckdb(error, what) from error
    except OSError as error:
        raise classify_os(error, what) from error


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn what fails in the block into children of EngineError; `what` was being written."""
    try:
        yield
    except EngineError:
        raise
    except (delta.DeltaError, pa.ArrowException, OSError, ValueError) as error:
        raise classify_write(error, what) from error
    except duckdb.Error as error:
        raise classify_duckdb(error, what) from error


def classify_duckdb(error: duckdb.Error, what: str) -> EngineError:
    """The error that stands for a failure of DuckDB."""
    detail = _detail(error)
    message = f"{what}: {detail['exception_message'].strip()}"
    if _FULL.search(message):
        return StorageFullError(f"{message}; free space on this disk, then repeat")
    if detail.get("error_subtype") == "COLUMN_NOT_FOUND":
        return ColumnNotFoundError(message)
    for kind, make in _BY_KIND:
        if isinstance(error, kind):
            return make(message)
    return _io(message)


def _io(message: str) -> EngineError:
    if "LogSegment end version" in message or "specified end version" in message:
        return SqlError(message)
    if _MISSING_FILE.search(message):
        return DamagedTableError(
            f"{message}; a data file is gone: put it back from a backup, or restore the table"
        )
    return DamagedTableError(message) if _DAMAGE.search(message) else EngineError(message)


def _input(message: str) -> EngineError:
    if REFUSED in message:
        return UnsupportedError(message)
    if "CSV Error" in message or "sniffing file" in message:
        return DamagedTableError(message.partition("\nPossible")[0].replace("\n", "; "))
    if _DAMAGE.search(message):
        return DamagedTableError(message)
    if match := _PLACEHOLDER.search(message):
        return SqlError(f"no value for parameter {match[1].strip()}: {message}")
    return ExpressionError(message)


def _binder(message: str) -> EngineError:
    return ColumnNotFoundError(message) if _MISSING_COLUMN.search(message) else SqlError(message)


def _catalog(message: str) -> EngineError:
    return TableNotFoundError(message) if "Table with name" in message else SqlError(message)


_BY_KIND: tuple[tuple[type[duckdb.Error], Callable[[str], EngineError]], ...] = (
    (duckdb.InterruptException, CancelledError),
    (duckdb.ParserException, SqlError),
    (duckdb.BinderException, _binder),
    (duckdb.CatalogException, _catalog),
    (duckdb.NotImplementedException, UnsupportedError),
    (duckdb.ConversionException, ExpressionError),
    (duckdb.OutOfRangeException, ExpressionError),
    (duckdb.TypeMismatchException, ExpressionError),
    (duckdb.InvalidInputException, _input),
    (duckdb.IOException, _io),
    (duckdb.PermissionException, PermissionDeniedError),
    (duckdb.SyntaxException, SqlError),
)


def _detail(error: duckdb.Error) -> dict[str, str]:
    text = str(error)
    start = text.find("{")
    if start >= 0:
        try:
            found = json.loads(text[start:])
        except ValueError:
            return {"exception_message": text}
        if isinstance(found, dict) and "exception_message" in found:
            return found
    return {"exception_message": text}


def classify_os(error: OSError, what: str) -> EngineError:
    """The error that stands for a failure of the file system."""
    message = f"{what}: {error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFullError(f"{message}; free space on this disk, then repeat")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PermissionDeniedError(message)
    return EngineError(message)


def classify_write(error: Exception, what: str) -> EngineError:
    """The error that stands for a failed write of delta-rs."""
    # The preview shows rows, and rows do not belong into messages and logs.
    message = f"{what}: {' '.join(str(error).partition('Preview of')[0].split())}"
    if _FULL.search(message):
        return StorageFullError(f"{message}; nothing was committed; free space, then repeat")
    if isinstance(error, delta.CommitFailedError) or _CONFLICT.search(message):
        return WriteConflictError(message)
    if "failed validation check" in message or "non-nullable" in message:
        return ConstraintError(message)
    if isinstance(error, delta.SchemaMismatchError | pa.ArrowInvalid | pa.ArrowTypeError):
        return SchemaMismatchError(message)
    if isinstance(error, delta.TableNotFoundError):
        return TableNotFoundError(message)
    return _other_write(error, message)


def _other_write(error: Exception, message: str) -> EngineError:
    if isinstance(error, OSError):
        return classify_os(error, message.partition(":")[0])
    if isinstance(error, delta.DeltaProtocolError) or "unsupported" in message.lower():
        return UnsupportedError(message)
    if "Cast error" in message or "Cannot cast" in message:
        return SchemaMismatchError(message)
    if _MISSING_FILE.search(message) or _DAMAGE.search(message):
        return DamagedTableError(message)
    return EngineError(message)
