"""Which failures belong to one expression and are worth halving, and what they read like."""

from __future__ import annotations

from dq_databricks.engine.protocol import Snapshot
from dq_databricks.errors import (
    AuthenticationError,
    CancelledError,
    ColumnNotFoundError,
    DamagedTableError,
    EngineError,
    EngineUnavailableError,
    ExpressionError,
    PermissionDeniedError,
    QualityError,
    SqlError,
    StatementTimeoutError,
    TableNotFoundError,
    UnsupportedError,
    WrongUseError,
)
from dq_databricks.model.redacting import redacted
from dq_databricks.planning.assemble import halved
from dq_databricks.planning.plan import PlannedStatement

# Everything else (no such table, no permission, unavailable, cancelled, timeout, damaged files)
# would hit every half again.
_OF_ONE_EXPRESSION = (
    ExpressionError,
    SqlError,
    ColumnNotFoundError,
    UnsupportedError,
    WrongUseError,
)

_OF_THE_TABLE = (
    AuthenticationError,
    CancelledError,
    DamagedTableError,
    EngineUnavailableError,
    PermissionDeniedError,
    TableNotFoundError,
)


def smaller_statements(
    planned: PlannedStatement, error: QualityError, snapshot: Snapshot
) -> tuple[PlannedStatement, ...]:
    """Two halves to try instead of `planned`, or none when the failure is final."""
    if len(planned.pieces) < 2 or not _is_of_one_expression(error):
        return ()
    return halved(planned, snapshot)


def reason(error: QualityError) -> str:
    """The error of a measurement in words, without secrets."""
    text = redacted(str(error))
    return f"timeout: {text}" if isinstance(error, StatementTimeoutError) else text


def is_of_the_table(error: QualityError) -> bool:
    """Whether nothing else of the table could be measured either."""
    return isinstance(error, _OF_THE_TABLE)


def _is_of_one_expression(error: QualityError) -> bool:
    # An unclassified failure may be of one expression too.
    return isinstance(error, _OF_ONE_EXPRESSION) or type(error) is EngineError
