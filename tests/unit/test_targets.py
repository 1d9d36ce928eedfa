from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_databricks.errors import TargetError
from dq_databricks.quality.masks import lets_through
from dq_databricks.quality.targets import parse_table_name, parse_target
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import FileRelation, TableRelation


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("main.shop.orders", ("main", "shop", "orders")),
        ("`a.b`.shop.`or``ders`", ("a.b", "shop", "or`ders")),
        ("shop.orders", None),
        ("main..orders", None),
        ("a.b.c.d", None),
        ("a.b.`c", None),
    ],
)
def test_a_table_has_three_parts(text: str, parts: tuple[str, str, str] | None) -> None:
    assert parse_table_name(text) == (parts and TableName(*parts))


@settings(derandomize=True, max_examples=100)
@given(st.tuples(*[st.text(st.characters(exclude_characters="\0"), min_size=1)] * 3))
def test_every_quoted_name_is_read_back(parts: tuple[str, str, str]) -> None:
    assert parse_table_name(quote(*parts)) == TableName(*parts)


def test_files_folders_and_globs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.csv").write_text("x\n2\n")
    write_deltalake(str(tmp_path / "delta"), pa.table({"x": [1]}))
    assert parse_target(str(tmp_path / "a.csv")) == FileRelation("csv", str(tmp_path / "a.csv"))
    assert parse_target(str(tmp_path / "*.csv")) == FileRelation("csv", str(tmp_path / "*.csv"))
    assert parse_target(str(tmp_path / "delta")) == FileRelation("delta", str(tmp_path / "delta"))
    assert parse_target(str(tmp_path)) == FileRelation("csv", str(tmp_path / "*.csv"))
    assert parse_target("main.s.t") == TableRelation(TableName("main", "s", "t"))
    assert parse_target("s3://lake/orders") == FileRelation("delta", "s3://lake/orders")


def test_what_names_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "orders.parquet").write_bytes(b"PAR1")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    for target, said in (
        ("", "TARGET is empty"),
        (str(tmp_path / "order.parquet"), "did you mean"),
        (str(tmp_path / "*.parq"), "no file matches"),
        (str(tmp_path / "*"), "not all"),
        (str(tmp_path / "notes.txt"), "not a parquet or CSV file"),
        (str(tmp_path / "empty"), "no Delta table"),
        ("shop.orders", "catalog.schema.table"),
    ):
        with pytest.raises(TargetError, match=said):
            parse_target(target)


@pytest.mark.parametrize(
    ("include", "exclude", "found"),
    [
        (None, None, {"fact_a", "fact_b", "tmp_[x]"}),
        ("fact_%", None, {"fact_a", "fact_b"}),
        ("FACT_*, tmp%", "%_b", {"fact_a", "tmp_[x]"}),
        ("tmp_[x]", None, {"tmp_[x]"}),
    ],
)
def test_masks(include: str | None, exclude: str | None, found: set[str]) -> None:
    names = {"fact_a", "fact_b", "tmp_[x]"}
    assert {name for name in names if lets_through(name, include, exclude)} == found
