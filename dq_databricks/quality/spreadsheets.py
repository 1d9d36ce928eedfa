"""Results and anomalies as CSV that a spreadsheet opens without carrying anything out.

RFC 4180: a header, commas, CRLF, quotes doubled. Text that a spreadsheet would take for a formula
begins with an apostrophe. At most 50,000 rows; the last row says so where there were more.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from dq_databricks.model.base import Record
from dq_databricks.model.profile import Anomaly
from dq_databricks.model.testing import TestResult
from dq_databricks.quality.audit import EXPORT, AuditFace
from dq_databricks.quality.browse import BrowseFace, Slice
from dq_databricks.sql.statement import Parameter
from dq_databricks.store.page import Page

M = TypeVar("M", bound=Record)
MOST_ROWS, ROWS_AT_ONCE = 50_000, 1_000
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
# What is of use only to the software itself.
_LEFT_OUT = frozenset({"statement_text", "statement_hash", "definition", "fingerprint"})


@dataclass(frozen=True, slots=True)
class SheetFace:
    """Exports rows as CSV, and notes in the audit log that somebody did."""

    browse: BrowseFace
    audit: AuditFace

    def results(
        self, *, since: datetime | None = None, until: datetime | None = None, **equal: Parameter
    ) -> Iterator[str]:
        """Results of complete runs, newest first, as parts of a CSV file.

        The first rows are read, and the export is noted, before this returns.
        """

        def page(part: Slice) -> Page[TestResult]:
            return self.browse.results(part, since=since, until=until, **equal)

        return self._parts("result", page, since=since, until=until, **equal)

    def anomalies(
        self, *, since: datetime | None = None, undisposed: bool = False, **equal: Parameter
    ) -> Iterator[str]:
        """Anomalies of complete profiles, newest first, as parts of a CSV file."""

        def page(part: Slice) -> Page[Anomaly]:
            return self.browse.anomalies(part, since=since, undisposed=undisposed, **equal)

        told = {"undisposed": True} if undisposed else {}
        return self._parts("anomaly", page, since=since, **told, **equal)

    def _parts(
        self, entity: str, page: Callable[[Slice], Page[M]], **filters: object
    ) -> Iterator[str]:
        first = page(Slice(min(ROWS_AT_ONCE, MOST_ROWS)))
        told = {name: str(value) for name, value in filters.items() if value is not None}
        self.audit.note(EXPORT, entity, told.get("test_run_id") or "all", **told)
        return _written(first, page)


def _written(first: Page[M], page: Callable[[Slice], Page[M]]) -> Iterator[str]:
    names = [name for name in first.model.model_fields if name not in _LEFT_OUT]
    yield _lines([names])
    found, given = first, 0
    while True:
        yield _lines([[cell(getattr(row, name)) for name in names] for row in found])
        given += len(found)
        if found.next_cursor is None:
            return
        if given >= MOST_ROWS:
            break
        found = page(Slice(min(ROWS_AT_ONCE, MOST_ROWS - given), found.next_cursor))
    more = f"There are more: these are the newest {MOST_ROWS:,} rows. Filter to see others."
    yield _lines([[more, *[""] * (len(names) - 1)]])


def cell(value: Any) -> str:
    """A value as a cell: text that begins like a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _lines(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
