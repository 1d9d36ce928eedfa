"""One serving process: the application on a socket, with jobs and schedules beside it.

On a laptop (`serve`) it makes the schema where that is missing, and a key to sign in with. As a
Databricks App (`serve_app`) it does neither: people come signed in, the schema is made by a job,
and it ends within the time that the platform leaves it.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, ip_address
from types import FrameType

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from dq_databricks import charts
from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import SettingsError
from dq_databricks.launching.open import open_launcher
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import JobStatus, Role, Scope
from dq_databricks.quality import Quality
from dq_databricks.quality.access_keys import CreatedKey
from dq_databricks.service.app import create_app
from dq_databricks.service.auth import default_authenticator
from dq_databricks.service.background import Background, Work
from dq_databricks.service.proxied import BehindProxy
from dq_databricks.service.site import Service
from dq_databricks.service.waking import Waking
from dq_databricks.settings import Settings

LOG = logging.getLogger("dq_databricks.service")
KEY_NAME = "sign-in of dq serve"
KEY_DAYS = 7
MOST_KEYS = 1000
DISPATCH_S, MEASURE_S, PURGE_S = 5.0, 15.0, 3600.0
GRACE_S = 3
# Databricks Apps kill a process 15 s after SIGTERM: requests, then statements, then threads end.
APP_GRACE_S, APP_CANCEL_S, APP_LIMIT_S = 6, 3.0, 13.0
EXIT_NOT_IN_TIME = 3
_EVERYWHERE = str(IPv4Address(0))  # the proxy of an app comes from outside the container


@dataclass(frozen=True, slots=True)
class Started:
    """What whoever started a service is told: where it is, and how to get in (an app: no key)."""

    address: str
    key: str
    key_expires_at: datetime | None


def serve(
    settings: Settings,
    host: str,
    port: int,
    told: Callable[[Started], None],
    context: Context | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; `told` is called once requests are taken.

    Provisions the metadata where tables are managed. Port 0 takes any free one. Raises
    SettingsError where the port is taken, and what opening engine and schema raises.
    """
    context = context or Context()
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(host, port))
        engine = open_engine(settings, context.redaction)
        stack.callback(engine.close)
        key = sign_in_key(Quality(settings, engine, context))
        app = _application(settings, engine, context)
        stack.enter_context(_working(app, engine))
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
        started = Started(address, key.key, key.expires_at)
        charts.warm_up()
        _run(_Server(_config(app, GRACE_S), lambda: told(started)), listener)


def serve_app(
    settings: Settings,
    port: int,
    told: Callable[[Started], None],
    context: Context | None = None,
) -> None:
    """Serve behind the proxy of Databricks Apps until SIGTERM; no statement is sent before.

    Requests in flight get some seconds to finish, then their statements are cancelled; a process
    that cannot end by then ends itself with EXIT_NOT_IN_TIME. Raises SettingsError.
    """
    context = context or Context()
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(_EVERYWHERE, port))
        engine = open_engine(settings, context.redaction)
        app = _application(settings, engine, context)
        stack.callback(engine.close)
        stack.enter_context(_working(app, engine))
        stack.callback(lambda: _cut_off(engine))
        started = Started(f"http://{_EVERYWHERE}:{listener.getsockname()[1]}", "", None)
        waking = Waking(app, app.state.launcher.wake)
        config = _config(BehindProxy(waking), APP_GRACE_S)
        config.proxy_headers = False
        server = _Server(config, lambda: told(started), _end_in_time, lambda: _cut_off(engine))
        _run(server, listener)


def _application(settings: Settings, engine: Engine, context: Context) -> FastAPI:
    authenticator = default_authenticator(settings, context)
    return create_app(settings, authenticator, engine=engine, context=context)


def sign_in_key(quality: Quality) -> CreatedKey:
    """A new key to sign in with; of earlier starts only the newest stays valid.

    That one may belong to a service beside this one.
    """
    keys = quality.access.everywhere().keys
    earlier = [key for key in keys.list(limit=MOST_KEYS).items if key.name == KEY_NAME]
    for key in [key for key in earlier if key.is_valid][1:]:
        keys.revoke(key.api_key_id)
    return keys.create(KEY_NAME, role=Role.ADMIN, scopes=[Scope.PLATFORM], expires_days=KEY_DAYS)


@contextmanager
def _working(app: FastAPI, engine: Engine) -> Iterator[None]:
    """Jobs and schedules, on the engine itself: machines decide on nothing that was kept."""
    service: Service = app.state.service
    launcher = open_launcher(service.settings, engine=engine, context=service.context)
    app.state.launcher = launcher
    background = Background(service, _works(service, engine))
    launcher.start()
    background.start()
    try:
        yield
    finally:
        background.stop()
        launcher.stop()


def _works(service: Service, engine: Engine) -> list[Work]:
    def face() -> Quality:
        return Quality(service.settings, engine, service.context)

    has_begun = False

    def dispatch() -> None:
        nonlocal has_begun
        if not has_begun:  # zone rules may have changed since this last ran
            face().schedules.recompute()
            has_begun = True
        face().dispatch()

    def measure() -> None:
        counted = Counter(job.status for job in face().jobs.keeper.queue.open())
        for status in (JobStatus.QUEUED, JobStatus.RUNNING):
            service.metrics.jobs.labels(status.value).set(counted[status])

    rest = service.settings.idle_poll_s
    return [
        Work("dispatch", max(DISPATCH_S, rest), dispatch, first_after_s=rest),
        Work("measure", max(MEASURE_S, rest), measure, first_after_s=rest),
        Work("purge", max(PURGE_S, rest), lambda: face().requests.purge(), first_after_s=rest),
    ]


class _Server(uvicorn.Server):
    """A server that says when it takes requests, when it begins to end, and when it is done."""

    def __init__(
        self,
        config: uvicorn.Config,
        is_up: Callable[[], None],
        is_ending: Callable[[], None] = lambda: None,
        is_down: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._is_up, self._is_ending, self._is_down = is_up, is_ending, is_down

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        await super().startup(sockets)
        if self.started:
            self._is_up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and let those in flight finish for a while."""
        self._is_ending()
        await super().shutdown(sockets)
        self._is_down()


def _config(app: ASGIApp, grace_s: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_s,
        timeout_keep_alive=30,
        limit_concurrency=1000,
    )


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    with _noted(signal.SIGTERM, signal.SIGINT):
        server.run(sockets=[listener])


def _cut_off(engine: Engine) -> None:
    """Cancel what still runs, as long as the warehouse takes no longer to be told."""
    cancelling = threading.Thread(target=engine.cancel, name="cut-off", daemon=True)
    cancelling.start()
    cancelling.join(APP_CANCEL_S)


def _end_in_time() -> None:
    """End this process some seconds from now, should it then still be there."""
    timer = threading.Timer(APP_LIMIT_S, _give_up)
    timer.daemon = True
    timer.start()


def _give_up() -> None:
    LOG.warning("a statement could not be ended in time; it may go on in the warehouse")
    os._exit(EXIT_NOT_IN_TIME)


@contextmanager
def _noted(*signals: signal.Signals) -> Iterator[None]:
    """The server raises a signal again once it has stopped; there is still work to end then."""

    def note(_number: int, _frame: FrameType | None) -> None:
        return

    before = {number: signal.signal(number, note) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1024)
        except (OSError, OverflowError) as error:
            raise SettingsError(_refused(host, port, error)) from error
        yield listener


def _refused(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} of {host} is taken by another program; choose one with --port"
    if number in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be opened by this user; choose one above 1023 with --port"
    return f"{host}:{port} cannot be listened on ({error}); see --host and --port"


def _shown(host: str) -> str:
    """The host as a browser here takes it."""
    with suppress(ValueError):
        if ip_address(host).is_unspecified:
            return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
