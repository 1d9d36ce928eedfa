"""A renaming under way: what it needs to know, and what it has done so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dq_databricks.lifecycle.lease import Held
from dq_databricks.lifecycle.moving.copying import Copying, copy_table, latest_version
from dq_databricks.lifecycle.shape.compare import Difference
from dq_databricks.lifecycle.shape.shape import SchemaShape
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import Operation, Phase, read_state
from dq_databricks.model.life import Lease, RestorePoint
from dq_databricks.model.progress import Progress
from dq_databricks.model.setting import Setting

# Their rows speak of the old tables: who holds them, which versions they had.
EMPTY_TABLES = (Lease.TABLE, RestorePoint.TABLE)


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
    """A renaming under way: `source` is its schema, `operation` what stands there meanwhile.

    `found` is what stood there under the lock before the first step: `operation` itself when an
    earlier run had begun. `is_marked` says that the target is known to be ours.
    """

    source: Site
    found: Operation
    operation: Operation
    held: Held
    shape: SchemaShape
    progress: Progress
    versions: dict[str, int] = field(default_factory=dict)
    tables: tuple[CopiedTable, ...] = ()
    differences: dict[str, tuple[Difference, ...]] = field(default_factory=dict)
    is_marked: bool = False

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run had begun it."""
        return self.found == self.operation

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

    @property
    def resume(self) -> str:
        """The command that goes on with it."""
        return f"`dq rename {self.target.schema}`"

    def is_switched(self) -> bool:
        """Whether the source says already that this renaming is done."""
        state = read_state(self.source.engine, self.source.catalog, self.source.schema)
        return state.operation == replace(self.operation, phase=Phase.MOVED)
