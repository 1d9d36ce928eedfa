"""Grants and tags, which no copy of a table takes along: read from one schema, given to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.errors import EngineError
from dq_databricks.lifecycle.shape.compare import Difference, Kind
from dq_databricks.sql.identifiers import TableName, quote, text_literal
from dq_databricks.sql.statement import Statement

# Ownership is no grant: whoever made the new schema owns it.
_NOT_GRANTED = frozenset({"OWN", "OWNERSHIP"})
_SAME = {"USAGE": "USE SCHEMA", "ALL_PRIVILEGES": "ALL PRIVILEGES"}
_KINDS = {"SCHEMA": ("SCHEMA", "DATABASE"), "TABLE": ("TABLE",), "VIEW": ("VIEW", "TABLE")}


def carry_privileges(
    engine: Engine,
    catalog: str,
    source: str,
    target: str,
    tables: Iterable[str],
    views: Iterable[str] = (),
) -> tuple[Difference, ...]:
    """Give the target schema, `tables` and `views` the grants and tags of the source.

    What differs then is returned.

    Grants nothing that is there already and revokes nothing. Nothing to do on an engine without
    grants.
    """
    if not engine.facts.has(Capability.GRANTS):
        return ()
    pairs = [("SCHEMA", quote(catalog, source), quote(catalog, target))]
    named = [*(("TABLE", name) for name in tables), *(("VIEW", name) for name in views)]
    for kind, name in named:
        old, new = (TableName(catalog, schema, name).sql for schema in (source, target))
        pairs.append((kind, old, new))
    found: list[Difference] = []
    for kind, old, new in pairs:
        found += _carry_grants(engine, kind, old, new)
    return (*found, *_carry_tags(engine, catalog, source, target))


def _carry_grants(engine: Engine, kind: str, old: str, new: str) -> Iterator[Difference]:
    try:
        wanted, there = (set(_grants(engine, kind, name)) for name in (old, new))
        for principal, privilege in sorted(wanted - there):
            statement = f"GRANT {privilege} ON {kind} {new} TO {quote(principal)}"
            engine.execute(Statement(statement))
        there = set(_grants(engine, kind, new))
    except EngineError as error:
        yield Difference(
            f"grants of {new}", Kind.MISSING, expected=f"as {old} has", found=str(error)
        )
        return
    for principal, privilege in sorted(wanted - there):
        yield Difference(f"grants of {new}", Kind.MISSING, expected=f"{privilege} to {principal}")


def _grants(engine: Engine, kind: str, name: str) -> Iterator[tuple[str, str]]:
    """Principal and privilege of what stands on the object itself; inherited ones come along."""
    for row in engine.query(Statement(f"SHOW GRANTS ON {kind} {name}")).to_pylist():
        found = {key.lower().replace("_", ""): str(value) for key, value in row.items()}
        privilege = found["actiontype"].upper()
        if found["objecttype"].upper() in _KINDS[kind] and privilege not in _NOT_GRANTED:
            yield found["principal"], _SAME.get(privilege, privilege)


def _carry_tags(engine: Engine, catalog: str, source: str, target: str) -> Iterator[Difference]:
    for listing in ("schema_tags", "table_tags", "column_tags"):
        try:
            wanted, there = (_tags(engine, catalog, listing, name) for name in (source, target))
            for subject, tag, value in sorted(wanted - there):
                pair = f"{text_literal(tag)} = {text_literal(value)}"
                alter = _altering(catalog, target, subject)
                engine.execute(Statement(f"{alter} SET TAGS ({pair})"))
            lacking = wanted - _tags(engine, catalog, listing, target)
        except EngineError as error:
            yield Difference(listing, Kind.MISSING, "those of " + source, str(error))
            continue
        for subject, tag, value in sorted(lacking):
            name = ".".join((target, *subject))
            yield Difference(f"tags of {name}", Kind.MISSING, expected=f"{tag} = {value}")


def _tags(
    engine: Engine, catalog: str, listing: str, schema: str
) -> set[tuple[tuple[str, ...], str, str]]:
    """Table and column (as far as the listing has them), name and value of each tag."""
    name = TableName(catalog, "information_schema", listing)
    text = f"SELECT * FROM {name.sql} WHERE lower(schema_name) = lower(:schema)"
    rows: list[dict[str, Any]] = engine.query(Statement(text, {"schema": schema})).to_pylist()
    parts = ("table_name", "column_name")
    return {
        (
            tuple(str(row[part]) for part in parts if part in row),
            str(row["tag_name"]),
            str(row["tag_value"] or ""),
        )
        for row in rows
    }


def _altering(catalog: str, schema: str, subject: tuple[str, ...]) -> str:
    if not subject:
        return f"ALTER SCHEMA {quote(catalog, schema)}"
    table = f"ALTER TABLE {quote(catalog, schema, subject[0])}"
    return f"{table} ALTER COLUMN {quote(subject[1])}" if len(subject) > 1 else table
