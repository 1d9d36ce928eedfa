"""Every Delta type goes in and comes out unchanged, with the same Arrow type on every engine."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from dq_databricks.engine.protocol import Engine
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement
from tests.support.contract import arrow, create

SCALARS = {
    "id": ("BIGINT", pa.int64(), 1, 2),
    "tiny": ("TINYINT", pa.int8(), -128, 127),
    "small": ("SMALLINT", pa.int16(), -32768, 32767),
    "i": ("INT", pa.int32(), -(2**31), 2**31 - 1),
    "big": ("BIGINT", pa.int64(), -(2**63), 2**63 - 1),
    "f": ("FLOAT", pa.float32(), 1.5, -math.inf),
    "x": ("DOUBLE", pa.float64(), 0.1, math.inf),
    "price": (
        "DECIMAL(38,18)",
        pa.decimal128(38, 18),
        Decimal("12345678901234567890.123456789012345678"),
        Decimal("-0.000000000000000001"),
    ),
    "ok": ("BOOLEAN", pa.bool_(), True, False),
    "s": ("STRING", pa.string(), "emoji 🐘 'q' \\ \n", ""),
    "b": ("BINARY", pa.binary(), b"\x00\xff", b""),
    "d": ("DATE", pa.date32(), date(1, 1, 1), date(9999, 12, 31)),
    "ts": (
        "TIMESTAMP",
        pa.timestamp("us", "UTC"),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ),
    "local": (
        "TIMESTAMP_NTZ",
        pa.timestamp("us"),
        datetime.fromisoformat("2026-03-29T02:30:00.000001"),
        datetime.fromisoformat("1970-01-01"),
    ),
}
NESTED = {
    "l": ("ARRAY<INT>", pa.list_(pa.int32()), [1, None, 3], []),
    "st": (
        "STRUCT<a: INT, b: STRING>",
        pa.struct([("a", pa.int32()), ("b", pa.string())]),
        {"a": 1, "b": "🐘"},
        {"a": None, "b": None},
    ),
    "m": ("MAP<STRING, INT>", pa.map_(pa.string(), pa.int32()), [("k", 1), ("n", None)], []),
    "deep": (
        "ARRAY<STRUCT<a: ARRAY<STRING>>>",
        pa.list_(pa.struct([("a", pa.list_(pa.string()))])),
        [{"a": ["x", None]}, None],
        None,
    ),
}
ALL = {**SCALARS, **NESTED}


def test_every_type_survives_the_round_trip(engine: Engine) -> None:
    name = create(engine, "every_type", ", ".join(f"{c} {t[0]}" for c, t in ALL.items()))
    given = arrow(
        [(column, entry[1]) for column, entry in ALL.items()],
        [entry[2] for entry in ALL.values()],
        [entry[3] for entry in ALL.values()],
        [3, *([None] * (len(ALL) - 1))],
    )
    engine.append(name, given)
    answer = engine.query(Statement(f"SELECT * FROM {name.sql} ORDER BY id"))
    assert answer.to_pylist() == given.to_pylist()
    assert {c: answer.schema.field(c).type for c in SCALARS} == {
        c: entry[1] for c, entry in SCALARS.items()
    }
    described = engine.inspect(TableRelation(name))
    assert {c.name: c.data_type for c in described.columns} == {c: t[0] for c, t in ALL.items()}


def test_nan_and_signed_zero_survive(engine: Engine) -> None:
    name = create(engine, "floats", "id BIGINT, x DOUBLE")
    engine.append(
        name, arrow([("id", pa.int64()), ("x", pa.float64())], (1, math.nan), (2, -0.0), (3, 0.0))
    )
    values = engine.query(Statement(f"SELECT x FROM {name.sql} ORDER BY id"))["x"].to_pylist()
    assert math.isnan(values[0])
    assert [math.copysign(1, value) for value in values[1:]] == [-1.0, 1.0]


def test_answers_have_plain_arrow_types(engine: Engine) -> None:
    answer = engine.query(
        Statement(
            "SELECT count(*) AS n, sum(CAST(x AS DECIMAL(38,0))) AS total, max(s) AS s,"
            " length(max(s)) AS chars, max(t) AS t FROM (SELECT 1 AS x, 'ab' AS s,"
            " TIMESTAMP'2026-01-01 00:00:00Z' AS t)"
        )
    )
    types = {field.name: field.type for field in answer.schema}
    assert types["n"] == pa.int64()
    assert types["total"] == pa.decimal128(38, 0)
    assert types["s"] == pa.string()
    assert types["t"] == pa.timestamp("us", "UTC")
    assert answer.to_pylist()[0]["chars"] == 2


def test_an_empty_answer_keeps_its_columns(engine: Engine) -> None:
    answer = engine.query(Statement("SELECT 1 AS a, 'x' AS b WHERE 1 = 0"))
    assert (answer.column_names, answer.num_rows) == (["a", "b"], 0)
