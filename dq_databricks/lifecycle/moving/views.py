"""The views of the migrations in a schema that is arriving: made anew, over its own tables."""

from __future__ import annotations

from collections.abc import Iterator

from dq_databricks.errors import (
    ColumnNotFoundError,
    SqlError,
    TableNotFoundError,
    UnsupportedError,
)
from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.moving.copying import carry_out
from dq_databricks.lifecycle.moving.job import Renaming
from dq_databricks.lifecycle.shape.compare import Difference, Kind
from dq_databricks.lifecycle.shape.expected import expected_shape
from dq_databricks.lifecycle.shape.shape import SchemaShape
from dq_databricks.lifecycle.shape.views import create_view

# A view that was changed by hand may read what stays in the old schema.
_DOES_NOT_FIT = (TableNotFoundError, ColumnNotFoundError, SqlError, UnsupportedError)


def carry_views(renaming: Renaming) -> None:
    """Make the views of the source that migrations made, as they are there now.

    One that cannot be made so is made as its migration says, which is reported.
    """
    wanted = _shipped(renaming)
    for name in (name for name in wanted.views if name in renaming.shape.views):
        renaming.held.keep()
        renaming.differences[name] = tuple(_carry_view(renaming, name, wanted))


# --- below ---------------------------------------------------------------------------------------


def _shipped(renaming: Renaming) -> SchemaShape:
    scripts, source = shipped_scripts(), renaming.source
    versions = scripts[-1].version
    return expected_shape(scripts, versions, source.engine.facts, source.catalog, source.schema)


def _carry_view(renaming: Renaming, name: str, wanted: SchemaShape) -> Iterator[Difference]:
    engine, target = renaming.source.engine, renaming.target.table_name(name)
    live, shipped = renaming.shape.views[name].text, wanted.views[name].text or ""
    try:
        carry_out(engine, create_view(target, shipped if live is None else live))
    except _DOES_NOT_FIT as error:
        if live in (None, shipped):
            raise
        carry_out(engine, create_view(target, shipped))
        yield Difference(name, Kind.TEXT, expected=live, found=f"as its migration made it: {error}")
