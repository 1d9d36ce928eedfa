"""Tests: list, show, add, edit, remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dq_databricks.cli import render
from dq_databricks.cli.options import (
    NounGroup,
    expected_version,
    json_option,
    opened,
    page_options,
    version_options,
)
from dq_databricks.cli.output import write_json
from dq_databricks.quality.documents import MOST_BYTES, Format

_severity = click.option("--severity", type=click.Choice(["warning", "error", "fatal"]))
_parameters = click.option(
    "--parameter",
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the check type; see dq checks NAME.",
)


@click.group(cls=NounGroup)
def tests() -> None:
    """Tests: a check type bound to a table or column, with parameters."""


@tests.command("list")
@click.argument("target", required=False)
@click.option("--group", help="Only tests of this table group.")
@click.option("--suite", help="Only tests of this suite.")
@page_options
@json_option
def list_tests(
    target: str | None,
    group: str | None,
    suite: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List tests of TARGET, or all."""
    with opened() as quality:
        page = quality.tests(target, group=group, suite=suite, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render.tests(page)


@tests.command("show")
@click.argument("test_id")
@json_option
def show_test(test_id: str, as_json: bool) -> None:
    """Show one test."""
    with opened() as quality:
        test = quality.show_test(test_id)
    write_json(test) if as_json else render.record(test)


@tests.command("add")
@click.argument("target")
@click.argument("check_type")
@click.option("--column", "-c", "columns", multiple=True, help="Column; repeat for several.")
@_parameters
@click.option("--name", help="Name of the test; made from check type and columns otherwise.")
@click.option("--suite", help="Suite of the test.")
@_severity
@json_option
def add_test(
    target: str,
    check_type: str,
    columns: tuple[str, ...],
    parameters: tuple[str, ...],
    as_json: bool,
    **values: Any,
) -> None:
    """Add a test of CHECK_TYPE to TARGET."""
    given = {name: value for name, value in values.items() if value is not None}
    with opened() as quality:
        typed = quality.parameters(check_type, parse_parameters(parameters))
        test = quality.add_test(target, check_type, columns=columns, parameters=typed, **given)
    write_json(test) if as_json else render.record(test)


@tests.command("edit")
@click.argument("test_id")
@_parameters
@click.option("--name")
@click.option("--suite")
@_severity
@click.option("--active/--inactive", "is_active", default=None, help="Whether it runs.")
@click.option(
    "--locked/--unlocked", "is_locked", default=None, help="Whether proposals may change it."
)
@version_options
@json_option
def edit_test(
    test_id: str,
    parameters: tuple[str, ...],
    expect_version: int | None,
    latest: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Change a test; an edited test is locked against proposals."""
    version = expected_version(expect_version, latest)
    given = {name: value for name, value in values.items() if value is not None}
    with opened() as quality:
        if parameters:
            check_type = quality.show_test(test_id).rule_type
            given["parameters"] = quality.parameters(check_type, parse_parameters(parameters))
        test = quality.edit_test(test_id, expected_version=version, **given)
    write_json(test) if as_json else render.record(test)


@tests.command("remove")
@click.argument("test_id")
@version_options
@json_option
def remove_test(test_id: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """Remove a test; its results stay."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        test = quality.remove_test(test_id, expected_version=version)
    write_json(test) if as_json else render.record(test)


@tests.command("export")
@click.argument("target", required=False)
@click.option("--suite", help="Only tests of this suite.")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml")
def export_tests(target: str | None, suite: str | None, form: Format) -> None:
    """Write the tests of TARGET, of a suite, or all, as a document that import takes."""
    with opened() as quality:
        text = quality.exchange.export_text(form, suite=suite, table=target)
    click.echo(text, nl=False)


@tests.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
def import_tests(file: str, dry_run: bool, as_json: bool) -> None:
    """Store all tests of FILE (YAML, or JSON where it is named .json), or nothing of it."""
    with click.open_file(file, "rb") as stream:
        text = stream.read(MOST_BYTES + 1)
    form: Format = "json" if file.casefold().endswith(".json") else "yaml"
    with opened() as quality:
        report = quality.exchange.import_tests(text, form, dry_run=dry_run)
    write_json(report) if as_json else render.imported(report)


def parse_parameters(pairs: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` pairs as a dict of texts; a usage error for anything else."""
    parsed: dict[str, str] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not name.strip():
            raise click.UsageError(f"parameter {pair!r}: write NAME=VALUE")
        parsed[name.strip()] = text
    return parsed


COMMANDS: Sequence[click.Command] = (tests,)
