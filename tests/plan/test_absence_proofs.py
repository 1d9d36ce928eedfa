"""A count of violations is 0 without a scan when smallest and largest value lie within."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.protocol import ColumnStatistics, Scalar, Snapshot, TableStatistics
from dq_databricks.planning.planner import make_plan
from dq_databricks.planning.proofs import known_fact
from dq_databricks.running.execute import execute
from dq_databricks.sensors.catalog import find_sensor
from dq_databricks.sensors.measure import Proof
from dq_databricks.sensors.render import render
from dq_databricks.sql.relation import FileRelation

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON = NOW.replace(tzinfo=None)


@pytest.fixture
def readings(tmp_path: Path) -> tuple[LocalEngine, Snapshot]:
    rows = pa.table(
        {
            "whole": pa.array([1, 5, None], pa.int64()),
            "real": pa.array([1.0, float("nan"), 3.0]),
            "day": pa.array([date(2026, 1, 30), date(2026, 1, 31), None]),
        }
    )
    path = tmp_path / "readings.parquet"
    pq.write_table(rows, path)
    engine = LocalEngine(tmp_path / "home")
    return engine, engine.inspect(FileRelation("parquet", str(path)))


@pytest.mark.parametrize(
    ("sensor", "column", "parameters", "expected", "statements"),
    [
        ("values_outside_count", "whole", {"min_value": 1, "max_value": 5}, 0, 0),
        ("values_outside_count", "whole", {"min_value": 0.5}, 0, 0),
        ("values_outside_count", "whole", {"min_value": 1, "max_value": 4}, 1, 1),
        ("values_outside_count", "whole", {"min_value": 2}, 1, 1),
        ("values_outside_count", "real", {"min_value": 0, "max_value": 9}, 1, 1),
        ("future_count", "day", {}, 0, 0),
        ("dates_outside_count", "day", {"max_date": "2026-01-31"}, 0, 0),
        ("dates_outside_count", "day", {"min_date": "2026-01-31"}, 1, 1),
    ],
)
def test_only_what_the_bounds_prove_needs_no_scan(
    readings: tuple[LocalEngine, Snapshot],
    sensor: str,
    column: str,
    parameters: dict[str, object],
    expected: int,
    statements: int,
) -> None:
    engine, snapshot = readings
    measure = render(find_sensor(sensor), snapshot, [column], parameters, NOW, key="asked")
    plan = make_plan(snapshot, [measure], engine.facts)
    assert len(plan.statements) == statements
    assert execute(plan, engine)["asked"].value == expected


@pytest.mark.parametrize(
    ("bounds", "low", "high", "proven"),
    [
        ((None, None), 1, 2, True),
        ((Decimal("1.5"), Decimal(2)), 1.5, 2.0, True),
        ((2**63 - 2, 2**63 - 1), None, float(2**63), True),
        ((1, 2), None, float("nan"), False),
        ((NOON, NOON), None, NOW, True),
        ((NOW, NOW), NOW, None, True),
        ((date(2026, 2, 1), date(2026, 2, 1)), None, NOW, False),
        (("a", "b"), 1, 2, False),
    ],
)
def test_bounds_that_do_not_compare_prove_nothing(
    readings: tuple[LocalEngine, Snapshot],
    bounds: tuple[Scalar | None, Scalar | None],
    low: Scalar | None,
    high: Scalar | None,
    proven: bool,
) -> None:
    statistics = TableStatistics(3, {"x": ColumnStatistics(0, bounds)})
    relation = FileRelation("parquet", "/x.parquet")
    snapshot = Snapshot(relation, (), None, "f", statistics=statistics)
    assert known_fact(snapshot, Proof("none_outside", "x", low, high)) == (proven, 0)
