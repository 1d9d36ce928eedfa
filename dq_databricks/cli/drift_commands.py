"""Drift of the metadata schema: verify."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dq_databricks.cli import render_drift as render
from dq_databricks.cli.options import json_option, opened
from dq_databricks.cli.output import write_json
from dq_databricks.model.jsonable import jsonable

EXIT_DRIFT = 1


@click.command()
@json_option
def verify(as_json: bool) -> int:
    """Compare the live schema with the state at its applied version; exit code 1 on drift.

    Changes nothing. Files that are still to be applied are no drift.
    """
    with opened() as quality:
        report = quality.drift.verify()
    if as_json:
        write_json({**jsonable(report), "is_clean": report.is_clean})
    else:
        render.verified(report)
    return 0 if report.is_clean else EXIT_DRIFT


COMMANDS: Sequence[click.Command] = (verify,)
