"""Compare what was copied, and copy again what somebody wrote to meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.errors import RenameError
from dq_databricks.lifecycle.moving.checksums import Content, content
from dq_databricks.lifecycle.moving.copying import latest_version
from dq_databricks.lifecycle.moving.job import CopiedTable, Renaming

MOST_ROUNDS = 5
"""How often tables are copied again because somebody wrote to them meanwhile."""

Reading = dict[str, tuple[Content, Content]]
"""By table: its content in source and target."""


def verify(renaming: Renaming) -> None:
    """Compare source and target twice; copy again what somebody wrote to meanwhile."""
    for _ in range(MOST_ROUNDS):
        readings = [_read(renaming, phase) for phase in ("comparing", "comparing again")]
        slipped = _written_meanwhile(renaming)
        if not slipped:
            _require_equal(renaming, readings)
            return
        for name in slipped:
            renaming.copy(name)
    told = "; ".join(_told(renaming, name, readings[-1][name]) for name in slipped)
    raise RenameError(
        f"{renaming.source.name} is still written to: {told}; both schemas are kept: stop the "
        f"writer and run {renaming.resume} again, or `dq rename --abandon`"
    )


# --- below ---------------------------------------------------------------------------------------


def _read(renaming: Renaming, phase: str) -> Reading:
    """The content of each table in source and target."""
    found: Reading = {}
    for number, name in enumerate(renaming.names):
        renaming.progress(phase, number, len(renaming.names))
        renaming.held.keep()
        copying = renaming.copying(name)
        columns, engine = copying.shape.columns, renaming.source.engine
        found[name] = (
            content(engine, copying.source, columns, renaming.versions[name]),
            content(engine, copying.target, columns),
        )
    renaming.progress(phase, len(renaming.names), len(renaming.names))
    return found


def _written_meanwhile(renaming: Renaming) -> list[str]:
    engine = renaming.source.engine
    return [
        name
        for name in renaming.names
        if latest_version(engine, renaming.source.table_name(name)) != renaming.versions[name]
    ]


def _require_equal(renaming: Renaming, readings: Sequence[Reading]) -> None:
    for name in renaming.names:
        contents = [one for reading in readings for one in reading[name]]
        if any(one != contents[0] for one in contents):
            # A twin of this run may have finished, and the target be in use.
            if renaming.is_switched():
                return
            raise RenameError(
                f"{_told(renaming, name, readings[-1][name])}; both schemas are kept and "
                f"{renaming.source.name} is still the one that counts: look what differs, then "
                f"run {renaming.resume} again, or `dq rename --abandon`"
            )
    renaming.tables = tuple(
        CopiedTable(
            name,
            found.row_count,
            found.checksum,
            renaming.versions[name],
            found.presence_only,
        )
        for name, (found, _) in readings[0].items()
    )


def _told(renaming: Renaming, name: str, pair: tuple[Content, Content]) -> str:
    source, target = pair
    return (
        f"{renaming.source.table_name(name)} has {source.row_count} rows (checksum "
        f"{source.checksum}), {renaming.target.table_name(name)} has {target.row_count} "
        f"(checksum {target.checksum})"
    )
