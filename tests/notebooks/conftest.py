"""All notebooks, run once for each engine from the first to the last on one small lake."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from dq_databricks import Quality, open_quality
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from tests.support.engines import skip_unless_it_runs
from tests.support.notebooks import Shown, paths, read_notebook, run_notebook, with_names
from tests.support.provisioned import put_schema

SCHEMA = "quality_data"  # not the default: nothing may depend on that
TABLE = TableName("main", "shop", "trips")
WIDGETS = {"catalog": "main", "schema": SCHEMA, "table": str(TABLE), "store": "yes"}


@pytest.fixture(scope="module", params=["local", pytest.param("spark", marks=pytest.mark.spark)])
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Shown]]:
    """What each notebook showed, by name; life goes on between the first and the others."""
    engine = str(request.param)
    skip_unless_it_runs(engine)
    home = _home(engine, tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ENGINE": engine, "HOME": str(home), "DURABLE": "false"}.items():
            patch.setenv(f"DQ_{name}", value)
        put_schema(home, SCHEMA)
        with _opened() as quality:
            _create_trips(quality)
        yield _run_all(engine)
    shutil.rmtree(home / "lake")


def _home(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if engine == "local":
        return tmp_path_factory.mktemp("notebooks")
    from tests.support.spark_engine import forget_schemas, shared_session

    forget_schemas()
    return Path(shared_session().conf.get("spark.dq.home"))


def _opened() -> Quality:
    return open_quality(catalog="main", data_quality_schema=SCHEMA)


def _run_all(engine: str) -> dict[str, Shown]:
    found: dict[str, Shown] = {}
    more: dict[str, str] = {}
    for path in paths():
        notebook = read_notebook(path)
        found[notebook.name] = run_notebook(
            notebook,
            {**WIDGETS, **more},
            run_sql=lambda text, values: _query(engine, text, values),
        )
        more = more or _live_on()
    return found


def _query(engine: str, text: str, values: Mapping[str, str]) -> pa.Table:
    """A SQL cell with its widgets bound, as it is on Spark, and by their names elsewhere."""
    with _opened() as quality:
        if engine == "spark":
            return quality.engine.query(Statement(text, values))
        return quality.engine.query(Statement(with_names(text, values)))


def _create_trips(quality: Quality) -> None:
    for text in (
        "CREATE SCHEMA IF NOT EXISTS main.shop",
        f"CREATE TABLE {TABLE.sql} (trip_id BIGINT, fare_amount DOUBLE, kind STRING) USING DELTA",
    ):
        quality.engine.execute(Statement(text))
    quality.engine.append(TABLE, _trips(0, 200))


def _live_on() -> dict[str, str]:
    """Worse rows arrive and are profiled and tested; a schedule is made. More widgets to set."""
    with _opened() as quality:
        quality.engine.append(TABLE, _trips(150, 60, fare=-400.0))
        quality.profile(str(TABLE))
        quality.test(str(TABLE))
        quality.schedules.add(
            "nightly", cron="0 3 * * *", kind="test", target_type="table", target_ref=str(TABLE)
        )
        (anomaly, *_) = quality.anomalies(str(TABLE))
        return {"dismiss": anomaly.anomaly_id}


def _trips(first: int, count: int, *, fare: float = 5.0) -> pa.Table:
    numbers = range(first, first + count)
    return pa.table(
        {
            "trip_id": pa.array(numbers, pa.int64()),
            "fare_amount": [None if n % 20 == 0 else fare + n * 0.25 for n in numbers],
            "kind": [" taxi" if n % 10 == 0 else "bus" if n % 2 else "" for n in numbers],
        }
    )
