"""Messages as Spark 4.1, Delta 4.4 and the SQL connector word them, and the error each is."""

from __future__ import annotations

import pytest

from dq_databricks import errors
from dq_databricks.engine.classify import classify

MESSAGES = [
    (
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `main`.`s`.`x` cannot be found. "
        "SQLSTATE: 42P01; line 1 pos 14",
        errors.TableNotFoundError,
    ),
    (
        "[SCHEMA_NOT_FOUND] The schema `s` cannot be found. SQLSTATE: 42704",
        errors.TableNotFoundError,
    ),
    (
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `b` cannot be resolved. SQLSTATE: 42703",
        errors.ColumnNotFoundError,
    ),
    ("[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'. SQLSTATE: 42601", errors.SqlError),
    ("[UNBOUND_SQL_PARAMETER] Found the unbound parameter: x. SQLSTATE: 42P02", errors.SqlError),
    ("[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012", errors.ExpressionError),
    (
        "Job aborted due to stage failure: Task 0 failed: [CAST_INVALID_INPUT] The value 'x' of "
        'the type "STRING" cannot be cast to "INT". SQLSTATE: 22018',
        errors.ExpressionError,
    ),
    (
        "[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] ConcurrentAppendException: files were added",
        errors.WriteConflictError,
    ),
    ("io.delta.exceptions.MetadataChangedException: changed", errors.WriteConflictError),
    (
        "[DELTA_CANNOT_RESTORE_TABLE_VERSION] Cannot restore table to version 99. SQLSTATE: 22003",
        errors.SqlError,
    ),
    (
        "Not all files from version 2 are available in file system.\n Missed files: part-0",
        errors.DamagedTableError,
    ),
    (
        "[DELTA_CONCURRENT_APPEND.CHANGE_TYPE_COLUMN] type changed SQLSTATE: 2D521",
        errors.SchemaMismatchError,
    ),
    (
        "[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint p (n > 0) violated",
        errors.ConstraintError,
    ),
    ("[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] NOT NULL: n. SQLSTATE: 23502", errors.ConstraintError),
    ("[DELTA_METADATA_MISMATCH] A schema mismatch. SQLSTATE: 42KDG", errors.SchemaMismatchError),
    (
        "[INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS] Cannot write. SQLSTATE: 21S01",
        errors.SchemaMismatchError,
    ),
    (
        "[TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create. SQLSTATE: 42P07",
        errors.TableExistsError,
    ),
    (
        "[INSUFFICIENT_PERMISSIONS] Insufficient privileges: User does not have SELECT.",
        errors.PermissionDeniedError,
    ),
    ("[STATEMENT_TIMEOUT] Statement ran too long. SQLSTATE: 57KD0", errors.StatementTimeoutError),
    ("[OPERATION_CANCELED] Operation has been canceled. SQLSTATE: HY008", errors.CancelledError),
    ("[DELTA_VERSIONS_NOT_CONTIGUOUS] Versions (0, 2). SQLSTATE: KD00C", errors.DamagedTableError),
    ("java.io.IOException: No space left on device", errors.StorageFullError),
    ("HTTP 503: Service Unavailable", errors.EngineUnavailableError),
    ("something nobody has seen yet", errors.EngineError),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES, ids=[m[:40] for m, _ in MESSAGES])
def test_a_message_alone_names_its_error(message: str, expected: type[errors.EngineError]) -> None:
    assert classify(message) is expected


def test_what_the_driver_tells_wins_over_the_text() -> None:
    text = "the word [DIVIDE_BY_ZERO] stands in a value"
    assert classify(text, condition="TABLE_OR_VIEW_NOT_FOUND", sqlstate="42P01") is (
        errors.TableNotFoundError
    )
    assert classify("CHECK constraint", sqlstate="23001") is errors.ConstraintError


def test_an_unknown_condition_falls_back_to_its_sqlstate() -> None:
    assert classify("[BRAND_NEW_THING.SUB] text. SQLSTATE: 42703") is errors.ColumnNotFoundError
    assert classify("[BRAND_NEW_THING] text. SQLSTATE: 22999") is errors.ExpressionError
