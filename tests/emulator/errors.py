"""Failures of the engine behind, worded as a warehouse words them."""

from __future__ import annotations

from dq_databricks import errors

# First match decides; children stand before their parents.
_WORDED: tuple[tuple[type[errors.QualityError], str, str], ...] = (
    (errors.TableNotFoundError, "TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    (errors.ColumnNotFoundError, "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703"),
    (errors.TableExistsError, "TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"),
    (errors.PermissionDeniedError, "INSUFFICIENT_PERMISSIONS", "42501"),
    (errors.SchemaMismatchError, "DELTA_FAILED_TO_MERGE_FIELDS", "22005"),
    (errors.ConstraintError, "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES", "23001"),
    (errors.ExpressionError, "CAST_INVALID_INPUT", "22018"),
    (errors.WriteConflictError, "DELTA_CONCURRENT_APPEND.ROW_LEVEL_CHANGES", "2D521"),
    (errors.UnsupportedError, "UNSUPPORTED_FEATURE", "0A000"),
    (errors.DamagedTableError, "DELTA_LOG_FILE_NOT_FOUND", "42K03"),
    (errors.StatementTimeoutError, "QUERY_EXECUTION_TIMEOUT_EXCEEDED", "57KD0"),
    (errors.CancelledError, "OPERATION_CANCELED", "HY008"),
    (errors.SqlError, "PARSE_SYNTAX_ERROR", "42601"),
    (errors.WrongUseError, "PARSE_SYNTAX_ERROR", "42601"),
)


def worded(error: errors.QualityError) -> str:
    for known, condition, sqlstate in _WORDED:
        if isinstance(error, known):
            return f"[{condition}] {error} SQLSTATE: {sqlstate}"
    return f"[INTERNAL_ERROR] {error} SQLSTATE: XX000"
