"""`dq serve`: the API and the pages, with jobs and schedules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from dq_databricks.cli.options import json_option, redaction
from dq_databricks.cli.output import stdout_console, write_json
from dq_databricks.errors import MissingExtraError
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings

if TYPE_CHECKING:
    from dq_databricks.service.serve import Started

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
@json_option
@click.pass_obj
def serve(settings: Settings, host: str, port: int, log_json: bool, as_json: bool) -> None:
    """Serve the API and the pages until Ctrl-C, and carry out jobs and schedules.

    Prints the address and a key to sign in with, an administrator's, valid for seven days.
    """
    run, log_to = _service()
    known = redaction()
    log_to(as_json=log_json or not sys.stderr.isatty(), redaction=known)
    run(settings, host, port, write_json if as_json else _tell, Context(redaction=known))


def _tell(started: Started) -> None:
    console = stdout_console()
    until = f"{started.key_expires_at:%Y-%m-%d}" if started.key_expires_at else "it is revoked"
    console.print(f"Serving on    [bold]{started.address}[/]   (API: {started.address}/docs)")
    console.print(f"Sign in with  [bold]{started.key}[/]", soft_wrap=True)
    console.print(f"              an administrator's key, valid until {until}; Ctrl-C stops")
    sys.stdout.flush()


def _service() -> tuple[Callable[..., None], Callable[..., None]]:
    """What serves; raises MissingExtraError where its libraries are not installed."""
    try:
        from dq_databricks.service.logs import log_to
        from dq_databricks.service.serve import serve as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _DRIVERS:
            raise
        raise MissingExtraError(
            f"dq serve needs {error.name}, which is not installed; "
            "pip install 'dq-databricks[service]'"
        ) from error
    return run, log_to


COMMANDS: Sequence[click.Command] = (serve,)
