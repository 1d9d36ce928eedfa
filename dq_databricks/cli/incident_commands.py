"""Incidents: what is wrong, and what people do about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from dq_databricks.cli import render, render_incidents
from dq_databricks.cli.options import (
    NounGroup,
    expected_version,
    json_option,
    opened,
    page_options,
    version_options,
)
from dq_databricks.cli.output import write_json
from dq_databricks.model.incident import Incident
from dq_databricks.quality.incidents import BY_PEOPLE, IncidentFilter

_OPEN = ("open", "acknowledged")
_until = click.option(
    "--until",
    required=True,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="UTC, such as 2030-01-31T08:00.",
)


@click.group(cls=NounGroup)
def incidents() -> None:
    """Failures that belong together: list, show, acknowledge, assign, resolve, snooze, mute."""


@incidents.command("list")
@click.option(
    "--status",
    multiple=True,
    type=click.Choice(["open", "acknowledged", "resolved", "all"]),
    help="Open and acknowledged by default.",
)
@click.option("--severity", type=click.Choice(["warning", "error", "fatal"]))
@click.option("--table", "table_id", help="Id of a table.")
@click.option("--assignee", help="Who works on it, or nobody.")
@click.option("--quiet/--not-quiet", default=None, help="Snoozed or muted now, or not.")
@page_options
@json_option
def list_incidents(
    status: tuple[str, ...],
    severity: str | None,
    table_id: str | None,
    assignee: str | None,
    quiet: bool | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List incidents, the gravest first."""
    wanted = IncidentFilter(
        status=() if "all" in status else status or _OPEN,
        severity=severity,
        table_id=table_id,
        assignee=assignee,
        quiet=quiet,
    )
    with opened() as quality:
        page = quality.incidents.list(wanted, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render_incidents.incidents(page)


@incidents.command("show")
@click.argument("incident_id")
@json_option
def show_incident(incident_id: str, as_json: bool) -> None:
    """Show an incident with its timeline."""
    with opened() as quality:
        incident = quality.incidents.show(incident_id)
        timeline = quality.incidents.timeline(incident_id, limit=1000)
    if as_json:
        write_json({"incident": incident, "timeline": list(timeline)})
    else:
        render_incidents.incident(incident, timeline)


@incidents.command("acknowledge")
@click.argument("incident_id")
@version_options
@json_option
def acknowledge(incident_id: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """Take note of an incident."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        _show(quality.incidents.acknowledge(incident_id, version=version), as_json)


@incidents.command("assign")
@click.argument("incident_id")
@click.option("--to", "to", required=True, help="Who works on it; an empty text for nobody.")
@version_options
@json_option
def assign(
    incident_id: str, to: str, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Say who works on an incident."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        _show(quality.incidents.assign(incident_id, to or None, version=version), as_json)


@incidents.command("resolve")
@click.argument("incident_id")
@click.option(
    "--as",
    "resolution",
    required=True,
    type=click.Choice([one.value for one in BY_PEOPLE]),
    help="Why it is over.",
)
@click.option("--notes", required=True, help="What was done.")
@version_options
@json_option
def resolve(
    incident_id: str,
    resolution: str,
    notes: str,
    expect_version: int | None,
    latest: bool,
    as_json: bool,
) -> None:
    """End an incident."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        _show(quality.incidents.resolve(incident_id, resolution, notes, version=version), as_json)


@incidents.command("reopen")
@click.argument("incident_id")
@click.option("--notes", help="Why it is not over.")
@version_options
@json_option
def reopen(
    incident_id: str, notes: str | None, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Say that a resolved incident is not over."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        _show(quality.incidents.reopen(incident_id, notes=notes, version=version), as_json)


@incidents.command("snooze")
@click.argument("incident_id")
@_until
@version_options
@json_option
def snooze(
    incident_id: str, until: datetime, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Take an incident off the board for a time; nobody is told of it so long."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        _show(quality.incidents.snooze(incident_id, _utc(until), version=version), as_json)


@incidents.command("mute")
@click.argument("incident_id")
@_until
@version_options
@json_option
def mute(
    incident_id: str, until: datetime, expect_version: int | None, latest: bool, as_json: bool
) -> None:
    """Tell nobody of an incident for a time; it stays on the board."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        _show(quality.incidents.mute(incident_id, _utc(until), version=version), as_json)


@incidents.command("wake")
@click.argument("incident_id")
@version_options
@json_option
def wake(incident_id: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """End a snooze or a mute before its time."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        _show(quality.incidents.wake(incident_id, version=version), as_json)


@incidents.command("comment")
@click.argument("incident_id")
@click.argument("notes")
@json_option
def comment(incident_id: str, notes: str, as_json: bool) -> None:
    """Say NOTES in the timeline of an incident."""
    with opened() as quality:
        event = quality.incidents.comment(incident_id, notes)
    write_json(event) if as_json else render.record(event)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _show(incident: Incident, as_json: bool) -> None:
    write_json(incident) if as_json else render.record(incident)


COMMANDS: Sequence[click.Command] = (incidents,)
