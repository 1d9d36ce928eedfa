"""What files make of a schema, keys of the catalog, and differences: all of it plain values."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import Capability, EngineFacts
from dq_databricks.engine.recording import RecordingEngine
from dq_databricks.errors import MigrationError
from dq_databricks.lifecycle.migrations.scripts import Script, latest_version, shipped_scripts
from dq_databricks.lifecycle.shape.compare import Difference, Kind, differences
from dq_databricks.lifecycle.shape.expected import expected_shape
from dq_databricks.lifecycle.shape.keys import key_sql, read_keys
from dq_databricks.lifecycle.shape.properties import (
    check_condition,
    kept_checks,
    kept_properties,
)
from dq_databricks.lifecycle.shape.shape import ColumnShape, SchemaShape, TableShape, ViewShape

DATABRICKS = EngineFacts("databricks", frozenset(Capability))
PLAIN = EngineFacts("plain", frozenset())
S = "`{schema}`"


def made(*statements: str, facts: EngineFacts = DATABRICKS) -> SchemaShape:
    script = Script(1, "0001_try", ";\n".join(statements))
    return expected_shape([script], 1, facts, "main", "s")


# --- what files make ------------------------------------------------------------------------


def test_every_shipped_file_has_a_known_shape_on_databricks() -> None:
    shape = expected_shape(shipped_scripts(), latest_version(), DATABRICKS, "main", "s")
    assert shape.tables["dq_projects"].keys == {"dq_projects_pk": "PRIMARY KEY (`project_key`)"}
    assert shape.tables["dq_tests"].keys["dq_tests_table_group_id_fk"] == (
        "FOREIGN KEY (`table_group_id`) REFERENCES `{schema}`.`dq_table_groups` (`table_group_id`)"
    )
    assert shape.tables["dq_alerts"].clustering == ("created_at",)
    other = expected_shape(shipped_scripts(), latest_version(), DATABRICKS, "a-b", "c`d")
    assert other.fingerprint == shape.fingerprint
    plain = expected_shape(shipped_scripts(), latest_version(), PLAIN, "main", "s")
    assert plain.tables["dq_tests"].keys == {}
    assert plain.tables.keys() == shape.tables.keys()


def test_without_its_primary_key_nothing_refers_to_a_table() -> None:
    tables = (
        f"CREATE TABLE {S}.a (id STRING NOT NULL)",
        f"CREATE TABLE {S}.b (id STRING, CONSTRAINT a_fk FOREIGN KEY (id) REFERENCES {S}.a (id))",
        f"ALTER TABLE {S}.a ADD CONSTRAINT a_pk PRIMARY KEY (id)",
        f"ALTER TABLE {S}.b ADD CONSTRAINT far_fk FOREIGN KEY (id) REFERENCES main.far.a (id)",
    )
    far = "FOREIGN KEY (`id`) REFERENCES `main`.`far`.`a` (`id`)"
    near = "FOREIGN KEY (`id`) REFERENCES `{schema}`.`a` (`id`)"
    assert made(*tables).tables["b"].keys == {"a_fk": near, "far_fk": far}
    for gone in (
        f"ALTER TABLE {S}.a DROP PRIMARY KEY IF EXISTS CASCADE",
        f"ALTER TABLE {S}.a DROP CONSTRAINT a_pk CASCADE",
        f"DROP TABLE {S}.a",
    ):
        shape = made(*tables, gone)
        assert shape.tables["b"].keys == {"far_fk": far}
    assert key_sql(near, "main", "s") == "FOREIGN KEY (`id`) REFERENCES `main`.`s`.`a` (`id`)"


def test_columns_change_their_name_type_and_nullability() -> None:
    shape = made(
        f"CREATE TABLE {S}.a (Id STRING NOT NULL, n INT, gone INT, also INT)",
        f"ALTER TABLE {S}.a ADD COLUMN m MAP<STRING, DECIMAL(5, 1)> COMMENT 'map'",
        f"ALTER TABLE {S}.a ADD COLUMNS (N BIGINT)",
        f"ALTER TABLE {S}.a ALTER COLUMN id DROP NOT NULL",
        f"ALTER TABLE {S}.a ALTER COLUMN n SET NOT NULL",
        f"ALTER TABLE {S}.a ALTER COLUMN n TYPE BIGINT",
        f"ALTER TABLE {S}.a DROP COLUMNS (gone, also)",
        f"ALTER TABLE {S}.a RENAME COLUMN m TO pairs",
        f"COMMENT ON COLUMN {S}.a.n IS 'counts'",
        f"ALTER TABLE {S}.a CLUSTER BY (n, id)",
    )
    assert shape.tables["a"].columns == (
        ColumnShape("Id", "STRING"),
        ColumnShape("n", "BIGINT", nullable=False, comment="counts"),
        ColumnShape("pairs", "MAP<STRING, DECIMAL(5,1)>", comment="map"),
    )
    assert shape.tables["a"].clustering == ("n", "id")


def test_views_are_made_replaced_and_dropped_as_the_files_say() -> None:
    table = f"CREATE TABLE IF NOT EXISTS {S}.a (id STRING)"
    shape = made(
        table,
        f"CREATE VIEW IF NOT EXISTS {S}.V COMMENT 'ids' AS SELECT id /* all */  FROM {S}.a",
        f"CREATE VIEW IF NOT EXISTS {S}.v AS SELECT 1 AS id",
    )
    assert shape.views == {"v": ViewShape("v", "SELECT `id` FROM `{schema}`.`a`")}
    replaced = made(table, f"CREATE OR REPLACE VIEW {S}.v AS SELECT id FROM other.s.a")
    assert replaced.views == {"v": ViewShape("v", "SELECT `id` FROM `other`.`s`.`a`")}
    assert len({shape.fingerprint, replaced.fingerprint, made(table).fingerprint}) == 3
    with pytest.raises(MigrationError, match="not known"):
        made(table, f"CREATE VIEW IF NOT EXISTS {S}.v (one) AS SELECT id FROM {S}.a")


def test_a_view_that_says_something_else_or_is_missing_is_a_difference() -> None:
    expected = SchemaShape({}, {"v": ViewShape("v", "SELECT 1"), "w": ViewShape("w", "SELECT 2")})
    live = SchemaShape({}, {"v": ViewShape("v", "SELECT 3"), "mine": ViewShape("mine")})
    assert differences(expected, live) == (
        Difference("v", Kind.TEXT, "SELECT 1", "SELECT 3"),
        Difference("w", Kind.MISSING, "view", None),
    )
    # The text of a view is shown to its owner only.
    assert differences(expected, SchemaShape({}, {n: ViewShape(n) for n in "vw"})) == ()


def test_rows_views_and_what_stands_already_leave_the_shape_alone() -> None:
    shape = made(
        f"CREATE TABLE IF NOT EXISTS {S}.a (id STRING)",
        f"CREATE TABLE IF NOT EXISTS {S}.a (other STRING)",
        f"CREATE OR REPLACE VIEW {S}.v AS SELECT id FROM {S}.a",
        f"DROP VIEW IF EXISTS {S}.v",
        f"UPDATE {S}.a SET id = '1' WHERE id IS NULL",
        f"GRANT SELECT ON TABLE {S}.a TO readers",
        f"OPTIMIZE {S}.a",
        f"DROP TABLE IF EXISTS {S}.never",
    )
    assert shape == SchemaShape({"a": TableShape("a", (ColumnShape("id", "STRING"),))})


@pytest.mark.parametrize(
    "text",
    [
        f"CREATE TABLE {S}.b AS SELECT 1 AS id",
        f"ALTER TABLE {S}.a RENAME TO {S}.b",
        f"ALTER TABLE {S}.a ADD COLUMN first INT FIRST",
        f"ALTER TABLE {S}.a ADD PARTITION (id = '1')",
        f"ALTER TABLE {S}.never ADD COLUMNS (n INT)",
        f"ALTER TABLE {S}.a ALTER COLUMN never COMMENT 'x'",
        f"CREATE TABLE {S}.b (id STRING, PRIMARY KEY (id))",
    ],
)
def test_a_statement_whose_effect_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(MigrationError):
        made(f"CREATE TABLE {S}.a (id STRING)", text)


# --- what engines tell ----------------------------------------------------------------------


def test_what_engines_add_by_themselves_is_no_part_of_a_shape() -> None:
    found = {
        "delta.feature.appendOnly": "supported",
        "delta.minReaderVersion": "3",
        "delta.minWriterVersion": "7",
        "delta.enableDeletionVectors": "true",
        "delta.columnMapping.mode": "name",
        "delta.columnMapping.maxColumnId": "4",
        "delta.enableRowTracking": "true",
        "delta.rowTracking.materializedRowIdColumnName": "_row-id-col",
        "delta.checkpointPolicy": "v2",
        "delta.lastCommitTimestamp": "1700000000000",
        "delta.lastUpdateVersion": "3",
        "delta.enableInCommitTimestamps": "true",
        "delta.inCommitTimestampEnablementVersion": "1",
        "delta.parquet.compression.codec": "zstd",
        "clusteringColumns": '[["a"]]',
        "delta.constraints.A": "n>0",
        "delta.logRetentionDuration": "interval 60 days",
        "delta.appendOnly": "true",
        "dq.owner": "us",
    }
    assert kept_properties(found) == {
        "delta.appendOnly": "true",
        "delta.logRetentionDuration": "interval 60 days",
        "dq.owner": "us",
    }
    assert kept_checks(found) == {"a": "n > 0"}


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("(`n`>0)and m != 'X'", "n > 0 AND m <> 'X'"),
        ("`a b` is not null", "NOT `a b` IS NULL"),
        ("not ( this", "not ( this"),
    ],
)
def test_a_condition_has_one_spelling(text: str, spelt: str) -> None:
    assert check_condition(text) == spelt
    assert check_condition(spelt) == spelt


def test_keys_are_read_in_one_statement_and_only_where_they_are_kept() -> None:
    names = ("table_name", "constraint_name", "constraint_type", "column_name",
             "parent_catalog", "parent_schema", "parent_table", "parent_column")  # fmt: skip
    rows = [
        ("a", "a_pk", "PRIMARY KEY", "x", None, None, None, None),
        ("a", "a_pk", "PRIMARY KEY", "y", None, None, None, None),
        ("b", "b_fk", "FOREIGN KEY", "p", "main", "S", "a", "x"),
        ("b", "b_fk", "FOREIGN KEY", "q", "main", "S", "a", "y"),
        ("b", "c_fk", "FOREIGN KEY", "p", "main", "far", "a", "x"),
    ]
    columns = zip(names, zip(*rows, strict=True), strict=True)
    answer = pa.table({name: pa.array(values, pa.string()) for name, values in columns})
    engine = RecordingEngine({"table_constraints": answer}, facts=DATABRICKS)
    assert read_keys(engine, "main", "s") == {
        "a": {"a_pk": "PRIMARY KEY (`x`, `y`)"},
        "b": {
            "b_fk": "FOREIGN KEY (`p`, `q`) REFERENCES `{schema}`.`a` (`x`, `y`)",
            "c_fk": "FOREIGN KEY (`p`) REFERENCES `main`.`far`.`a` (`x`)",
        },
    }
    assert len(engine.calls.statements) == 1
    plain = RecordingEngine({}, facts=PLAIN)
    assert read_keys(plain, "main", "s") == {}
    assert plain.calls.statements == []


# --- differences ----------------------------------------------------------------------------

A = TableShape(
    "a",
    (ColumnShape("id", "STRING", nullable=False), ColumnShape("n", "INT")),
    comment="one",
    properties={"p": "1"},
    checks={"c": "n > 0"},
    keys={"k": "PRIMARY KEY (`id`)"},
    clustering=("n",),
)


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"comment": None}, Difference("a", Kind.COMMENT, "one", None)),
        ({"columns": A.columns[:1]}, Difference("a.n", Kind.MISSING, "INT", None)),
        ({"columns": A.columns[::-1]}, Difference("a", Kind.ORDER, "id, n", "n, id")),
        (
            {"columns": (*A.columns, ColumnShape("m", "DATE"))},
            Difference("a.m", Kind.EXTRA, None, "DATE"),
        ),
        (
            {"columns": (ColumnShape("id", "STRING"), A.columns[1])},
            Difference("a.id", Kind.NULLABILITY, "NOT NULL", "nullable"),
        ),
        (
            {"columns": (A.columns[0], ColumnShape("n", "BIGINT"))},
            Difference("a.n", Kind.TYPE, "INT", "BIGINT"),
        ),
        ({"properties": {}}, Difference("a: p", Kind.PROPERTY, "1", None)),
        ({"checks": {"c": "n > 1"}}, Difference("a: c", Kind.CONSTRAINT, "n > 0", "n > 1")),
        ({"keys": {}}, Difference("a: k", Kind.CONSTRAINT, "PRIMARY KEY (`id`)", None)),
        ({"clustering": ()}, Difference("a", Kind.CLUSTERING, "n", None)),
    ],
)
def test_every_difference_changes_the_fingerprint_and_is_named(
    changed: dict[str, object], difference: Difference
) -> None:
    expected = SchemaShape({"a": A})
    live = SchemaShape({"a": replace(A, **changed)})
    assert differences(expected, live) == (difference,)
    assert expected.fingerprint != live.fingerprint
    assert differences(expected, expected) == ()


def test_whole_tables_are_missing_or_extra() -> None:
    one, other = SchemaShape({"a": A}), SchemaShape({"b": replace(A, name="b")})
    assert differences(one, other) == (
        Difference("a", Kind.MISSING, "table", None),
        Difference("b", Kind.EXTRA, None, "table"),
    )
