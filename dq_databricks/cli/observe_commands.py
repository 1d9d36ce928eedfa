"""What was found: anomalies, runs, results, explanations, alerts, check types."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dq_databricks.cli import render
from dq_databricks.cli.options import NounGroup, json_option, opened, page_options
from dq_databricks.cli.output import write_json

_statuses = click.Choice(["pass", "warn", "fail", "error", "no_data", "skipped"])


@click.command()
@click.argument("target", required=False)
@click.option("--run", "run_id", help="Of this profile run; the latest of each table by default.")
@page_options
@json_option
def anomalies(
    target: str | None, run_id: str | None, limit: int, cursor: str | None, as_json: bool
) -> None:
    """List what looks odd in the latest profile of TARGET, or of every table."""
    with opened() as quality:
        page = quality.anomalies(target, run_id=run_id, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render.anomalies(page)


@click.command()
@click.argument("name", required=False)
@json_option
def checks(name: str | None, as_json: bool) -> None:
    """List the check types, or describe one with its parameters."""
    with opened() as quality:
        found = quality.checks(name)
    if as_json:
        write_json({"items": found, "next_cursor": None} if name is None else found[0])
    elif name is None:
        render.check_types(found)
    else:
        render.check_type(found[0])


@click.command()
@click.option("--kind", type=click.Choice(["test", "profile"]), default="test", show_default=True)
@page_options
@json_option
def runs(kind: str, limit: int, cursor: str | None, as_json: bool) -> None:
    """List runs, newest first."""
    with opened() as quality:
        page = quality.runs(kind, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render.runs(page)


@click.command()
@click.argument("target", required=False)
@click.option("--run", "run_id", help="Of this test run; the newest results by default.")
@click.option("--status", type=_statuses, help="Only results with this verdict.")
@click.option("--test", "test_id", help="Only results of this test.")
@page_options
@json_option
def results(
    target: str | None,
    run_id: str | None,
    status: str | None,
    test_id: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List test results, newest first."""
    with opened() as quality:
        page = quality.results(
            target, run_id=run_id, status=status, test_id=test_id, limit=limit, cursor=cursor
        )
    write_json(render.page_document(page)) if as_json else render.results(page)


@click.command()
@click.argument("result")
@json_option
def explain(result: str, as_json: bool) -> None:
    """Explain RESULT: what was measured how, on which version, against which limits.

    RESULT is a result id, or a test id for its newest result.
    """
    with opened() as quality:
        explanation = quality.explain(result)
    write_json(explanation.to_json()) if as_json else render.explanation(explanation)


@click.group(cls=NounGroup)
def alerts() -> None:
    """Alerts of failed tests and serious anomalies: list, show, acknowledge."""


@alerts.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only alerts nobody acknowledged.")
@click.option("--severity", type=click.Choice(["warning", "error", "fatal"]))
@page_options
@json_option
def list_alerts(
    only_open: bool, severity: str | None, limit: int, cursor: str | None, as_json: bool
) -> None:
    """List alerts, newest first."""
    with opened() as quality:
        page = quality.alerts(only_open=only_open, severity=severity, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render.alerts(page)


@alerts.command("show")
@click.argument("alert_id")
@json_option
def show_alert(alert_id: str, as_json: bool) -> None:
    """Show one alert."""
    with opened() as quality:
        alert = quality.alert(alert_id)
    write_json(alert) if as_json else render.record(alert)


@alerts.command("acknowledge")
@click.argument("alert_id")
@click.option("--by", help="Who takes it; the current user by default.")
@json_option
def acknowledge(alert_id: str, by: str | None, as_json: bool) -> None:
    """Take note of an alert; the first one to do so is recorded."""
    with opened() as quality:
        alert = quality.acknowledge(alert_id, by=by)
    write_json(alert) if as_json else render.record(alert)


COMMANDS: Sequence[click.Command] = (anomalies, checks, runs, results, explain, alerts)
