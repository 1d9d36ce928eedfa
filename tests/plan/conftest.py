from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import Snapshot
from dq_databricks.engine.recording import Recorder
from dq_databricks.sql.relation import TableRelation
from tests.support.contract import create
from tests.support.engines import open_engine_for_tests

COLUMNS = (
    "id BIGINT, amount DOUBLE, price DECIMAL(10,2), name STRING, day DATE, at TIMESTAMP, "
    "flag BOOLEAN, `od-d.😀` INT"
)
ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3, 4], pa.int64()),
        "amount": [1.5, None, -2.5, 40.0],
        "price": pa.array(
            [Decimal("1.10"), Decimal("2.20"), None, Decimal("99999999.99")], pa.decimal128(10, 2)
        ),
        "name": ["ann", "bob", None, "bob"],
        "day": [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 2), None],
        "at": pa.array(
            [datetime(2026, 1, day, 3, 4, 5, 678901, tzinfo=UTC) for day in (1, 2, 3, 4)],
            pa.timestamp("us", "UTC"),
        ),
        "flag": [True, False, None, True],
        "od-d.😀": pa.array([7, 7, 8, None], pa.int32()),
    }
)


@pytest.fixture(params=["local", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recorder]:
    """The engines plans are counted on; each remembers the statements it was sent."""
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield Recorder(opened)


@pytest.fixture
def table(engine: Recorder) -> Snapshot:
    """Four rows with nulls, in eight columns of eight types."""
    name = create(engine.engine, "t", COLUMNS)
    engine.engine.append(name, ROWS)
    return engine.engine.inspect(TableRelation(name))
