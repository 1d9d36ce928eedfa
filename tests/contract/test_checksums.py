"""Content checksums: the same rows give the same two numbers on every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf, nan, nextafter

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle.moving.checksums import Content, content
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from tests.support.contract import arrow, create, run

SPARK_SAMPLE = {"test_every_type_gives_the_same_checksum_everywhere"}
NAME = "checked"
COLUMNS = (
    ("s", "STRING", pa.string()),
    ("n", "BIGINT", pa.int64()),
    ("i", "INT", pa.int32()),
    ("d", "DOUBLE", pa.float64()),
    ("f", "FLOAT", pa.float32()),
    ("t", "TIMESTAMP", pa.timestamp("us", "UTC")),
    ("tn", "TIMESTAMP_NTZ", pa.timestamp("us")),
    ("b", "BOOLEAN", pa.bool_()),
    ("bi", "BINARY", pa.binary()),
    ("da", "DATE", pa.date32()),
    ("de", "DECIMAL(38,18)", pa.decimal128(38, 18)),
    ("ar", "ARRAY<INT>", pa.list_(pa.int32())),
)
AT = datetime(2024, 1, 2, 3, 4, 5, 678901, UTC)
FULL = (
    *("é\n😀'", -(2**63), 7, 0.1, 0.1, AT, AT.replace(tzinfo=None), True, b"\x00\xff"),
    *(date(1, 1, 1), Decimal("-1e-18"), [1]),
)
DOUBLES = (
    *(0.0, nan, inf, -inf, 1e300, 5e-324, 1.7976931348623157e308, 1e-300, -1e-5, 1 / 3),
    *(2.0**62, 2.0**53 + 2, 2.0**-10, nextafter(2.0**-10, 0), 1e25, 1e-25, 1e100),
)


def checked(engine: Engine, *values: tuple[object, ...], columns: int = len(COLUMNS)) -> Content:
    """The content of a table of these rows, written one commit each."""
    used = COLUMNS[:columns]
    name = TableName("main", "s", NAME)
    run(engine, f"DROP TABLE IF EXISTS {name.sql}")
    create(engine, NAME, ", ".join(f"{column} {kind}" for column, kind, _ in used))
    for row in values:
        engine.append(name, arrow([(column, kind) for column, _, kind in used], row))
    return content(engine, name, engine.inspect(TableRelation(name)).columns)


def test_every_type_gives_the_same_checksum_everywhere(engine: Engine) -> None:
    none = (None,) * len(COLUMNS)
    doubles = [(*none[:3], value, *none[4:]) for value in DOUBLES]
    name = TableName("main", "s", NAME)
    create(engine, NAME, ", ".join(f"{column} {kind}" for column, kind, _ in COLUMNS))
    rows = arrow([(column, kind) for column, _, kind in COLUMNS], FULL, none, *doubles)
    engine.append(name, rows)
    columns = engine.inspect(TableRelation(name)).columns
    found = content(engine, name, columns)
    assert found == Content(19, "ffede5f479385c-15098310ab9a7f2", ("ar",))
    assert content(engine, name, columns[::-1]) == found
    assert content(engine, name, columns, 0) == Content(0, "0-0", ("ar",))


def test_the_order_of_rows_does_not_count_and_their_number_does(engine: Engine) -> None:
    one, two = ("a", 1), ("b", 2)
    assert checked(engine, one, two, columns=2) == checked(engine, two, one, columns=2)
    assert checked(engine, one, columns=2) != checked(engine, one, one, columns=2)


def test_rows_that_look_alike_are_told_apart(engine: Engine) -> None:
    texts = [("",), (None,), ("-",), ("0:",), ("NULL",)]
    assert len({checked(engine, text, columns=1).checksum for text in texts}) == len(texts)
    values = [("1", None), (None, 1), ("1,1", None), ("1", 1)]
    assert len({checked(engine, row, columns=2).checksum for row in values}) == len(values)


def test_the_last_digit_of_a_double_counts_and_the_sign_of_zero_does_not(engine: Engine) -> None:
    def of(value: float) -> str:
        return checked(engine, (None, None, None, value), columns=4).checksum

    assert of(0.1) != of(nextafter(0.1, 1))
    assert of(1e200) != of(nextafter(1e200, 1))
    assert of(1.5) != of(-1.5)
    assert of(2.0) != of(2.0 * 2**72)
    assert of(0.0) == of(-0.0)


def test_of_a_type_without_text_only_presence_counts(engine: Engine) -> None:
    row = FULL[:-1]
    assert checked(engine, (*row, [1])) == checked(engine, (*row, [2]))
    assert checked(engine, (*row, [1])) != checked(engine, (*row, None))
