"""Tests as documents: export them, and import all of a document or nothing of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dq_databricks.checks.definition import parse_definition
from dq_databricks.errors import DocumentError, Fault, ParameterError, WriteConflictError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.model.testing import TestRecord
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.documents import Format, Node, read_document, write_document
from dq_databricks.quality.exchange_check import Checked, EntryChecker
from dq_databricks.quality.exchange_entries import FORMAT_VERSION, Entry, entries_of
from dq_databricks.quality.tests import TestFace
from dq_databricks.running.relations import relation_of
from dq_databricks.store.filters import Condition, eq, is_in
from dq_databricks.store.store import Store

MOST_TESTS = 2_000
_MOST_TRIES = 5
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do where nothing `is_stored`: how many tests of each kind."""

    added: int
    changed: int
    unchanged: int
    is_stored: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rows to store, the rows before them, and how many stay as they are."""

    rows: tuple[TestRecord, ...]
    olds: tuple[TestRecord, ...]
    unchanged: int

    @property
    def changed(self) -> int:
        return sum(old.deleted_at is None for old in self.olds)


@dataclass(frozen=True, slots=True)
class ExchangeFace:
    """Exports and imports the tests that its face sees."""

    store: Store
    context: Context
    catalog: CatalogFace
    tests: TestFace
    writable: Callable[[], Store]

    def export(self, *, suite: str | None = None, table: str | None = None) -> dict[str, Any]:
        """Tests, by table and name, as a document that `import_tests` takes.

        An id is given only where tests of one table and suite share a name. Raises NotFoundError
        for an unknown table, ParameterError for more than 2,000 tests.
        """
        wanted: list[Condition] = [] if suite is None else [eq("test_suite_key", suite)]
        if table is not None:
            wanted.append(eq("table_id", self.catalog.table(table).table_id))
        found = self.store.tests.select(*wanted, limit=MOST_TESTS)
        if found.next_cursor is not None:
            raise ParameterError(
                f"there are more than {MOST_TESTS:,} tests, which is what a document may hold; "
                "export them by suite or by table"
            )
        names = self._table_names(found.items)
        shared = Counter(map(_key_of, found.items))
        return {
            "version": FORMAT_VERSION,
            "tests": [
                _exported(test, names[test.table_id], with_id=shared[_key_of(test)] > 1)
                for test in found.items
            ],
        }

    def export_text(
        self, form: Format, *, suite: str | None = None, table: str | None = None
    ) -> str:
        """What `export` gives, written as YAML or JSON."""
        return write_document(self.export(suite=suite, table=table), form)

    def import_tests(self, text: bytes, form: Format, *, dry_run: bool = False) -> ImportReport:
        """Store every test of a document, in one commit, or nothing of it.

        A test is known by its id, else by table, suite and name: known ones become what the
        document says, and are locked against proposals; others are added. Those that are the same
        already stay untouched, so repeating an import changes nothing. Raises DocumentError, which
        names everything that does not fit.
        """
        checked, faults = self._checked(read_document(text, form))
        plan = self._planned(checked, faults)
        report = ImportReport(
            len(plan.rows) - plan.changed, plan.changed, plan.unchanged, is_stored=not dry_run
        )
        if not dry_run:
            self._store(plan, checked)
        return report

    # --- below -----------------------------------------------------------------------------

    def _store(self, plan: _Plan, checked: Sequence[Checked]) -> None:
        """Store what is planned; what others changed meanwhile is planned anew and wins over it."""
        store = self.writable()
        for _ in range(_MOST_TRIES):
            if not plan.rows:
                break
            missed = store.tests.table.upsert_expected(plan.rows, olds=plan.olds)
            if not missed:
                break
            plan = self._planned(checked)
        else:
            store.written(None)
            raise WriteConflictError("the tests changed all the time; repeat the import")
        store.written(None)

    def _checked(self, document: Node) -> tuple[list[Checked], list[Fault]]:
        entries, faults = entries_of(document, most=MOST_TESTS)
        checker = EntryChecker(self.catalog, self.tests)
        checked = []
        for entry in entries:
            found = checker.check(entry)
            if isinstance(found, Fault):
                faults.append(found)
            else:
                checked.append(found)
        return checked, faults

    def _planned(self, checked: Sequence[Checked], known: Sequence[Fault] = ()) -> _Plan:
        """What is to be stored; raises DocumentError for what is `known` or found to be wrong."""
        stored = self._stored(sorted({one.table.table_id for one in checked}))
        finder = _Finder(stored)
        rows, olds, unchanged, faults = [], [], 0, list(known)
        taken: dict[str, Entry] = {}
        for one in checked:
            found = finder.find(one)
            if isinstance(found, Fault):
                faults.append(found)
                continue
            test_id, old = found
            if (first := taken.setdefault(test_id, one.entry)) is not one.entry:
                where = f"line {first.line}" if first.line else first.pointer
                faults.append(one.entry.fault(f"this is the same test as that of {where}"))
            elif old is not None and _is_same(old, one):
                unchanged += 1
            else:
                rows.append(self._row(one, test_id, old))
                olds += [] if old is None else [old]
        if faults:
            raise DocumentError(sorted(faults, key=lambda fault: fault.line or 0))
        return _Plan(tuple(rows), tuple(olds), unchanged)

    def _stored(self, table_ids: Sequence[str]) -> tuple[TestRecord, ...]:
        if not table_ids:
            return ()
        of_these = is_in("table_id", table_ids)
        return self.store.tests.table.select(of_these, include_removed=True).items

    def _row(self, one: Checked, test_id: str, old: TestRecord | None) -> TestRecord:
        now = self.context.now()
        if old is not None:
            update = {
                **one.fields,
                "is_locked": True,
                "deleted_at": None,
                "version": old.version + 1,
                "updated_at": now,
            }
            return old.model_copy(update=update)
        return TestRecord(
            test_id=test_id,
            table_group_id=one.table.table_group_id,
            table_id=one.table.table_id,
            table_name=one.table_name,
            is_locked=True,
            created_at=now,
            updated_at=now,
            **one.fields,
        )

    def _table_names(self, tests: Sequence[TestRecord]) -> dict[str, str]:
        ids = sorted({test.table_id for test in tests})
        found = self.store.catalog.tables.select(is_in("table_id", ids)) if ids else ()
        known: Mapping[str, TableEntry] = {entry.table_id: entry for entry in found}
        return {
            test.table_id: str(relation_of(known[test.table_id]))
            if test.table_id in known
            else test.table_name
            for test in tests
        }


class _Finder:
    """Finds the stored test that an entry means."""

    def __init__(self, stored: Sequence[TestRecord]) -> None:
        self._by_id = {test.test_id: test for test in stored}
        self._by_key: dict[_Key, list[TestRecord]] = {}
        for test in stored:
            if test.deleted_at is None:
                self._by_key.setdefault(_key_of(test), []).append(test)

    def find(self, one: Checked) -> tuple[str, TestRecord | None] | Fault:
        """The id of the test, and its row where it has one."""
        if one.entry.test_id is not None:
            return self._of_id(one)
        key = (one.table.table_id, one.fields["test_suite_key"], one.fields["name"])
        same = self._by_key.get(key, [])
        if len(same) > 1:
            return one.entry.fault(
                f"{len(same)} tests of this table and suite are named {key[2][:60]!r}: give the id "
                "of one",
                "name",
            )
        return (same[0].test_id, same[0]) if same else self._new(key)

    def _of_id(self, one: Checked) -> tuple[str, TestRecord | None] | Fault:
        test = self._by_id.get(str(one.entry.test_id))
        if test is None or test.deleted_at is not None:
            return one.entry.fault(
                "no test of this table has this id; leave it out to add the test", "id"
            )
        return test.test_id, test

    def _new(self, key: _Key) -> tuple[str, TestRecord | None]:
        """The id that follows from `key`; the next one where a renamed test has it."""
        test_id = derived_id("test", *key)
        while (taken := self._by_id.get(test_id)) is not None and taken.deleted_at is None:
            test_id = derived_id("test", test_id)
        return test_id, taken


def _key_of(test: TestRecord) -> _Key:
    return test.table_id, test.test_suite_key, test.name


def _is_same(old: TestRecord, one: Checked) -> bool:
    return old.deleted_at is None and all(
        getattr(old, name) == value for name, value in one.fields.items()
    )


def _exported(test: TestRecord, table: str, *, with_id: bool) -> dict[str, Any]:
    definition = parse_definition(test.definition)
    return {
        **({"id": test.test_id} if with_id else {}),
        "table": table,
        "check_type": test.rule_type,
        "columns": list(definition.columns),
        "parameters": dict(definition.parameters),
        "name": test.name,
        "suite": test.test_suite_key,
        "severity": test.severity.value,
        "is_active": test.is_active,
    }
