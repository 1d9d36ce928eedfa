"""The http side of the emulator: one call per request, faults before and after the work."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from dq_databricks.engine.protocol import Engine
from tests.emulator.backend import Backend
from tests.emulator.faults import Fault, Script
from tests.emulator.service import Call, Service

HTTP_PATH = "/sql/1.0/warehouses/w1"


class Emulator:
    """A warehouse on loopback over `engine`, which stays its caller's to close.

    `page_rows` rows go into one fetch. A statement that takes longer than `direct_wait_s` is
    polled. `second` is how long the emulator takes a second of STATEMENT_TIMEOUT to be.
    `tokens`, when given, are the only ones let in. `identities` is what each request was signed
    with.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        page_rows: int = 1_000,
        direct_wait_s: float = 0.5,
        second: float = 1.0,
        tokens: frozenset[str] | None = None,
    ) -> None:
        self.service = Service(Backend(engine), page_rows, direct_wait_s, second)
        self.script = Script()
        self.tokens = tokens
        self.identities: list[str] = []
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def http_path(self) -> str:
        return HTTP_PATH

    def count(self, call: str, containing: str = "") -> int:
        """How often a call was carried out or refused, of statements those with this text."""
        return sum(c.name == call and containing in c.text for c in self.service.calls)

    def close(self) -> None:
        for operation in list(self.service.operations.values()):
            operation.cancel()
            operation.join()
        self._server.shutdown()
        self._server.drop_connections()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.emulator = emulator
        self._open: set[socket.socket] = set()

    def process_request(self, request: socket.socket, client_address: object) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer(404)

    def do_POST(self) -> None:
        emulator = self.server.emulator
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = _read_call(body)
        emulator.service.calls.append(call)
        fault = emulator.script.next(call.name)
        if not self._is_let_in():
            self._answer(401, message="Credential was not sent or was invalid")
        elif fault is None:
            self._answer(200, _processed(emulator.service, body))
        else:
            self._fail(fault, lambda: _processed(emulator.service, body))

    def _fail(self, fault: Fault, work: Callable[[], bytes]) -> None:
        service = self.server.emulator.service
        match fault.kind:
            case "status":
                self._answer(fault.status, fault=fault)
            case "status_after":
                self._done(work)
                self._answer(fault.status, fault=fault)
            case "delay":
                time.sleep(fault.seconds)
                self._answer(200, work())
            case "hang":
                service.hanging.now = True
                answer = work()
                service.hanging.now = False
                self._answer(200, answer)
            case "drop_before":
                self._drop()
            case "drop_after":
                self._done(work)
                self._drop()
            case "truncate":
                answer = self._done(work)
                self._answer(200, answer, cut=len(answer) // 2)
                self._drop()

    def _done(self, work: Callable[[], bytes]) -> bytes:
        """The answer, once what was asked for has been committed."""
        answer = work()
        for operation in list(self.server.emulator.service.operations.values()):
            operation.join()
        return answer

    def _is_let_in(self) -> bool:
        tokens = self.server.emulator.tokens
        signed = self.headers.get("Authorization", "")
        self.server.emulator.identities.append(signed)
        sent = signed.removeprefix("Bearer ")
        return tokens is None or sent in tokens

    def _drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(
        self,
        status: int,
        body: bytes = b"",
        *,
        fault: Fault | None = None,
        message: str = "",
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-thrift")
        self.send_header("Content-Length", str(len(body)))
        if fault and fault.retry_after is not None:
            self.send_header("Retry-After", fault.retry_after)
        if text := message or (fault.message if fault else ""):
            self.send_header("x-databricks-error-or-redirect-message", text)
        self.end_headers()
        self.wfile.write(body[:cut])

    def log_message(self, *args: object) -> None:
        """Keep quiet: tests read `calls` instead."""


def _processed(service: Service, body: bytes) -> bytes:
    answer = TMemoryBuffer()
    processor = TCLIService.Processor(service)
    processor.process(TBinaryProtocol(TMemoryBuffer(body)), TBinaryProtocol(answer))
    return answer.getvalue()


def _read_call(body: bytes) -> Call:
    protocol = TBinaryProtocol(TMemoryBuffer(body))
    name, _, _ = protocol.readMessageBegin()
    if name != "ExecuteStatement":
        return Call(name)
    arguments = TCLIService.ExecuteStatement_args()
    arguments.read(protocol)
    request: ttypes.TExecuteStatementReq = arguments.req
    return Call(
        name,
        text=request.statement,
        tags=(request.confOverlay or {}).get("query_tags", ""),
        parameters=tuple(parameter.name for parameter in request.parameters or []),
    )
