"""The root command, its settings and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType

import click

from dq_databricks.cli import (
    access_commands,
    audit_commands,
    catalog_commands,
    conformance_commands,
    connection_commands,
    ddl_commands,
    drift_commands,
    incident_commands,
    ingest_commands,
    job_commands,
    main_job,
    migrate_commands,
    observe_commands,
    point_commands,
    project_commands,
    rename_commands,
    schedule_commands,
    schema_commands,
    secret_commands,
    serve_commands,
    tenant_commands,
    test_commands,
    upkeep_commands,
)
from dq_databricks.cli.options import REDACTION, RootGroup
from dq_databricks.errors import QualityError
from dq_databricks.model.log_lines import warn_on
from dq_databricks.model.redacting import Redaction
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE
from dq_databricks.settings import Settings

# Beside the verdicts of the reports.
EXIT_WRONG_USE, EXIT_INTERRUPTED, EXIT_PIPE_CLOSED = 2, 130, 141

_EXAMPLES = """\b
  dq profile ./orders.parquet            what is in it, and what looks odd
  dq propose ./orders.parquet --apply    tests derived from that profile
  dq test ./orders.parquet               run them; exit code 1 when one fails
"""

_EXIT_CODES = """\b
Exit codes:
  0  fine
  1  tests failed; drift or lint findings
  2  wrong use: a name, a parameter or a target that does not fit
  3  could not run: damaged files, no connection, no permission
"""


class _Dq(RootGroup):
    """The root group; its help ends with every setting and its variable."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes and the settings."""
        super().format_epilog(ctx, formatter)
        rows = [
            (
                entry.metadata["env"],
                f"{entry.metadata['help']} [default: {_default(entry.default)}]",
            )
            for entry in fields(Settings)
        ]
        with formatter.section("Settings (environment variables)"):
            formatter.write_dl(rows)


def _default(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or "none"


@click.group(
    cls=_Dq,
    help="Data quality for Databricks: profile, propose, test, alert.\n\n" + _EXAMPLES,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.option("--home", type=click.Path(path_type=Path), help="Folder of the local lake (DQ_HOME).")
@click.option("--engine", help="local, spark or warehouse (DQ_ENGINE).")
@click.pass_context
def dq(context: click.Context, home: Path | None, engine: str | None) -> None:
    """Load the settings of this invocation."""
    context.meta[REDACTION] = context.obj or Redaction.of_environment()
    settings = Settings.load()
    if home is not None:
        settings = replace(settings, home=home)
    if engine is not None:
        settings = Settings.load(None, engine=engine, home=settings.home)
    context.obj = settings


for _command in (
    *main_job.COMMANDS,
    *observe_commands.COMMANDS,
    *test_commands.COMMANDS,
    *incident_commands.COMMANDS,
    *connection_commands.COMMANDS,
    *catalog_commands.COMMANDS,
    *job_commands.COMMANDS,
    *ingest_commands.COMMANDS,
    *schedule_commands.COMMANDS,
    *migrate_commands.COMMANDS,
    *point_commands.COMMANDS,
    *rename_commands.COMMANDS,
    *upkeep_commands.COMMANDS,
    *ddl_commands.COMMANDS,
    *schema_commands.COMMANDS,
    *serve_commands.COMMANDS,
    *tenant_commands.COMMANDS,
    *access_commands.COMMANDS,
    *secret_commands.COMMANDS,
    *project_commands.COMMANDS,
    *audit_commands.COMMANDS,
    *conformance_commands.COMMANDS,
):
    dq.add_command(_command)
for _command in drift_commands.COMMANDS:
    migrate_commands.migrate.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run `dq` and exit; every error is one line on stderr, never a traceback."""
    redaction = Redaction.of_environment()
    sys.excepthook = partial(_report_unexpected, redaction)
    warn_on(redaction)
    sys.exit(run(arguments, redaction))


def run(arguments: list[str] | None = None, redaction: Redaction | None = None) -> int:
    """Run `dq` with `arguments` (the process's by default); the exit code.

    No error shows what `redaction` knows or learns: by default what the environment names so.
    """
    known = redaction or Redaction.of_environment()
    fail = partial(_fail, known)
    try:
        code = dq.main(arguments, prog_name="dq", standalone_mode=False, obj=known)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        return EXIT_FINE
    except click.UsageError as error:
        return fail(error.format_message(), EXIT_WRONG_USE)
    except click.ClickException as error:
        return fail(error.format_message(), EXIT_WRONG_USE)
    except click.Abort:
        return fail("interrupted", EXIT_INTERRUPTED)
    except QualityError as error:
        return fail(str(error), EXIT_WRONG_USE if error.wrong_use else EXIT_COULD_NOT_RUN)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return fail(f"{place}{error.strerror or error}", EXIT_COULD_NOT_RUN)
    except SystemExit:  # click's answer to a reader that went away, as in `dq … | head`
        return EXIT_PIPE_CLOSED
    return code if isinstance(code, int) else EXIT_FINE


def _fail(redaction: Redaction, message: str, code: int) -> int:
    line = " ".join(redaction(message).split())
    click.echo(f"dq: {_one_line(line)}", err=True)
    return code


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _report_unexpected(
    redaction: Redaction,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Say in one line that this is our fault, and keep the traceback in a file."""
    text = redaction("".join(traceback.format_exception(kind, error, trace)))
    with NamedTemporaryFile("w", prefix="dq-error-", suffix=".txt", delete=False) as report:
        report.write(text)
    line = _one_line(" ".join(redaction(f"{kind.__name__}: {error}").split()))
    click.echo(f"dq: internal error, please report it with {report.name}: {line}", err=True)
    os._exit(EXIT_COULD_NOT_RUN)
