"""What commands share: options, the open face, and nouns that list when nothing is said."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dq_databricks.cli import render
from dq_databricks.cli.output import stderr_console, write_json
from dq_databricks.model.base import MutableRecord
from dq_databricks.model.ids import Context
from dq_databricks.model.progress import silent
from dq_databricks.model.redacting import Redaction
from dq_databricks.quality import Quality, open_quality
from dq_databricks.settings import Settings

REDACTION = "dq_databricks.redaction"
F = TypeVar("F", bound=Callable[..., Any])


class NounGroup(click.Group):
    """A noun: without a sub-command (or with anything that is none) it lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``list`` in front of arguments that name no sub-command."""
        wants_help = bool(args) and args[0] in ("--help", "-h")
        if not wants_help and (not args or args[0] not in self.commands):
            near = difflib.get_close_matches(args[0], list(self.commands), n=1) if args else []
            if near and not args[0].startswith("-"):
                raise click.UsageError(f"no command {args[0]!r}; did you mean {near[0]!r}?", ctx)
            args = ["list", *args]
        return super().parse_args(ctx, args)


class RootGroup(click.Group):
    """The `dq` command: an unknown sub-command gets a suggestion."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The sub-command, or a usage error with the nearest name."""
        command = super().get_command(ctx, cmd_name)
        if command is None:
            near = difflib.get_close_matches(cmd_name, self.list_commands(ctx), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "; see dq --help"
            raise click.UsageError(f"no command {cmd_name!r}{hint}", ctx)
        return command


def json_option(function: F) -> F:
    """``--json``: one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(
        function
    )


def page_options(function: F) -> F:
    """``--limit`` and ``--cursor`` of every listing."""
    limit = click.option(
        "--limit",
        type=click.IntRange(1, 10_000),
        default=50,
        show_default=True,
        help="Rows a page.",
    )
    cursor = click.option("--cursor", help="Where to go on: the next_cursor of the last page.")
    return limit(cursor(function))


def version_options(function: F) -> F:
    """``--expect-version N`` or ``--latest``: every edit says which version it means."""
    expect = click.option("--expect-version", type=click.IntRange(0), help="The version you saw.")
    latest = click.option("--latest", is_flag=True, help="Edit whatever version is there now.")
    return expect(latest(function))


def expected_version(expect_version: int | None, latest: bool) -> int | None:
    """The version to expect, None for the latest; a usage error when neither was said."""
    if latest == (expect_version is not None):
        raise click.UsageError("say which version you edit: --expect-version N or --latest")
    return expect_version


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is lost; `yes` has answered already.

    Without a terminal to ask at, a usage error that names ``--yes``.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody is there to ask: say --yes if you mean it")
    click.confirm(question, abort=True, err=True)


def show(record: MutableRecord, as_json: bool) -> None:
    """Print one row, field by field or as JSON."""
    write_json(record) if as_json else render.record(record)


def given(**values: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def opened() -> Iterator[Quality]:
    """The public face with the settings of this invocation, closed at the end."""
    context = click.get_current_context()
    settings: Settings = context.find_root().obj
    with open_quality(settings, told=_tell, context=Context(redaction=redaction())) as quality:
        yield quality


def redaction() -> Redaction:
    """What this invocation knows to be secret: one object, from its first line to its last."""
    known: Redaction = click.get_current_context().meta[REDACTION]
    return known


def _tell(sentence: str) -> None:
    click.echo(f"dq: {sentence}", err=True)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Report progress of phases on a terminal's stderr: called with phase, done and total."""
    console = stderr_console()
    if not console.is_terminal:
        yield silent
        return
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def report(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = progress.add_task(phase, total=total)
            progress.update(tasks[phase], completed=done, total=total)

        yield report
