"""The linter of migration files: what it refuses, what it lets pass, and where it points."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dq_databricks.errors import AlreadyExistsError, WrongUseError
from dq_databricks.lifecycle.migrations.lint import Finding, lint
from dq_databricks.lifecycle.migrations.new_file import new_migration
from dq_databricks.lifecycle.migrations.scripts import shipped_folder
from dq_databricks.lifecycle.migrations.seal import SUM, seal

S = "`{schema}`"
FIRST = (
    f"-- The first table.\nCREATE TABLE IF NOT EXISTS {S}.a (id STRING, n BIGINT) USING DELTA;\n"
)
UNDO = f"-- destructive: its rows are lost\n\nDROP TABLE IF EXISTS {S}.b;\n"
ONLY = "-- only: databricks\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def folder_of(folder: Path, up: str, down: str = UNDO) -> Path:
    return write(
        folder, {"0000_a.sql": FIRST, "0001_add_b.sql": up, "rollback/0001_add_b.sql": down}
    )


def found(folder: Path) -> list[tuple[str, int, str]]:
    return [(one.file, one.line, one.rule) for one in lint(folder) if one.rule != "seal"]


def rules(tmp_path: Path, up: str, down: str = UNDO) -> list[str]:
    return [rule for _, _, rule in found(folder_of(tmp_path, up, down))]


def test_the_shipped_files_are_in_order() -> None:
    assert lint(Path(str(shipped_folder()))) == ()


# --- files -----------------------------------------------------------------------------------


def test_names_and_numbers(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "0000_a.sql": FIRST, "0001_b.sql": FIRST, "0001_c.sql": FIRST, "0004_d.sql": FIRST,
            "0006_e.sql": FIRST, "5_f.sql": FIRST, "0007_G.sql": FIRST,
            "rollback/0001_b.sql": UNDO, "rollback/0001_c.sql": UNDO, "rollback/0004_d.sql": UNDO,
            "rollback/0006_e.sql": UNDO, "rollback/0007_G.sql": UNDO, "rollback/5_f.sql": UNDO,
        },
    )  # fmt: skip
    assert found(tmp_path) == [
        ("0001_c.sql", 1, "number-twice"),
        ("0004_d.sql", 1, "number-gap"),
        ("0006_e.sql", 1, "number-gap"),
        ("0007_G.sql", 1, "bad-name"),
        ("5_f.sql", 1, "bad-name"),
    ]
    messages = [one.message for one in lint(tmp_path) if one.rule == "number-gap"]
    assert [message[:20] for message in messages] == [
        "number 0002 to 0003 ",
        "number 0005 is missi",
    ]


def test_every_migration_has_a_rollback_file_that_says_something(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "0000_a.sql": FIRST, "0001_b.sql": FIRST, "0002_c.sql": FIRST, "0003_d.sql": FIRST,
            "0004_e.sql": "-- nothing yet\n", "0005_f.sql": FIRST,
            "rollback/0002_c.sql": "-- irreversible:\n",
            "rollback/0003_d.sql": f"-- irreversible: no way\n\nDROP TABLE IF EXISTS {S}.a;\n",
            "rollback/0004_e.sql": "-- to be written\n",
            "rollback/0005_f.sql": "-- irreversible: no column mapping,\n-- see 0002\n",
            "rollback/0009_z.sql": UNDO,
        },
    )  # fmt: skip
    assert found(tmp_path) == [
        ("0001_b.sql", 1, "no-rollback"),
        ("rollback/0002_c.sql", 1, "no-reason"),
        ("rollback/0003_d.sql", 3, "irreversible"),
        ("rollback/0003_d.sql", 3, "destructive"),
        ("0004_e.sql", 1, "empty"),
        ("rollback/0004_e.sql", 1, "empty"),
        ("rollback/0009_z.sql", 1, "stray-rollback"),
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, f"{FIRST}\n-- ony: databricks\nSELECT 1;", "DROP TABLE 'a")
    (folder / "0002_bytes.sql").write_bytes(b"SELECT '\xff'")
    (folder / "rollback" / "0002_bytes.sql").write_text(UNDO)
    assert found(folder) == [
        ("0001_add_b.sql", 4, "unparsable"),
        ("rollback/0001_add_b.sql", 1, "unparsable"),
        ("0002_bytes.sql", 1, "unparsable"),
        ("rollback/0002_bytes.sql", 1, "stray-rollback"),
    ]
    with pytest.raises(WrongUseError, match="no such folder"):
        lint(tmp_path / "nowhere")


def test_m5_unsealed_and_edited_files_are_findings(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FIRST)
    assert [one.rule for one in lint(folder)] == ["seal"] * 3
    seal(folder)
    assert lint(folder) == ()
    (folder / "0001_add_b.sql").write_text(FIRST + "\n-- more\n")
    (folder / "rollback" / "0001_add_b.sql").unlink()
    assert [(one.file, one.rule) for one in lint(folder)] == [
        ("0001_add_b.sql", "no-rollback"),
        ("0001_add_b.sql", "seal"),
        ("rollback/0001_add_b.sql", "seal"),
    ]
    (folder / SUM).write_text("h1:0\n")
    (broken,) = [one for one in lint(folder) if one.rule == "seal"]
    assert (broken.file, broken.line) == (SUM, 1)
    assert "is no line of a seal" in broken.message


def test_a_finding_points_at_the_line_of_its_statement(tmp_path: Path) -> None:
    up = f"-- why\n\n{ONLY}GRANT SELECT ON TABLE {S}.a TO b;\n\nDROP TABLE {S}.a;\n"
    seal(folder_of(tmp_path, up))
    assert lint(tmp_path) == (
        Finding(
            "0001_add_b.sql", 6, "destructive",
            "DROP TABLE removes rows; restore it in the rollback file, or say why it may: "
            "'-- destructive: why'",
        ),
        Finding(
            "0001_add_b.sql", 6, "not-repeatable",
            "DROP fails the second time: add IF EXISTS, or say why it may run twice: "
            "'-- repeatable: why'",
        ),
    )  # fmt: skip


# --- statements ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE {s}.a CLUSTER BY (id)",
        "ALTER TABLE {s}.a CLUSTER BY AUTO",
        "ALTER TABLE {s}.a DROP PRIMARY KEY IF EXISTS CASCADE",
        "CREATE TABLE IF NOT EXISTS {s}.b (id STRING, PRIMARY KEY (id))",
        "CREATE TABLE IF NOT EXISTS {s}.b (id BIGINT GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE IF NOT EXISTS {s}.b (id BIGINT, twice BIGINT GENERATED ALWAYS AS (id * 2))",
        "CREATE TABLE IF NOT EXISTS {s}.b (id BIGINT DEFAULT 1)",
        "CREATE TABLE IF NOT EXISTS {s}.b (id BIGINT, CONSTRAINT c CHECK (id > 1))",
        "CREATE TABLE IF NOT EXISTS {s}.b DEEP CLONE {s}.a",
        "GRANT SELECT ON TABLE {s}.a TO readers",
        "REVOKE SELECT ON TABLE {s}.a FROM readers",
        "ALTER TABLE {s}.a SET TAGS ('pii' = 'no')",
        "ALTER TABLE {s}.a UNSET TAGS ('pii')",
        "ALTER TABLE {s}.a SET OWNER TO admins",
        "ALTER TABLE {s}.a ALTER COLUMN n TYPE DOUBLE",
        "ALTER TABLE {s}.a ALTER COLUMN n SET NOT NULL",
        "ALTER TABLE {s}.a ALTER COLUMN n SET DEFAULT 1",
        "CREATE VIEW IF NOT EXISTS {s}.v AS SELECT id FROM {s}.a"
        " QUALIFY row_number() OVER (ORDER BY id) = 1",
        "MERGE WITH SCHEMA EVOLUTION INTO {s}.a AS t USING {s}.b AS s ON t.id = s.id"
        " WHEN NOT MATCHED THEN INSERT *",
        "OPTIMIZE {s}.a",
        "CREATE VIEW IF NOT EXISTS {s}.v AS SELECT hash(id) AS h FROM {s}.a",
        "CREATE FUNCTION IF NOT EXISTS {s}.f(x INT) RETURNS INT RETURN x + 1",
    ],
)
def test_what_only_some_engines_understand_needs_its_mark(tmp_path: Path, statement: str) -> None:
    text = statement.replace("{s}", S) + ";\n"
    assert rules(tmp_path, text) == ["needs-only"]
    assert rules(tmp_path, ONLY + text) == []


def test_marks_name_what_exists(tmp_path: Path) -> None:
    grant = f"GRANT SELECT ON TABLE {S}.a TO readers;\n"
    assert rules(tmp_path, f"-- only: grants, clustering\n{grant}") == []
    assert rules(tmp_path, f"-- only: snowflake\n{grant}") == ["unknown-only"]


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE IF EXISTS {s}.a",
        "DELETE FROM {s}.a WHERE n > 1",
        "TRUNCATE TABLE {s}.a",
        "UPDATE {s}.a SET id = '', n = 0 WHERE n IS NULL",
        "MERGE INTO {s}.a AS t USING {s}.b AS s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "MERGE INTO {s}.a AS t USING {s}.b AS s ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET t.n = s.n",
        ONLY + "ALTER TABLE {s}.a DROP COLUMN IF EXISTS n",
        ONLY + "ALTER TABLE {s}.a REPLACE COLUMNS (id STRING)",
        ONLY + "RESTORE TABLE {s}.a TO VERSION AS OF 1",
        ONLY + "CREATE OR REPLACE TABLE {s}.a (id STRING)",
        ONLY + "INSERT OVERWRITE {s}.a SELECT * FROM {s}.b",
    ],
)
def test_what_destroys_says_so_or_is_restored(tmp_path: Path, statement: str) -> None:
    text = statement.replace("{s}", S) + ";\n"
    assert rules(tmp_path, text) == ["destructive"]
    assert rules(tmp_path, "-- destructive: nobody reads it\n" + text) == []
    back = (
        f"MERGE INTO {S}.a AS t USING {S}.kept AS s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *"
    )
    assert rules(tmp_path, text, back) == []
    elsewhere = back.replace(f"INTO {S}.a", f"INTO {S}.b")
    assert rules(tmp_path, text, elsewhere) == ["destructive"]
    assert rules(tmp_path, text, f"CREATE TABLE IF NOT EXISTS {S}.a (id STRING)") == ["destructive"]
    assert "destructive" in rules(tmp_path, FIRST, text), "a rollback that destroys says so too"


def test_dropping_a_schema_and_reading_views_anew(tmp_path: Path) -> None:
    assert rules(tmp_path, f"DROP SCHEMA IF EXISTS {S} CASCADE") == ["destructive"]
    assert rules(tmp_path, f"{ONLY}VACUUM {S}.a RETAIN 0 HOURS") == ["destructive"]
    assert rules(tmp_path, f"CREATE OR REPLACE VIEW {S}.v AS SELECT id FROM {S}.a") == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE {s}.b (id STRING) USING DELTA",
        "CREATE VIEW {s}.v AS SELECT id FROM {s}.a",
        "DROP VIEW {s}.v",
        "INSERT INTO {s}.a (id) VALUES ('x')",
        "INSERT INTO {s}.a (id) SELECT id FROM {s}.b WHERE id NOT IN (SELECT id FROM {s}.a)",
        "ALTER TABLE {s}.a ADD COLUMN m INT",
        ONLY + "ALTER TABLE {s}.a ADD COLUMNS (m INT)",
        "ALTER TABLE {s}.a DROP CONSTRAINT c",
        "ALTER TABLE {s}.a ADD CONSTRAINT c CHECK (n > 0)",
        ONLY + "ALTER TABLE {s}.a ADD CONSTRAINT c PRIMARY KEY (id)",
        ONLY + "ALTER TABLE {s}.a RENAME COLUMN n TO m",
        ONLY + "CREATE TABLE {s}.b DEEP CLONE {s}.a",
        ONLY + "BEGIN SELECT 1 FROM {s}.a; END",
        "UPDATE {s}.a SET n = n + 1 WHERE n < 10",
        "ALTER TABLE {s}.a ADD COLUMNS (m INT);\nUPDATE {s}.a SET m = 1",
        "ALTER TABLE {s}.a ADD COLUMNS (m INT);\nUPDATE {s}.a SET m = 1 WHERE n IS NULL",
        "MERGE INTO {s}.a AS t USING {s}.b AS s ON t.id = s.id"
        " WHEN MATCHED AND t.n < 9 THEN UPDATE SET t.n = t.n + s.n",
    ],
)
def test_what_cannot_run_twice_says_why_it_may(tmp_path: Path, statement: str) -> None:
    head, mark, last = statement.replace("{s}", S).rpartition(";\n")
    assert rules(tmp_path, head + mark + last) == ["not-repeatable"]
    assert rules(tmp_path, f"{head}{mark}-- repeatable: it is looked for\n{last}") == []


@pytest.mark.parametrize(
    ("view", "found"),
    [
        ("VIEW IF NOT EXISTS {s}.v AS SELECT id, count(*) AS n FROM {s}.a GROUP BY id", []),
        ("VIEW IF NOT EXISTS {s}.v AS SELECT * FROM {s}.a", ["view-star"]),
        ("VIEW IF NOT EXISTS {s}.v AS SELECT t.* FROM {s}.a AS t", ["view-star"]),
        ("VIEW IF NOT EXISTS {s}.v (one) AS SELECT id FROM {s}.a", ["view-columns"]),
        ("VIEW {s}.v AS SELECT id FROM {s}.a", ["not-repeatable"]),
        ("OR REPLACE VIEW {s}.v AS SELECT id FROM main.other.a", ["schema-name"]),
    ],
)
def test_a_view_names_its_columns_in_its_select(
    tmp_path: Path, view: str, found: list[str]
) -> None:
    assert rules(tmp_path, f"CREATE {view}".replace("{s}", S)) == found


@pytest.mark.parametrize(
    ("before", "is_fine"),
    [
        ("ALTER TABLE {s}.a DROP CONSTRAINT IF EXISTS c", True),
        ("ALTER TABLE {s}.a DROP CONSTRAINT IF EXISTS d", False),
        ("ALTER TABLE {s}.b DROP CONSTRAINT IF EXISTS c", False),
        (ONLY + "ALTER TABLE {s}.a DROP CONSTRAINT IF EXISTS c", False),
        ("ALTER TABLE {s}.a DROP CONSTRAINT IF EXISTS c;\nCOMMENT ON TABLE {s}.a IS 'a'", False),
    ],
)
def test_a_constraint_is_dropped_directly_before_it_is_added(
    tmp_path: Path, before: str, is_fine: bool
) -> None:
    text = f"{before};\nALTER TABLE {{s}}.a ADD CONSTRAINT c CHECK (n > 0)".replace("{s}", S)
    assert rules(tmp_path, text) == ([] if is_fine else ["not-repeatable"])


@pytest.mark.parametrize(
    "statement",
    [
        "MERGE INTO {s}.a AS t USING (WITH k AS (SELECT 'x' AS id) SELECT id FROM k) AS s"
        " ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
        "MERGE INTO {s}.a AS t USING {s}.b AS s ON t.id = s.id"
        " WHEN MATCHED AND t.n IS NULL THEN UPDATE SET t.n = s.n",
        "UPDATE {s}.a SET n = length(id) WHERE n IS NULL",
        "-- batch: key=id size=500\nUPDATE {s}.a AS x SET x.n = 1 WHERE x.n IS NULL",
        "-- batch: key=id size=500\n-- destructive: old\nDELETE FROM {s}.a WHERE n = 1",
        "ALTER TABLE {s}.a ADD COLUMNS (m INT);\nUPDATE {s}.a SET m = 1, n = 2 WHERE n IS NULL",
        "ALTER TABLE {s}.a SET TBLPROPERTIES ('delta.appendOnly' = 'false')",
        "ALTER TABLE {s}.a UNSET TBLPROPERTIES IF EXISTS ('delta.appendOnly')",
        "ALTER TABLE {s}.a ALTER COLUMN n COMMENT 'DROP TABLE, DEFAULT; DELETE FROM'",
        "CREATE TABLE IF NOT EXISTS {s}.b (`default` INT, note STRING COMMENT 'PRIMARY KEY')",
        "COMMENT ON TABLE {s}.a IS 'GRANT' -- TRUNCATE TABLE",
    ],
)
def test_what_is_well_written_passes(tmp_path: Path, statement: str) -> None:
    assert rules(tmp_path, statement.replace("{s}", S)) == []


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("CREATE TABLE IF NOT EXISTS main.dq.b (id STRING)", "schema-name"),
        ("CREATE TABLE IF NOT EXISTS {schema}.b (id STRING)", "schema-name"),
        ("CREATE TABLE IF NOT EXISTS b (id STRING)", "schema-name"),
        ("CREATE OR REPLACE VIEW {s}.v AS SELECT id FROM other.t", "schema-name"),
        (ONLY + "OPTIMIZE main.dq.a", "schema-name"),
        ("UPDATE {s}.a SET n = 1 WHERE n IS", "unparsable"),
        ("CREATE TABLE IF NOT EXISTS {s}.b (id STRING", "unparsable"),
        ("-- batch: key=id size=9\nCOMMENT ON TABLE {s}.a IS 'x'", "bad-batch"),
        ("-- batch: key=n size=9\nUPDATE {s}.a SET n = 1 WHERE n IS NULL", "bad-batch"),
    ],
)
def test_places_texts_and_batches(tmp_path: Path, statement: str, rule: str) -> None:
    assert rule in rules(tmp_path, statement.replace("{s}", S))


# --- the next file ---------------------------------------------------------------------------


def test_the_next_migration_gets_the_next_number(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(str(shipped_folder()), tmp_path / "ddl"))
    last = max(int(path.name[:4]) for path in folder.glob("*.sql"))
    made = new_migration(folder, "  add Owner-to  tests ")
    assert made.name == f"{last + 1:04d}_add_owner_to_tests"
    assert made.up.is_file()
    assert made.rollback.is_file()
    assert [rule for _, _, rule in found(folder)] == ["empty", "empty"]
    made.up.write_text(made.up.read_text() + FIRST)
    made.rollback.write_text(made.rollback.read_text() + UNDO)
    assert found(folder) == []
    with pytest.raises(AlreadyExistsError, match="add_owner_to_tests"):
        new_migration(folder, "add owner to tests")
    assert new_migration(folder, "drop it again").version == last + 2


@pytest.mark.parametrize(
    "title",
    ["", "owner", "../../etc add", "7 add owner", "add öwner", "a.sql b", "add\nx;", "x " * 40],
)
def test_silly_names_are_refused(tmp_path: Path, title: str) -> None:
    with pytest.raises(WrongUseError, match=r"^name '"):
        new_migration(tmp_path, title)
    assert list(tmp_path.iterdir()) == []
