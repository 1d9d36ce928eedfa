"""One statement on one connection: sent, watched, fetched whole, and cancelled on request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.types as kind
from databricks.sql.backend.types import CommandState

from dq_databricks.engine.warehouse.connect import policy_of
from dq_databricks.engine.warehouse.failures import (
    DRIVER_ERRORS,
    Moment,
    NotSentError,
    translate,
)
from dq_databricks.engine.warehouse.parameters import bind
from dq_databricks.engine.warehouse.pool import Link
from dq_databricks.errors import (
    AuthenticationError,
    CancelledError,
    EngineError,
    EngineUnavailableError,
    OutcomeUnknownError,
    StatementTimeoutError,
)
from dq_databricks.sql.statement import Statement

_BREAKS_THE_LINK = (EngineUnavailableError, OutcomeUnknownError, AuthenticationError, NotSentError)
_CANCEL_POLL_S, _CANCEL_POLLS = 0.01, 3_000
_UTC = pa.timestamp("us", "UTC")


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a statement, and the number it changed where the server told it."""

    rows: pa.Table
    changed: int | None


@dataclass(slots=True, eq=False)
class Flight:
    """A statement under way."""

    cursor: Any
    reading: bool
    cancelled: bool = False
    landed: threading.Event = field(default_factory=threading.Event)

    @property
    def moment(self) -> Moment:
        """What is known of it now."""
        taken = self.cursor.active_command_id is not None
        return Moment(self.reading, taken, self.cancelled)


class Flights:
    """The statements under way, so that another thread can cancel them."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        self._hide = hide
        self._lock = threading.Lock()
        self._flights: set[Flight] = set()

    def run(self, link: Link, statement: Statement, *, reading: bool) -> Answer:
        """Carry out `statement` on `link`; raises children of EngineError."""
        text, parameters = bind(statement)
        policy_of(link.connection).reading = reading
        with self._flight(link, reading=reading) as flight:
            try:
                return _carried_out(flight, text, parameters, dict(statement.tags) or None)
            except (EngineError, *DRIVER_ERRORS) as error:
                raised = translate(error, flight.moment, self._hide)
                link.broken = isinstance(raised, _BREAKS_THE_LINK)
                # The driver's own error may hold what the message hides.
                raise raised from None

    def cancel(self) -> None:
        """Cancel what is under way; returns when the server has been told."""
        with self._lock:
            flights = list(self._flights)
        for flight in flights:
            flight.cancelled = True
        for flight in flights:
            _cancel(flight)

    @contextmanager
    def _flight(self, link: Link, *, reading: bool) -> Iterator[Flight]:
        flight = Flight(link.connection.cursor(), reading)
        with self._lock:
            self._flights.add(flight)
        try:
            yield flight
        finally:
            with self._lock:
                self._flights.discard(flight)
            flight.landed.set()
            with suppress(*DRIVER_ERRORS):
                flight.cursor.close()


def _cancel(flight: Flight) -> None:
    # The server names the command only in its first answer; before that there is nothing to cancel.
    for _ in range(_CANCEL_POLLS):
        if flight.cursor.active_command_id is not None or flight.landed.wait(_CANCEL_POLL_S):
            break
    with suppress(*DRIVER_ERRORS):
        flight.cursor.cancel()


def _carried_out(
    flight: Flight, text: str, parameters: list[Any], tags: dict[str, str] | None
) -> Answer:
    cursor = flight.cursor
    cursor.execute(text, parameters or None, query_tags=tags)
    _check_finished(cursor)
    rows = cursor.fetchall_arrow()
    _check_whole(cursor)
    return Answer(_normal(rows), cursor.rowcount if cursor.rowcount >= 0 else None)


def _check_finished(cursor: Any) -> None:
    # The connector gives an empty answer for a statement that was cancelled or timed out.
    state = cursor.active_result_set.status
    if state == CommandState.CANCELLED:
        raise CancelledError("the statement was cancelled")
    if state == CommandState.FAILED:
        raise StatementTimeoutError("the statement ran longer than its limit and was stopped")


def _check_whole(cursor: Any) -> None:
    if cursor.active_result_set.has_more_rows:
        raise EngineUnavailableError("the warehouse ended an answer before its last row")


def _normal(rows: pa.Table) -> pa.Table:
    """Timestamps with microseconds and, where they have a zone, in UTC."""
    schema = pa.schema([field.with_type(_plain(field.type)) for field in rows.schema])
    return (rows if schema == rows.schema else rows.cast(schema)).replace_schema_metadata(None)


def _plain(arrow: pa.DataType) -> pa.DataType:
    if kind.is_timestamp(arrow):
        return _UTC if arrow.tz is not None else pa.timestamp("us")
    if kind.is_large_string(arrow) or kind.is_string_view(arrow):
        return pa.string()
    return pa.binary() if kind.is_large_binary(arrow) else arrow
