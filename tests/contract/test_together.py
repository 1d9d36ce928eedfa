"""Rows of several tables in one statement, on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.model.testing import TestResult
from dq_databricks.store.filters import eq, is_in
from dq_databricks.store.store import Store
from dq_databricks.store.together import Part, together
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import (
    START,
    TappedEngine,
    a_result,
    a_run,
    a_test,
    settings_for,
    ticking,
)

SPARK_SAMPLE = {"test_parts_come_back_whole_in_their_order_and_in_one_read"}


@pytest.fixture(scope="module", params=engine_parameters())
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """One migrated schema for the module."""
    folder = tmp_path_factory.mktemp("lake")
    put_schema(folder)
    with open_engine_for_tests(request.param, folder) as engine:
        yield engine


def test_parts_come_back_whole_in_their_order_and_in_one_read(shared: Engine) -> None:
    tapped = TappedEngine(shared)
    store = Store(tapped, settings_for("s"), ticking())
    tests = [store.tests.add(a_test(name, name=name)) for name in ("a", "b", "gone")]
    store.tests.remove("gone", 1)
    run = store.runs.start(a_run("r"))
    results = [
        a_result("r", name, detected_at=START + timedelta(microseconds=at), row_count=2**40)
        for name, at in (("a", 1), ("b", 2), ("c", 3))
    ]
    store.runs.write(results)
    newer = a_result("r2", "a", detected_at=START + timedelta(seconds=1))
    store.runs.write([newer])
    tapped.calls.clear()
    found = together(
        Part(store.tests.table, [is_in("test_id", ("a", "b", "gone"))], order_by=("-name",)),
        Part(store.runs.runs, [eq("test_run_id", "r")]),
        Part(
            store.table(TestResult),
            order_by=("-detected_at",),
            newest_of=("test_id",),
            limit=2,
            left_out=frozenset({"statement_text"}),
        ),
        Part(store.alerts.table),
    )
    assert tapped.count("query") == 1
    assert found[0] == (tests[1], tests[0])
    assert found[1] == (run,)
    assert [one.result_id for one in found[2]] == [newer.result_id, results[2].result_id]
    assert found[2][1] == results[2].model_copy(update={"statement_text": None})
    assert found[3] == ()
