"""Every error this package raises: one root, few children, each says when it is raised.

A message says what was asked, what was found and what to do next. `wrong_use` separates
mistakes of the caller (exit code 2) from work that could not be done (exit code 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

MOST_FAULTS = 50
"""Faults of a document that its error writes out; the others are counted."""


class QualityError(Exception):
    """Root of all errors of this package."""

    wrong_use: ClassVar[bool] = False
    retryable: ClassVar[bool] = False


# --- the caller asked for something that does not exist or does not fit ---------------------


class WrongUseError(QualityError):
    """The request itself is wrong; repeating it unchanged cannot succeed."""

    wrong_use = True


class SettingsError(WrongUseError):
    """A setting has a value it may not have."""


class IdentifierError(WrongUseError):
    """A catalog, schema, table or column name breaks the naming rules."""


class TargetError(WrongUseError):
    """A TARGET names nothing that can be read: no such file, folder or table."""


class ParameterError(WrongUseError):
    """A parameter of a check type is unknown, missing or of the wrong type."""


class UnknownNameError(WrongUseError):
    """A name that must be one of a known set is not; the message suggests near ones."""


class NotFoundError(WrongUseError):
    """No row of the metadata has the id or key that was asked for."""


class NoTestsError(WrongUseError):
    """Tests were asked to run on a target that has none."""


class GateClosedError(QualityError):
    """Tests failed, or could not be measured, so what comes after them must not go on."""


class RegexError(WrongUseError):
    """A regular expression has no portable form; the message names the part and a way out."""


class UserSqlError(WrongUseError):
    """User-written SQL is not one SELECT (or one condition) of the supported kind."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit in a document: at which line, and where as a JSON pointer."""

    problem: str
    line: int | None = None
    pointer: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line is not None else self.pointer
        return f"{place}: {self.problem}" if place else self.problem


class DocumentError(WrongUseError):
    """A document to import does not fit; `faults` names each thing, and nothing was stored."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        shown = [str(fault) for fault in self.faults[:MOST_FAULTS]]
        if more := len(self.faults) - len(shown):
            shown.append(f"and {more} more")
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{count}; nothing was stored", *shown]))


# --- keyed rows ------------------------------------------------------------------------------


class AlreadyExistsError(WrongUseError):
    """A row with this key is already stored."""


class VersionConflictError(WrongUseError):
    """The row was changed by somebody else since the expected version was read."""


# --- engines ---------------------------------------------------------------------------------


class EngineError(QualityError):
    """A statement could not be carried out by the engine."""


class MissingExtraError(EngineError):
    """A driver is not installed; the message names the extra that brings it."""


class UnsupportedError(EngineError):
    """This engine cannot carry out a statement or read a table; the message names both and why."""


class SqlError(EngineError):
    """The engine could not parse or resolve a statement."""


class TableNotFoundError(EngineError):
    """A table or schema named in a statement does not exist."""

    wrong_use = True


class ColumnNotFoundError(EngineError):
    """A column named in a statement does not exist."""

    wrong_use = True


class TableExistsError(EngineError):
    """CREATE without IF NOT EXISTS met an existing object."""


class PermissionDeniedError(EngineError):
    """The principal may not do what was asked."""


class AuthenticationError(EngineError):
    """Credentials are missing, wrong or expired."""


class SchemaMismatchError(EngineError):
    """Rows do not fit the columns of the table; never worth a retry."""


class ConstraintError(EngineError):
    """A row violates NOT NULL or a CHECK constraint."""


class ExpressionError(EngineError):
    """A value made an expression fail (cast, overflow, division by zero)."""


class WriteConflictError(EngineError):
    """A concurrent writer won; re-read, re-evaluate, then retry."""

    retryable = True


class EngineUnavailableError(EngineError):
    """The engine cannot be reached now (429, 503, stopped, connection refused)."""

    retryable = True


class OutcomeUnknownError(EngineError):
    """The connection broke while a write ran: look it up by id before repeating it."""


class StatementTimeoutError(EngineError):
    """A statement ran longer than its limit and was cancelled."""


class CancelledError(EngineError):
    """A statement was cancelled by its caller."""


class DamagedTableError(EngineError):
    """The files of a table are damaged, truncated or missing; nothing was guessed."""


class StorageFullError(EngineError):
    """The disk below the local lake is full; the table stays readable."""


# --- secrets ---------------------------------------------------------------------------------


class SecretStoreError(QualityError):
    """A place where secrets are kept cannot be read or written; names the reference alone."""


class SecretNotFoundError(SecretStoreError):
    """Nothing is kept under a reference."""

    wrong_use = True


class SecretExposedError(SecretStoreError):
    """A file of secrets may be read by others than its owner, so it was not used."""

    wrong_use = True


class SecretDeniedError(SecretStoreError):
    """We may not read what a reference names."""


class SecretUnavailableError(SecretStoreError):
    """The place a reference names does not answer now."""

    retryable = True


# --- migrations ------------------------------------------------------------------------------


class MigrationError(QualityError):
    """A migration could not be applied; the schema stays at the last complete version."""


class EditedMigrationError(MigrationError):
    """An applied migration file no longer has the checksum it was applied with."""


class SchemaBehindError(MigrationError):
    """The metadata schema is missing or older than this version of the software needs."""


class SchemaNewerError(MigrationError):
    """The metadata schema is newer than this version of the software may read or write."""


class SealError(MigrationError):
    """A migration file differs from what `ddl.sum` sealed, or is not sealed."""


class IrreversibleError(MigrationError):
    """A migration that cannot be undone was asked to be rolled back; nothing was run."""

    wrong_use = True


class DriftError(MigrationError):
    """The live schema differs from what the migrations make of it."""


# --- the life of the schema ------------------------------------------------------------------


class SchemaLockedError(QualityError):
    """Somebody else holds the lock of the schema, and held it for as long as we may wait."""


class LeaseLostError(QualityError):
    """The lock of the schema ran out and went to another runner; this one stopped."""


class SchemaBusyError(QualityError):
    """The schema is being renamed or restored; the message says by whom and since when."""


class SchemaMovedError(QualityError):
    """The schema was renamed or restored while this wrote; what was written does not count."""


class RenameError(QualityError):
    """The schema could not be renamed; both schemas are kept."""


class RestoreError(QualityError):
    """A restore point cannot be made or reached; nothing was changed."""


# --- the service -----------------------------------------------------------------------------


class UnauthenticatedError(WrongUseError):
    """No key or identity was given, or it is not valid (any more)."""


class ForbiddenError(WrongUseError):
    """The key or user may not do this; the message names the scope that is missing."""


class PreconditionMissingError(WrongUseError):
    """A change did not say which version of the object it means (If-Match)."""


class LimitReachedError(WrongUseError):
    """An organization has as many users, projects or gigabytes as it may have."""


class TooManyRequestsError(QualityError):
    """A key, or an address without one, asked too often; `retry_after_s` says when to go on."""

    retryable = True

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RequestError(WrongUseError):
    """A request is malformed: its body, its depth, its encoding or its parameters."""


class RequestTooLargeError(RequestError):
    """The body of a request is larger than allowed."""


class UnsupportedMediaError(RequestError):
    """The body of a request is of a kind that this address does not take."""


class CursorError(RequestError):
    """A cursor was changed, cut, or given by another listing or to another workspace."""


class IdempotencyMismatchError(WrongUseError):
    """An idempotency key was used again with another request."""


class InProgressError(WrongUseError):
    """The same request is being carried out at this moment."""


class RunEndedError(WrongUseError):
    """The job or run has already ended, so it can be neither changed nor cancelled."""


class CronError(WrongUseError):
    """A cron expression cannot be read, or never fires."""
