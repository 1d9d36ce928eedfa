"""Which of our errors a failure reported by Spark, Delta or a SQL warehouse is.

Takes the message and, where the driver tells them, the SQLSTATE and the error condition; gives
a class. Pure: the engines raise, this only decides. Order: condition, SQLSTATE, its class (the
first two characters), words of the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dq_databricks.errors import (
    AuthenticationError,
    CancelledError,
    ColumnNotFoundError,
    ConstraintError,
    DamagedTableError,
    EngineError,
    EngineUnavailableError,
    ExpressionError,
    PermissionDeniedError,
    SchemaMismatchError,
    SqlError,
    StatementTimeoutError,
    StorageFullError,
    TableExistsError,
    TableNotFoundError,
    UnsupportedError,
    WriteConflictError,
)

_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]{3,}(?:\.[A-Z][A-Z0-9_]*)*)\]")
_SQLSTATE = re.compile(r"\bSQLSTATE:?\s*=?\s*([0-9A-Z]{5})\b")

# Conditions whose SQLSTATE is missing, shared with other meanings, or too wide. A key stands
# for itself and its sub-conditions; of two keys that fit, the longer one decides.
_BY_CONDITION: Mapping[str, type[EngineError]] = {
    "AGGREGATE_OUT_OF_MEMORY": EngineError,
    "CANNOT_READ_FILE_FOOTER": DamagedTableError,
    "CAST_INVALID_INPUT": ExpressionError,
    "CATALOG_NOT_FOUND": TableNotFoundError,
    "COLUMN_NOT_FOUND": ColumnNotFoundError,
    "COMMAND_CANCELLED": CancelledError,
    "CONCURRENT_MODIFICATION": WriteConflictError,
    "DELTA_CANNOT_MODIFY_APPEND_ONLY": ConstraintError,
    "DELTA_CANNOT_RESTORE_TABLE_VERSION": SqlError,
    "DELTA_CANNOT_RESTORE_TIMESTAMP_EARLIER": SqlError,
    "DELTA_CANNOT_RESTORE_TIMESTAMP_GREATER": SqlError,
    "DELTA_CONCURRENT_APPEND": WriteConflictError,
    "DELTA_CONCURRENT_APPEND.CHANGE_TYPE_COLUMN": SchemaMismatchError,
    "DELTA_CONCURRENT_DELETE_DELETE": WriteConflictError,
    "DELTA_CONCURRENT_DELETE_READ": WriteConflictError,
    "DELTA_CONCURRENT_TRANSACTION": WriteConflictError,
    "DELTA_CONCURRENT_WRITE": WriteConflictError,
    "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION": TableExistsError,
    "DELTA_DELETION_VECTOR_MISSING_NUM_RECORDS": DamagedTableError,
    "DELTA_DUPLICATE_ACTIONS_FOUND": DamagedTableError,
    "DELTA_FAILED_READ_FILE_FOOTER": DamagedTableError,
    "DELTA_FAILED_TO_MERGE_FIELDS": SchemaMismatchError,
    "DELTA_FILE_NOT_FOUND": DamagedTableError,
    "DELTA_FILE_NOT_FOUND_DETAILED": DamagedTableError,
    "DELTA_LOG_FILE_NOT_FOUND": DamagedTableError,
    "DELTA_MAX_COMMIT_RETRIES_EXCEEDED": WriteConflictError,
    "DELTA_INSERT_COLUMN_MISMATCH": SchemaMismatchError,
    "DELTA_MERGE_UNRESOLVED_EXPRESSION": ColumnNotFoundError,
    "DELTA_METADATA_CHANGED": WriteConflictError,
    "DELTA_METADATA_MISMATCH": SchemaMismatchError,
    "DELTA_MISSING_DELTA_TABLE": TableNotFoundError,
    "DELTA_MISSING_PART_FILES": DamagedTableError,
    "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE": ConstraintError,
    "DELTA_NOT_A_DELTA_TABLE": UnsupportedError,
    "DELTA_NOT_NULL_CONSTRAINT_VIOLATED": ConstraintError,
    "DELTA_NO_COMMITS_FOUND": DamagedTableError,
    "DELTA_PATH_DOES_NOT_EXIST": TableNotFoundError,
    "DELTA_PROTOCOL_CHANGED": WriteConflictError,
    "DELTA_SCHEMA_CHANGE_SINCE_ANALYSIS": WriteConflictError,
    "DELTA_STATE_RECOVER_ERROR": DamagedTableError,
    "DELTA_TABLE_NOT_FOUND": TableNotFoundError,
    "DELTA_TRUNCATED_TRANSACTION_LOG": DamagedTableError,
    "DELTA_UNRECOGNIZED_LOGFILE": DamagedTableError,
    "DELTA_UNSUPPORTED_FEATURES_FOR_READ": UnsupportedError,
    "DELTA_UNSUPPORTED_FEATURES_FOR_WRITE": UnsupportedError,
    "DELTA_VACUUM_RETENTION_PERIOD_NEGATIVE": SqlError,
    "DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT": SqlError,
    "DELTA_VERSIONS_NOT_CONTIGUOUS": DamagedTableError,
    "DELTA_VERSION_NOT_FOUND": SqlError,
    "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES": ConstraintError,
    "DIVIDE_BY_ZERO": ExpressionError,
    "FAILED_READ_FILE": DamagedTableError,
    "FIELD_NOT_FOUND": ColumnNotFoundError,
    "INSUFFICIENT_PERMISSIONS": PermissionDeniedError,
    "INVALID_ACCESS_TOKEN": AuthenticationError,
    "INVALID_LOG_VERSION": DamagedTableError,
    "MALFORMED_LOG_FILE": DamagedTableError,
    "NO_SUCH_CATALOG_EXCEPTION": TableNotFoundError,
    "OPERATION_CANCELED": CancelledError,
    "OPERATION_CANCELLED": CancelledError,
    "PATH_NOT_FOUND": TableNotFoundError,
    "PERMISSION_DENIED": PermissionDeniedError,
    "QUERY_EXECUTION_TIMEOUT_EXCEEDED": StatementTimeoutError,
    "QUERY_WATCHDOG": StatementTimeoutError,
    "REQUIRES_SINGLE_PART_NAMESPACE": TableNotFoundError,
    "RESOURCE_EXHAUSTED": EngineUnavailableError,
    "SCHEMA_NOT_FOUND": TableNotFoundError,
    "SPARK_JOB_CANCELLED": CancelledError,
    "STATEMENT_TIMEOUT": StatementTimeoutError,
    "TEMPORARILY_UNAVAILABLE": EngineUnavailableError,
    "UNAUTHENTICATED": AuthenticationError,
    "UNABLE_TO_INFER_SCHEMA": TableNotFoundError,
    "UNSUPPORTED_FEATURE": UnsupportedError,
    "USER_RAISED_EXCEPTION": ExpressionError,
}

_BY_SQLSTATE: Mapping[str, type[EngineError]] = {
    "21506": ConstraintError,
    "21S01": SchemaMismatchError,
    "22005": SchemaMismatchError,
    "22KD1": TableNotFoundError,
    "2D521": WriteConflictError,
    "40000": WriteConflictError,
    "40001": WriteConflictError,
    "42501": PermissionDeniedError,
    "42703": ColumnNotFoundError,
    "42710": TableExistsError,
    "42K04": TableExistsError,
    "42KDG": SchemaMismatchError,
    "42P01": TableNotFoundError,
    "42P06": TableExistsError,
    "42P07": TableExistsError,
    "42P08": TableNotFoundError,
    "53100": StorageFullError,
    "56038": UnsupportedError,
    "57014": CancelledError,
    "57KD0": StatementTimeoutError,
    "HY008": CancelledError,
    "HYT00": StatementTimeoutError,
    "KD000": SchemaMismatchError,
    "KD001": DamagedTableError,
    "KD002": DamagedTableError,
    "KD00C": DamagedTableError,
    "KD00G": UnsupportedError,
    "P0001": ExpressionError,
    "XXKDA": CancelledError,
}

_BY_SQLSTATE_CLASS: Mapping[str, type[EngineError]] = {
    "07": SqlError,
    "08": EngineUnavailableError,
    "0A": UnsupportedError,
    "22": ExpressionError,
    "23": ConstraintError,
    "28": AuthenticationError,
    "38": ExpressionError,
    "39": ExpressionError,
    "42": SqlError,
    "57": EngineUnavailableError,
}

# For messages that carry neither: plain Java, HTTP and gRPC texts. First match decides.
_BY_WORDS: tuple[tuple[re.Pattern[str], type[EngineError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), error)
    for pattern, error in (
        (r"no space left on device|disk quota exceeded", StorageFullError),
        (
            r"Concurrent(Append|DeleteRead|DeleteDelete|Write|Transaction)Exception",
            WriteConflictError,
        ),
        (
            r"(MetadataChanged|ProtocolChanged|DeltaConcurrentModification)Exception",
            WriteConflictError,
        ),
        (r"statement.{0,40}tim(ed|e) ?out|timed out after \d+", StatementTimeoutError),
        (r"\bcancell?ed\b|interrupted by user", CancelledError),
        (
            r"permission denied|does not have .{0,60}(privilege|permission)|AccessDenied",
            PermissionDeniedError,
        ),
        (
            r"\bHTTP(/1\.1| code| status)?:? ?401\b|invalid access token|token .{0,20}expired",
            AuthenticationError,
        ),
        (r"\bHTTP(/1\.1| code| status)?:? ?403\b", PermissionDeniedError),
        (r"\bHTTP(/1\.1| code| status)?:? ?(429|503)\b|too many requests", EngineUnavailableError),
        (
            r"connection (refused|reset)|StatusCode\.UNAVAILABLE|failed to connect",
            EngineUnavailableError,
        ),
        (r"NOT NULL constraint violated|CHECK constraint .* violated", ConstraintError),
        (r"Not all files from version \d+ are available", DamagedTableError),
        (r"(is not|not) a parquet file|expected magic number at tail", DamagedTableError),
        (r"FileNotFoundException|file .{1,400} does not exist", DamagedTableError),
        (r"ParseException", SqlError),
    )
)


def classify(
    message: str, *, sqlstate: str | None = None, condition: str | None = None
) -> type[EngineError]:
    """The class of error that `message` reports; EngineError itself when nothing is known.

    `sqlstate` and `condition` are read from the text (``[TABLE_OR_VIEW_NOT_FOUND] …
    SQLSTATE: 42P01``) where the driver does not give them.
    """
    conditions = [condition] if condition else _CONDITION.findall(message)
    states = [sqlstate] if sqlstate else _SQLSTATE.findall(message)
    found = (
        _first(_of_condition(name) for name in conditions)
        or _first(_of_sqlstate(state) for state in states)
        or _first(error for pattern, error in _BY_WORDS if pattern.search(message))
    )
    return found or EngineError


def _first(candidates: Iterable[type[EngineError] | None]) -> type[EngineError] | None:
    return next((candidate for candidate in candidates if candidate is not None), None)


def _of_condition(name: str) -> type[EngineError] | None:
    parts = name.split(".")
    heads = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return _first(_BY_CONDITION.get(head) for head in heads)


def _of_sqlstate(state: str) -> type[EngineError] | None:
    return _BY_SQLSTATE.get(state) or _BY_SQLSTATE_CLASS.get(state[:2])
