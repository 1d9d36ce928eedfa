"""`dq serve`: the API and the pages, with jobs and schedules."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from dq_databricks.cli.options import json_option, redaction
from dq_databricks.cli.output import stdout_console, write_json
from dq_databricks.errors import MissingExtraError, SettingsError
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings

if TYPE_CHECKING:
    from dq_databricks.service.serve import Started

APP_PORT, APP_DEFAULT_PORT = "DATABRICKS_APP_PORT", 8000
LOG = logging.getLogger("dq_databricks.service")
_DRIVERS = frozenset(
    {"altair", "bcrypt", "fastapi", "itsdangerous", "jinja2", "prometheus_client"}
    | {"python_multipart", "starlette", "uvicorn", "vl_convert"}
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0: any free one.",
)
@click.option("--log-json", is_flag=True, help="Log lines of JSON, as they are without a terminal.")
@click.option(
    "--app",
    "as_app",
    is_flag=True,
    help="As a Databricks App, on the port it gives; so too where DATABRICKS_APP_PORT is set.",
)
@json_option
@click.pass_obj
def serve(
    settings: Settings, host: str, port: int, log_json: bool, as_app: bool, as_json: bool
) -> None:
    """Serve the API and the pages until Ctrl-C, and carry out jobs and schedules.

    Prints the address and a key to sign in with, an administrator's, valid for seven days. As a
    Databricks App it makes no key and no tables: people come signed in, and a job migrates.
    """
    known = redaction()
    context = Context(redaction=known)
    given = os.environ.get(APP_PORT, "")
    if as_app or given:
        run_app, log_to = _service("serve_app")
        log_to(as_json=True, redaction=known)
        run_app(settings, _app_port(given), lambda started: _log_start(settings, started), context)
        return
    run, log_to = _service("serve")
    log_to(as_json=log_json or not sys.stderr.isatty(), redaction=known)
    run(settings, host, port, write_json if as_json else _tell, context)


def _app_port(text: str) -> int:
    """The port that the platform gives; raises SettingsError for what is none."""
    if not text:
        return APP_DEFAULT_PORT
    if not text.isdecimal() or int(text) > 65_535:
        raise SettingsError(f"{APP_PORT}={text!r}: write a port, such as {APP_DEFAULT_PORT}")
    return int(text)


def _log_start(settings: Settings, started: Started) -> None:
    LOG.info(
        "serving on %s as an app: engine %s, launcher %s, metadata in %s.%s",
        started.address,
        settings.engine,
        settings.launcher,
        settings.catalog,
        settings.data_quality_schema,
    )


def _tell(started: Started) -> None:
    console = stdout_console()
    until = f"{started.key_expires_at:%Y-%m-%d}" if started.key_expires_at else "it is revoked"
    console.print(f"Serving on    [bold]{started.address}[/]   (API: {started.address}/docs)")
    console.print(f"Sign in with  [bold]{started.key}[/]", soft_wrap=True)
    console.print(f"              an administrator's key, valid until {until}; Ctrl-C stops")
    sys.stdout.flush()


def _service(name: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """What serves, and what logs; raises MissingExtraError where libraries are not installed."""
    try:
        from dq_databricks.service import serve as serving
        from dq_databricks.service.logs import log_to
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _DRIVERS:
            raise
        raise MissingExtraError(
            f"dq serve needs {error.name}, which is not installed; "
            "pip install 'dq-databricks[service]'"
        ) from error
    run: Callable[..., None] = getattr(serving, name)
    return run, log_to


COMMANDS: Sequence[click.Command] = (serve,)
