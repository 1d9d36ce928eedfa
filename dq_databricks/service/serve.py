"""One serving process: the application on a socket, with jobs and schedules beside it."""

from __future__ import annotations

import errno
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from types import FrameType

import uvicorn
from fastapi import FastAPI

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
from dq_databricks.service.site import Service
from dq_databricks.settings import Settings

KEY_NAME = "sign-in of dq serve"
KEY_DAYS = 7
MOST_KEYS = 1000
DISPATCH_S, MEASURE_S, PURGE_S = 5.0, 15.0, 3600.0
GRACE_S = 3


@dataclass(frozen=True, slots=True)
class Started:
    """What whoever started a service is told: where it is, and how to get in."""

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
        authenticator = default_authenticator(settings, context)
        app = create_app(settings, authenticator, engine=engine, context=context)
        stack.enter_context(_working(app, engine))
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
        started = Started(address, key.key, key.expires_at)
        charts.warm_up()
        _run(app, listener, lambda: told(started))


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

    return [
        Work("dispatch", DISPATCH_S, dispatch),
        Work("measure", MEASURE_S, measure),
        Work("purge", PURGE_S, lambda: face().requests.purge()),
    ]


class _Server(uvicorn.Server):
    """A server that says when it takes requests."""

    def __init__(self, config: uvicorn.Config, is_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._is_up = is_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        await super().startup(sockets)
        if self.started:
            self._is_up()


def _run(app: FastAPI, listener: socket.socket, is_up: Callable[[], None]) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        limit_concurrency=1000,
    )
    with _noted(signal.SIGTERM, signal.SIGINT):
        _Server(config, is_up).run(sockets=[listener])


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
