"""Statements under way in the emulator: started, waited for, paged, cancelled, timed out."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes

from dq_databricks.errors import CancelledError, QualityError, StatementTimeoutError
from dq_databricks.sql.statement import Statement
from tests.emulator.backend import Backend, Outcome
from tests.emulator.errors import worded
from tests.emulator.wire import ok, page

State = ttypes.TOperationState


@dataclass(slots=True, eq=False)
class Operation:
    """One statement: runs in a thread of its own until it ends, is cancelled or times out."""

    backend: Backend
    statement: Statement
    page_rows: int
    deadline: float
    hangs: bool = False
    handle: ttypes.TOperationHandle = field(default_factory=lambda: _new_handle())
    state: int = State.RUNNING_STATE
    message: str = ""
    outcome: Outcome | None = None
    fetched: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="operation", daemon=True)
        self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most `seconds` and never past the time limit of the statement."""
        left = self.deadline - time.monotonic()
        if not self.ended.wait(max(0.0, min(seconds, left))) and time.monotonic() >= self.deadline:
            limit = StatementTimeoutError("Query execution was cancelled due to the timeout.")
            self._stop(State.ERROR_STATE, limit)
        return self.ended.is_set()

    def cancel(self) -> None:
        self._stop(State.CANCELED_STATE, CancelledError("Operation has been canceled."))

    @property
    def rows(self) -> pa.Table:
        """The answer; of a statement that was stopped an empty one, which nobody may trust."""
        return self.outcome.rows if self.outcome else pa.table({})

    def status(self) -> ttypes.TGetOperationStatusResp:
        failed = self.state == State.ERROR_STATE
        return ttypes.TGetOperationStatusResp(
            status=ok(),
            operationState=self.state,
            errorMessage=self.message if failed else None,
            displayMessage=self.message if failed else None,
            hasResultSet=self.outcome is not None,
            numModifiedRows=self.outcome.changed if self.outcome else None,
        )

    def next_page(self, max_rows: int) -> ttypes.TFetchResultsResp:
        answer = page(self.rows, self.fetched, min(max_rows, self.page_rows))
        self.fetched += sum(batch.rowCount for batch in answer.results.arrowBatches)
        return answer

    def _work(self) -> None:
        if self.hangs:
            self.ended.wait()
            return
        try:
            outcome = self.backend.carry_out(self.statement)
        except QualityError as error:
            self._end(State.ERROR_STATE, message=worded(error))
        except BaseException as error:
            self._end(State.ERROR_STATE, message=f"[INTERNAL_ERROR] {error!r} SQLSTATE: XX000")
            raise
        else:
            self._end(State.FINISHED_STATE, outcome=outcome)

    def _stop(self, state: int, error: QualityError) -> None:
        if self._end(state, message=worded(error)):
            self.backend.engine.cancel()

    def _end(self, state: int, *, message: str = "", outcome: Outcome | None = None) -> bool:
        with self._lock:
            if self.ended.is_set():
                return False
            self.state, self.message, self.outcome = state, message, outcome
            self.ended.set()
            return True


def _new_handle() -> ttypes.TOperationHandle:
    identifier = ttypes.THandleIdentifier(guid=uuid.uuid4().bytes, secret=uuid.uuid4().bytes)
    return ttypes.TOperationHandle(
        identifier, ttypes.TOperationType.EXECUTE_STATEMENT, hasResultSet=True
    )
