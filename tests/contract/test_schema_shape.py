"""The shape of a schema: as it lives, as the files say, and what verify makes of the two."""

from __future__ import annotations

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    EditedMigrationError,
    MigrationError,
    SchemaBehindError,
    SchemaNewerError,
    TableNotFoundError,
    UnsupportedError,
    WrongUseError,
)
from dq_databricks.lifecycle.migrations.rollback import rollback
from dq_databricks.lifecycle.migrations.runner import MigrateOptions, migrate
from dq_databricks.lifecycle.migrations.scripts import Script, latest_version, shipped_scripts
from dq_databricks.lifecycle.provision import provision
from dq_databricks.lifecycle.shape.compare import Difference, Kind
from dq_databricks.lifecycle.shape.expected import expected_shape
from dq_databricks.lifecycle.shape.live import live_shape, live_table
from dq_databricks.lifecycle.shape.shape import ViewShape
from dq_databricks.lifecycle.shape.verify import DriftReport, adopt, verify
from dq_databricks.lifecycle.site import Site
from dq_databricks.quality.drift import DriftFace
from tests.support.contract import named, run
from tests.support.schemas import clean_fingerprint
from tests.support.store import TappedEngine, settings_for, ticking

SPARK_SAMPLE: set[str] = set()  # the upgrade tests compare shapes on Spark

S = "`{schema}`"
ONE = Script(
    1,
    "0001_create_things",
    f"""\
CREATE TABLE IF NOT EXISTS {S}.dq_settings (
  key STRING NOT NULL, value STRING, updated_at TIMESTAMP
) USING DELTA;
CREATE TABLE IF NOT EXISTS {S}.dq_things (
  thing_id STRING NOT NULL COMMENT 'Primary key; the owner''s.',
  amount DECIMAL(10, 2),
  parts STRUCT<size: INT, tags: ARRAY<STRING>> COMMENT 'old'
)
USING DELTA
COMMENT 'Things.'
TBLPROPERTIES ('delta.appendOnly' = 'false', 'dq.owner' = 'us');
CREATE TABLE IF NOT EXISTS {S}.dq_passing (id BIGINT) USING DELTA;""",
)
TWO = Script(
    2,
    "0002_change_things",
    f"""\
ALTER TABLE {S}.dq_things ADD COLUMNS (level INT COMMENT 'From 0.', seen_at TIMESTAMP);
ALTER TABLE {S}.dq_things ALTER COLUMN parts COMMENT 'new';
COMMENT ON TABLE {S}.dq_things IS 'Things, and more.';
ALTER TABLE {S}.dq_things SET TBLPROPERTIES ('dq.owner' = 'you', 'dq.level' = '2');
ALTER TABLE {S}.dq_things UNSET TBLPROPERTIES IF EXISTS ('dq.level', 'dq.never');
ALTER TABLE {S}.dq_things ADD CONSTRAINT level_from_0 CHECK (level >= 0);
ALTER TABLE {S}.dq_things ADD CONSTRAINT passing CHECK (level <> 7 AND thing_id IS NOT NULL);
ALTER TABLE {S}.dq_things DROP CONSTRAINT passing;
DROP TABLE IF EXISTS {S}.dq_passing;
UPDATE {S}.dq_things SET level = 0 WHERE level IS NULL;
-- only: databricks
ALTER TABLE {S}.dq_things ADD CONSTRAINT dq_things_pk PRIMARY KEY (thing_id);""",
)
THREE = Script(
    3,
    "0003_create_others",
    f"CREATE TABLE IF NOT EXISTS {S}.dq_others (id STRING) USING DELTA;",
    rollback=f"-- destructive: all others\nDROP TABLE IF EXISTS {S}.dq_others;",
)


def scripts(*more: Script) -> tuple[Script, ...]:
    return (shipped_scripts()[0], *more)


def site(engine: Engine) -> Site:
    return Site.of(engine, settings_for("s"), ticking())


def go(engine: Engine, *more: Script) -> None:
    migrate(engine, "main", "s", ticking(), "tester", scripts=scripts(*more))


def look(engine: Engine, *more: Script) -> DriftReport:
    return verify(site(engine), scripts=scripts(*more))


# --- live and expected ----------------------------------------------------------------------


def test_the_live_shape_is_what_the_files_say_at_every_version(engine: Engine) -> None:
    for version in range(1, latest_version() + 1):
        provision(engine, settings_for("dq"), ticking(), MigrateOptions(to=version))
        expected = expected_shape(shipped_scripts(), version, engine.facts, "main", "dq")
        live = live_shape(engine, "main", "dq")
        assert live == expected, version
        assert live.fingerprint == expected.fingerprint
    assert live.fingerprint == clean_fingerprint(engine, "main", "dq")


def test_each_kind_of_statement_makes_the_shape_the_file_says(engine: Engine) -> None:
    go(engine, ONE, TWO)
    expected = expected_shape(scripts(ONE, TWO), 2, engine.facts, "main", "s")
    assert live_shape(engine, "main", "s") == expected
    things = expected.tables["dq_things"]
    assert things.properties == {"delta.appendOnly": "false", "dq.owner": "you"}
    assert things.checks == {"level_from_0": "level >= 0"}
    assert [column.data_type for column in things.columns[1:3]] == [
        "DECIMAL(10,2)",
        "STRUCT<size: INT, tags: ARRAY<STRING>>",
    ]
    assert "dq_passing" not in expected.tables


def test_views_are_their_text_and_stand_apart(engine: Engine) -> None:
    run(engine, "CREATE TABLE main.s.t (id STRING NOT NULL COMMENT 'one') USING DELTA")
    run(engine, "CREATE VIEW main.s.v AS SELECT id FROM main.s.t")
    shape = live_shape(engine, "main", "s")
    text = "SELECT `id` FROM `{schema}`.`t`"
    assert (list(shape.tables), shape.views) == (["t"], {"v": ViewShape("v", text)})
    assert live_table(engine, named("t")) == shape.tables["t"]
    with pytest.raises(UnsupportedError, match="no Delta table"):
        live_table(engine, named("v"))
    with pytest.raises(TableNotFoundError):
        live_table(engine, named("nothing"))


# --- drift ----------------------------------------------------------------------------------

BY_HAND = (
    "ALTER TABLE main.s.dq_things ADD COLUMNS (mine DATE)",
    "COMMENT ON TABLE main.s.dq_things IS 'Mine.'",
    "ALTER TABLE main.s.dq_things ALTER COLUMN level COMMENT 'From 1.'",
    "ALTER TABLE main.s.dq_things SET TBLPROPERTIES ('dq.owner' = 'me', 'delta.appendOnly' = "
    "'true', 'dq.mine' = 'yes')",
    "ALTER TABLE main.s.dq_things ADD CONSTRAINT level_to_9 CHECK (level <= 9)",
    "ALTER TABLE main.s.dq_things DROP CONSTRAINT level_from_0",
    "DROP TABLE main.s.dq_others",
    "CREATE TABLE main.s.dq_others (id BIGINT, extra STRING) USING DELTA",
)
DRIFT = {
    Difference("dq_things.mine", Kind.EXTRA, None, "DATE"),
    Difference("dq_things", Kind.COMMENT, "Things, and more.", "Mine."),
    Difference("dq_things.level", Kind.COMMENT, "From 0.", "From 1."),
    Difference("dq_things: dq.owner", Kind.PROPERTY, "you", "me"),
    Difference("dq_things: delta.appendOnly", Kind.PROPERTY, "false", "true"),
    Difference("dq_things: dq.mine", Kind.PROPERTY, None, "yes"),
    Difference("dq_things: level_to_9", Kind.CONSTRAINT, None, "level <= 9"),
    Difference("dq_things: level_from_0", Kind.CONSTRAINT, "level >= 0", None),
    Difference("dq_others.id", Kind.TYPE, "STRING", "BIGINT"),
    Difference("dq_others.extra", Kind.EXTRA, None, "STRING"),
}


def test_m9_drift_by_hand_is_listed_object_by_object_until_it_is_adopted(engine: Engine) -> None:
    go(engine, ONE, TWO, THREE)
    assert look(engine, ONE, TWO, THREE).is_clean
    for text in BY_HAND:
        run(engine, text)
    tapped = TappedEngine(engine)
    report = look(tapped, ONE, TWO, THREE)
    assert set(report.drift) == DRIFT
    assert len(report.drift) == len(DRIFT)
    assert report.fingerprint != report.expected_fingerprint
    assert tapped.count("execute", "merge", "append") == 0
    assert set(adopt(site(engine), scripts=scripts(ONE, TWO, THREE)).adopted) == DRIFT
    run(engine, "COMMENT ON TABLE main.s.dq_others IS 'Mine too.'")
    later = look(engine, ONE, TWO, THREE)
    assert later.drift == (Difference("dq_others", Kind.COMMENT, None, "Mine too."),)
    assert set(later.adopted) == DRIFT
    adopt(site(engine), scripts=scripts(ONE, TWO, THREE))
    assert look(engine, ONE, TWO, THREE).is_clean


def test_m9_what_was_adopted_covers_nothing_else(engine: Engine) -> None:
    go(engine, ONE)
    run(engine, "COMMENT ON TABLE main.s.dq_things IS 'Mine.'")
    adopt(site(engine), scripts=scripts(ONE))
    run(engine, "COMMENT ON TABLE main.s.dq_things IS 'Mine, changed.'")
    changed = Difference("dq_things", Kind.COMMENT, "Things.", "Mine, changed.")
    assert (look(engine, ONE).drift, look(engine, ONE).adopted) == ((changed,), ())
    run(engine, "COMMENT ON TABLE main.s.dq_things IS 'Things.'")
    assert (look(engine, ONE).drift, look(engine, ONE).adopted) == ((), ())


def test_m9_a_dropped_table_is_missing(engine: Engine) -> None:
    go(engine, ONE)
    run(engine, "DROP TABLE main.s.dq_things")
    assert look(engine, ONE).drift == (Difference("dq_things", Kind.MISSING, "table", None),)


def test_pending_files_are_no_drift_and_what_they_left_is_named(engine: Engine) -> None:
    go(engine, ONE)
    report = look(engine, ONE, TWO, THREE)
    assert (report.version, report.drift, report.left_over) == (1, (), ())
    run(engine, "CREATE TABLE main.s.dq_others (id STRING) USING DELTA")
    report = look(engine, ONE, TWO, THREE)
    assert (report.drift, report.left_over) == ((), ("dq_others",))
    assert report.fingerprint == report.expected_fingerprint


def test_what_a_failed_migration_did_is_listed_but_cannot_be_adopted(engine: Engine) -> None:
    broken = Script(
        2, TWO.name, f"{TWO.text.split(';')[0]};\nALTER TABLE {S}.dq_never ADD COLUMNS (n INT)"
    )
    with pytest.raises(MigrationError, match="statement 2"):
        go(engine, ONE, broken)
    report = look(engine, ONE, broken)
    assert (report.version, report.unfinished) == (1, (TWO.name,))
    assert {item.object for item in report.drift} == {"dq_things.level", "dq_things.seen_at"}
    with pytest.raises(WrongUseError, match="dq migrate"):
        adopt(site(engine), scripts=scripts(ONE, broken))
    go(engine, ONE, TWO)
    assert look(engine, ONE, TWO).is_clean


def test_after_a_rollback_the_state_below_is_expected(engine: Engine) -> None:
    go(engine, ONE, TWO, THREE)
    rollback(site(engine), 2, scripts(ONE, TWO, THREE))
    report = look(engine, ONE, TWO, THREE)
    assert (report.version, report.drift, report.left_over) == (2, (), ())


def test_tables_of_others_are_named_and_left_alone(engine: Engine) -> None:
    go(engine, ONE)
    run(engine, "CREATE TABLE main.s.mine (id STRING) USING DELTA")
    run(engine, "CREATE TABLE main.s.dq_mine (id STRING) USING DELTA")
    run(engine, "CREATE VIEW main.s.seen AS SELECT id FROM main.s.mine")
    report = look(engine, ONE)
    assert report.foreign == ("mine", "seen")
    assert report.drift == (Difference("dq_mine", Kind.EXTRA, None, "table"),)


def test_there_is_nothing_to_verify_before_the_first_migration(engine: Engine) -> None:
    with pytest.raises(SchemaBehindError, match="dq migrate"):
        DriftFace(engine, settings_for("s"), ticking()).verify()
    with pytest.raises(SchemaBehindError, match="dq migrate"):
        DriftFace(engine, settings_for("s"), ticking()).adopt()


def test_other_files_than_those_applied_are_told_before_any_drift(engine: Engine) -> None:
    go(engine, ONE, TWO)
    edited = Script(2, TWO.name, f"{TWO.text}\n-- edited")
    with pytest.raises(EditedMigrationError, match="0002_change_things"):
        look(engine, ONE, edited)
    with pytest.raises(SchemaNewerError):
        look(engine, ONE)
