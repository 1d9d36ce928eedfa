"""The steps of a renaming, in their order. Each looks first and may be repeated or come late.

Until the last but one step the source is the schema that counts; nothing is ever dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from dq_databricks.errors import RenameError
from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.moving.checksums import Content, content
from dq_databricks.lifecycle.moving.copying import (
    Copying,
    carry_out,
    copy_table,
    latest_version,
    make_table,
    merge_statement,
)
from dq_databricks.lifecycle.moving.privileges import carry_privileges
from dq_databricks.lifecycle.moving.target import check_target, mark_target, same_schema
from dq_databricks.lifecycle.shape.compare import Difference
from dq_databricks.lifecycle.shape.shape import SchemaShape
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    OPERATION,
    RENAMED_FROM,
    SCHEMA_NAME,
    Operation,
    Phase,
    change_operation,
    read_state,
)
from dq_databricks.model.life import Lease, RestorePoint
from dq_databricks.model.progress import Progress
from dq_databricks.model.setting import Setting
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement

RENAMED_VERSIONS = "renamed_versions"
"""Setting of the new schema: JSON, the version of each table of the old one that was verified."""

OWN_SETTINGS = (OPERATION, SCHEMA_NAME, RENAMED_FROM, RENAMED_VERSIONS)
"""Settings that say of a schema which one it is: never copied."""

# Their rows speak of the old tables: who holds them, which versions they had.
EMPTY_TABLES = (Lease.TABLE, RestorePoint.TABLE)

MOST_ROUNDS = 5
"""How often tables are copied again because somebody wrote to them meanwhile."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that was copied and compared: rows, checksum, and the version of its source.

    Of columns in `presence_only` only whether they have a value was compared.
    """

    name: str
    row_count: int
    checksum: str
    source_version: int
    presence_only: tuple[str, ...] = ()


@dataclass(slots=True)
class Renaming:
    """A renaming under way: `source` is its schema, `operation` what stands (or will) there."""

    source: Site
    operation: Operation
    held: Held
    shape: SchemaShape
    progress: Progress
    versions: dict[str, int] = field(default_factory=dict)
    tables: tuple[CopiedTable, ...] = ()
    differences: dict[str, tuple[Difference, ...]] = field(default_factory=dict)
    is_marked: bool = False

    @property
    def target(self) -> Site:
        """The schema it goes to."""
        return replace(self.source, schema=self.operation.other)

    @property
    def marker(self) -> Operation:
        """What stands in the target until it is open."""
        return replace(self.operation, phase=Phase.ARRIVING, other=self.source.schema)

    @property
    def names(self) -> tuple[str, ...]:
        """The tables whose rows are copied."""
        apart = {Setting.TABLE, *EMPTY_TABLES}
        return tuple(name for name in self.shape.tables if name not in apart)

    def copying(self, name: str) -> Copying:
        """One table on its way."""
        source, target = self.source.table_name(name), self.target.table_name(name)
        return Copying(source, target, self.shape.tables[name], self.marker)

    def copy(self, name: str) -> None:
        """Copy a table as it is now."""
        self.held.keep()
        copying = self.copying(name)
        version = latest_version(self.source.engine, copying.source)
        self.differences[name] = copy_table(self.source.engine, copying, version)
        self.versions[name] = version

    def is_switched(self) -> bool:
        """Whether the source says already that this renaming is done."""
        state = read_state(self.source.engine, self.source.catalog, self.source.schema)
        return state.operation == replace(self.operation, phase=Phase.MOVED)


Step = Callable[[Renaming], None]


def mark_source(renaming: Renaming) -> None:
    """Tell writers to wait: the source is being renamed."""
    source = renaming.source
    state = read_state(source.engine, source.catalog, source.schema)
    if state.operation == renaming.operation:
        return
    done = change_operation(
        source.engine,
        source.catalog,
        source.schema,
        state.operation,
        renaming.operation,
        at=source.context.now(),
    )
    if not done:
        raise RenameError(f"{source.name} was taken by another job just now: try again")


def create_target(renaming: Renaming) -> None:
    """Make the schema, its settings table and the marker that says whose it is."""
    source, target = renaming.source, renaming.target
    check_target(source.engine, source.catalog, source.schema, target.schema, begun=True)
    create = Statement(f"CREATE SCHEMA IF NOT EXISTS {quote(target.catalog, target.schema)}")
    carry_out(source.engine, create)
    name = Setting.TABLE
    renaming.differences[name] = make_table(source.engine, renaming.copying(name))
    mark_target(source.engine, source.catalog, target.schema, renaming.marker, source.context)
    renaming.is_marked = True


def create_life_tables(renaming: Renaming) -> None:
    """Make the tables that the life of the target is kept in."""
    for name in EMPTY_TABLES:
        renaming.held.keep()
        made = make_table(renaming.source.engine, renaming.copying(name))
        renaming.differences[name] = made


def copy_tables(renaming: Renaming) -> None:
    """Copy each table at the version it has now."""
    for number, name in enumerate(renaming.names):
        renaming.progress("copying", number, len(renaming.names))
        renaming.copy(name)
    renaming.progress("copying", len(renaming.names), len(renaming.names))


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
        f"writer and run {_resume(renaming)} again, or `dq rename --abandon`"
    )


def carry_settings(renaming: Renaming) -> None:
    """Bring the settings over, and what the target is called and comes from."""
    source, target = renaming.source, renaming.target
    copying = renaming.copying(Setting.TABLE)
    mine = ", ".join(f"'{key}'" for key in OWN_SETTINGS)
    version = latest_version(source.engine, copying.source)
    where = f"`key` NOT IN ({mine})"
    carry_out(source.engine, merge_statement(copying, version, update=True, where=where))
    state = read_state(source.engine, source.catalog, source.schema)
    older = [name for name in state.renamed_from if not same_schema(name, target.schema)]
    own = {
        SCHEMA_NAME: target.schema,
        RENAMED_FROM: json.dumps([source.schema, *older]),
        RENAMED_VERSIONS: json.dumps(renaming.versions, sort_keys=True),
    }
    _store_settings(target, own)
    _compare_settings(renaming)


def carry_grants(renaming: Renaming) -> None:
    """Give the target the grants and tags of the source, where the engine has them."""
    source, target = renaming.source, renaming.target
    found = carry_privileges(
        source.engine, source.catalog, source.schema, target.schema, renaming.shape.tables
    )
    renaming.differences["grants"] = found


def switch(renaming: Renaming) -> None:
    """From here on the target counts: one conditional update of the source."""
    source = renaming.source
    done = change_operation(
        source.engine,
        source.catalog,
        source.schema,
        renaming.operation,
        replace(renaming.operation, phase=Phase.MOVED),
        at=source.context.now(),
    )
    if not done:
        raise RenameError(
            f"the renaming of {source.name} to {renaming.target.schema} was abandoned meanwhile; "
            "the source is still the schema that counts"
        )


def open_target(renaming: Renaming) -> None:
    """Let readers and writers into the target."""
    open_arrived(renaming.target, renaming.marker)


def open_arrived(target: Site, marker: Operation) -> None:
    """Open a target whose source says that it has moved."""
    change_operation(
        target.engine,
        target.catalog,
        target.schema,
        marker,
        Operation(),
        at=target.context.now(),
    )


STEPS: Sequence[Step] = (
    mark_source,
    create_target,
    create_life_tables,
    copy_tables,
    verify,
    carry_settings,
    carry_grants,
    switch,
    open_target,
)


# --- below ---------------------------------------------------------------------------------------

Reading = dict[str, tuple[Content, Content]]


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
                f"run {_resume(renaming)} again, or `dq rename --abandon`"
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


def _resume(renaming: Renaming) -> str:
    return f"`dq rename {renaming.target.schema}`"


def _store_settings(target: Site, values: dict[str, str]) -> None:
    table = target.table(Setting)
    stored = {row.key: row for row in table.select()}
    rows = [
        Setting(
            key=key,
            value=value,
            updated_at=target.context.now(),
            version=stored[key].version + 1 if key in stored else 1,
        )
        for key, value in values.items()
        if key not in stored or stored[key].value != value
    ]
    table.upsert_many(rows)


def _compare_settings(renaming: Renaming) -> None:
    found = [
        {row.key: row.value for row in site.table(Setting).select() if row.key not in OWN_SETTINGS}
        for site in (renaming.source, renaming.target)
    ]
    if found[0] != found[1] and not renaming.is_switched():
        keys = sorted(k for k in {*found[0], *found[1]} if found[0].get(k) != found[1].get(k))
        raise RenameError(
            f"{renaming.source.table_name(Setting.TABLE)} has {len(found[0])} settings to carry, "
            f"{renaming.target.table_name(Setting.TABLE)} has {len(found[1])}; they differ in "
            f"{', '.join(keys)}: run {_resume(renaming)} again, or `dq rename --abandon`"
        )
