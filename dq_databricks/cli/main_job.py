"""The main job: profile, propose, plan, test."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dq_databricks.cli import render_reports as render
from dq_databricks.cli.options import json_option, opened, progress_bar
from dq_databricks.cli.output import write_json

_target = click.argument("target", required=False)
_group = click.option("--group", help="All tables of this table group instead of one TARGET.")


@click.command()
@_target
@_group
@click.option("--exact", is_flag=True, help="Count distinct values exactly, whatever it costs.")
@json_option
def profile(target: str | None, group: str | None, exact: bool, as_json: bool) -> int:
    """Profile TARGET: every column measured, anomalies named.

    TARGET is a parquet or CSV file, a glob, a Delta folder or catalog.schema.table.
    """
    with opened() as quality, progress_bar() as progress:
        report = quality.profile(target, group=group, exact=exact, progress=progress)
    if as_json:
        write_json(report.to_json())
    else:
        render.profile_report(report)
    return report.exit_code


@click.command()
@_target
@_group
@click.option("--apply", is_flag=True, help="Store the proposed tests.")
@json_option
def propose(target: str | None, group: str | None, apply: bool, as_json: bool) -> None:
    """Derive tests for TARGET from its profile, with the reason of each; --apply stores them."""
    with opened() as quality, progress_bar() as progress:
        report = quality.propose(target, group=group, apply=apply, progress=progress)
    if as_json:
        write_json(report.to_json())
    else:
        render.proposal_report(report)


@click.command()
@_target
@_group
@click.option("--suite", help="Only the tests of this suite.")
@json_option
def plan(target: str | None, group: str | None, suite: str | None, as_json: bool) -> None:
    """Show how the tests of TARGET would be answered: statements, columns, bytes, proofs."""
    with opened() as quality:
        plans = quality.plan(target, group=group, suite=suite)
    if as_json:
        documents = [table.to_json() for table in plans]
        write_json(documents[0] if len(documents) == 1 else {"tables": documents})
    else:
        render.plans(plans)


@click.command()
@_target
@_group
@click.option("--suite", help="Only the tests of this suite.")
@json_option
def test(target: str | None, group: str | None, suite: str | None, as_json: bool) -> int:
    """Run the tests of TARGET. Exit code 1 when one fails."""
    with opened() as quality, progress_bar() as progress:
        report = quality.test(target, group=group, suite=suite, progress=progress)
    if as_json:
        write_json(report.to_json())
    else:
        render.test_report(report)
    return report.exit_code


COMMANDS: Sequence[click.Command] = (profile, propose, plan, test)
