"""PRIMARY and FOREIGN KEY constraints as text that says the same in a schema of any name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.lifecycle.migrations.scripts import PLACEHOLDER
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Statement

_KEYS = """\
SELECT
  t.table_name, t.constraint_name, t.constraint_type, k.column_name,
  p.table_catalog AS parent_catalog, p.table_schema AS parent_schema,
  p.table_name AS parent_table, p.column_name AS parent_column
FROM {listing}.table_constraints AS t
JOIN {listing}.key_column_usage AS k
  ON k.constraint_catalog = t.constraint_catalog
  AND k.constraint_schema = t.constraint_schema
  AND k.constraint_name = t.constraint_name
LEFT JOIN {listing}.referential_constraints AS r
  ON r.constraint_catalog = t.constraint_catalog
  AND r.constraint_schema = t.constraint_schema
  AND r.constraint_name = t.constraint_name
LEFT JOIN {listing}.key_column_usage AS p
  ON p.constraint_catalog = r.unique_constraint_catalog
  AND p.constraint_schema = r.unique_constraint_schema
  AND p.constraint_name = r.unique_constraint_name
  AND p.ordinal_position = k.position_in_unique_constraint
WHERE lower(t.table_schema) = lower(:schema)
  AND t.constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')
ORDER BY t.table_name, t.constraint_name, k.ordinal_position"""


def read_keys(engine: Engine, catalog: str, schema: str) -> Mapping[str, Mapping[str, str]]:
    """Keys of a schema by table: name → definition. One statement; none where none are kept."""
    if not engine.facts.has(Capability.KEY_CONSTRAINTS):
        return {}
    listing = quote(catalog, "information_schema")
    asked = Statement(_KEYS.format(listing=listing), {"schema": schema})
    parts: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in engine.query(asked).to_pylist():
        parts[row["table_name"], row["constraint_name"]].append(row)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for (table, name), rows in parts.items():
        found[table][name] = _definition(rows, catalog, schema)
    return found


def primary_key(columns: Sequence[str]) -> str:
    """The definition of a primary key, as it follows ``ADD CONSTRAINT name``."""
    return f"PRIMARY KEY ({_listed(columns)})"


def foreign_key(
    columns: Sequence[str],
    parent: TableName,
    parent_columns: Sequence[str],
    *,
    within: tuple[str, str],
) -> str:
    """The definition of a reference; a parent in the schema `within` gets the placeholder."""
    inside = (parent.catalog.lower(), parent.schema.lower()) == tuple(map(str.lower, within))
    name = f"{PLACEHOLDER}.{quote(parent.table)}" if inside else parent.sql
    return f"FOREIGN KEY ({_listed(columns)}) REFERENCES {name} ({_listed(parent_columns)})"


def key_sql(definition: str, catalog: str, schema: str) -> str:
    """A definition of a shape, ready for a statement about the tables of a schema."""
    return definition.replace(PLACEHOLDER, quote(catalog, schema))


def _definition(rows: Sequence[Mapping[str, Any]], catalog: str, schema: str) -> str:
    columns = [row["column_name"] for row in rows]
    first = rows[0]
    if first["constraint_type"] == "PRIMARY KEY":
        return primary_key(columns)
    parent = TableName(first["parent_catalog"], first["parent_schema"], first["parent_table"])
    theirs = [row["parent_column"] for row in rows]
    return foreign_key(columns, parent, theirs, within=(catalog, schema))


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(quote(column) for column in columns)
