"""Test versions: what a test was, and going back to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from dq_databricks.model.history import TestVersion
from dq_databricks.model.testing import TestRecord
from dq_databricks.store.page import Page
from dq_databricks.store.store import Store

_RESTORED = ("name", "test_suite_key", "definition", "severity", "is_active")


@dataclass(frozen=True, slots=True)
class HistoryFace:
    """Every version of every test, kept since versions are."""

    store: Store
    writable: Callable[[], Store]

    def versions(
        self, test_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[TestVersion]:
        """The versions of a test, newest first; raises NotFoundError for an unknown test."""
        page = self.store.history.select(test_id, limit=limit, cursor=cursor)
        if not page.items:
            self.store.tests.get(test_id)
        return page

    def version(self, test_id: str, version: int) -> TestVersion:
        """One version; raises NotFoundError."""
        return self.store.history.get(test_id, version)

    def roll_back(
        self, test_id: str, version: int, *, expected_version: int | None = None
    ) -> TestRecord:
        """Make a test what it was at `version`, as a new version, and lock it.

        Its name, suite, definition, severity and whether it is active come back.
        Raises NotFoundError, VersionConflictError.
        """
        test = self.store.tests.get(test_id)
        past = TestRecord.model_validate(json.loads(self.version(test_id, version).test))
        restored = test.model_copy(update={name: getattr(past, name) for name in _RESTORED})
        store = self.writable()
        expected = test.version if expected_version is None else expected_version
        return store.written(store.tests.edit(restored, expected))
