"""What is under watch: projects, connections, table groups and tables.

Ids are derived from natural keys (compared as Unicode NFC), so registering twice, or from two
processes at once, gives one row. Plain edits go through the four tables themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from dq_databricks.errors import AlreadyExistsError
from dq_databricks.model.catalog import FOREIGN, Connection, Project, TableEntry, TableGroup
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.sql.relation import FileRelation, Relation, TableRelation
from dq_databricks.store.access import Table
from dq_databricks.store.filters import eq, escaped, in_query, is_in
from dq_databricks.store.page import Page
from dq_databricks.store.reading import natural_key

FILES = "files"


class Catalog:
    """Projects, connections, groups and tables; each attribute is the table of its rows."""

    def __init__(
        self,
        projects: Table[Project],
        connections: Table[Connection],
        groups: Table[TableGroup],
        tables: Table[TableEntry],
        context: Context,
    ) -> None:
        self.projects = projects
        self.connections = connections
        self.groups = groups
        self.tables = tables
        self._now = context.now

    def add_project(
        self, project_key: str, name: str, *, description: str | None = None
    ) -> Project:
        """Add a project. Raises AlreadyExistsError."""
        return self.projects.insert(self._project(project_key, name, description))

    def add_connection(
        self, project_key: str, name: str, **fields: str | bool | None
    ) -> Connection:
        """Add a connection with further `fields`. Raises AlreadyExistsError."""
        return self.connections.insert(self._connection(project_key, name, **fields))

    def add_group(self, connection_id: str, name: str, **fields: str | None) -> TableGroup:
        """Add a table group with further `fields`. Raises AlreadyExistsError."""
        return self.groups.insert(self._group(connection_id, name, **fields))

    def ensure_project(self, project_key: str) -> Project:
        """The project of this key, made where it is missing."""
        key = natural_key(project_key)
        if (found := self.projects.get(key)) is not None:
            return found
        self.projects.insert_missing([self._project(key, key, None)])
        return self.projects.require(key)

    def find(self, project_key: str, relation: Relation) -> TableEntry | None:
        """The entry of `relation` (at any version) in a project, or None; one read."""
        return self.tables.get(table_id_of(project_key, relation))

    def register(
        self, project_key: str, relation: Relation, *, group_id: str | None = None
    ) -> TableEntry:
        """The entry of `relation`, made with its project, connection and group where missing.

        One read when it is known already. `group_id` puts a new entry into an existing group.
        """
        key = natural_key(project_key)
        if (found := self.find(key, relation)) is not None:
            return self._marked(found, relation)
        if group_id is None:
            group_id = self._default_group(key, relation).table_group_id
        return self.tables.insert(self._entry(key, relation, group_id))

    def register_all(
        self, project_key: str, relations: Sequence[Relation], *, group_id: str
    ) -> tuple[tuple[TableEntry, ...], int]:
        """The entries of `relations`, and how many of them are new; these go into the group.

        One read and one commit, however many. What somebody removed stays removed.
        """
        key = natural_key(project_key)
        named = {table_id_of(key, relation): relation for relation in relations}
        stored = self.tables.select(is_in("table_id", named), include_removed=True)
        known = {entry.table_id: self._marked(entry, named[entry.table_id]) for entry in stored}
        fresh = {
            table_id: self._entry(key, relation, group_id)
            for table_id, relation in named.items()
            if table_id not in known
        }
        added = self.tables.insert_missing(list(fresh.values()))
        entries = ((known | fresh)[table_id] for table_id in named)
        return tuple(entry for entry in entries if entry.deleted_at is None), added

    def group_id_of(self, connection_id: str, name: str) -> str:
        """The id of the group that is (or would be) added under `name`."""
        return derived_id("table_group", connection_id, natural_key(name))

    def ensure_group(self, connection_id: str, name: str, **fields: str | None) -> TableGroup:
        """The group that was added under `name`, made with further `fields` where missing."""
        wanted = self._group(connection_id, name, **fields)
        found = self.groups.get(wanted.table_group_id)
        if found is not None:
            return found
        try:
            return self.groups.insert(wanted)
        except AlreadyExistsError:  # somebody else was as quick
            return self.groups.require(wanted.table_group_id)

    def as_connected(self, projects: Sequence[str], relation: Relation) -> Relation:
        """`relation`, foreign where a connection of `projects` says so of its catalog."""
        if isinstance(relation, FileRelation):
            return relation
        found = self.connections.select(
            is_in("project_key", projects),
            eq("catalog", relation.name.catalog),
            eq("supports_history", value=False),
            limit=1,
        )
        return replace(relation, is_foreign=bool(found.items))

    def tables_of_group(self, table_group_id: str) -> Page[TableEntry]:
        """All tables of a group, by name."""
        return self.tables.select(
            eq("table_group_id", table_group_id), order_by=("schema_name", "table_name")
        )

    def groups_of_project(self, project_key: str) -> Page[TableGroup]:
        """All groups of a project, by name."""
        name = escaped(self.connections.name.sql)
        wanted = f"SELECT connection_id FROM {name} WHERE project_key = {{}}"
        return self.groups.select(
            in_query("connection_id", wanted, natural_key(project_key)), order_by=("name",)
        )

    def _marked(self, entry: TableEntry, relation: Relation) -> TableEntry:
        """`entry`, known as foreign from now on just where its `relation` is."""
        told = _format_of(relation)
        if entry.file_format == told or entry.deleted_at is not None:
            return entry
        changed = entry.model_copy(update={"file_format": told})
        return self.tables.update(changed, entry.version)

    def _default_group(self, project_key: str, relation: Relation) -> TableGroup:
        connection = self._default_connection(project_key, relation)
        group = self._group(connection.connection_id, f"{connection.name}-default")
        self.ensure_project(project_key)
        self.connections.insert_missing([connection])
        self.groups.insert_missing([group])
        return group

    def _default_connection(self, project_key: str, relation: Relation) -> Connection:
        if isinstance(relation, FileRelation):
            return self._connection(project_key, FILES)
        catalog, schema = relation.name.catalog, relation.name.schema
        return self._connection(
            project_key, f"{catalog}.{schema}", catalog=catalog, schema_name=schema
        )

    def _project(self, project_key: str, name: str, description: str | None) -> Project:
        now = self._now()
        return Project(
            project_key=natural_key(project_key),
            name=name,
            description=description,
            created_at=now,
            updated_at=now,
        )

    def _connection(self, project_key: str, name: str, **fields: str | bool | None) -> Connection:
        now, key = self._now(), natural_key(project_key)
        return Connection.model_validate(
            {
                **fields,
                "connection_id": derived_id("connection", key, natural_key(name)),
                "project_key": key,
                "name": name,
                "created_at": now,
                "updated_at": now,
            }
        )

    def _group(self, connection_id: str, name: str, **fields: str | None) -> TableGroup:
        now = self._now()
        return TableGroup.model_validate(
            {
                **fields,
                "table_group_id": self.group_id_of(connection_id, name),
                "connection_id": connection_id,
                "name": name,
                "created_at": now,
                "updated_at": now,
            }
        )

    def _entry(self, project_key: str, relation: Relation, group_id: str) -> TableEntry:
        now = self._now()
        return TableEntry(
            table_id=table_id_of(project_key, relation),
            table_group_id=group_id,
            schema_name=FILES if isinstance(relation, FileRelation) else relation.name.schema,
            table_name=table_name_of(relation),
            catalog=None if isinstance(relation, FileRelation) else relation.name.catalog,
            file_format=_format_of(relation),
            path=relation.path if isinstance(relation, FileRelation) else None,
            created_at=now,
            updated_at=now,
        )


def _format_of(relation: Relation) -> str | None:
    if isinstance(relation, FileRelation):
        return relation.file_format
    return FOREIGN if relation.is_foreign else None


def table_id_of(project_key: str, relation: Relation) -> str:
    """The id of the entry of `relation` in a project, the same for every version of it."""
    key = natural_key(project_key)
    if isinstance(relation, FileRelation):
        return derived_id("table", key, "file", natural_key(relation.path))
    name = relation.name
    parts = (natural_key(part) for part in (name.catalog, name.schema, name.table))
    return derived_id("table", key, "table", *parts)


def table_name_of(relation: Relation) -> str:
    """The short name of what `relation` reads: the table, or the last part of the path."""
    if isinstance(relation, TableRelation):
        return relation.name.table
    return PurePath(relation.path).name or relation.path
