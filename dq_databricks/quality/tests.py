"""Tests by hand: add, edit, and explain a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dq_databricks.checks.catalog import find_check_type
from dq_databricks.checks.definition import (
    Definition,
    checked_parameters,
    definition_text,
    parse_definition,
    validate,
)
from dq_databricks.checks.entry import CheckType
from dq_databricks.engine.protocol import Engine, Snapshot
from dq_databricks.errors import NotFoundError, ParameterError, UnknownNameError
from dq_databricks.model.catalog import TableEntry
from dq_databricks.model.ids import Context
from dq_databricks.model.testing import DEFAULT_SUITE, TestRecord
from dq_databricks.model.vocabulary import Severity
from dq_databricks.model.words import did_you_mean
from dq_databricks.quality.naming import test_name
from dq_databricks.quality.reach import Reach
from dq_databricks.quality.reports import Explanation
from dq_databricks.running.relations import relation_of
from dq_databricks.sensors.render import render
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store

_EDITABLE = {"name", "suite", "severity", "is_active", "is_locked", "parameters"}


@dataclass(frozen=True, slots=True)
class TestFace:
    """Adds, edits and explains tests."""

    __test__ = False
    store: Store
    engine: Engine
    context: Context
    reach: Reach

    def checked(
        self,
        entry: TableEntry,
        check_type_name: str,
        columns: Sequence[str],
        parameters: Mapping[str, object],
        *,
        snapshot: Snapshot | None = None,
    ) -> tuple[CheckType, Definition, Snapshot]:
        """What a test of a table would be, held against the table as it is now; writes nothing.

        `snapshot` is the table, where it was looked at already.
        Raises UnknownNameError, ParameterError, ColumnNotFoundError, UserSqlError, RegexError.
        """
        check_type = find_check_type(check_type_name)
        if snapshot is None:
            snapshot = self.engine.inspect(relation_of(entry))
        definition = validate(check_type, columns, parameters, snapshot)
        self.reach.check_parameters(definition.parameters)
        self._refuse_secrets(definition)
        self._measure(check_type, definition, snapshot)
        return check_type, definition, snapshot

    def _refuse_secrets(self, definition: Definition) -> None:
        for name, value in definition.parameters.items():
            if self.context.redaction.finds(str(value)):
                raise ParameterError(
                    f"{name}: it holds a token, a key or the password of an address (not shown); "
                    "a test is stored and shown to everybody who may read it, so leave that out"
                )

    def _measure(self, check_type: CheckType, definition: Definition, snapshot: Snapshot) -> None:
        """Write out what would be measured: bad SQL and patterns are refused before any run."""
        declared = {parameter.name for parameter in check_type.sensor.parameters}
        values = checked_parameters(check_type, definition.parameters)
        render(
            check_type.sensor,
            snapshot,
            definition.columns,
            {name: value for name, value in values.items() if name in declared},
            self.context.now(),
            owner=check_type.name,
            resolve_reference=self.reach.relation,
        )

    def add(
        self,
        entry: TableEntry,
        check_type_name: str,
        columns: Sequence[str],
        parameters: Mapping[str, object],
        *,
        name: str | None = None,
        suite: str = DEFAULT_SUITE,
        severity: str | None = None,
    ) -> TestRecord:
        """Store a new test of a table; checked against the table as it is now."""
        check_type, definition, snapshot = self.checked(entry, check_type_name, columns, parameters)
        now = self.context.now()
        return self.store.tests.add(
            TestRecord(
                test_id=self.context.new_id(),
                table_group_id=entry.table_group_id,
                test_suite_key=suite,
                name=name or test_name(check_type.name, definition.columns),
                rule_type=check_type.name,
                definition=definition_text(definition.columns, definition.parameters),
                table_id=entry.table_id,
                table_name=str(snapshot.relation),
                column_name=definition.columns[0] if len(definition.columns) == 1 else None,
                severity=severity_named(severity) if severity else check_type.severity,
                is_locked=True,
                created_at=now,
                updated_at=now,
            )
        )

    def edit(
        self, test_id: str, expected_version: int | None, changes: Mapping[str, Any]
    ) -> TestRecord:
        """Store the changed test; parameters that are given replace those of the same name."""
        unknown = sorted(set(changes) - _EDITABLE)
        if unknown or not changes:
            what = f"{unknown[0]!r} cannot be changed" if unknown else "nothing to change was given"
            raise ParameterError(f"test {test_id}: {what}; {', '.join(sorted(_EDITABLE))} can be")
        test = self.store.tests.get(test_id)
        version = test.version if expected_version is None else expected_version
        return self.store.tests.edit(self.changed(test, changes), version)

    def changed(self, test: TestRecord, changes: Mapping[str, Any]) -> TestRecord:
        """`test` with `changes`, held against its table; stores nothing."""
        return test.model_copy(update=self._update(test, dict(changes)))

    def explain(self, result_or_test_id: str) -> Explanation:
        """The result of this id, or the newest one of the test of this id."""
        found = self.store.runs.results(eq("result_id", result_or_test_id), limit=1)
        if not found.items:
            found = self.store.runs.results(eq("test_id", result_or_test_id), limit=1)
        if not found.items:
            raise NotFoundError(
                f"no result and no tested test has the id {result_or_test_id!r}; see dq results"
            )
        result = found.items[0]
        test = self.store.tests.table.get(result.test_id, include_removed=True)
        return Explanation(result, test, _description(result.check_type))

    def _update(self, test: TestRecord, changes: dict[str, Any]) -> dict[str, Any]:
        update = {name: value for name, value in changes.items() if name not in _TRANSLATED}
        if "suite" in changes:
            update["test_suite_key"] = changes["suite"]
        if "severity" in changes:
            update["severity"] = severity_named(changes["severity"])
        if "parameters" in changes:
            update["definition"] = self._definition(test, changes["parameters"])
        return update

    def _definition(self, test: TestRecord, parameters: Mapping[str, object]) -> str:
        entry = self.store.catalog.tables.require(test.table_id)
        stored = parse_definition(test.definition)
        _, definition, _ = self.checked(
            entry, test.rule_type, stored.columns, {**stored.parameters, **parameters}
        )
        return definition_text(definition.columns, definition.parameters)


_TRANSLATED = {"suite", "severity", "parameters"}


def severity_named(name: str) -> Severity:
    """The severity of this name; raises UnknownNameError."""
    known = [severity.value for severity in Severity]
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise UnknownNameError(f"no severity is named {name!r}{hint}")
    return Severity(name)


def _description(check_type_name: str) -> str:
    try:
        return find_check_type(check_type_name).description
    except UnknownNameError:
        return "a check type this version does not know"
