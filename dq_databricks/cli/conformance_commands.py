"""`dq live-conformance`: what only a real workspace can answer, tried there."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dq_databricks.cli.options import json_option, progress_bar
from dq_databricks.cli.output import marked, write_json, write_table
from dq_databricks.cli.render import say
from dq_databricks.conformance import Finding, Report, try_live
from dq_databricks.model.jsonable import jsonable
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE
from dq_databricks.settings import Settings

EXIT_REFUTED = 1


@click.command("live-conformance")
@click.option("--only", multiple=True, metavar="NAME", help="One question; may be repeated.")
@click.option("--catalog", default="", help="Catalog of the scratch schema (DQ_CATALOG).")
@click.option(
    "--schema",
    default="",
    help="Scratch schema, made and dropped; must not be there. A new name by default.",
)
@click.option("--connection", default="", help="Connection of Unity Catalog to ask about.")
@json_option
@click.pass_obj
def live_conformance(
    settings: Settings,
    only: tuple[str, ...],
    catalog: str,
    schema: str,
    connection: str,
    as_json: bool,
) -> int:
    """Try what our code takes for granted of the platform, and say what was seen.

    Works in a schema of its own and drops it; makes and deletes a paused job, a draft dashboard
    and a paused alert where there is a workspace. Exit code 1 when something is refuted.
    """
    with progress_bar() as progress:
        report = try_live(
            settings,
            only=only,
            catalog=catalog,
            schema=schema,
            connection=connection,
            progress=progress,
        )
    if as_json:
        write_json({**jsonable(report), "counts": _counts(report)})
    else:
        _show(report)
    return _code(report)


def _show(report: Report) -> None:
    rows = (
        (marked(one.finding.value), one.name, one.claim, one.seen, one.hangs_on)
        for one in report.tried
    )
    headers = ("verdict", "question", "taken for granted", "seen", "what hangs on it")
    write_table(f"Tried on {report.engine}, in {report.place}", headers, rows)
    say(", ".join(f"{count} {word}" for word, count in _counts(report).items()))


def _counts(report: Report) -> dict[str, int]:
    return {finding.value: report.count(finding) for finding in Finding}


def _code(report: Report) -> int:
    if report.count(Finding.REFUTED):
        return EXIT_REFUTED
    return EXIT_COULD_NOT_RUN if report.count(Finding.ERROR) else EXIT_FINE


COMMANDS: Sequence[click.Command] = (live_conformance,)
