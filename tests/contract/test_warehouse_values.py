"""Values on their way to a warehouse: what is bound, what is unpacked, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from dq_databricks.engine.warehouse.batch import insert_statement, merge_statement
from dq_databricks.engine.warehouse.parameters import bind
from dq_databricks.engine.warehouse.types import canonical_type, sql_type
from dq_databricks.errors import SqlError, UnsupportedError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Parameter, Statement
from tests.support.contract import arrow

TABLE = TableName("main", "s", "t")


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (True, "BOOLEAN", "true"),
        (7, "INT", "7"),
        (-(2**31) - 1, "BIGINT", "-2147483649"),
        (2**63, "DECIMAL(19,0)", "9223372036854775808"),
        (0.1, "DOUBLE", "0.1"),
        (float("-inf"), "DOUBLE", "-Infinity"),
        (float("nan"), "DOUBLE", "NaN"),
        (Decimal("-1.50"), "DECIMAL(3,2)", "-1.50"),
        (Decimal("1E+3"), "DECIMAL(4,0)", "1000"),
        (Decimal("0.001"), "DECIMAL(3,3)", "0.001"),
        (date(1, 1, 1), "DATE", "0001-01-01"),
        (datetime(1, 1, 1, tzinfo=UTC), "TIMESTAMP", "0001-01-01 00:00:00.000000+00:00"),
        ("it's", "STRING", "it's"),
    ],
)
def test_a_value_has_its_type_and_its_text(value: Parameter, kind: str, text: str) -> None:
    _, (bound,) = bind(Statement("SELECT :v", {"v": value}))
    sent = bound.as_tspark_param(named=True)
    assert (sent.name, sent.type, sent.value.stringValue) == ("v", kind, text)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime.fromisoformat("2026-01-01"), "time zone"),
        (Decimal("NaN"), "DECIMAL"),
        (Decimal(10) ** 38, "39 digits"),
        ({"a": 1}, "dict"),
    ],
)
def test_a_value_without_a_type_is_refused_by_name(value: Parameter, words: str) -> None:
    with pytest.raises(SqlError, match=f"'v'.*{words}"):
        bind(Statement("SELECT :v", {"v": value}))


def test_only_markers_are_unpacked() -> None:
    text = "SELECT ':b', \":b\", `:b`, x:b, y::b, /* :b */ :b, :bb, ':b''' -- :b"
    sent, bound = bind(Statement(text, {"b": b"\x01'", "bb": ["x"], "unused": 1}))
    assert sent == ("SELECT ':b', \":b\", `:b`, x:b, y::b, /* :b */ unhex(:b), :bb, ':b''' -- :b")
    assert (bound[0].name, bound[0].value) == ("b", "0127")
    (argument,) = bound[1].as_tspark_param(named=True).arguments
    assert (bound[1].name, argument.type, argument.value) == ("bb", "STRING", "x")


@pytest.mark.parametrize(
    ("reported", "canonical"),
    [
        ("string", "STRING"),
        ("decimal(38,18)", "DECIMAL(38,18)"),
        ("array<struct<a:array<string>>>", "ARRAY<STRUCT<a: ARRAY<STRING>>>"),
        (
            "struct<A:int,`b,:c`:map<string,decimal(10,2)>>",
            "STRUCT<A: INT, `b,:c`: MAP<STRING, DECIMAL(10,2)>>",
        ),
        ("MAP<STRING, INT>", "MAP<STRING, INT>"),
        ("timestamp_ntz", "TIMESTAMP_NTZ"),
    ],
)
def test_types_have_one_spelling(reported: str, canonical: str) -> None:
    assert canonical_type(reported) == canonical
    assert canonical_type(canonical) == canonical


def test_arrow_types_have_a_name_or_are_refused() -> None:
    nested = pa.struct([("a", pa.list_(pa.decimal128(5, 2))), ("b c", pa.timestamp("us", "UTC"))])
    assert sql_type(nested) == "STRUCT<a: ARRAY<DECIMAL(5,2)>, `b c`: TIMESTAMP>"
    assert sql_type(pa.dictionary(pa.int8(), pa.string())) == "STRING"
    with pytest.raises(UnsupportedError, match="time64"):
        sql_type(pa.time64("us"))
    with pytest.raises(UnsupportedError, match="binary"):
        insert_statement(TABLE, arrow([("l", pa.list_(pa.binary()))], ([b"x"],)))


def test_rows_are_one_parameter_and_a_merge_names_its_keys() -> None:
    rows = arrow([("id", pa.string()), ("n", pa.int64()), ("none", pa.null())], ("it's", 1, None))
    merge = merge_statement(TABLE, rows, ["id"], update=True)
    assert merge.parameters == {"rows": '[{"c0":"it\'s","c1":"1","c2":null}]', "k0_0": "it's"}
    assert "ON t.`id` = s.`id` AND t.`id` IN (:k0_0)" in merge.text
    assert "UPDATE SET t.`n` = s.`n`, t.`none` = s.`none`" in merge.text
    assert "NULL AS `none`" in merge.text
    assert "MATCHED THEN UPDATE" not in merge_statement(TABLE, rows, ["id"], update=False).text


def test_rows_too_long_for_a_parameter_cannot_leave_their_string() -> None:
    text = "'); DROP TABLE t; --\\' :rows \\" * 40_000
    insert = insert_statement(TABLE, arrow([("s", pa.string())], (text,)))
    assert insert.parameters == {}
    assert insert.text.count("'") == 4
    with pytest.raises(UnsupportedError, match="15,000,000"):
        insert_statement(TABLE, arrow([("s", pa.string())], ("x" * 15_000_000,)))
