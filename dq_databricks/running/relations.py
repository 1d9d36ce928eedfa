"""From a stored table entry to the relation a statement reads."""

from __future__ import annotations

from typing import cast

from dq_databricks.errors import TargetError
from dq_databricks.model.catalog import FOREIGN, TableEntry
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import FileFormat, FileRelation, Relation, TableRelation


def relation_of(entry: TableEntry) -> Relation:
    """The relation `entry` names: files by format and path, or a catalog table.

    Raises TargetError when the entry has neither a path nor a catalog.
    """
    if entry.path is not None and entry.file_format is not None:
        return FileRelation(cast("FileFormat", entry.file_format), entry.path)
    if entry.catalog is None:
        raise TargetError(
            f"table {entry.table_name} ({entry.table_id}): neither catalog nor path is stored; "
            "remove the entry and add it again"
        )
    name = TableName(entry.catalog, entry.schema_name, entry.table_name)
    return TableRelation(name, is_foreign=entry.file_format == FOREIGN)
