"""The Delta version of every table of a schema, at one moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import TableNotFoundError
from dq_databricks.lifecycle.points.looking import read_id, read_log
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import OPERATION, SCHEMA_VERSION, Operation, Phase
from dq_databricks.model.life import RestorePoint
from dq_databricks.model.setting import Setting
from dq_databricks.model.tables import NEVER_RESTORED
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

MOST_READINGS = 5


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions and ids by table name. `row_count` is None where some table does not tell.

    `is_consistent` is false when writers kept moving the tables while they were read.
    """

    tables: Mapping[str, int]
    ids: Mapping[str, str] = field(default_factory=dict)
    row_count: int | None = None
    is_consistent: bool = True

    @property
    def tables_json(self) -> str:
        """The versions as a restore point stores them."""
        return json.dumps(dict(self.tables), sort_keys=True)

    @property
    def ids_json(self) -> str:
        """The ids as a restore point stores them."""
        return json.dumps(dict(self.ids), sort_keys=True)


@dataclass(frozen=True, slots=True)
class SettingsThen:
    """What `dq_settings` said at one of its versions."""

    schema_version: int | None
    operation: Operation

    @property
    def is_open(self) -> bool:
        """Whether nothing was being done to the schema then."""
        return self.operation.phase is Phase.OPEN


def user_tables(site: Site) -> tuple[TableName, ...]:
    """Tables of the schema, without those its own life is kept in; a view has no versions."""
    views = site.engine.views(site.catalog, site.schema)
    names = (n for n in site.engine.tables(site.catalog, site.schema) if n not in views)
    return tuple(sorted(name for name in names if name.table not in NEVER_RESTORED))


def read_versions(site: Site, *, readings: int = MOST_READINGS) -> Versions:
    """The version of every table; views have none and are left out.

    Tables are read one after the other, so all are read again until two readings agree: then
    there was a moment when each had that version. Gives up after `readings`.
    """
    seen, is_consistent = _reading(site), False
    for _ in range(readings - 1):
        before, seen = seen, _reading(site)
        if is_consistent := before == seen:
            break
    counts = [rows for _, rows in seen.values()]
    known = [rows for rows in counts if rows is not None]
    return Versions(
        tables={table: version for table, (version, _) in seen.items()},
        ids=_ids(site, seen),
        row_count=sum(known) if len(known) == len(counts) else None,
        is_consistent=is_consistent,
    )


def version_at(engine: Engine, table: TableName, moment: datetime) -> int | None:
    """The version of `table` at `moment` (UTC), by its history; None: it was made later.

    Raises RestoreError when the history no longer reaches back so far, TableNotFoundError.
    """
    return read_log(engine, table).version_at(moment)


def settings_at(site: Site, version: int) -> SettingsThen:
    """What the settings said at a version of `dq_settings`."""
    relation = TableRelation(site.table_name(Setting.TABLE), version)
    text = f"SELECT `key`, `value` FROM {relation.sql} WHERE `key` IN (:version, :operation)"
    asked = Statement(text, {"version": SCHEMA_VERSION, "operation": OPERATION})
    values = {row["key"]: row["value"] for row in site.engine.query(asked).to_pylist()}
    told = values.get(SCHEMA_VERSION)
    return SettingsThen(
        schema_version=None if told is None else int(told),
        operation=Operation.of(values.get(OPERATION)),
    )


def versions_of(point: RestorePoint) -> dict[str, int]:
    """The version that `point` names for each table."""
    return {table: int(version) for table, version in json.loads(point.tables).items()}


def ids_of(point: RestorePoint) -> dict[str, str]:
    """The ids of the tables that `point` was made of, where they are known."""
    return dict(json.loads(point.table_ids or "{}"))


def current_versions(site: Site) -> dict[str, int]:
    """The latest version of every table, read once."""
    return {table: version for table, (version, _) in _reading(site).items()}


def _reading(site: Site) -> dict[str, tuple[int, int | None]]:
    found: dict[str, tuple[int, int | None]] = {}
    for name in user_tables(site):
        try:
            snapshot = site.engine.inspect(TableRelation(name))
        except TableNotFoundError:  # dropped since it was listed
            continue
        if snapshot.version is not None:
            found[name.table] = (snapshot.version, snapshot.statistics.row_count)
    return found


def _ids(site: Site, tables: Mapping[str, object]) -> dict[str, str]:
    found = {table: read_id(site.engine, site.table_name(table)) for table in tables}
    return {table: identity for table, identity in found.items() if identity is not None}
