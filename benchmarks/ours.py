"""Our side: the public face over an engine whose statements about the data are timed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from benchmarks.checks import Check, DataSet
from dq_databricks.checks.definition import definition_text
from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.recording import Recorder
from dq_databricks.model.ids import Context
from dq_databricks.model.testing import TestRecord
from dq_databricks.quality import Quality
from dq_databricks.settings import Settings
from dq_databricks.sql.statement import Statement
from dq_databricks.store.store import Store


class StopwatchEngine(Recorder):
    """A real engine that adds up the time during which it works on the data, not the metadata."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.busy = 0.0
        self.statements = 0
        self._lock = threading.Lock()
        self._running, self._since = 0, 0.0

    def query(self, statement: Statement) -> pa.Table:
        """Timed when it carries a run id: those are the statements of plans."""
        if "dq_run_id" not in statement.tags:
            return self.engine.query(statement)
        with self._timed():
            return self.engine.query(statement)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Statements side by side count once."""
        with self._lock:
            self.statements += 1
            self._since = self._since if self._running else time.perf_counter()
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    self.busy += time.perf_counter() - self._since


class Ours:
    """Profiles and tests through `Quality`, as a person would."""

    def __init__(self, settings: Settings) -> None:
        self.engine = StopwatchEngine(open_engine(settings))
        self.quality = Quality(settings, self.engine)
        self._store = Store(self.engine, settings, Context())

    def add(self, wanted: DataSet, checks: Sequence[Check], suite: str) -> None:
        """Store `checks` as the tests of `suite`."""
        first = self.quality.add_test(
            str(wanted.path),
            checks[0].check_type,
            columns=checks[0].columns,
            parameters=dict(checks[0].parameters),
            suite=suite,
        )
        self._store.tests.add_missing(list(_alike(first, checks[1:])))

    def test(self, path: Path, suite: str) -> None:
        """Run a suite; no test may end as an error."""
        report = self.quality.test(str(path), suite=suite)
        if errors := report.counts["error"]:
            messages = {r.message for r in report.results if r.result_status == "error"}
            raise SystemExit(f"{errors} tests of {path.name} could not run: {sorted(messages)[:3]}")

    def profile(self, path: Path) -> None:
        """Profile a file; every column must have been measured."""
        report = self.quality.profile(str(path))
        messages = [c.error_message for t in report.tables for c in t.columns if c.error_message]
        if messages or report.exit_code:
            raise SystemExit(f"profile of {path.name}: {messages[:3] or report.run.error_message}")

    def close(self) -> None:
        """Close the engine."""
        self.quality.close()


def _alike(first: TestRecord, checks: Iterable[Check]) -> Iterator[TestRecord]:
    context = Context()
    for number, check in enumerate(checks, 2):
        yield first.model_copy(
            update={
                "test_id": context.new_id(),
                "name": f"{check.check_type} {number}",
                "rule_type": check.check_type,
                "definition": definition_text(check.columns, check.parameters),
                "column_name": check.columns[0] if len(check.columns) == 1 else None,
            }
        )
