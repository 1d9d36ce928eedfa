"""Entries of a document of tests, held against the tables as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dq_databricks.checks.definition import definition_text
from dq_databricks.engine.protocol import Snapshot
from dq_databricks.errors import Fault, QualityError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.redacting import redacted
from dq_databricks.model.vocabulary import Severity
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.exchange_entries import Entry
from dq_databricks.quality.naming import test_name
from dq_databricks.quality.tests import TestFace
from dq_databricks.running.relations import relation_of


@dataclass(frozen=True, slots=True)
class Checked:
    """An entry that can be stored: its table, and the columns of its row that it decides."""

    entry: Entry
    table: TableEntry
    table_name: str
    fields: dict[str, Any]


class EntryChecker:
    """Checks the entries of one document; looks at each table once."""

    def __init__(self, catalog: CatalogFace, tests: TestFace) -> None:
        self._catalog = catalog
        self._tests = tests
        self._seen: dict[str, tuple[TableEntry, Snapshot] | str] = {}

    def check(self, entry: Entry) -> Checked | Fault:
        """The entry as it would be stored, or what is wrong with it.

        Raises EngineError where the engine could not be asked.
        """
        if entry.table not in self._seen:
            self._seen[entry.table] = self._look(entry.table)
        seen = self._seen[entry.table]
        if isinstance(seen, str):
            return entry.fault(seen, "table")
        try:
            return self._checked(entry, *seen)
        except QualityError as error:
            return entry.fault(_told(error))

    def _look(self, target: str) -> tuple[TableEntry, Snapshot] | str:
        try:
            table = self._catalog.table(target)
            return table, self._tests.engine.inspect(relation_of(table))
        except QualityError as error:
            return _told(error)

    def _checked(self, entry: Entry, table: TableEntry, snapshot: Snapshot) -> Checked:
        check_type, definition, _ = self._tests.checked(
            table, entry.check_type, entry.columns, entry.parameters or {}, snapshot=snapshot
        )
        columns = definition.columns
        fields = {
            "test_suite_key": entry.suite,
            "name": entry.name or test_name(check_type.name, columns),
            "rule_type": check_type.name,
            "definition": definition_text(columns, definition.parameters),
            "column_name": columns[0] if len(columns) == 1 else None,
            "severity": Severity(entry.severity) if entry.severity else check_type.severity,
            "is_active": entry.is_active,
        }
        return Checked(entry, table, str(snapshot.relation), fields)


def _told(error: QualityError) -> str:
    if not error.wrong_use:
        raise error
    return redacted(str(error))
