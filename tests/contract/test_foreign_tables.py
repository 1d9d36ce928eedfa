"""Tables of a foreign catalog: no version, no statistics, one pass, and nobody asks for more.

No foreign catalog exists outside Databricks, so a view and a Delta table stand in for its tables:
what tells is which statements are sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dq_databricks import Quality
from dq_databricks.engine.protocol import Engine, TableStatistics
from dq_databricks.engine.recording import RecordingEngine
from dq_databricks.errors import TargetError, UnsupportedError
from dq_databricks.model.catalog import FOREIGN, Connection, TableEntry
from dq_databricks.model.vocabulary import ConnectionStatus
from dq_databricks.quality.activation import Wishes
from dq_databricks.running.table_profile import TableProfiler
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Parameter
from tests.support.contract import run
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import settings_for

SPARK_SAMPLE = {
    "test_a_foreign_table_is_described_by_its_columns_alone",
    "test_a_connection_shows_its_schemas_tables_and_columns",
    "test_a_profile_of_a_foreign_table_is_one_statement",
}
OPTIONS = {"host": "db.example.com", "user": "dq", "database": "shop"}
Sent = Callable[[str], int]
"""How many statements that contain a text an engine has sent so far."""


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Each engine, with `main.shop.orders` (5 rows) and a view of it."""
    put_schema(tmp_path, "dq")
    with open_engine_for_tests(request.param, tmp_path) as engine:
        run(engine, "CREATE SCHEMA IF NOT EXISTS main.shop")
        run(engine, "CREATE TABLE main.shop.orders (id BIGINT, amount DOUBLE, status STRING)"
                    " USING DELTA")  # fmt: skip
        run(engine, "INSERT INTO main.shop.orders VALUES (1, 10.0, 'new'), (2, NULL, 'paid'),"
                    " (3, 7.5, 'new'), (4, NULL, 'sent'), (4, 1.0, 'new')")  # fmt: skip
        run(engine, "CREATE VIEW main.shop.seen AS SELECT * FROM main.shop.orders")
        yield engine


@pytest.fixture
def quality(engine: Engine) -> Quality:
    """The public face over it."""
    return Quality(settings_for("dq"), engine)


@pytest.fixture
def sent(engine: Engine, quality: Quality, monkeypatch: pytest.MonkeyPatch) -> Sent:
    emulator = getattr(engine, "emulator", None)
    if emulator is not None:
        return lambda text: int(emulator.count("ExecuteStatement", text))
    texts: list[str] = []
    if quality.engine.facts.name == "spark":
        from dq_databricks.engine.spark.binding import Binder

        bound = Binder.run

        def noted(binder: Binder, text: str, parameters: Mapping[str, Parameter]) -> Any:
            texts.append(text)
            return bound(binder, text, parameters)

        monkeypatch.setattr(Binder, "run", noted)
    return lambda text: sum(text in one for one in texts)


def a_source(quality: Quality, name: str = "webshop", **fields: Any) -> Connection:
    """A connection of type PostgreSQL whose foreign catalog is the one that stands in for it."""
    given = {"connection_type": "postgresql", "federation_options": OPTIONS, "catalog": "main"}
    return quality.catalog.add_connection(name, **{**given, "schema_name": "shop", **fields})


@pytest.mark.parametrize("table", ["orders", "seen"])
def test_a_foreign_table_is_described_by_its_columns_alone(
    quality: Quality, sent: Sent, table: str
) -> None:
    relation = TableRelation(TableName("main", "shop", table), is_foreign=True)
    seen = quality.engine.inspect(relation)
    assert [(one.name, one.data_type) for one in seen.columns] == [
        ("id", "BIGINT"), ("amount", "DOUBLE"), ("status", "STRING"),
    ]  # fmt: skip
    assert (seen.relation, seen.version, seen.size_bytes) == (relation, None, None)
    assert seen.statistics == TableStatistics()
    assert (sent("DESCRIBE HISTORY"), sent("DESCRIBE DETAIL")) == (0, 0)
    with pytest.raises(UnsupportedError, match="no versions"):
        quality.engine.inspect(relation.at(0))


@pytest.mark.parametrize("table", ["orders", "seen"])
def test_a_profile_of_a_foreign_table_is_one_statement(
    quality: Quality, sent: Sent, table: str
) -> None:
    now = quality.context.now()
    entry = TableEntry(
        table_id="t", table_group_id="g", catalog="main", schema_name="shop", table_name=table,
        file_format=FOREIGN, created_at=now, updated_at=now,
    )  # fmt: skip
    found = TableProfiler(quality.engine, quality.context, "run").profile(
        entry, on_plan=lambda _: lambda _: None
    )
    assert found.error is None
    assert (found.table.statement_count, found.table.row_count) == (1, 5)
    amounts = {one.column_name: one.null_count for one in found.columns}
    assert amounts == {"id": 0, "amount": 2, "status": 0}
    assert (sent("DESCRIBE HISTORY"), sent("DESCRIBE DETAIL")) == (0, 0)


@pytest.mark.parametrize("table", ["orders", "seen"])
def test_a_foreign_table_is_profiled_and_tested_in_one_pass_each(
    quality: Quality, sent: Sent, table: str
) -> None:
    a_source(quality)
    target = f"main.shop.{table}"
    profiled = quality.profile(target)
    (found,) = profiled.tables
    assert (found.table.table_version, found.table.row_count) == (None, 5)
    assert found.table.statement_count == 1
    columns = {one.column_name: one for one in found.columns}
    amount = columns["amount"]
    assert (amount.null_count, amount.min_value, amount.max_value) == (2, "1.0", "10.0")
    assert quality.catalog.table(target).file_format == FOREIGN

    quality.add_test(target, "nulls_percent", columns=["amount"], parameters={"max_percent": 50})
    quality.add_test(target, "row_count", parameters={"min_count": 6})
    quality.add_test(target, "values_in_range", columns=["amount"], parameters={"min_value": 0})
    tested = quality.test(target)
    assert sorted(result.result_status for result in tested.results) == ["fail", "pass", "pass"]
    assert {result.table_version for result in tested.results} == {None}
    assert {result.source for result in tested.results} == {"scan"}
    (plan,) = quality.plan(target)
    assert len(plan.plan.statements) == 1
    assert (sent("DESCRIBE HISTORY `main`.`shop`"), sent("DESCRIBE DETAIL `main`.`shop`")) == (0, 0)


def test_a_native_table_keeps_its_version(quality: Quality, sent: Sent) -> None:
    """What the test above shows of foreign tables is not true of all."""
    (found,) = quality.profile("main.shop.orders").tables
    assert (found.table.table_version, found.table.row_count) == (1, 5)
    assert quality.catalog.table("main.shop.orders").file_format is None
    if quality.engine.facts.name != "local":
        assert sent("DESCRIBE HISTORY `main`.`shop`.`orders`") > 0


def test_exact_brings_the_second_pass_of_a_foreign_table(quality: Quality) -> None:
    a_source(quality)
    (found,) = quality.profile("main.shop.orders", exact=True).tables
    assert found.table.statement_count > 1
    assert {one.column_name: one.distinct_count for one in found.columns}["id"] == 4


def test_a_connection_shows_its_schemas_tables_and_columns(quality: Quality) -> None:
    whole = a_source(quality, schema_name=None)
    assert quality.sources.test(whole).status is ConnectionStatus.HEALTHY
    assert "shop" in quality.sources.discover(whole).names
    tables = quality.sources.discover(whole, schema="shop")
    assert (tables.names, tables.total) == (("orders", "seen"), 2)
    if quality.engine.facts.name != "spark":
        assert tables.types == ("MANAGED", "VIEW")
    columns = quality.sources.discover(whole, schema="shop", table="orders")
    assert columns.names == ("id", "amount", "status")
    lost = a_source(quality, "lost", schema_name="nowhere")
    tried = quality.sources.test(lost)
    assert tried.status is ConnectionStatus.UNHEALTHY
    assert tried.last_error == "main.nowhere does not exist or shows no table"


def test_a_schema_is_looked_through_in_one_statement(quality: Quality, sent: Sent) -> None:
    found = a_source(quality)
    before = sent("")
    quality.sources.discover(found)
    assert sent("") - before == {"local": 0, "warehouse": 1, "spark": 2}[quality.engine.facts.name]


def test_activating_makes_group_tables_and_job_once(quality: Quality) -> None:
    found = a_source(quality, system_id="crm")
    first = quality.activate(found.connection_id, Wishes(exclude="seen", cron="30 6 * * *"))
    assert first.made == (
        "group crm-default",
        "1 table under watch",
        "a job for the first profile",
        "schedule crm-default profile",
    )
    again = quality.activate("webshop", Wishes(cron="30 6 * * *"))
    assert again.made == ()
    assert (again.group, again.job, again.schedule) == (first.group, first.job, first.schedule)
    entries = quality.catalog.tables(group="crm-default").items
    assert [(one.table_name, one.file_format) for one in entries] == [("orders", FOREIGN)]
    assert len(quality.jobs.list().items) == len(quality.schedules.list().items) == 1


def test_an_activation_without_tables_makes_nothing_but_says_how_it_fared(
    quality: Quality,
) -> None:
    run(quality.engine, "CREATE SCHEMA IF NOT EXISTS main.bare")
    a_source(quality, "bare", schema_name="bare")
    with pytest.raises(
        TargetError, match=r"main\.bare does not exist or shows no table.*plan bare"
    ):
        quality.activate("bare")
    assert quality.catalog.connection("bare").status is ConnectionStatus.UNHEALTHY
    a_source(quality)
    with pytest.raises(TargetError, match=r"no table that the masks.*\(include %, exclude %\)"):
        quality.activate("webshop", Wishes(exclude="%"))
    assert quality.catalog.connection("webshop").status is ConnectionStatus.HEALTHY
    assert quality.catalog.groups().items == ()
    assert quality.jobs.list().items == ()


def test_a_plan_is_carried_out_on_databricks_engines_alone(quality: Quality) -> None:
    found = a_source(quality, managed_credentials_ref="secret:prod/pg")
    with pytest.raises(UnsupportedError, match="has no Unity Catalog"):
        quality.sources.apply(found)
    able = RecordingEngine()
    applied = replace(quality.sources, engine=able).apply(found, grant_to=["readers"])
    assert [one.text for one in able.calls.executed] == [one.statement for one in applied.steps]
    assert len(applied.steps) == 3
