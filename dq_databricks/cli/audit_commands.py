"""The audit log: list, verify its chain, export its head."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from dq_databricks.cli import render, render_access
from dq_databricks.cli.options import NounGroup, json_option, opened, page_options
from dq_databricks.cli.output import write_json
from dq_databricks.quality.audit import head_from_text
from dq_databricks.quality.listings import AuditFilter
from dq_databricks.quality.reports import EXIT_COULD_NOT_RUN, EXIT_FINE

_workspace = click.option("--workspace", help="Id or name of a workspace.")


@click.group(cls=NounGroup)
def audit() -> None:
    """The audit log: list, verify, head."""


@audit.command("list")
@_workspace
@click.option("--actor", help="Only what this one did.")
@click.option("--action", help="Only this, such as create.")
@click.option("--entity", "entity_type", help="Only what was done to these, such as test.")
@click.option("--id", "entity_id", help="Only what was done to this.")
@click.option("--since", type=click.DateTime(), help="From then on, UTC.")
@click.option("--until", type=click.DateTime(), help="Before then, UTC.")
@page_options
@json_option
def list_audit(
    workspace: str | None,
    actor: str | None,
    action: str | None,
    entity_type: str | None,
    entity_id: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List entries, newest first."""
    wanted = AuditFilter(
        actor=actor,
        action=action,
        entity_type=entity_type,
        entity_id=entity_id,
        since=None if since is None else since.replace(tzinfo=UTC),
        until=None if until is None else until.replace(tzinfo=UTC),
    )
    with opened() as quality:
        page = quality.audit.list(wanted, workspace=workspace, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render_access.audit(page)


@audit.command("head")
@_workspace
@click.option("--json", is_flag=True, expose_value=False, help="As without: one JSON document.")
def show_head(workspace: str | None) -> None:
    """Print the newest entry as JSON, to be kept where nobody who can write the log can."""
    with opened() as quality:
        write_json(quality.audit.head(workspace=workspace))


@audit.command("verify")
@_workspace
@click.option(
    "--head",
    "head_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What dq audit head printed earlier; shows whether the log was cut.",
)
@json_option
def verify_audit(workspace: str | None, head_file: Path | None, as_json: bool) -> int:
    """Follow the chain and name its first broken link; exit code 3 when there is one."""
    kept = None if head_file is None else head_from_text(head_file.read_text("utf-8"))
    with opened() as quality:
        found = quality.audit.verify(workspace=workspace, kept=kept)
    if as_json:
        write_json(render_access.verification_document(found))
    else:
        render_access.verified(found, with_head=kept is not None)
    return EXIT_FINE if found.is_whole else EXIT_COULD_NOT_RUN


COMMANDS: Sequence[click.Command] = (audit,)
