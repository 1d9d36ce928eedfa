"""Connections, table groups and tables: list, show, add, edit, remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import NotFoundError, ParameterError, TargetError
from dq_databricks.federation.settle import settled
from dq_databricks.model.base import MutableRecord
from dq_databricks.model.catalog import Connection, TableEntry, TableGroup
from dq_databricks.model.ids import Context, is_id
from dq_databricks.model.redacting import holds_secret
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.model.words import did_you_mean
from dq_databricks.quality.looking import tables_in
from dq_databricks.quality.masks import lets_through
from dq_databricks.quality.pausing import stop_schedules
from dq_databricks.quality.reach import WIDE, Reach
from dq_databricks.sql.relation import TableRelation
from dq_databricks.store.access import Table
from dq_databricks.store.catalog import table_id_of
from dq_databricks.store.filters import Condition, contains, eq, is_in
from dq_databricks.store.page import Page
from dq_databricks.store.store import Store

R = TypeVar("R", bound=MutableRecord)


class CatalogFace:
    """What is under watch in one project. Objects are named by id or by name.

    With `projects`, all of these are looked through; new objects still go to the one.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        project_key: str,
        *,
        writable: Callable[[], object] = lambda: None,
        reach: Reach = WIDE,
        projects: Sequence[str] | None = None,
        context: Context | None = None,
    ) -> None:
        self._store = store
        self._context = context or Context()
        self._catalog, self._tests = store.catalog, store.tests
        self._reach = reach
        self._projects = (project_key,) if projects is None else tuple(projects)
        self._written = store.written
        self._writable = writable
        self._engine = engine
        self._project_key = project_key

    # --- connections -------------------------------------------------------------------------

    def connections(
        self,
        *,
        project: str | None = None,
        name: str | None = None,
        sort: Sequence[str] = ("name",),
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Connection]:
        """Connections (of `project`, whose name contains `name`), by name unless `sort` says."""
        projects = self._projects if project is None else (project,)
        return self._catalog.connections.select(
            is_in("project_key", projects), *_naming("name", name),
            order_by=sort, limit=limit, cursor=cursor,
        )  # fmt: skip

    def connection(self, name_or_id: str) -> Connection:
        """One connection; raises NotFoundError with near names."""
        return self._by_id(self._catalog.connections, name_or_id) or _named(
            self.connections(limit=10_000).items, name_or_id, "connection", "connection_id"
        )

    def add_connection(self, name: str, **fields: Any) -> Connection:
        """Add a connection; `fields` are columns such as `catalog` and `schema_name`.

        `federation_options` may be a mapping. Raises AlreadyExistsError, and what is wrong with
        its type, its options or its reference to credentials: UnknownNameError, ParameterError.
        """
        fields = _with_reference(fields)
        self._reach.check_schema(fields.get("schema_name"))
        values = settled(fields, name=name)
        self._writable()
        self._catalog.ensure_project(self._project_key)
        return self._written(self._catalog.add_connection(self._project_key, name, **values))

    def edit_connection(
        self, name_or_id: str, *, expected_version: int | None = None, **fields: Any
    ) -> Connection:
        """Change `fields`; `expected_version` None edits whatever is stored now.

        One that is no longer active has its schedules switched off. Raises what `add_connection`
        raises, and ParameterError where its groups bind it to its type.
        """
        fields = _with_reference(fields)
        self._reach.check_schema(fields.get("schema_name"))
        found = self.connection(name_or_id)
        self._check_type(found, fields.get("connection_type", found.connection_type))
        values = settled(fields, name=fields.get("name", found.name), stored=found)
        edited = self._edit(self._catalog.connections, found, expected_version, values)
        if found.is_active and not edited.is_active:
            stop_schedules(self._store, self._context, edited)
        return self._written(edited)

    def remove_connection(
        self, name_or_id: str, *, expected_version: int | None = None
    ) -> Connection:
        """Remove a connection; raises ParameterError while it still has table groups."""
        found = self.connection(name_or_id)
        groups = self._catalog.groups.select(eq("connection_id", found.connection_id), limit=1)
        if groups.items:
            raise ParameterError(
                f"connection {found.name!r} still has the table group {groups.items[0].name!r}; "
                "remove its groups first"
            )
        return self._remove(self._catalog.connections, found, expected_version)

    # --- table groups ------------------------------------------------------------------------

    def groups(
        self,
        *,
        connection: str | None = None,
        name: str | None = None,
        sort: Sequence[str] = ("name",),
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TableGroup]:
        """Table groups (of `connection`, whose name contains `name`), by name unless `sort`."""
        of = [found.connection_id for found in self.connections(limit=10_000)]
        wanted = [one for one in of if connection in (None, one)]
        return self._catalog.groups.select(
            is_in("connection_id", wanted), *_naming("name", name),
            order_by=sort, limit=limit, cursor=cursor,
        )  # fmt: skip

    def group(self, name_or_id: str) -> TableGroup:
        """One table group; raises NotFoundError with near names."""
        return self._by_id(self._catalog.groups, name_or_id) or _named(
            self.groups(limit=10_000).items, name_or_id, "table group", "table_group_id"
        )

    def groups_with_work(self, *, is_tested: bool = False) -> tuple[TableGroup, ...]:
        """The groups of active connections that can hold tables, or that have active tests."""
        active = {one.connection_id: one for one in self.connections(limit=10_000) if one.is_active}
        groups = [one for one in self.groups(limit=10_000) if one.connection_id in active]
        if is_tested:
            filled = {test.table_group_id for test in self._tests.to_run()}
        else:
            filled = {entry.table_group_id for entry in self.tables(limit=10_000)}
            # Those of a schema may find tables there that are not under watch yet.
            filled |= {
                one.table_group_id for one in groups if active[one.connection_id].schema_name
            }
        return tuple(one for one in groups if one.table_group_id in filled)

    def add_group(self, name: str, *, connection: str, **fields: Any) -> TableGroup:
        """Add a table group over `connection`; `fields` are columns such as the masks."""
        found = self.connection(connection)
        self._writable()
        return self._written(self._catalog.add_group(found.connection_id, name, **fields))

    def edit_group(
        self, name_or_id: str, *, expected_version: int | None = None, **fields: Any
    ) -> TableGroup:
        """Change `fields`; `expected_version` None edits whatever is stored now."""
        return self._edit(self._catalog.groups, self.group(name_or_id), expected_version, fields)

    def remove_group(self, name_or_id: str, *, expected_version: int | None = None) -> TableGroup:
        """Remove a table group; raises ParameterError while it still holds tables."""
        found = self.group(name_or_id)
        tables = self._catalog.tables_of_group(found.table_group_id)
        if tables.items:
            raise ParameterError(
                f"table group {found.name!r} still holds {len(tables)} tables, such as "
                f"{tables.items[0].table_name!r}; move or remove them first"
            )
        return self._remove(self._catalog.groups, found, expected_version)

    def discover(self, group: TableGroup) -> tuple[TableEntry, ...]:
        """The tables of a group: those registered, and those its masks let through.

        Raises TargetError when there is none.
        """
        registered = list(self._catalog.tables_of_group(group.table_group_id))
        known = {entry.table_id for entry in registered}
        connection = self._catalog.connections.require(group.connection_id)
        include, exclude = group.profiling_include_mask, group.profiling_exclude_mask
        found, _ = self._catalog.register_all(
            connection.project_key,
            self.matching(connection, include, exclude),
            group_id=group.table_group_id,
        )
        registered.extend(entry for entry in found if entry.table_id not in known)
        if not registered:
            raise TargetError(
                f"table group {group.name!r}: no table is registered and none matches its masks "
                f"(include {group.profiling_include_mask or '%'}, "
                f"exclude {group.profiling_exclude_mask or 'none'})"
            )
        return tuple(registered)

    def matching(
        self, connection: Connection, include: str | None, exclude: str | None
    ) -> tuple[TableRelation, ...]:
        """The tables that stand below `connection` and that masks let through, in one statement."""
        if connection.catalog is None:
            return ()
        self._reach.check_schema(connection.schema_name)
        seen = tables_in(
            self._engine, connection.catalog, connection.schema_name, self._reach.lists
        )
        return tuple(
            TableRelation(one.name, is_foreign=not connection.supports_history)
            for one in seen
            if lets_through(one.name.table, include, exclude)
        )

    def _check_type(self, connection: Connection, wanted: str) -> None:
        """Refuse another type where tables are known as they are read now."""
        if wanted == connection.connection_type:
            return
        groups = self._catalog.groups.select(eq("connection_id", connection.connection_id), limit=1)
        if groups.items:
            raise ParameterError(
                f"connection {connection.name!r} is of type {connection.connection_type} and has "
                f"the table group {groups.items[0].name!r}; add another connection of type {wanted}"
            )

    # --- tables ------------------------------------------------------------------------------

    def tables(
        self,
        *,
        group: str | None = None,
        name: str | None = None,
        sort: Sequence[str] = ("schema_name", "table_name"),
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TableEntry]:
        """Tables under watch (of `group`, whose name contains `name`), by name unless `sort`."""
        of_group = (
            eq("table_group_id", self.group(group).table_group_id)
            if group is not None
            else is_in("table_group_id", [g.table_group_id for g in self.groups(limit=10_000)])
        )
        return self._catalog.tables.select(
            of_group, *_naming("table_name", name), order_by=sort, limit=limit, cursor=cursor
        )

    def table(self, target_or_id: str) -> TableEntry:
        """One table by TARGET or id; raises NotFoundError."""
        found = self._catalog.tables.get(target_or_id)
        if found is None and not is_id(target_or_id):
            relation = self._reach.relation(target_or_id)
            ids = [table_id_of(project, relation) for project in self._projects]
            found = next(iter(self._catalog.tables.select(is_in("table_id", ids))), None)
        if found is None:
            raise NotFoundError(
                f"{target_or_id}: not under watch; dq profile or dq tables add puts it there"
            )
        return found

    def add_table(self, target: str, *, group: str | None = None) -> TableEntry:
        """Put TARGET under watch; a table that already is stays where it is.

        Raises TargetError, and EngineError children when it cannot be described.
        """
        relation = self._catalog.as_connected(self._projects, self._reach.relation(target))
        self._engine.inspect(relation)
        project, group_id = self._project_key, None
        if group is not None:
            found = self.group(group)
            group_id = found.table_group_id
            project = self._catalog.connections.require(found.connection_id).project_key
        self._writable()
        return self._written(self._catalog.register(project, relation, group_id=group_id))

    def edit_table(
        self, target_or_id: str, *, group: str, expected_version: int | None = None
    ) -> TableEntry:
        """Move a table to another group."""
        fields = {"table_group_id": self.group(group).table_group_id}
        return self._edit(self._catalog.tables, self.table(target_or_id), expected_version, fields)

    def remove_table(self, target_or_id: str, *, expected_version: int | None = None) -> TableEntry:
        """Stop watching a table; its history stays."""
        return self._remove(self._catalog.tables, self.table(target_or_id), expected_version)

    # --- below -------------------------------------------------------------------------------

    def _by_id(self, table: Table[R], text: str) -> R | None:
        """The row of an id; among the rows of some projects no other can be found."""
        return table.get(text) if is_id(text) else None

    def _edit(
        self, table: Table[R], row: R, expected_version: int | None, fields: dict[str, Any]
    ) -> R:
        if not fields:
            raise ParameterError("nothing to change was given")
        self._writable()
        version = row.version if expected_version is None else expected_version
        return self._written(table.update(row.model_copy(update=fields), version))

    def _remove(self, table: Table[R], row: R, expected_version: int | None) -> R:
        self._writable()
        version = row.version if expected_version is None else expected_version
        table.remove([str(getattr(row, name)) for name in row.KEY], version)
        return self._written(row)


def _with_reference(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` with the reference in its long form: a value is refused before it gets anywhere."""
    text = fields.get("managed_credentials_ref")
    if not text:
        return fields
    if holds_secret(text):
        raise ParameterError(
            "the reference to credentials (not shown) holds a token or a password; keep that in a "
            "secret store, and write secret:SCOPE/KEY, env:NAME, file:PATH or vault:NAME"
        )
    return {**fields, "managed_credentials_ref": str(SecretReference.parse(text))}


def _naming(column: str, text: str | None) -> list[Condition]:
    return [] if text is None else [contains(column, text)]


def _named(items: Sequence[R], wanted: str, what: str, id_column: str) -> R:
    named = {str(value): item for item in items for value in _names(item, id_column)}
    if wanted in named:
        return named[wanted]
    names = [name for item in items for name in _names(item, id_column)[:1]]
    raise NotFoundError(f"no {what} {wanted!r}{did_you_mean(wanted, names) or _known(names)}")


def _names(item: MutableRecord, id_column: str) -> tuple[str, str]:
    values = item.model_dump(include={"name", id_column})
    return values["name"], values[id_column]


def _known(names: Sequence[str]) -> str:
    return f"; there are {', '.join(names)}" if names else "; there is none yet"
