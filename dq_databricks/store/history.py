"""What tests were: a row for every version, written with the change that made it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from dq_databricks.errors import NotFoundError
from dq_databricks.model.actor import Actor
from dq_databricks.model.history import TestVersion
from dq_databricks.model.ids import Context
from dq_databricks.model.testing import TestRecord
from dq_databricks.store.access import Table
from dq_databricks.store.changes import Change
from dq_databricks.store.filters import eq
from dq_databricks.store.page import Page

BEFORE = "as found"
"""The change of a version that was there before versions were kept."""


class TestHistory:
    """Versions of tests, by test and number; none is ever changed."""

    __test__ = False

    def __init__(self, table: Table[TestVersion], context: Context) -> None:
        self.table = table
        self._context = context

    def write(self, changes: Sequence[Change], actor: Actor) -> int:
        """Keep what `changes` made of tests, in one commit; how many versions were new."""
        rows = {(row.test_id, row.version): row for row in self._versions(changes, actor)}
        return self.table.insert_missing(list(rows.values()))

    def select(
        self, test_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[TestVersion]:
        """The versions of a test, newest first."""
        return self.table.select(
            eq("test_id", test_id), order_by=("-version",), limit=limit, cursor=cursor
        )

    def get(self, test_id: str, version: int) -> TestVersion:
        """One version of a test; raises NotFoundError."""
        page = self.table.select(eq("test_id", test_id), eq("version", version), limit=1)
        if not page.items:
            raise NotFoundError(f"test {test_id!r} has no version {version}")
        return page.items[0]

    def _versions(self, changes: Sequence[Change], actor: Actor) -> Iterator[TestVersion]:
        for change in changes:
            old, new = change.old, change.new
            if isinstance(old, TestRecord):
                yield self._version(old, BEFORE, actor.name, old.version)
            if isinstance(new, TestRecord):
                yield self._version(new, change.action, actor.name, new.version)
            elif isinstance(old, TestRecord):
                yield self._version(old, change.action, actor.name, old.version + 1)

    def _version(self, test: TestRecord, change: str, by: str, version: int) -> TestVersion:
        text = json.dumps(test.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
        return TestVersion(
            test_id=test.test_id,
            version=version,
            change=change,
            test=text,
            changed_by=by,
            created_at=self._context.now(),
        )
