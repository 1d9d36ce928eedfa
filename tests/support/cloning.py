"""A lake with what only Databricks has: DEEP CLONE, grants and tags, as its documentation says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pyarrow as pa

from dq_databricks.engine.protocol import Capability, Engine, EngineFacts
from dq_databricks.errors import PermissionDeniedError
from dq_databricks.lifecycle.moving.likeness import create_statement
from dq_databricks.lifecycle.shape.live import live_table
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from tests.support.store import TappedEngine

_NAME = r"`([^`]+)`\.`([^`]+)`\.`([^`]+)`"
_CLONE = re.compile(rf"CREATE TABLE IF NOT EXISTS {_NAME} DEEP CLONE ({_NAME} VERSION AS OF \d+)")
_GRANT = re.compile(r"GRANT ([A-Z ]+) ON (SCHEMA|TABLE) (\S+) TO `([^`]+)`")
_GRANTS = re.compile(r"SHOW GRANTS ON (SCHEMA|TABLE) (\S+)")
_TAGS = re.compile(r"FROM `main`\.`information_schema`\.`(schema|table|column)_tags`")
_TAG = re.compile(
    r"ALTER (?:SCHEMA|TABLE) (\S+)(?: ALTER COLUMN `(\w+)`)? SET TAGS \('(\w+)' = '(\w*)'\)"
)


@dataclass(slots=True)
class Governed:
    """Grants by kind and name, tags by name and column; `denied` may not be granted."""

    grants: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)
    tags: dict[tuple[str, str | None], dict[str, str]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)


class CloningEngine(TappedEngine):
    """Passes everything on but what the lake does not know."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.governed = Governed()

    @property
    def facts(self) -> EngineFacts:
        known = self.engine.facts
        more = {Capability.CLONE, Capability.GRANTS}
        return replace(known, capabilities=known.capabilities | more)

    def query(self, statement: Statement) -> pa.Table:
        if match := _GRANTS.fullmatch(statement.text):
            return self._shown(match[1], match[2])
        if match := _TAGS.search(statement.text):
            return self._tags(match[1], str(statement.parameters["schema"]))
        return super().query(statement)

    def execute(self, statement: Statement) -> int | None:
        if match := _CLONE.fullmatch(statement.text):
            self._clone(TableName(*match.groups()[:3]), TableName(*match.groups()[4:]), match[4])
            return None
        if match := _GRANT.fullmatch(statement.text):
            privilege, kind, name, principal = match.groups()
            if privilege in self.governed.denied:
                raise PermissionDeniedError(f"{privilege} may not be granted by you")
            self.governed.grants.setdefault((kind, name), set()).add((principal, privilege))
            return None
        if match := _TAG.fullmatch(statement.text):
            self.governed.tags.setdefault((match[1], match[2]), {})[match[3]] = match[4]
            return None
        return super().execute(statement)

    def _clone(self, target: TableName, source: TableName, pinned: str) -> None:
        """Rows, columns, properties and constraints; no description, no tags, no grants."""
        if target in self.engine.tables(target.catalog, target.schema):
            return
        bare = replace(live_table(self.engine, source), comment=None)
        self.calls.append(("execute", f"DEEP CLONE {source}"))
        self.engine.execute(create_statement(target, bare, self.engine.facts))
        self.engine.execute(Statement(f"INSERT INTO {target.sql} SELECT * FROM {pinned}"))

    def _shown(self, kind: str, name: str) -> pa.Table:
        rows = [
            {"Principal": principal, "ActionType": privilege, "ObjectType": kind, "ObjectKey": name}
            for principal, privilege in sorted(self.governed.grants.get((kind, name), set()))
        ]
        inherited = {"Principal": "admins", "ActionType": "USE CATALOG", "ObjectType": "CATALOG"}
        return pa.Table.from_pylist([*rows, {**inherited, "ObjectKey": "main"}])

    def _tags(self, listing: str, schema: str) -> pa.Table:
        depth = {"schema": 2, "table": 3, "column": 3}[listing]
        rows = []
        for (name, column), tags in self.governed.tags.items():
            parts = [part.strip("`") for part in name.split(".")]
            if (
                len(parts) != depth
                or parts[1] != schema
                or (column is None) == (listing == "column")
            ):
                continue
            row = {"schema_name": schema}
            if depth == 3:
                row["table_name"] = parts[2]
            if column is not None:
                row["column_name"] = column
            rows += [{**row, "tag_name": tag, "tag_value": value} for tag, value in tags.items()]
        columns = ["schema_name", "table_name", "column_name", "tag_name", "tag_value"]
        return pa.Table.from_pylist(
            rows, schema=pa.schema([(c, pa.string()) for c in _kept(columns, listing)])
        )


def _kept(columns: list[str], listing: str) -> list[str]:
    left_out = {"schema": {"table_name", "column_name"}, "table": {"column_name"}, "column": set()}
    return [column for column in columns if column not in left_out[listing]]
