"""Columns of models: types both ways, and rows that do not fit."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pytest

from dq_databricks.errors import SchemaMismatchError, WrongUseError
from dq_databricks.model.catalog import Project
from dq_databricks.model.testing import TestRun
from dq_databricks.store.columns import columns_of, from_arrow, to_arrow
from tests.support.store import START, a_run


def test_types_follow_the_fields() -> None:
    types = {column.name: (column.sql_type, column.required) for column in columns_of(TestRun)}
    assert types["status"] == ("STRING", True)
    assert types["total_tests"] == ("INT", False)
    assert types["duration_ms"] == ("BIGINT", False)
    assert types["started_at"] == ("TIMESTAMP", True)


def test_a_null_in_an_added_column_becomes_the_default() -> None:
    stored = to_arrow(
        Project, [Project(project_key="a", name="A", created_at=START, updated_at=START)]
    )
    at = stored.column_names.index("version")
    old = stored.set_column(at, "version", pa.nulls(1, pa.int64()))
    assert from_arrow(Project, old)[0].version == 1


def test_a_row_that_does_not_fit_is_named() -> None:
    stored = to_arrow(TestRun, [a_run("r1")])
    at = stored.column_names.index("status")
    strange = stored.set_column(at, "status", pa.array(["melted"]))
    with pytest.raises(SchemaMismatchError, match=r"test_run_id = 'r1'.*status"):
        from_arrow(TestRun, strange)


def test_times_need_a_zone() -> None:
    with pytest.raises(WrongUseError, match="has no time zone"):
        to_arrow(TestRun, [a_run("r1", started_at=START.replace(tzinfo=None))])


def test_times_beyond_the_calendar_are_refused() -> None:
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(WrongUseError, match="no time of the years 1 to 9999"):
        to_arrow(TestRun, [a_run("r1", started_at=early)])
