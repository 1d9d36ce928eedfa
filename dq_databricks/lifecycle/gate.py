"""Who may read and write a metadata schema now, and whether what was written counts.

One read of `dq_settings` answers. A write is acknowledged by `confirm` after its commit: whatever
lands in a schema after it began to be renamed or restored is never acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    EngineError,
    MigrationError,
    SchemaBehindError,
    SchemaBusyError,
    SchemaMovedError,
    SchemaNewerError,
    TableNotFoundError,
)
from dq_databricks.lifecycle.migrations.runner import MigrateOptions
from dq_databricks.lifecycle.migrations.scripts import latest_version
from dq_databricks.lifecycle.provision import check_format, check_names, provision
from dq_databricks.lifecycle.state import (
    Operation,
    Phase,
    SchemaState,
    change_operation,
    read_state,
)
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement

MOST_MOVES = 10
PAUSE_S = 0.25
_READABLE = frozenset({Phase.OPEN, Phase.RENAMING})


class Gate:
    """The way into one metadata schema. `settings` follow it when it was renamed.

    `told` is called with a sentence for people when the schema turns out to have another name.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        context: Context,
        *,
        options: MigrateOptions | None = None,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self._engine = engine
        self._context = context
        self._options = options
        self._told = told
        self._seen = (Operation(), 0)

    def enter(self, *, write: bool) -> Settings:
        """Make the schema ready to be read, or written; the settings to reach it with.

        One statement when all is well. Provisions and upgrades when
        `data_quality_auto_manage_tables` allows; waits while it is renamed or restored.
        Raises SchemaBehindError, SchemaNewerError, SchemaBusyError, IdentifierError,
        UnsupportedError and as `provision` does.
        """
        check_names(self.settings.catalog, self.settings.data_quality_schema)
        check_format(self._engine, self.settings.data_quality_storage_format)
        state = self._arrive(self._follow(self._state()))
        state = self._wait(state, write=write)
        self._check_version(state, write=write)
        self._seen = (state.operation, state.restores)
        return self.settings

    def locate(self) -> Settings:
        """The settings to reach the schema with, wherever it was renamed to; changes nothing."""
        check_names(self.settings.catalog, self.settings.data_quality_schema)
        self._follow(self._state())
        return self.settings

    def confirm(self, schema: str | None = None) -> None:
        """Acknowledge what was written to `schema` (None: the one that counts now) since `enter`.

        Raises SchemaMovedError when it is lost: whoever came in to read while the schema was being
        renamed holds the old one, and must not be told of the new one that all is well.

        Restores are counted where they do not come back, and a renaming that was given up leaves
        its mark, so that what began and ended in between is noticed as well.
        """
        if schema not in (None, self.settings.data_quality_schema):
            raise SchemaMovedError(
                f"{self.settings.catalog}.{schema} was renamed to "
                f"{self.settings.data_quality_schema}, so what was just written does not count; "
                "repeat it"
            )
        state = self._state()
        operation = state.operation
        if operation.phase is not Phase.OPEN or (operation, state.restores) != self._seen:
            raise SchemaMovedError(
                f"{self._name} {_doing(operation)}, so what was just written does not count; "
                "repeat it when that has ended"
            )

    # --- where it is -----------------------------------------------------------------------

    def _state(self) -> SchemaState:
        return read_state(self._engine, self.settings.catalog, self.settings.data_quality_schema)

    def _follow(self, state: SchemaState) -> SchemaState:
        """Go to the schema that this one was renamed to, however often."""
        for _ in range(MOST_MOVES):
            target = state.operation.other if state.operation.phase is Phase.MOVED else None
            if state.version is None and target is None:
                target = self._renamed_to()
            if target is None:
                return state
            self._told(
                f"{self._name} was renamed to {self.settings.catalog}.{target}; "
                f"set DQ_SCHEMA={target}"
            )
            self.settings = replace(self.settings, data_quality_schema=target)
            state = self._state()
        raise MigrationError(f"{self._name}: renamed in a circle; open the schema by its name")

    def _renamed_to(self) -> str | None:
        """The schema of the catalog that says it was renamed from ours, which is gone."""
        wanted = self.settings.data_quality_schema.casefold()
        for schema in self._others():
            state = read_state(self._engine, self.settings.catalog, schema)
            names = {name.casefold() for name in state.renamed_from}
            if wanted in names and state.operation.phase is Phase.OPEN:
                return schema
        return None

    def _others(self) -> list[str]:
        """Schemas of the catalog that hold settings of ours."""
        catalog = self.settings.catalog
        listing = TableName(catalog, "information_schema", "tables")
        text = f"SELECT table_schema FROM {listing.sql} WHERE table_name = :settings"
        try:
            rows = self._engine.query(Statement(text, {"settings": Setting.TABLE}))
        except EngineError:  # open-source Spark has no information schema
            return self._all_schemas()
        return sorted(rows.column(0).to_pylist())

    def _all_schemas(self) -> list[str]:
        try:
            rows = self._engine.query(Statement(f"SHOW SCHEMAS IN {quote(self.settings.catalog)}"))
        except TableNotFoundError:
            return []
        return sorted(str(name) for name in rows.column(0).to_pylist())

    def _arrive(self, state: SchemaState) -> SchemaState:
        """Open a schema whose renaming switched over but was stopped before its last step."""
        if state.operation.phase is not Phase.ARRIVING:
            return state
        source = read_state(self._engine, self.settings.catalog, state.operation.other).operation
        if source.phase is Phase.MOVED and source.job == state.operation.job:
            change_operation(
                self._engine,
                self.settings.catalog,
                self.settings.data_quality_schema,
                state.operation,
                Operation(),
                at=self._context.now(),
            )
            return self._state()
        return state

    # --- whether it may be used ------------------------------------------------------------

    def _wait(self, state: SchemaState, *, write: bool) -> SchemaState:
        """Wait until nothing is being done to the schema that forbids this use of it."""
        end = self._context.monotonic() + self.settings.lock_wait_s
        while not self._is_free(state, write=write):
            if self._context.monotonic() >= end:
                raise SchemaBusyError(
                    f"{self._name} {_doing(state.operation)} (since {state.operation.since}, by "
                    f"{state.operation.by}); waited {self.settings.lock_wait_s} s: try again, or "
                    f"if that process died finish it with {_command(state.operation)}"
                )
            self._context.sleep(PAUSE_S)
            state = self._arrive(self._follow(self._state()))
        return state

    def _is_free(self, state: SchemaState, *, write: bool) -> bool:
        phase = state.operation.phase
        return phase is Phase.OPEN or (not write and phase in _READABLE)

    def _check_version(self, state: SchemaState, *, write: bool) -> None:
        known = latest_version()
        if state.version is not None and state.version > known:
            self._check_newer(state, known, write=write)
        elif state.version is None or state.version < known:
            self._catch_up(state, known, write=write)

    def _check_newer(self, state: SchemaState, known: int, *, write: bool) -> None:
        if write or state.reader_version > known:
            may = "only reads it" if state.reader_version <= known else "cannot read it"
            raise SchemaNewerError(
                f"{self._name} is at version {state.version}, this software knows {known} and "
                f"{may}: upgrade dq-databricks"
            )

    def _catch_up(self, state: SchemaState, known: int, *, write: bool) -> None:
        managed = self.settings.data_quality_auto_manage_tables and state.auto_manage is not False
        if managed and (state.operation.phase is Phase.OPEN):
            provision(self._engine, self.settings, self._context, self._options)
        elif write or state.version is None:
            has = "has no metadata tables" if state.version is None else f"is at {state.version}"
            raise SchemaBehindError(
                f"{self._name}: schema behind: it {has}, version {known} is needed, and "
                "data_quality_auto_manage_tables is off: run `dq migrate`"
            )

    @property
    def _name(self) -> str:
        return f"{self.settings.catalog}.{self.settings.data_quality_schema}"


def _doing(operation: Operation) -> str:
    words = {
        Phase.RENAMING: f"is being renamed to {operation.other}",
        Phase.ARRIVING: f"is the unfinished target of the renaming of {operation.other}",
        Phase.MOVED: f"was renamed to {operation.other}",
        Phase.RESTORING: f"is being restored to {operation.other}",
    }
    return words.get(operation.phase, "was restored, or its renaming given up, meanwhile")


def _command(operation: Operation) -> str:
    return "`dq restore --resume`" if operation.phase is Phase.RESTORING else "`dq rename`"
