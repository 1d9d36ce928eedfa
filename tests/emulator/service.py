"""The calls of the Thrift contract: sessions, statements, results."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from databricks.sql.thrift_api.TCLIService import ttypes

from dq_databricks.sql.statement import Statement
from tests.emulator.backend import MAX_BYTES, MAX_PARAMETERS, Backend
from tests.emulator.operations import Operation, State
from tests.emulator.wire import failed, metadata, ok, parameters

_HUMPS = re.compile(r"(?<!^)(?=[A-Z])")
V7 = ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V7


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asked: the call, and for statements their text, parameters and tags."""

    name: str
    text: str = ""
    tags: str = ""
    parameters: tuple[str, ...] = ()


@dataclass(slots=True)
class Service:
    """What one warehouse holds. Each call of the contract is the method of its name."""

    backend: Backend
    page_rows: int
    direct_wait_s: float
    second: float
    sessions: dict[bytes, dict[str, str]] = field(default_factory=dict)
    operations: dict[bytes, Operation] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    hanging: threading.local = field(default_factory=threading.local)
    cancelled: list[str] = field(default_factory=list)

    def __getattr__(self, call: str) -> Callable[[Any], Any]:
        if call[0].islower() or call.startswith("_"):
            raise AttributeError(call)
        answer: Callable[[Any], Any] = getattr(self, _HUMPS.sub("_", call).lower())
        return answer

    def open_session(self, req: ttypes.TOpenSessionReq) -> ttypes.TOpenSessionResp:
        session = ttypes.THandleIdentifier(guid=uuid.uuid4().bytes, secret=uuid.uuid4().bytes)
        self.sessions[session.guid] = dict(req.configuration or {})
        return ttypes.TOpenSessionResp(
            status=ok(),
            serverProtocolVersion=V7,
            sessionHandle=ttypes.TSessionHandle(session, V7),
            initialNamespace=req.initialNamespace,
            canUseMultipleCatalogs=True,
        )

    def close_session(self, req: ttypes.TCloseSessionReq) -> ttypes.TCloseSessionResp:
        self.sessions.pop(req.sessionHandle.sessionId.guid, None)
        return ttypes.TCloseSessionResp(status=ok())

    def execute_statement(self, req: ttypes.TExecuteStatementReq) -> ttypes.TExecuteStatementResp:
        settings = self.sessions.get(req.sessionHandle.sessionId.guid)
        if settings is None:
            return ttypes.TExecuteStatementResp(status=failed("Invalid SessionHandle: closed"))
        if message := _too_much(req):
            return ttypes.TExecuteStatementResp(status=failed(message))
        operation = self._started(req, settings)
        if not operation.wait(self.direct_wait_s) or req.getDirectResults is None:
            return ttypes.TExecuteStatementResp(status=ok(), operationHandle=operation.handle)
        return ttypes.TExecuteStatementResp(
            status=ok(),
            operationHandle=operation.handle,
            directResults=_direct(operation, req.getDirectResults.maxRows),
        )

    def get_operation_status(
        self, req: ttypes.TGetOperationStatusReq
    ) -> ttypes.TGetOperationStatusResp:
        operation = self._operation(req.operationHandle)
        if operation is None:
            return ttypes.TGetOperationStatusResp(status=failed("Invalid OperationHandle"))
        operation.wait(self.direct_wait_s)
        return operation.status()

    def get_result_set_metadata(
        self, req: ttypes.TGetResultSetMetadataReq
    ) -> ttypes.TGetResultSetMetadataResp:
        operation = self._operation(req.operationHandle)
        if operation is None:
            return ttypes.TGetResultSetMetadataResp(status=failed("Invalid OperationHandle"))
        return metadata(operation.rows)

    def fetch_results(self, req: ttypes.TFetchResultsReq) -> ttypes.TFetchResultsResp:
        operation = self._operation(req.operationHandle)
        if operation is None:
            return ttypes.TFetchResultsResp(status=failed("Invalid OperationHandle"))
        return operation.next_page(req.maxRows)

    def close_operation(self, req: ttypes.TCloseOperationReq) -> ttypes.TCloseOperationResp:
        self.operations.pop(req.operationHandle.operationId.guid, None)
        return ttypes.TCloseOperationResp(status=ok())

    def cancel_operation(self, req: ttypes.TCancelOperationReq) -> ttypes.TCancelOperationResp:
        operation = self._operation(req.operationHandle)
        if operation is not None:
            operation.cancel()
            self.cancelled.append(operation.statement.text)
        return ttypes.TCancelOperationResp(status=ok())

    def _operation(self, handle: ttypes.TOperationHandle) -> Operation | None:
        return self.operations.get(handle.operationId.guid)

    def _started(self, req: ttypes.TExecuteStatementReq, settings: dict[str, str]) -> Operation:
        limit = int(settings.get("STATEMENT_TIMEOUT", "172800")) * self.second
        operation = Operation(
            backend=self.backend,
            statement=Statement(req.statement, parameters(req.parameters)),
            page_rows=self.page_rows,
            deadline=time.monotonic() + limit,
            hangs=getattr(self.hanging, "now", False),
        )
        self.operations[operation.handle.operationId.guid] = operation
        operation.start()
        return operation


def _direct(operation: Operation, max_rows: int) -> ttypes.TSparkDirectResults:
    status = operation.status()
    if operation.state != State.FINISHED_STATE:
        return ttypes.TSparkDirectResults(operationStatus=status)
    rows = operation.next_page(max_rows)
    closed = None if rows.hasMoreRows else ttypes.TCloseOperationResp(status=ok())
    return ttypes.TSparkDirectResults(
        operationStatus=status,
        resultSetMetadata=metadata(operation.rows),
        resultSet=rows,
        closeOperation=closed,
    )


def _too_much(req: ttypes.TExecuteStatementReq) -> str:
    sent = req.parameters or []
    size = sum(len(p.value.stringValue.encode()) for p in sent if p.value is not None)
    if len(sent) > MAX_PARAMETERS or size > MAX_BYTES:
        return f"[INVALID_PARAMETER_VALUE] {len(sent)} parameters of {size} bytes SQLSTATE: 22023"
    return ""
